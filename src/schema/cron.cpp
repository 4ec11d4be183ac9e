// Fields, ranges and steps; names of months and days.
#include "schema/cron.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace vvm::schema {
namespace {

constexpr std::string_view white = " \t\n\v\f\r";

struct Range {
  unsigned low;
  unsigned high;
  std::span<const std::string_view> names;  // of the values from `first_name`
  unsigned first_name;
};

constexpr std::array<std::string_view, 12> months{
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> days{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
// second, minute, hour, day of month, month, day of week
const std::array<Range, 6> ranges{{{0, 59, {}, 0},
                                   {0, 59, {}, 0},
                                   {0, 23, {}, 0},
                                   {1, 31, {}, 0},
                                   {1, 12, months, 1},
                                   {0, 6, days, 0}}};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t from = text.find_first_not_of(separators);
    if (from == std::string_view::npos) {
      return parts;
    }
    const std::size_t to = std::min(text.find_first_of(separators, from), text.size());
    parts.push_back(text.substr(from, to - from));
    text.remove_prefix(to);
  }
}

bool same_letters(std::string_view a, std::string_view lower) {
  return std::ranges::equal(a, lower, [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y;
  });
}

std::optional<unsigned> number(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  unsigned value = 0;
  if (text.empty()) {
    return std::nullopt;
  }
  for (const char c : text) {
    if (c < '0' || c > '9' || value > 1'000'000) {
      return std::nullopt;
    }
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

std::optional<unsigned> value(std::string_view text, const Range& range) {
  for (unsigned i = 0; i < range.names.size(); ++i) {
    if (same_letters(text, range.names[i])) {
      return range.first_name + i;
    }
  }
  return number(text);
}

// `*`, `n`, `n-m`, each perhaps with `/step`.
bool is_part(std::string_view part, const Range& range) {
  const std::size_t slash = part.find('/');
  const bool has_step = slash != std::string_view::npos;
  if (has_step) {
    const std::optional<unsigned> step = number(part.substr(slash + 1));
    if (!step.has_value() || *step == 0) {
      return false;
    }
    part = part.substr(0, slash);
  }
  const std::size_t dash = part.find('-');
  const std::string_view first = part.substr(0, dash);
  if (first == "*" || first == "?") {
    return true;
  }
  const std::optional<unsigned> low = value(first, range);
  const bool single = dash == std::string_view::npos;
  std::optional<unsigned> high = low;
  if (!single) {
    high = value(part.substr(dash + 1), range);
  } else if (has_step) {
    high = range.high;
  }
  return low.has_value() && high.has_value() && *low >= range.low && *high <= range.high &&
         *low <= *high;
}

bool is_field(std::string_view field, const Range& range) {
  return std::ranges::all_of(split(field, ","),
                             [&range](std::string_view part) { return is_part(part, range); });
}

// "1h30m", "1.5h", "90s"; less than 292 years.
bool is_duration(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text == "0") {
    return true;
  }
  constexpr std::array<std::pair<std::string_view, double>, 8> units{{{"ns", 1},
                                                                      {"us", 1e3},
                                                                      {"\u00B5s", 1e3},
                                                                      {"\u03BCs", 1e3},
                                                                      {"ms", 1e6},
                                                                      {"s", 1e9},
                                                                      {"m", 6e10},
                                                                      {"h", 3.6e12}}};
  double total = 0;
  bool any = false;
  while (!text.empty()) {
    double count = 0;
    double scale = 1;
    bool digits = false;
    bool point = false;
    while (!text.empty() && ((text[0] >= '0' && text[0] <= '9') || (text[0] == '.' && !point))) {
      if (text[0] == '.') {
        point = true;
      } else {
        digits = true;
        count = count * 10 + (text[0] - '0');
        scale *= point ? 10 : 1;
      }
      text.remove_prefix(1);
    }
    const std::string_view unit =
        text.substr(0, std::min(text.find_first_of(".0123456789"), text.size()));
    const auto* known = std::ranges::find(units, unit, [](const auto& each) { return each.first; });
    if (!digits || known == units.end()) {
      return false;
    }
    total += count / scale * known->second;
    text.remove_prefix(unit.size());
    any = true;
  }
  return any && total < 9.2e18;
}

bool is_descriptor(std::string_view text) {
  constexpr std::array<std::string_view, 7> known{
      "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"};
  constexpr std::string_view every = "@every ";
  return std::ranges::find(known, text) != known.end() ||
         (text.starts_with(every) && is_duration(text.substr(every.size())));
}

// Without a zone in front; none: the zone is all there is.
std::optional<std::string_view> without_zone(std::string_view text) {
  if (!text.starts_with("TZ=") && !text.starts_with("CRON_TZ=")) {
    return text;
  }
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view zone = text.substr(text.find('=') + 1, space - text.find('=') - 1);
  const bool good = std::ranges::all_of(zone, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  });
  if (!good) {
    return std::nullopt;
  }
  std::string_view rest = text.substr(space);
  rest.remove_prefix(std::min(rest.find_first_not_of(white), rest.size()));
  return rest;
}

}  // namespace

bool is_schedule(std::string_view text) {
  const std::optional<std::string_view> rest = without_zone(text);
  if (!rest.has_value()) {
    return false;
  }
  if (rest->starts_with('@')) {
    return is_descriptor(*rest);
  }
  const std::vector<std::string_view> fields = split(*rest, white);
  if (fields.size() != 5 && fields.size() != 6) {
    return false;
  }
  const std::size_t skip = 6 - fields.size();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!is_field(fields[i], ranges[i + skip])) {
      return false;
    }
  }
  return true;
}

std::vector<std::string_view> schedule_fields(std::string_view text) {
  const std::string_view rest = without_zone(text).value_or(text);
  if (rest.starts_with('@')) {
    return {rest};
  }
  return split(rest, white);
}

}  // namespace vvm::schema
