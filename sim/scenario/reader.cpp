// The order of the sections, [scenario] and [origin], and what toml++ refuses.
#include "sim/scenario/reader.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "sim/scenario/read_context.hpp"
#include "sim/scenario/suggest.hpp"
#include "sim/scenario/value_text.hpp"
#include "sim/scenario/words.hpp"

namespace vvm::scenario {
namespace {

constexpr std::int64_t format_version = 1;
constexpr std::size_t syntax_errors_max = 20;

constexpr std::array<std::string_view, 12> section_words{"scenario",
                                                         "origin",
                                                         "constants",
                                                         "topology",
                                                         "net",
                                                         "apps",
                                                         "images",
                                                         "load",
                                                         "timeline",
                                                         "random",
                                                         "pin",
                                                         "expect"};

void read_scenario(ReadContext& ctx, const toml::table& root) {
  Scenario& scenario = ctx.scenario;
  const toml::table* table = section_of(ctx, root, "scenario");
  if (table == nullptr) {
    if (root.get("scenario") == nullptr) {
      ctx.issues.add(Place{.line = 1, .column = 1}, 1, "there is no [scenario]");
    }
    return;
  }
  Fields fields(ctx.issues, *table, "[scenario]");
  if (fields.need("name", scenario.name) && scenario.name.empty()) {
    fields.wrong("name", "the name is empty");
  }
  fields.read("doc", scenario.doc);
  fields.read("seed", scenario.seed);
  if (fields.need("horizon", scenario.horizon) && scenario.horizon <= Duration{}) {
    fields.wrong("horizon", "the horizon is the start");
  }
  if (fields.read("heal_at", scenario.heal_at) &&
      (*scenario.heal_at < Duration{} || *scenario.heal_at > scenario.horizon)) {
    fields.wrong("heal_at",
                 fmt::format("not between the start and the horizon, {}",
                             format_duration(scenario.horizon)));
  }
  fields.finish();
}

void read_origin(ReadContext& ctx, const toml::table& root) {
  const toml::table* table = section_of(ctx, root, "origin");
  if (table == nullptr) {
    return;
  }
  Fields fields(ctx.issues, *table, "[origin]");
  Origin origin;
  fields.read("explorer", origin.explorer);
  fields.read("commit", origin.commit);
  fields.read("property", origin.property);
  fields.read("trace", origin.trace);
  fields.finish();
  ctx.scenario.origin = std::move(origin);
}

bool is_first_key(const toml::table& root, std::string_view key) {
  const toml::source_region* first = nullptr;
  std::string_view name;
  for (const auto& [one, node] : root) {
    const toml::source_region& region = one.source();
    if (first == nullptr || region.begin.line < first->begin.line) {
      first = &region;
      name = one.str();
    }
  }
  return name == key;
}

// False when nothing else of the file can be judged.
bool read_format(ReadContext& ctx, const toml::table& root) {
  const toml::node* node = root.get("format");
  if (node == nullptr || !is_first_key(root, "format")) {
    ctx.issues.add(Place{.line = 1, .column = 1}, 1, "the first key is `format = 1`");
  }
  if (node == nullptr) {
    return true;
  }
  const auto* version = node->as_integer();
  if (version == nullptr) {
    ctx.issues.add(*node, "format is a number");
    return false;
  }
  if (version->get() != format_version) {
    ctx.issues.add(
        *node,
        fmt::format("format {}: this program reads format {}", version->get(), format_version));
    return false;
  }
  return true;
}

void read_sections(ReadContext& ctx, const toml::table& root) {
  for (const auto& [key, node] : root) {
    if (key.str() == "format") {
      continue;
    }
    if (std::ranges::find(section_words, key.str()) != section_words.end()) {
      if (key.str() == "random" || key.str() == "pin") {
        ctx.issues.add(
            key.source(),
            fmt::format("this version cannot execute [{}]; write the steps out", key.str()));
      }
    } else if (const auto home = home_of_list(key.str()); home.has_value() && node.is_array()) {
      ctx.issues.add(key.source(), fmt::format("this list belongs to {}", *home));
    } else {
      ctx.issues.add(key.source(), unknown("section", key.str(), section_words));
    }
  }
  read_scenario(ctx, root);
  read_origin(ctx, root);
  read_constants(ctx, root);
  read_topology(ctx, root);
  read_apps(ctx, root);
  read_images(ctx, root);
  read_net(ctx, root);
  read_load(ctx, root);
  read_timeline(ctx, root);
  read_expect(ctx, root);
}

std::string described(const toml::parse_error& error) {
  std::string text{error.description()};
  // "Error while parsing key-value pair: expected ..., saw ...": the cause is the second half.
  if (const std::size_t colon = text.find(": ");
      text.starts_with("Error while ") && colon != std::string::npos) {
    text = text.substr(colon + 2);
  }
  if (!text.empty() && text.front() >= 'A' && text.front() <= 'Z') {
    text.front() = static_cast<char>(text.front() - 'A' + 'a');
  }
  return text;
}

// Where line `number`, from 1, begins; npos when there is no such line.
std::size_t line_begin(const std::string& text, std::uint32_t number) {
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < number && begin != std::string::npos; ++line) {
    begin = text.find('\n', begin);
    begin += begin == std::string::npos ? 0 : 1;
  }
  return begin;
}

Place end_of(const std::string& text) {
  const auto lines = static_cast<std::uint32_t>(1 + std::ranges::count(text, '\n'));
  return {.line = text.ends_with('\n') ? lines - 1 : lines, .column = 1};
}

// An item of a list on a line of its own.
bool begins_item(const std::string& text, std::uint32_t number) {
  const std::size_t begin = line_begin(text, number);
  const std::size_t at = begin == std::string::npos ? begin : text.find_first_not_of(" \t", begin);
  return at != std::string::npos && text[at] == '{';
}

// Blanks line `number`, from 1. False when doing so would only give errors that follow from it:
// the line opens a list, or there is no such line.
bool blank_line(std::string& text, std::uint32_t number) {
  const std::size_t begin = line_begin(text, number);
  if (begin == std::string::npos) {
    return false;
  }
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  const std::string_view line{text.data() + begin, end - begin};
  const bool whole = !line.empty() && line.find_first_not_of(" \t\r") != std::string_view::npos &&
                     std::ranges::count(line, '[') == std::ranges::count(line, ']') &&
                     line.find("\"\"\"") == std::string_view::npos;
  std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin),
            text.begin() + static_cast<std::ptrdiff_t>(end),
            ' ');
  return whole;
}

