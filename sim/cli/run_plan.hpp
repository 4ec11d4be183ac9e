// The plan of `vvm run`: which files, which seeds, which options fit together.
//
// run_command relies on it. Parsing is pure; finding files reads folders and nothing else. The same
// arguments over the same folders give the same plan, in the same order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace vvm::cli {

// Both ends included.
struct SeedRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  std::uint64_t count() const { return last - first + 1; }

  friend bool operator==(const SeedRange&, const SeedRange&) = default;
};

inline constexpr std::uint64_t seeds_max = 10'000'000;  // in one range: each costs memory

// "7" or "1..200". err: BadInput
Result<SeedRange> parse_seeds(std::string_view text);

// Files as they were named; of a folder all *.toml below it, by name, without what is hidden. A
// file that is reached twice is listed where it comes first. err: BadInput if a path is neither, or
// a folder has none.
Result<std::vector<std::string>> find_scenarios(const std::vector<std::string>& paths);

// The name of the page of one run in a folder of pages: only letters, digits, '.', '_' and '-'.
std::string page_name(std::string_view file, std::uint64_t seed);

}  // namespace vvm::cli
