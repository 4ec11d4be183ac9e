// Decimal numbers with a unit: one scanner for all of them.
#include "sim/faults/value_text.hpp"

#include <array>
#include <limits>
#include <span>

namespace vvm::faults {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// Falling order; of two that begin alike, the longer name is tried first by longest match.
constexpr std::array duration_units{Unit{"h", 3'600'000'000'000},
                                    Unit{"m", 60'000'000'000},
                                    Unit{"s", 1'000'000'000},
                                    Unit{"ms", 1'000'000},
                                    Unit{"us", 1'000},
                                    Unit{"ns", 1}};
constexpr std::array size_units{
    Unit{"GiB", 1 << 30}, Unit{"MiB", 1 << 20}, Unit{"KiB", 1 << 10}, Unit{"B", 1}};

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// digits[.digits] at the front of `text`, taken off. The value is number / 10^decimals.
struct Decimal {
  std::int64_t number = 0;
  int decimals = 0;
};

std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal out;
  bool point = false;
  bool digits = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point && digits) {
      point = true;
      digits = false;
      continue;
    }
    if (!is_digit(c)) {
      break;
    }
    digits = true;
    const std::int64_t digit = c - '0';
    if (out.number > (int64_max - digit) / 10) {
      return std::nullopt;
    }
    out.number = out.number * 10 + digit;
    out.decimals += point ? 1 : 0;
  }
  if (!digits) {
    return std::nullopt;
  }
  text.remove_prefix(at);
  return out;
}

// None on overflow, or when the result is not whole.
std::optional<std::int64_t> scaled(Decimal decimal, std::int64_t factor) {
  for (; decimal.decimals > 0 && factor % 10 == 0; --decimal.decimals) {
    factor /= 10;
  }
  for (; decimal.decimals > 0; --decimal.decimals) {
    if (decimal.number % 10 == 0) {
      decimal.number /= 10;
    } else if (factor % 5 == 0 && decimal.number % 2 == 0) {
      factor /= 5;
      decimal.number /= 2;
    } else if (factor % 2 == 0 && decimal.number % 5 == 0) {
      factor /= 2;
      decimal.number /= 5;
    } else {
      return std::nullopt;
    }
  }
  if (decimal.number > int64_max / factor) {
    return std::nullopt;
  }
  return decimal.number * factor;
}

// The unit at the front of `text`, taken off: its position in the table.
std::optional<std::size_t> take_unit(std::string_view& text, std::span<const Unit> units) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::string_view name = units[i].name;
    if (text.starts_with(name) && (!best.has_value() || name.size() > units[*best].name.size())) {
      best = i;
    }
  }
  if (best.has_value()) {
    text.remove_prefix(units[*best].name.size());
  }
  return best;
}

// Numbers with units in falling order, each unit at most once.
std::optional<std::int64_t> parse_units(std::string_view text, std::span<const Unit> units) {
  std::int64_t sum = 0;
  std::size_t next = 0;
  if (text.empty()) {
    return std::nullopt;
  }
  while (!text.empty()) {
    const std::optional<Decimal> decimal = take_decimal(text);
    const std::optional<std::size_t> unit = take_unit(text, units);
    if (!decimal.has_value() || !unit.has_value() || *unit < next) {
      return std::nullopt;
    }
    const std::optional<std::int64_t> part = scaled(*decimal, units[*unit].factor);
    if (!part.has_value() || *part > int64_max - sum) {
      return std::nullopt;
    }
    sum += *part;
    next = *unit + 1;
  }
  return sum;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::optional<Decimal> decimal = take_decimal(text);
  if (!decimal.has_value() || decimal->decimals != 0 || !text.empty()) {
    return std::nullopt;
  }
  return decimal->number;
}

std::string format_units(std::uint64_t value, std::span<const Unit> units) {
  std::string out;
  for (const Unit& unit : units) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (value >= factor) {
      out += std::to_string(value / factor);
      out += unit.name;
      value %= factor;
    }
  }
  return out;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  const std::optional<std::int64_t> ns = parse_units(text, duration_units);
  if (!ns.has_value()) {
    return std::nullopt;
  }
  return Duration{negative ? -*ns : *ns};
}