// toml++ stops at the first syntax error. The format has one thing a line, so the line is left out
// and the rest is read again, to report several at once.
std::optional<toml::table> parse(std::string_view source, Issues& issues) {
  std::string text{source};
  std::uint32_t last_line = 0;
  for (std::size_t errors = 0; errors < syntax_errors_max; ++errors) {
    try {
      toml::table root = toml::parse(text);
      if (errors > 0) {
        return std::nullopt;
      }
      return root;
    } catch (const toml::parse_error& error) {
      // At the end of the text toml++ gives no place.
      const std::uint32_t line = error.source().begin.line;
      if (line == 0) {
        issues.add(end_of(text), 1, described(error));
        return std::nullopt;
      }
      const bool follows = line == last_line + 1 && !begins_item(text, line);
      if (errors > 0 && (line <= last_line || follows)) {
        return std::nullopt;  // it follows from the one before
      }
      issues.add(error.source(), described(error));
      last_line = line;
      if (!blank_line(text, line)) {
        return std::nullopt;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::variant<Scenario, Diagnostics> read(std::string_view text, const Vocabulary& vocabulary) {
  Issues issues(text);
  ReadContext ctx{.issues = issues, .vocabulary = vocabulary};
  if (const std::optional<toml::table> root = parse(text, issues)) {
    if (read_format(ctx, *root)) {
      read_sections(ctx, *root);
    }
  }
  if (issues.none()) {
    return std::move(ctx.scenario);
  }
  return std::move(issues).sorted();
}

}  // namespace vvm::scenario
