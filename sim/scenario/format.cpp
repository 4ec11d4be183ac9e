// Line by line: the format has one item a line, so that is all it takes.
#include "sim/scenario/format.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "sim/scenario/writer.hpp"

namespace vvm::scenario {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed_right(std::string_view text) {
  const std::size_t last = text.find_last_not_of(blanks);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::vector<std::string> lines_of(std::string_view source) {
  std::vector<std::string> lines;
  while (!source.empty()) {
    const std::size_t end = std::min(source.find('\n'), source.size());
    lines.emplace_back(source.substr(0, end));
    source.remove_prefix(std::min(end + 1, source.size()));
  }
  return lines;
}

// The text of each item that has a line of its own, by that line, from 1.
std::map<std::uint32_t, std::string> items_of(const Scenario& scenario) {
  std::multimap<std::uint32_t, std::string> all;
  for (const Step& step : scenario.steps) {
    all.emplace(step.place.line, step_text(step));
  }
  for (const AtExpectation& row : scenario.expect.at) {
    all.emplace(row.place.line, at_text(row));
  }
  for (const EventuallyExpectation& row : scenario.expect.eventually) {
    all.emplace(row.place.line, eventually_text(row));
  }
  for (const BudgetExpectation& row : scenario.expect.budget) {
    all.emplace(row.place.line, budget_text(row));
  }
  std::map<std::uint32_t, std::string> single;
  for (const auto& [line, text] : all) {
    if (all.count(line) == 1) {
      single.emplace(line, text);
    }
  }
  return single;
}

// Behind the `}` that closes the table at the front of `text`; npos when it does not.
std::size_t table_end(std::string_view text) {
  int depth = 0;
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0') {
      at += c == '\\' && quote == '"' ? 1 : 0;
      quote = c == quote ? '\0' : quote;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// `line` with its table written anew; a comment behind it stays. The line itself when there is
// anything else on it.
std::string with_item(const std::string& line, const std::string& item) {
  const std::size_t open = line.find_first_not_of(blanks);
  if (open == std::string::npos || line[open] != '{') {
    return line;
  }
  const std::size_t end = table_end(std::string_view{line}.substr(open));
  if (end == std::string_view::npos) {
    return line;
  }
  std::string_view rest = std::string_view{line}.substr(open + end);
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  if (rest.starts_with(',')) {
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  }
  if (!rest.empty() && !rest.starts_with('#')) {
    return line;
  }
  return "  " + item + "," + (rest.empty() ? "" : "  " + std::string{rest});
}

// Characters of a bare key at the front of a line `key = value`; 0 when it is none.
std::size_t key_size(std::string_view line) {
  const std::size_t size = std::min(
      line.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"),
      line.size());
  const std::size_t equals = line.find_first_not_of(blanks, size);
  return size > 0 && equals != std::string_view::npos && line[equals] == '=' ? size : 0;
}

// Aligns `=` of these lines, which are all `key = value`.
void align(std::vector<std::string>& lines, const std::vector<std::size_t>& run) {
  std::size_t width = 0;
  for (const std::size_t i : run) {
    width = std::max(width, key_size(lines[i]));
  }
  for (const std::size_t i : run) {
    const std::string line = lines[i];
    const std::size_t size = key_size(line);
    std::string_view value = std::string_view{line}.substr(line.find('=', size) + 1);
    value.remove_prefix(std::min(value.find_first_not_of(blanks), value.size()));
    lines[i] = line.substr(0, size) + std::string(width - size, ' ') + " = " + std::string{value};
  }
}

bool toggles_text(std::string_view line, std::string_view mark) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = line.find(mark, at)) != std::string_view::npos; at += 3) {
    ++count;
  }
  return count % 2 == 1;
}

// Lines that are inside a string of several lines are as they are.
std::vector<bool> inside_text(const std::vector<std::string>& lines) {
  std::vector<bool> inside(lines.size(), false);
  bool open = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    inside[i] = open;
    if (toggles_text(lines[i], "\"\"\"") || toggles_text(lines[i], "'''")) {
      open = !open;
    }
  }
  return inside;
}

}  // namespace

std::string format(std::string_view source, const Scenario& scenario) {
  std::vector<std::string> lines = lines_of(source);
  const std::vector<bool> inside = inside_text(lines);
  for (const auto& [line, item] : items_of(scenario)) {
    if (line >= 1 && line <= lines.size() && !inside[line - 1]) {
      lines[line - 1] = with_item(lines[line - 1], item);
    }
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    // The line that opens a text ends in quotes, or in what belongs to the text.
    if (!inside[i] && (i + 1 == lines.size() || !inside[i + 1])) {
      lines[i] = trimmed_right(lines[i]);
    }
  }
  for (std::size_t begin = 0; begin < lines.size();) {
    std::size_t end = begin;
    // A run of keys may hold strings of several lines; it ends at anything else.
    std::vector<std::size_t> run;
    while (end < lines.size() && (inside[end] || key_size(lines[end]) > 0)) {
      if (!inside[end]) {
        run.push_back(end);
      }
      ++end;
    }
    align(lines, run);
    begin = std::max(end, begin + 1);
  }
  std::string out;
  for (const std::string& line : lines) {
    out += line + "\n";
  }
  return out;
}

}  // namespace vvm::scenario
