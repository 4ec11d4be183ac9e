// main of `vvm`.
#include <cstdio>
#include <string>
#include <vector>

#include <malloc.h>

#include "sim/cli/program.hpp"

namespace {

// What one compilation or run gives back the next one wants again: returned to the kernel, the same
// pages would be cleared and mapped over and over, a fifth of the time of a schema of 10 MB.
void keep_freed_memory() {
  constexpr int kept_max = 128 << 20;        // octets
  constexpr int from_kernel_max = 32 << 20;  // larger blocks come from the kernel one by one
  mallopt(M_TRIM_THRESHOLD, kept_max);
  mallopt(M_MMAP_THRESHOLD, from_kernel_max);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  return vvm::cli::run_program(args, vvm::cli::add_all_commands, {.out = stdout, .err = stderr});
}
