// Generator of scenarios that the reader would return: consistent, in range, of every kind.
//
// properties/core relies on it. A scenario is made from a list of draws, so that shrinking the list
// shrinks the scenario: draws that are missing are 0, and 0 is the plainest choice everywhere.
#pragma once

#include <ostream>

#include <rapidcheck.h>

#include "sim/scenario/model.hpp"
#include "sim/scenario/vocabulary.hpp"

namespace vvm::gen {

struct AnyScenario {
  scenario::Scenario value;
};

rc::Gen<AnyScenario> any_scenario();
// Prints the text of the scenario.
void showValue(const AnyScenario& scenario, std::ostream& out);

// The constants and breakages that any_scenario() uses.
scenario::Vocabulary scenario_vocabulary();

}  // namespace vvm::gen
