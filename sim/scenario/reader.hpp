// read: a scenario file to a Scenario, or everything that is wrong in it.
//
// `vvm run`, `vvm check`, sim/wiring and sim/explore rely on it. Pure: the text is an argument, the
// folders that it names are looked at by who executes the scenario. Grammar:
// docs/formats/scenario.md.
#pragma once

#include <string_view>
#include <variant>

#include "sim/scenario/diagnostic.hpp"
#include "sim/scenario/model.hpp"
#include "sim/scenario/vocabulary.hpp"

namespace vvm::scenario {

// Diagnostics in the order of the file, at least one.
std::variant<Scenario, Diagnostics> read(std::string_view text, const Vocabulary& vocabulary);

}  // namespace vvm::scenario
