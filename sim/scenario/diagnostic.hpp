// Diagnostic: what is wrong in a scenario file, and where.
//
// The reader makes them, `vvm check` and `vvm run` print them. Lower case, no full stop.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/model.hpp"

namespace vvm::scenario {

struct Diagnostic {
  Place place{};
  std::uint32_t width = 1;  // columns from `place` that are meant, on one line
  std::string text;         // "unknown fault `clok` (did you mean `clock`?)"

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

using Diagnostics = std::vector<Diagnostic>;

// "FILE:54:27: error: ...", the line of `source` and carets below.
std::string render(const Diagnostic& diagnostic, std::string_view file, std::string_view source);
std::string render(const Diagnostics& diagnostics, std::string_view file, std::string_view source);

}  // namespace vvm::scenario
