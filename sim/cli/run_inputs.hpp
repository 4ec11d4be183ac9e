// Inputs of `vvm run`: scenario files, and the folders that they name, read once.
//
// run_command relies on it; workers inherit what was read. Everything that is wrong in any file is
// said before anything runs.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "sim/scenario/model.hpp"
#include "sim/wiring/run.hpp"

namespace vvm::cli {

struct RunInput {
  std::string file{};  // as named on the command line
  std::string text{};
  scenario::Scenario scenario{};
  wiring::Bundle files{};  // of the folders that its images name
};

// What is wrong, as text for people, of all files that were asked for.
struct BadInputs {
  std::string text;
};

std::variant<std::vector<RunInput>, BadInputs> load_inputs(const std::vector<std::string>& files);

}  // namespace vvm::cli
