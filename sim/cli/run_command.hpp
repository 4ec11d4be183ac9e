// `vvm run`: scenarios under seeds, their verdicts, and what led to those that did not hold.
//
// sim/cli/main adds it to the program. Exit codes: 0 all held; 1 a property failed; 2 unknown, not
// deterministic, or interrupted; 3 bad input or usage; 4 a run crashed or never came back.
#pragma once

#include <CLI/App.hpp>

namespace vvm::cli {

// `exit_code` must live until the command has run; it is written only where the command runs.
void add_run_command(CLI::App& root, int& exit_code);

}  // namespace vvm::cli
