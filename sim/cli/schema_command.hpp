// `vvm schema check | dump | compat | fmt | generate`: VSQL schemas as files.
//
// sim/cli/main adds it to the program. The compiler is src/schema, the very code that a VVM and
// the cluster judge images with. Exit codes: 0 valid, compatible or done; 1 errors were found;
// 3 bad input or usage.
#pragma once

#include <CLI/App.hpp>

namespace vvm::cli {

// `exit_code` must live until the command has run; it is written only where the command runs.
void add_schema_command(CLI::App& root, int& exit_code);

}  // namespace vvm::cli
