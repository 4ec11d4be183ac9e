// suggest: the word that was probably meant.
//
// Every "unknown ..." of the reader goes through it. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vvm::scenario {

// The nearest of `known` by edit distance (insert, delete, replace, swap), if it is near enough to
// be a slip: at most a third of the letters. The first of several.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known);

// "unknown fault `clok` (did you mean `clock`?)"; without a near word, all of them if they are few:
// "unknown fault `x` (one of `cut`, `hold`)".
std::string unknown(std::string_view what,
                    std::string_view word,
                    std::span<const std::string_view> known);

}  // namespace vvm::scenario
