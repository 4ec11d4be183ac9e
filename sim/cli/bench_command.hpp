// `vvm bench`: runs the micro benchmarks of this program.
//
// sim/cli/main adds it to the program. Exit codes: 0 done; 1 a benchmark found a wrong result;
// 3 bad input; with --pair those of `vvm report pair`.
#pragma once

#include <CLI/App.hpp>

namespace vvm::cli {

// `exit_code` must live until the command has run; it is written only where the command runs.
void add_bench_command(CLI::App& root, int& exit_code);

}  // namespace vvm::cli
