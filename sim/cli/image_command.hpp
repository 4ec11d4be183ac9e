// `vvm image pack | inspect | verify`: application images as files.
//
// sim/cli/main adds it to the program. The rules are those of src/image, the very code that a VVM
// unpacks with. Exit codes: 0 done or accepted; 1 the image is refused (docs/spec/vvm.md 8.9 names
// the reason); 3 bad input or usage.
#pragma once

#include <CLI/App.hpp>

namespace vvm::cli {

// `exit_code` must live until the command has run; it is written only where the command runs.
void add_image_command(CLI::App& root, int& exit_code);

}  // namespace vvm::cli
