// Documentation comments: what of a DOC token reaches the AppDef (docs/spec/vsql.md 1.7).
#pragma once

#include <string_view>
#include <vector>

namespace vvm::schema {

// In place of what `lines` had.
void comment_lines(std::string_view doc, std::vector<std::string_view>* lines);

inline std::vector<std::string_view> comment_lines(std::string_view doc) {
  std::vector<std::string_view> lines;
  comment_lines(doc, &lines);
  return lines;
}

}  // namespace vvm::schema
