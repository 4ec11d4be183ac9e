// Tests of the step machine: the classes of docs/spec/vvm.md 8.9, back-off, crash loops, and work
// that others do.
//
// Unit tests of apppartsctl; pure, no world.

#include <map>

#include <boost/test/unit_test.hpp>

#include "apppartsctl/test_key.hpp"

namespace vvm::apppartsctl {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

// ---- 8.9

BOOST_AUTO_TEST_CASE(each_code_of_the_table_has_the_reaction_of_its_class) {
  for (int number = 100; number < 1000; ++number) {
    const std::optional<Code> code = code_from_number(number);
    if (!code.has_value()) {
      continue;
    }
    BOOST_TEST_CONTEXT(code_name(*code)) {
      Key key = before(Step::build, true);
      key.call(Error{*code, "x"});
      switch (error_class(*code)) {
        case ErrorClass::transient:
        case ErrorClass::transient_then_probe:
          BOOST_TEST((key.state.phase == Phase::backoff));
          BOOST_TEST(key.effects.start.has_value());
          break;
        case ErrorClass::environmental:
          BOOST_TEST((key.state.phase == Phase::blocked));
          BOOST_TEST(key.effects.start.has_value());
          break;
        case ErrorClass::permanent:
          BOOST_TEST((key.state.phase == Phase::blocked));
          BOOST_TEST(!key.effects.start.has_value());
          break;
        case ErrorClass::fatal:
          BOOST_TEST((key.state.phase == Phase::lost));
          BOOST_TEST(key.torn_down == 1);
          break;
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_classes_of_the_codes_are_those_of_the_spec) {
  const std::map<ErrorClass, std::vector<int>> table{
      {ErrorClass::transient, {101, 107, 108, 506, 508, 602, 603, 605, 701, 901}},
      {ErrorClass::transient_then_probe, {104, 106, 505, 604, 902}},
      {ErrorClass::environmental, {102, 103}},
      {ErrorClass::fatal, {601, 801}},
      {ErrorClass::permanent,
       {100, 105, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 301, 302,
        303, 304, 305, 306, 401, 402, 403, 501, 502, 503, 504, 507, 509, 510}}};
  for (const auto& [cls, numbers] : table) {
    for (const int number : numbers) {
      const std::optional<Code> code = code_from_number(number);
      BOOST_TEST_REQUIRE(code.has_value(), number);
      BOOST_TEST((error_class(*code) == cls), number);
    }
  }
}

BOOST_AUTO_TEST_CASE(back_off_doubles_from_1_s_to_60_s_and_never_ends) {
  const StepCore core(Constants{}, "");
  const std::vector<int> waits{1, 2, 4, 8, 16, 32, 60, 60, 60};
  for (std::size_t n = 0; n < waits.size(); ++n) {
    BOOST_TEST((core.backoff(static_cast<std::int32_t>(n + 1)) == seconds(waits[n])));
  }
  BOOST_TEST((core.backoff(1'000'000) == seconds(60)));
  Key key = before(Step::download, false);
  for (int n = 1; n <= 40; ++n) {
    key.call(Error{Code::blob_store_unreachable, "down"});
    BOOST_TEST((key.state.phase == Phase::backoff));
    BOOST_TEST(key.last().attempt == n);
    const Duration wait = *key.effects.start - key.now;
    const Duration base = key.core.backoff(n);
    BOOST_TEST((wait.ns >= base.ns / 10 * 8 && wait.ns <= base.ns / 10 * 12));
    key.now = *key.effects.start;
  }
}

BOOST_AUTO_TEST_CASE(five_quick_tries_come_before_the_probes) {
  Key key = before(Step::download, false);
  for (int n = 1; n <= 4; ++n) {
    key.call(Error{Code::truncated, "short"});
    BOOST_TEST((key.state.phase == Phase::backoff));
    key.now = *key.effects.start;
  }
  key.call(Error{Code::truncated, "short"});
  BOOST_TEST((key.state.phase == Phase::blocked));
  BOOST_TEST((*key.effects.start - key.now >= seconds(540)));
  key.now = *key.effects.start;
  key.call();
  key.call();  // this time it succeeds
  BOOST_TEST((key.state.phase == Phase::unpacking));
  BOOST_TEST(key.state.attempt == 0);
}

BOOST_AUTO_TEST_CASE(attempts_count_per_step) {
  Key key = before(Step::download, false);
  for (int n = 0; n < 3; ++n) {
    key.call(Error{Code::truncated, ""});
    key.now = *key.effects.start;
  }
  key.call();
  key.call(Error{Code::disk_io, ""});
  BOOST_TEST(key.last().attempt == 1);
}

BOOST_AUTO_TEST_CASE(a_fence_conflict_is_tried_again_at_once) {
  Key key = before(Step::fence, false);
  key.call(Error{Code::fence_conflict, ""});
  BOOST_TEST((key.state.phase == Phase::backoff));
  BOOST_TEST((key.effects.start == key.now));
}

BOOST_AUTO_TEST_CASE(codes_of_seams_are_reported_as_step_timeout_or_internal_error) {
  BOOST_TEST((StepCore::normalised({Code::timed_out, "x"}).code == Code::step_timeout));
  BOOST_TEST((StepCore::normalised({Code::connection_reset, "x"}).code == Code::internal_error));
  BOOST_TEST((StepCore::normalised({Code::disk_full, "x"}) == Error{Code::disk_full, "x"}));
}

BOOST_AUTO_TEST_CASE(long_messages_are_cut_to_1024_octets) {
  Key key = before(Step::parse, false);
  key.call(Error{Code::syntax_error, std::string(5000, 'x')});
  BOOST_TEST(key.last().error_message.size() == 1024U);
  BOOST_TEST(find_condition(key.last().conditions, ConditionType::blocked)->message.size() == 256U);
}

BOOST_AUTO_TEST_CASE(a_crash_loop_blocks_with_902_until_a_newer_set_point) {
  Key key = before(Step::build, true);
  key.call(StepCrashes{});
  BOOST_TEST((key.last().phase == Phase::blocked));
  BOOST_TEST((key.last().error == Code::internal_error));
  BOOST_TEST(!key.effects.start.has_value());
}

BOOST_AUTO_TEST_CASE(shared_work_is_waited_for_in_turns_of_200_ms_without_a_report) {
  Key key = before(Step::parse, false);
  const std::size_t sent = key.sent.size();
  key.call(StepWaits{});
  BOOST_TEST((key.state.phase == Phase::parsing));
  BOOST_TEST((key.effects.start == key.now + milliseconds(200)));
  BOOST_TEST(key.sent.size() == sent);
  key.call(StepCancelled{});
  BOOST_TEST((key.state.phase == Phase::parsing));
  BOOST_TEST((key.effects.start == key.now));
}

BOOST_AUTO_TEST_CASE(a_drain_or_stop_that_fails_is_repeated_and_never_reversed) {
  Key key = running();
  key.give(absent(2));
  key.call();
  key.acked = true;
  key.call(Error{Code::internal_error, ""});
  BOOST_TEST((key.state.phase == Phase::draining));
  key.now = *key.effects.start;
  key.call();
  key.call(Error{Code::internal_error, ""});
  BOOST_TEST((key.state.phase == Phase::stopping));
  key.now = *key.effects.start;
  key.call();
  BOOST_TEST((key.state.phase == Phase::absent));
}

}  // namespace
}  // namespace vvm::apppartsctl
