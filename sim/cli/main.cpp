// main of `vvm`.
#include <cstdio>
#include <string>
#include <vector>

#include "sim/cli/program.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  return vvm::cli::run_program(args, vvm::cli::add_all_commands, {.out = stdout, .err = stderr});
}
