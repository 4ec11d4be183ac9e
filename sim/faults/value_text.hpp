// Values of scenario files as text: durations, sizes, rates, percentages, ranges; both directions.
//
// Descriptions of faults rely on it, and the reader and the writer of sim/scenario. Integers
// throughout: a fraction that is not a whole number of the smallest unit is refused, and
// parse(format(x)) == x. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/rng.hpp"
#include "base/time.hpp"
#include "sim/faults/fault.hpp"

namespace vvm::faults {

// "2m30s", "1.5s", "-3s", "+1h": numbers with units h, m, s, ms, us, ns, in falling order.
std::optional<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration value);

// "64KiB", "100B", "1.5MiB"; units B, KiB, MiB, GiB.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t octets);

// "50/s", "3/min", "1/h": events a minute. A fraction of an event a minute is refused.
std::optional<std::uint64_t> parse_rate(std::string_view text);
std::string format_rate(std::uint64_t per_minute);

// "100MiB/s": octets a second.
std::optional<std::uint64_t> parse_bandwidth(std::string_view text);
std::string format_bandwidth(std::uint64_t octets_per_second);

// "2%", "0.05%", as parts per million; may be negative.
std::optional<std::int64_t> parse_percent_ppm(std::string_view text);
std::string format_percent_ppm(std::int64_t ppm);

constexpr std::uint32_t ppm_den = 1'000'000;
constexpr std::int64_t ppm_den_signed = ppm_den;

// The two sides of "a..b"; the same text twice when there is no "..".
struct RangeText {
  std::string_view low;
  std::string_view high;
};

RangeText split_range(std::string_view text);

// "1s..40s" or "1s". None when a side is none or the range is upside down.
std::optional<DurationRange> parse_duration_range(std::string_view text);
std::string format_duration_range(const DurationRange& range);
// "0..40000", "1KiB..2KiB", "17408": octets, a unit may be left out.
std::optional<OctetRange> parse_octet_range(std::string_view text);
std::string format_octet_range(const OctetRange& range);

}  // namespace vvm::faults
