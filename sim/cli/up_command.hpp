// `vvm up`: a cluster on this machine: one cluster process and some VVMs, with real sockets, disk
// and clock, until Ctrl-C.
//
// sim/cli/program adds it. Exit codes: 0 stopped in order; 1 a process of the cluster ended by
// itself, or had to be killed; 3 bad input or usage, a port that is taken, a data folder in use.
#pragma once

#include <CLI/App.hpp>

namespace vvm::cli {

// `exit_code` must live until the command has run; it is written only where the command runs.
void add_up_command(CLI::App& root, int& exit_code);

}  // namespace vvm::cli
