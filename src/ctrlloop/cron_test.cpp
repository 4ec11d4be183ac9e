// Tests of schedules: the vectors of docs/spec/vvm.md Appendix C, each field, and what is refused.
#include "ctrlloop/cron.hpp"

#include <array>

#include <boost/test/unit_test.hpp>

namespace vvm::ctrlloop {
namespace {

// 2024-02-28T00:00:00Z, a Wednesday.
constexpr std::int64_t midnight = 1'709'078'400'000;

constexpr std::int64_t at(std::int64_t h, std::int64_t m, std::int64_t s = 0) {
  return ((h * 60 + m) * 60 + s) * 1000;
}

// Days and time of day of the next activation after midnight + `after`, in ms since midnight.
std::int64_t next(std::string_view text, std::int64_t after = 0) {
  const Result<Cron> cron = Cron::parse(text);
  BOOST_REQUIRE_MESSAGE(cron.has_value(), text);
  const std::optional<WallMs> found = cron.value().next({midnight + after});
  return found.has_value() ? found->ms - midnight : -1;
}

constexpr std::int64_t day = at(24, 0);

// When a message that arrives `after` midnight begins, in ms since midnight.
std::int64_t begins(std::string_view text, Duration tolerance, std::int64_t after) {
  const Instant now{seconds(77).ns};
  const std::optional<Instant> start = start_time(text, tolerance, now, {midnight + after});
  BOOST_REQUIRE(start.has_value());
  return after + (*start - now).ms();
}

BOOST_AUTO_TEST_CASE(the_vectors_of_the_specification_hold) {
  BOOST_TEST(begins("0 0 * * *", minutes(5), at(0, 4, 59)) == 0);
  BOOST_TEST(begins("0 0 * * *", minutes(5), at(0, 5, 0)) == day);
  BOOST_TEST(begins("0 0 * * *", minutes(5), at(0, 5, 1)) == day);
  BOOST_TEST(begins("* 1 * * *", Duration{}, 0) == at(1, 0));
}

BOOST_AUTO_TEST_CASE(without_tolerance_the_activation_of_this_moment_has_passed) {
  BOOST_TEST(begins("0 0 * * *", Duration{}, 0) == day);
  BOOST_TEST(begins("0 0 * * *", Duration{}, -1) == 0);
}

BOOST_AUTO_TEST_CASE(a_tolerance_of_less_than_a_millisecond_includes_this_moment) {
  BOOST_TEST(begins("0 0 * * *", nanoseconds(1), 0) == 0);
  BOOST_TEST(begins("0 0 * * *", nanoseconds(1), 1) == day);
}

BOOST_AUTO_TEST_CASE(an_empty_schedule_is_now) {
  const Instant now{42};
  BOOST_TEST((start_time("", minutes(5), now, {midnight}) == now));
}

BOOST_AUTO_TEST_CASE(an_invalid_schedule_or_one_without_activation_has_no_start) {
  BOOST_TEST(!start_time("every day", Duration{}, Instant{}, {midnight}).has_value());
  BOOST_TEST(!start_time("0 0 30 2 *", Duration{}, Instant{}, {midnight}).has_value());
}

BOOST_AUTO_TEST_CASE(lists_ranges_and_steps_are_obeyed) {
  BOOST_TEST(next("* * * * *") == at(0, 1));
  BOOST_TEST(next("*/15 * * * *", at(0, 16)) == at(0, 30));
  BOOST_TEST(next("10-20/5 3 * * *", at(3, 11)) == at(3, 15));
  BOOST_TEST(next("10-20/5 3 * * *", at(3, 20)) == day + at(3, 10));
  BOOST_TEST(next("50/5 * * * *") == at(0, 50));
  BOOST_TEST(next("50/5 * * * *", at(0, 50)) == at(0, 55));
  BOOST_TEST(next("5,1,3 22,4 * * *", at(4, 5)) == at(22, 1));
  BOOST_TEST(next("59 23 * * *", at(23, 59)) == day + at(23, 59));
}

BOOST_AUTO_TEST_CASE(the_minute_of_a_later_hour_starts_anew) {
  BOOST_TEST(next("10 * * * *", at(5, 30)) == at(6, 10));
  BOOST_TEST(next("10 5 * * *", at(5, 30)) == day + at(5, 10));
}

BOOST_AUTO_TEST_CASE(seconds_and_milliseconds_round_up_to_the_next_minute) {
  BOOST_TEST(next("* * * * *", at(0, 0, 59) + 999) == at(0, 1));
  BOOST_TEST(next("* * * * *", at(0, 1) - 1) == at(0, 1));
  BOOST_TEST(next("* * * * *", at(0, 1)) == at(0, 2));
}

BOOST_AUTO_TEST_CASE(leap_days_exist_where_they_should) {
  BOOST_TEST(next("0 12 29 2 *") == day + at(12, 0));
  BOOST_TEST(next("0 0 29 2 *", day) == (1 + 1461) * day);  // 2028
  const Result<Cron> cron = Cron::parse("0 0 29 2 *");
  // 2097-01-01 to 2104-02-29: 2100 is no leap year, and the two gaps add up to the longest.
  BOOST_TEST(cron.value().next({4'007'836'800'000})->ms == 4'233'686'400'000);
  BOOST_TEST(next("0 0 31 4 *") == -1);
}

BOOST_AUTO_TEST_CASE(days_of_the_week_count_from_sunday) {
  BOOST_TEST(next("0 0 * * 4") == day);
  BOOST_TEST(next("0 0 * * THU") == day);
  BOOST_TEST(next("0 0 * * sun") == 4 * day);
  BOOST_TEST(next("0 0 * * 1-2") == 5 * day);
}

BOOST_AUTO_TEST_CASE(months_have_names) {
  BOOST_TEST(next("0 0 1 mar *") == 2 * day);
  BOOST_TEST(next("0 0 1 MAY *") == (2 + 31 + 30) * day);
}

BOOST_AUTO_TEST_CASE(two_restricted_days_are_alternatives_a_star_leaves_the_other_alone) {
  BOOST_TEST(next("0 0 1 * THU") == day);           // Thursday the 29th, before the 1st
  BOOST_TEST(next("0 0 1 * THU", day) == 2 * day);  // Friday the 1st
  BOOST_TEST(next("0 0 1 * *") == 2 * day);
  BOOST_TEST(next("0 0 ? * THU", day) == 8 * day);
  // A star with a step restricts: odd days, or Saturdays.
  BOOST_TEST(next("0 0 */2 * SAT") == day);
  BOOST_TEST(next("0 0 */2 * SAT", 2 * day) == 3 * day);
}

BOOST_AUTO_TEST_CASE(times_before_1970_are_counted_correctly) {
  const Result<Cron> cron = Cron::parse("0 0 31 12 3");
  BOOST_TEST(cron.value().next({-day - 1})->ms == -day);  // Wednesday 1969-12-31
}

BOOST_AUTO_TEST_CASE(what_is_no_schedule_is_refused_with_the_field) {
  const std::array<std::pair<std::string_view, std::string_view>, 19> cases{{
      {"", "0 fields, not five"},
      {"   ", "0 fields, not five"},
      {"* * * *", "4 fields, not five"},
      {"* * * * * *", "more than five fields"},
      {"@daily", "minute: `@daily`"},
      {"60 * * * *", "minute: `60`"},
      {"-1 * * * *", "minute: `-1`"},
      {"1- * * * *", "minute: `1-`"},
      {"5-1 * * * *", "minute: `5-1`"},
      {"1-2-3 * * * *", "minute: `1-2-3`"},
      {"*/0 * * * *", "minute: `*/0`"},
      {"*/ * * * *", "minute: `*/`"},
      {"*/2/2 * * * *", "minute: `*/2/2`"},
      {"1, * * * *", "minute: ``"},
      {"* 24 * * *", "hour: `24`"},
      {"* * 0 * *", "day of month: `0`"},
      {"* * * 13 *", "month: `13`"},
      {"* * * * 7", "day of week: `7`"},
      {"* * * * 99999999999999999999", "day of week: `99999999999999999999`"},
  }};
  for (const auto& [text, what] : cases) {
    const Result<Cron> cron = Cron::parse(text);
    BOOST_TEST_REQUIRE(cron.has_error(), text);
    BOOST_TEST((cron.error().code == Code::bad_input));
    BOOST_TEST(cron.error().what == what);
  }
}

BOOST_AUTO_TEST_CASE(blanks_and_tabs_separate_fields) {
  BOOST_TEST(next("  0\t 1  * *\t* ") == at(1, 0));
}

}  // namespace
}  // namespace vvm::ctrlloop
