// Token mutator: a schema text with some of its tokens deleted, doubled, swapped, replaced or
// taken from elsewhere, so that most results still get past the parser.
//
// The fuzz target and its test both use it. Pure: the result is a function of the text and of what
// the generator of chance gives. Any octets are tokens of some kind. Owned by properties/fuzz.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.hpp"

namespace vvm::fuzz {

// One to a few edits; at most `size_max` octets.
std::string mutated(std::string_view text, std::size_t size_max, Rng* rng);

// `text` with a part of `other`: a token, an item, a statement or more.
std::string crossed(std::string_view text, std::string_view other, std::size_t size_max, Rng* rng);

// Every keyword and mark of the lexer, from its own table (src/schema/tokens.def).
const std::vector<std::string>& words();

// The pieces of a text, each with the white space and comments in front of it.
std::vector<std::string_view> pieces_of(std::string_view text);

}  // namespace vvm::fuzz
