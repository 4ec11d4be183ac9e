// Documentation comments: what of a DOC token reaches the AppDef (docs/spec/vsql.md 1.7).
#pragma once

#include <string_view>
#include <vector>

namespace vvm::schema {

std::vector<std::string_view> comment_lines(std::string_view doc);

}  // namespace vvm::schema
