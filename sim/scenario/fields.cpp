// Kinds of values, and how each is refused.
#include "sim/scenario/fields.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "sim/scenario/suggest.hpp"
#include "sim/scenario/value_text.hpp"
#include "sim/scenario/words.hpp"

namespace vvm::scenario {
namespace {

std::string quoted(std::string_view text) { return "`" + std::string{text} + "`"; }

// Octets of the first `columns` characters of a line of UTF-8.
std::size_t octets_before(std::string_view line, std::uint32_t columns) {
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < columns && at < line.size(); ++i) {
    ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U) {
      ++at;
    }
  }
  return at;
}

std::uint32_t characters(std::string_view text) {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

Place place_of(const toml::source_region& region) {
  return {.line = region.begin.line, .column = region.begin.column};
}

Issues::Issues(std::string_view source) {
  for (std::size_t begin = 0; begin <= source.size();) {
    const std::size_t end = std::min(source.find('\n', begin), source.size());
    lines_.push_back(source.substr(begin, end - begin));
    begin = end + 1;
  }
}

void Issues::add(Place place, std::uint32_t width, std::string text) {
  found_.push_back({.place = place, .width = std::max(width, 1U), .text = std::move(text)});
}

void Issues::add(const toml::source_region& region, std::string text) {
  const bool one_line = region.begin.line == region.end.line;
  const std::uint32_t width = one_line && region.end.column > region.begin.column
                                  ? region.end.column - region.begin.column
                                  : 1;
  add(place_of(region), width, std::move(text));
}

void Issues::add_inside(const toml::node& node,
                        std::size_t offset,
                        std::size_t width,
                        std::string text) {
  const toml::source_region& region = node.source();
  const auto* value = node.as_string();
  if (value != nullptr && region.begin.line >= 1 && region.begin.line <= lines_.size()) {
    // A basic or literal string on one line, without escapes: its characters stand as they are.
    const std::string_view line = lines_[region.begin.line - 1];
    const std::size_t at = octets_before(line, region.begin.column - 1);
    const std::string_view inside = value->get();
    if (at + 1 < line.size() && line.substr(at + 1, inside.size()) == inside &&
        offset <= inside.size()) {
      const std::uint32_t before = characters(inside.substr(0, offset));
      add({.line = region.begin.line, .column = region.begin.column + 1 + before},
          characters(inside.substr(offset, width)),
          std::move(text));
      return;
    }
  }
  add(region, std::move(text));
}

Diagnostics Issues::sorted() && {
  std::ranges::sort(found_, [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.place.line, a.place.column, a.text) <
           std::tie(b.place.line, b.place.column, b.text);
  });
  return std::move(found_);
}

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

Fields::Fields(Issues& issues, const toml::table& table, std::string what)
    : issues_(issues), table_(table), what_(std::move(what)) {}

const toml::node* Fields::find(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) {
    known_.emplace_back(key);
  }
  return table_.get(key);
}

bool Fields::read_word(std::string_view key,
                       std::span<const std::string_view> words,
                       std::size_t& index,
                       std::string_view what) {
  std::string text;
  if (!read(key, text)) {
    return false;
  }
  const auto at = std::ranges::find(words, text);
  if (at == words.end()) {
    wrong(key, unknown(what, text, words));
    return false;
  }
  index = static_cast<std::size_t>(at - words.begin());
  return true;
}

void Fields::missing(std::string_view key) {
  find(key);
  issues_.add(table_.source(), what_ + " needs " + quoted(key));
}

void Fields::wrong_key(std::string_view key, std::string text) {
  for (const auto& [name, node] : table_) {
    if (name.str() == key) {
      issues_.add(name.source(), std::move(text));
      return;
    }
  }
  issues_.add(table_.source(), std::move(text));
}

void Fields::wrong(std::string_view key, std::string text) {
  const toml::node* node = table_.get(key);
  issues_.add(node != nullptr ? *node : table_, std::move(text));
}

