// Suggestions: what somebody who wrote this may have meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vvm::schema {

// Letters to insert, remove, replace or swap with their neighbour; at most `limit` + 1 is returned.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// The candidate that differs least and little (1 in 3 letters), or nothing; the first of equals.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

// "did you mean `TABLE`?" for a word that resembles a keyword among what was `expected`, in
// back-ticks; or empty.
std::string keyword_hint(std::string_view word, std::string_view expected);

}  // namespace vvm::schema
