// The compiler's form: place, cause, line, caret.
#include "sim/scenario/diagnostic.hpp"

#include <fmt/format.h>

namespace vvm::scenario {
namespace {

std::string_view line_of(std::string_view source, std::uint32_t number) {
  for (std::uint32_t line = 1; line < number; ++line) {
    const std::size_t end = source.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    source.remove_prefix(end + 1);
  }
  std::string_view line = source.substr(0, source.find('\n'));
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

// As wide as the text before the caret, tabs kept so that the caret stands under its character.
std::string margin(std::string_view line, std::uint32_t columns) {
  std::string out;
  for (std::size_t at = 0; at < line.size() && columns > 0; ++at) {
    if ((static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U) {
      continue;
    }
    out.push_back(line[at] == '\t' ? '\t' : ' ');
    --columns;
  }
  return out + std::string(columns, ' ');
}

}  // namespace

std::string render(const Diagnostic& diagnostic, std::string_view file, std::string_view source) {
  const auto [line, column] = diagnostic.place;
  if (line == 0) {
    return fmt::format("{}: error: {}\n", file, diagnostic.text);
  }
  std::string out = fmt::format("{}:{}:{}: error: {}\n", file, line, column, diagnostic.text);
  const std::string_view text = line_of(source, line);
  if (!text.empty()) {
    out += fmt::format("{:>5} | {}\n", line, text);
    out += fmt::format("      | {}{}\n",
                       margin(text, column == 0 ? 0 : column - 1),
                       std::string(diagnostic.width, '^'));
  }
  return out;
}

std::string render(const Diagnostics& diagnostics, std::string_view file, std::string_view source) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    out += render(diagnostic, file, source);
  }
  return out;
}

}  // namespace vvm::scenario