std::string format_duration(Duration value) {
  if (value.ns == 0) {
    return "0s";
  }
  const bool negative = value.ns < 0;
  const auto raw = static_cast<std::uint64_t>(value.ns);
  return (negative ? "-" : "") + format_units(negative ? 0 - raw : raw, duration_units);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const std::optional<std::int64_t> octets = parse_units(text, size_units);
  if (!octets.has_value()) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(*octets);
}

std::string format_size(std::uint64_t octets) {
  return octets == 0 ? "0B" : format_units(octets, size_units);
}

std::optional<std::uint64_t> parse_rate(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view number = text.substr(0, slash);
  const std::string_view unit = text.substr(slash + 1);
  const std::optional<Decimal> decimal = take_decimal(number);
  if (!decimal.has_value() || !number.empty()) {
    return std::nullopt;
  }
  std::optional<std::int64_t> per_minute;
  if (unit == "s") {
    per_minute = scaled(*decimal, 60);
  } else if (unit == "min") {
    per_minute = scaled(*decimal, 1);
  } else if (unit == "h" && decimal->number % 60 == 0) {
    per_minute = scaled({.number = decimal->number / 60, .decimals = decimal->decimals}, 1);
  }
  if (!per_minute.has_value()) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(*per_minute);
}

std::string format_rate(std::uint64_t per_minute) {
  return per_minute % 60 == 0 ? std::to_string(per_minute / 60) + "/s"
                              : std::to_string(per_minute) + "/min";
}

std::optional<std::uint64_t> parse_bandwidth(std::string_view text) {
  if (!text.ends_with("/s")) {
    return std::nullopt;
  }
  return parse_size(text.substr(0, text.size() - 2));
}

std::string format_bandwidth(std::uint64_t octets_per_second) {
  return format_size(octets_per_second) + "/s";
}

std::optional<std::int64_t> parse_percent_ppm(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) {
    text.remove_prefix(1);
  }
  const std::optional<Decimal> decimal = take_decimal(text);
  if (!decimal.has_value() || text != "%") {
    return std::nullopt;
  }
  const std::optional<std::int64_t> ppm = scaled(*decimal, ppm_den / 100);
  if (!ppm.has_value()) {
    return std::nullopt;
  }
  return negative ? -*ppm : *ppm;
}

std::string format_percent_ppm(std::int64_t ppm) {
  constexpr std::int64_t one_percent = ppm_den / 100;
  const std::int64_t size = ppm < 0 ? -ppm : ppm;
  std::string fraction = std::to_string(one_percent + size % one_percent).substr(1);
  while (!fraction.empty() && fraction.back() == '0') {
    fraction.pop_back();
  }
  return (ppm < 0 ? "-" : "") + std::to_string(size / one_percent) +
         (fraction.empty() ? "" : "." + fraction) + "%";
}

RangeText split_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    return {.low = text, .high = text};
  }
  return {.low = text.substr(0, dots), .high = text.substr(dots + 2)};
}

std::optional<DurationRange> parse_duration_range(std::string_view text) {
  const auto [low_text, high_text] = split_range(text);
  const std::optional<Duration> low = parse_duration(low_text);
  const std::optional<Duration> high = parse_duration(high_text);
  if (!low.has_value() || !high.has_value() || *low > *high) {
    return std::nullopt;
  }
  return DurationRange{.low = *low, .high = *high};
}

std::string format_duration_range(const DurationRange& range) {
  const std::string low = format_duration(range.low);
  return range.low == range.high ? low : low + ".." + format_duration(range.high);
}

std::optional<OctetRange> parse_octet_range(std::string_view text) {
  const auto side = [](std::string_view one) -> std::optional<std::uint64_t> {
    if (const std::optional<std::int64_t> number = parse_integer(one)) {
      return static_cast<std::uint64_t>(*number);
    }
    return parse_size(one);
  };
  const auto [low_text, high_text] = split_range(text);
  const std::optional<std::uint64_t> low = side(low_text);
  const std::optional<std::uint64_t> high = side(high_text);
  if (!low.has_value() || !high.has_value() || *low > *high) {
    return std::nullopt;
  }
  return OctetRange{.low = *low, .high = *high};
}

std::string format_octet_range(const OctetRange& range) {
  const std::string low = std::to_string(range.low);
  return range.low == range.high ? low : low + ".." + std::to_string(range.high);
}

}  // namespace vvm::faults