void Fields::finish() {
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  for (const auto& [name, node] : table_) {
    if (std::ranges::find(known_, name.str()) != known_.end()) {
      continue;
    }
    if (const auto home = home_of_list(name.str()); home.has_value() && node.is_array()) {
      issues_.add(name.source(),
                  "this list stands in " + what_ + "; it belongs to " + std::string{*home});
    } else {
      issues_.add(name.source(), unknown("key", name.str(), known) + " of " + what_);
    }
  }
}

const std::string* Fields::text_with_unit(const toml::node& node, std::string_view key, Unit unit) {
  const auto* value = node.as_string();
  if (value != nullptr) {
    return &value->get();
  }
  std::string text = std::string{key} + " is ";
  if (const auto* integer = node.as_integer()) {
    text += std::to_string(integer->get()) + ": a " + std::string{unit.kind} + " needs a unit";
  } else if (node.is_floating_point()) {
    text += "a bare number: a " + std::string{unit.kind} + " needs a unit";
  } else {
    text += std::string{kind_of(node)} + " where a " + std::string{unit.kind} + " belongs";
  }
  issues_.add(node, text + ", for example \"" + std::string{unit.example} + "\"");
  return nullptr;
}

template <class T, class Parse>
bool Fields::get_text(
    const toml::node& node, std::string_view key, Unit unit, Parse parse, T& into) {
  const std::string* text = text_with_unit(node, key, unit);
  if (text == nullptr) {
    return false;
  }
  const auto value = parse(*text);
  if (!value.has_value()) {
    issues_.add(node,
                quoted(*text) + " is no " + std::string{unit.kind} + "; one looks like \"" +
                    std::string{unit.example} + "\"");
    return false;
  }
  into = T{*value};
  return true;
}

bool Fields::get(const toml::node& node, std::string_view key, std::string& into) {
  const auto* value = node.as_string();
  if (value == nullptr) {
    issues_.add(node,
                std::string{key} + " is " + std::string{kind_of(node)} + " where a string belongs");
    return false;
  }
  into = value->get();
  return true;
}

bool Fields::get(const toml::node& node, std::string_view key, bool& into) {
  const auto* value = node.as_boolean();
  if (value == nullptr) {
    issues_.add(
        node,
        std::string{key} + " is " + std::string{kind_of(node)} + " where true or false belongs");
    return false;
  }
  into = value->get();
  return true;
}

bool Fields::get_in(const toml::node& node,
                    std::string_view key,
                    std::int64_t& into,
                    std::int64_t low,
                    std::int64_t high) {
  const auto* value = node.as_integer();
  if (value == nullptr) {
    issues_.add(
        node, std::string{key} + " is " + std::string{kind_of(node)} + " where an integer belongs");
    return false;
  }
  if (value->get() < low || value->get() > high) {
    issues_.add(node,
                std::string{key} + " is " + std::to_string(value->get()) + ", not in " +
                    std::to_string(low) + ".." + std::to_string(high));
    return false;
  }
  into = value->get();
  return true;
}

bool Fields::get(const toml::node& node, std::string_view key, std::uint64_t& into) {
  std::int64_t value = 0;
  if (!get_in(node, key, value, 0, std::numeric_limits<std::int64_t>::max())) {
    return false;
  }
  into = static_cast<std::uint64_t>(value);
  return true;
}

bool Fields::get(const toml::node& node, std::string_view key, Duration& into) {
  return get_text(node, key, {"duration", "30s"}, parse_duration, into);
}

bool Fields::get(const toml::node& node, std::string_view key, DurationRange& into) {
  return get_text(
      node, key, {"duration or range of durations", "1s..40s"}, parse_duration_range, into);
}

