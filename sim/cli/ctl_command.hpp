// `vvm ctl status | deploy | rollback`: talk to a running cluster.
//
// sim/cli/program adds it. The cluster is that of --cluster, or of the `vvm up` that this user
// started last (sim/cli/run_file.hpp). Exit codes: 0 done; 1 the cluster refuses, does not answer,
// or a rollout fails; 3 bad input or usage, and no cluster to ask.
#pragma once

#include <CLI/App.hpp>

namespace vvm::cli {

// `exit_code` must live until the command has run; it is written only where the command runs.
void add_ctl_command(CLI::App& root, int& exit_code);

}  // namespace vvm::cli
