// write: a Scenario to the text of a scenario file, in canonical form.
//
// sim/explore writes what it found with it. read(write(s)) == s for every Scenario of the reader.
#pragma once

#include <string>

#include "sim/scenario/model.hpp"

namespace vvm::scenario {

std::string write(const Scenario& scenario);

}  // namespace vvm::scenario
