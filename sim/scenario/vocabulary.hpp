// Vocabulary: the names that a scenario file may use and that layers above this one define.
//
// sim/scenario knows neither the constants of apppartsctl nor the breakages of image; who calls the
// reader hands their names in. sim/wiring/vocabulary.hpp makes the one of this program.
#pragma once

#include <string>
#include <vector>

namespace vvm::scenario {

struct ConstantWord {
  std::string name;
  bool duration = false;
};

struct BreakageWord {
  std::string name;
  bool argument = false;  // takes a number
};

struct Vocabulary {
  std::vector<ConstantWord> constants{};
  std::vector<BreakageWord> breakages{};
};

}  // namespace vvm::scenario
