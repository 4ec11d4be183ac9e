// Words: is an identifier one of those that the grammar knows?
//
// The lexer asks for each identifier, so it is a hash table made at compile time: one probe, one
// comparison of sixteen octets. No word is longer than eleven.
#pragma once

#include <cstddef>
#include <cstdint>

#include "schema/token.hpp"

namespace vvm::schema::words {

// Tok::ident, or the keyword. pre: `hash` is hash_of_name(text, length), with its padding.
Tok kind_of(const char* text, std::size_t length, std::uint32_t hash);

}  // namespace vvm::schema::words
