// Cron: five-field schedules, and the rule by which a set-point begins (docs/spec/vvm.md 7.1, 7.2,
// Appendix C).
//
// The generic loop relies on it, and apppartsctl for maintenance windows. Pure; all in UTC, so that
// no day has a missing or a doubled hour. The wall clock only says when to begin, never who is
// newer; what is returned counts on the monotonic clock.
//
// Fields: minute 0..59, hour 0..23, day of month 1..31, month 1..12 or JAN..DEC, day of week 0..6
// or SUN..SAT. Each is a list of `*`, `?`, `n`, `n-m`, each with `/step`; `n/step` is up to the
// maximum. When days of the month and of the week are both restricted, either suffices. Descriptors
// (@daily), seconds and time zones are invalid.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace vvm::ctrlloop {

class Cron {
 public:
  // err: BadInput, naming the field.
  static Result<Cron> parse(std::string_view text);

  // The first activation strictly after `after`, on a full minute. None when there is none within
  // nine years, which is never: the longest gap is from one 29 February to the next but one.
  std::optional<WallMs> next(WallMs after) const;

  friend bool operator==(const Cron&, const Cron&) = default;

 private:
  bool day_matches(std::int64_t days) const;  // since 1970-01-01

  // Bit n: n matches.
  std::uint64_t minutes_ = 0;
  std::uint32_t hours_ = 0;
  std::uint32_t days_ = 0;
  std::uint32_t months_ = 0;
  std::uint32_t weekdays_ = 0;
  // `*` or `?` without a step: then the other one of the two alone decides.
  bool any_day_ = false;
  bool any_weekday_ = false;
};

// When to begin with a set-point that arrives now: the first activation strictly after
// now - tolerance; an empty schedule is now. May lie in the past, by less than `tolerance`: that is
// at once. None when the schedule is invalid or has no activation; the caller begins at once and
// reports InvalidSchedule.
std::optional<Instant> start_time(std::string_view schedule,
                                  Duration tolerance,
                                  Instant now,
                                  WallMs wall);

}  // namespace vvm::ctrlloop
