// Lines of a comment without their marks.
#include "schema/comments.hpp"

#include <algorithm>

namespace vvm::schema {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view white = " \t\n\v\f\r";
  const std::size_t from = text.find_first_not_of(white);
  if (from == std::string_view::npos) {
    return {};
  }
  return text.substr(from, text.find_last_not_of(white) - from + 1);
}

}  // namespace

void comment_lines(std::string_view doc, std::vector<std::string_view>* lines) {
  lines->clear();
  std::string_view rest = trimmed(doc);
  const bool block = rest.starts_with("/*");
  if (block) {
    rest.remove_prefix(2);
    if (rest.ends_with("*/")) {
      rest.remove_suffix(2);
    }
  }
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = trimmed(rest.substr(0, end));
    if (!block && line.starts_with("--")) {
      line = trimmed(line.substr(2));
    }
    if (!line.empty()) {
      lines->push_back(line);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

}  // namespace vvm::schema
