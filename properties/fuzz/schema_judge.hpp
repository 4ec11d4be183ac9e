// Schema judge: everything that must hold of any schema text, valid or not.
//
// One compilation is held against others of the same packages (again, in a Workspace that knew
// something else, stopped early, laid out anew), against what the spec says of messages and dumps,
// and the parser against the recogniser. Pure. Owned by properties/fuzz.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vvm::fuzz {

// Beyond it only the size grows.
inline constexpr std::size_t input_bytes_max = std::size_t{16} << 10U;

// What does not hold of this input (schema_text.hpp), in a line or a few; empty when all does.
std::string broken(std::string_view text);

}  // namespace vvm::fuzz
