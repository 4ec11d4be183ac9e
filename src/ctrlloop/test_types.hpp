// Small loops to test with: keys are numbers, set-points and PVs too.
//
// Tests, properties and benchmarks of ctrlloop use it.
#pragma once

#include "ctrlloop/types.hpp"

namespace vvm::ctrlloop {

struct Numbers {
  using Key = int;
  using Sp = std::uint64_t;
  using State = int;
  using Pv = int;

  // All keys meet in one probe chain of the index on purpose, seven to a hash.
  static std::uint64_t hash(int key) { return static_cast<std::uint64_t>(key) / 7; }

  static std::string text(int key) { return std::to_string(key); }
};

}  // namespace vvm::ctrlloop
