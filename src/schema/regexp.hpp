// Regular expressions of CHECK: are they RE2 syntax (docs/spec/vsql.md 6.5)?
//
// Only the syntax is judged; nothing is compiled or matched. Linear in the pattern.
#pragma once

#include <string>
#include <string_view>

namespace vvm::schema {

// Empty when it is; else the code and the offending part: "missing closing ]: `[`".
std::string regexp_error(std::string_view pattern);

}  // namespace vvm::schema