bool Fields::get(const toml::node& node, std::string_view key, faults::OctetRange& into) {
  if (const auto* integer = node.as_integer(); integer != nullptr && integer->get() >= 0) {
    const auto value = static_cast<std::uint64_t>(integer->get());
    into = {.low = value, .high = value};
    return true;
  }
  return get_text(node, key, {"number or range of octets", "0..4000"}, parse_octet_range, into);
}

bool Fields::get(const toml::node& node, std::string_view key, Size& into) {
  std::uint64_t octets = 0;
  if (!get_text(node, key, {"size", "64KiB"}, parse_size, octets)) {
    return false;
  }
  into.octets = octets;
  return true;
}

bool Fields::get(const toml::node& node, std::string_view key, PerMinute& into) {
  std::uint64_t events = 0;
  if (!get_text(node, key, {"rate", "50/s"}, parse_rate, events)) {
    return false;
  }
  into.events = events;
  return true;
}

bool Fields::get(const toml::node& node, std::string_view key, Throughput& into) {
  std::uint64_t rate = 0;
  if (!get_text(node, key, {"bandwidth", "10MiB/s"}, parse_bandwidth, rate)) {
    return false;
  }
  if (rate == 0) {
    issues_.add(node, std::string{key} + " is 0: a link without bandwidth is a `cut`");
    return false;
  }
  into.octets_per_second = rate;
  return true;
}

bool Fields::get(const toml::node& node, std::string_view key, Ppm& into) {
  std::int64_t ppm = 0;
  if (!get_text(node, key, {"percentage", "2.5%"}, parse_percent_ppm, ppm)) {
    return false;
  }
  into.value = ppm;
  return true;
}

bool Fields::get(const toml::node& node, std::string_view key, PpmRange& into) {
  const auto parse = [](std::string_view text) -> std::optional<Range<std::int64_t>> {
    const auto [low_text, high_text] = split_range(text);
    const std::optional<std::int64_t> low = parse_percent_ppm(low_text);
    const std::optional<std::int64_t> high = parse_percent_ppm(high_text);
    if (!low.has_value() || !high.has_value() || *low > *high) {
      return std::nullopt;
    }
    return Range<std::int64_t>{.low = *low, .high = *high};
  };
  return get_text(node, key, {"percentage or range of percentages", "0%..2%"}, parse, into.value);
}

bool Fields::get(const toml::node& node, std::string_view key, Spread& into) {
  using Shape = Spread::Shape;
  if (node.is_string() || !node.is_table()) {
    DurationRange range;
    if (!get_text(node,
                  key,
                  {"duration, range or { exp, min, max }", "2ms"},
                  parse_duration_range,
                  range)) {
      return false;
    }
    into = range.low == range.high
               ? Spread{.shape = Shape::constant, .mean = range.low}
               : Spread{.shape = Shape::uniform, .min = range.low, .max = range.high};
  } else {
    Fields fields(issues_, *node.as_table(), std::string{key});
    Spread spread{.shape = Shape::exponential};
    const bool ok = fields.need("exp", spread.mean);
    fields.read("min", spread.min);
    fields.read("max", spread.max);
    fields.finish();
    if (!ok) {
      return false;
    }
    into = spread;
  }
  const Duration zero{};
  if (into.mean < zero || into.min < zero || into.max < zero ||
      (into.max != zero && into.min > into.max)) {
    issues_.add(node, std::string{key} + " is negative or upside down");
    return false;
  }
  return true;
}

bool Fields::get(const toml::node& node, std::string_view key, std::vector<std::string>& into) {
  const toml::array* list = node.as_array();
  if (list == nullptr) {
    issues_.add(node,
                std::string{key} + " is " + std::string{kind_of(node)} +
                    " where a list of strings belongs");
    return false;
  }
  into.clear();
  bool ok = true;
  for (const toml::node& item : *list) {
    std::string text;
    ok = get(item, key, text) && ok;
    into.push_back(std::move(text));
  }
  return ok;
}

}  // namespace vvm::scenario
