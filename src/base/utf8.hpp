// UTF-8: code points of octets that may be anything, one at a time.
//
// The compiler counts columns by it, and whatever writes JSON of texts from outside replaces what
// is not UTF-8. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vvm {

// Length of the code point at the start of `text`, which is not empty; 1 for an octet that is not
// UTF-8 here. `value` becomes U+FFFD then.
std::size_t decode_utf8(std::string_view text, char32_t* value);
void append_utf8(std::string* out, char32_t value);

}  // namespace vvm
