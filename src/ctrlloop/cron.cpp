// Parsing of the five fields, and the search for the next activation, day by day.
#include "ctrlloop/cron.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

namespace vvm::ctrlloop {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t minutes_of_a_day = 24 * 60;
constexpr std::int64_t days_to_look_at = 9 * 366;

struct FieldRule {
  std::string_view name;
  std::int64_t low;
  std::int64_t high;
  std::string_view names;  // of three letters each, for low, low + 1, ...
};

constexpr std::array<FieldRule, 5> rules{{
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day of month", 1, 31, ""},
    {"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
    {"day of week", 0, 6, "SUNMONTUEWEDTHUFRISAT"},
}};

struct ParsedField {
  std::uint64_t bits = 0;
  bool any = false;  // holds `*` or `?` without a step
};

Error refused(const FieldRule& rule, std::string_view part) {
  return {Code::bad_input, std::string(rule.name) + ": `" + std::string(part) + "`"};
}

// The part of `text` up to `separator`, which goes with it.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t at = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

std::optional<std::int64_t> number_of(std::string_view text) {
  if (text.empty() || text.size() > 9 ||
      !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  for (const char c : text) {
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<std::int64_t> value_of(const FieldRule& rule, std::string_view text) {
  for (std::size_t at = 0; at + 3 <= rule.names.size() && text.size() == 3; at += 3) {
    const bool same = std::ranges::equal(rule.names.substr(at, 3), text, [](char a, char b) {
      return a == (b >= 'a' && b <= 'z' ? static_cast<char>(b - 'a' + 'A') : b);
    });
    if (same) {
      return rule.low + static_cast<std::int64_t>(at / 3);
    }
  }
  return number_of(text);
}

// `*`, `n` or `n-m`, each with `/step`.
Result<ParsedField> parse_part(const FieldRule& rule, std::string_view part) {
  std::string_view rest = part;
  std::string_view range = take(rest, '/');
  const bool stepped = range.size() < part.size();
  const std::optional<std::int64_t> step = stepped ? number_of(rest) : 1;
  const bool any = range == "*" || range == "?";
  std::optional<std::int64_t> low = rule.low;
  std::optional<std::int64_t> high = rule.high;
  if (!any) {
    const bool is_range = range.find('-') != std::string_view::npos;
    low = value_of(rule, take(range, '-'));
    if (is_range) {
      high = value_of(rule, range);
    } else if (!stepped) {
      high = low;
    }
  }
  if (!step || !low || !high || *step < 1 || *low < rule.low || *high > rule.high || *low > *high) {
    return refused(rule, part);
  }
  ParsedField field{.any = any && *step == 1};
  for (std::int64_t value = *low; value <= *high; value += *step) {
    field.bits |= std::uint64_t{1} << static_cast<unsigned>(value);
  }
  return field;
}

Result<ParsedField> parse_field(const FieldRule& rule, std::string_view text) {
  ParsedField field;
  for (std::string_view rest = text;;) {
    const bool last = rest.find(',') == std::string_view::npos;
    TRY(const ParsedField part, parse_part(rule, take(rest, ',')));
    field.bits |= part.bits;
    field.any = field.any || part.any;
    if (last) {
      return field;
    }
  }
}

struct Date {
  std::int32_t day;
  std::int32_t month;
};

// Of a day since 1970-01-01. Eras of 400 years that begin in March, so that a leap day is the last
// of its year.
Date date_of(std::int64_t days) {
  const std::int64_t shifted = days + 719'468;  // since 0000-03-01
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const std::int64_t of_era = shifted - era * 146'097;
  const std::int64_t year = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * of_year + 2) / 153;  // from March
  return {.day = static_cast<std::int32_t>(of_year - (153 * month + 2) / 5 + 1),
          .month = static_cast<std::int32_t>(month < 10 ? month + 3 : month - 9)};
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

bool has(std::uint64_t bits, std::int64_t value) {
  return (bits >> static_cast<unsigned>(value) & 1U) != 0;
}

// The first value from `from` on that is in the set, or none.
std::optional<std::int64_t> first_from(std::uint64_t bits, std::int64_t from) {
  const std::uint64_t left = from < 64 ? bits >> static_cast<unsigned>(from) : 0;
  return left == 0 ? std::nullopt : std::optional(from + std::countr_zero(left));
}

}  // namespace

Result<Cron> Cron::parse(std::string_view text) {
  std::array<ParsedField, rules.size()> fields;
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t blank = text.find_first_of(" \t");
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.empty()) {
      continue;
    }
    if (count == rules.size()) {
      return Error{Code::bad_input, "more than five fields"};
    }
    TRY(fields[count], parse_field(rules[count], word));
    ++count;
  }
  if (count < rules.size()) {
    return Error{Code::bad_input, std::to_string(count) + " fields, not five"};
  }
  Cron cron;
  cron.minutes_ = fields[0].bits;
  cron.hours_ = static_cast<std::uint32_t>(fields[1].bits);
  cron.days_ = static_cast<std::uint32_t>(fields[2].bits);
  cron.months_ = static_cast<std::uint32_t>(fields[3].bits);
  cron.weekdays_ = static_cast<std::uint32_t>(fields[4].bits);
  cron.any_day_ = fields[2].any;
  cron.any_weekday_ = fields[4].any;
  return cron;
}

bool Cron::day_matches(std::int64_t days) const {
  const Date date = date_of(days);
  if (!has(months_, date.month)) {
    return false;
  }
  const bool by_day = has(days_, date.day);
  const std::int64_t weekday = days + 4 - floor_div(days + 4, 7) * 7;  // 1970-01-01 is a Thursday
  const bool by_weekday = has(weekdays_, weekday);
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

std::optional<WallMs> Cron::next(WallMs after) const {
  const std::int64_t first = floor_div(after.ms, minute_ms) + 1;  // in minutes since 1970
  const std::int64_t first_day = floor_div(first, minutes_of_a_day);
  for (std::int64_t day = first_day; day < first_day + days_to_look_at; ++day) {
    if (!day_matches(day)) {
      continue;
    }
    const std::int64_t from = day == first_day ? first - day * minutes_of_a_day : 0;
    auto hour = first_from(hours_, from / 60);
    if (!hour) {
      continue;
    }
    // Within the hour of `from` only what is left of it.
    auto minute = first_from(minutes_, *hour == from / 60 ? from % 60 : 0);
    if (!minute) {
      hour = first_from(hours_, *hour + 1);
      minute = first_from(minutes_, 0);
    }
    if (hour) {
      return WallMs{(day * minutes_of_a_day + *hour * 60 + *minute) * minute_ms};
    }
  }
  return std::nullopt;
}

std::optional<Instant> start_time(std::string_view schedule,
                                  Duration tolerance,
                                  Instant now,
                                  WallMs wall) {
  if (schedule.empty()) {
    return now;
  }
  const Result<Cron> cron = Cron::parse(schedule);
  if (cron.has_error()) {
    return std::nullopt;
  }
  // Rounded up: activations lie on milliseconds, so none gets in that is too old.
  const std::int64_t back_ms = -floor_div(-tolerance.ns, 1'000'000);
  const std::optional<WallMs> at = cron.value().next({wall.ms - back_ms});
  if (!at.has_value()) {
    return std::nullopt;
  }
  return now + milliseconds(at->ms - wall.ms);
}

}  // namespace vvm::ctrlloop
