// glob_match: the patterns by which rules name processes, paths, keys and requests.
//
// sim/world, sim/faults and sim/scenario rely on it. `*` stands for any run of characters but '/',
// `**` for any run at all, `?` for one character but '/'; everything else stands for itself.
#pragma once

#include <string_view>

namespace vvm::sim {

bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace vvm::sim
