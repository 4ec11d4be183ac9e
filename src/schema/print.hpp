// Print: a schema file laid out anew.
//
// `vvm schema fmt` relies on it. Keeps every token and every comment, and where comments document
// what follows; only the white space between changes. Formatting twice changes nothing more, and
// the result means what the text meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vvm::schema {

// None when the text has a syntax error.
std::optional<std::string> format(std::string_view text);

}  // namespace vvm::schema
