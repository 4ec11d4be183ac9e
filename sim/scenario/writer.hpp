// write: a Scenario to the text of a scenario file, in canonical form.
//
// sim/explore writes what it found with it, `vvm fmt` what it was given. read(write(s)) == s for
// every Scenario of the reader.
#pragma once

#include <string>

#include "sim/scenario/model.hpp"

namespace vvm::scenario {

std::string write(const Scenario& scenario);
// One step as it stands in the file: `{ at = "0s", do = "upload", image = "pos1" }`.
std::string step_text(const Step& step);
std::string at_text(const AtExpectation& row);
std::string eventually_text(const EventuallyExpectation& row);
std::string budget_text(const BudgetExpectation& row);

}  // namespace vvm::scenario
