// `vvm check` and `vvm fmt`: scenario files, judged and formatted without running them.
//
// sim/cli/main adds them to the program. Exit codes: 0 all files are right; 1 `fmt --check` found a
// file that is not formatted; 3 a file is wrong, which is shown as a compiler would.
#pragma once

#include <CLI/App.hpp>

namespace vvm::cli {

// `exit_code` must live until the command has run; it is written only where the command runs.
void add_check_command(CLI::App& root, int& exit_code);

}  // namespace vvm::cli
