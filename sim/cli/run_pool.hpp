// Pool: the same function for many units, in a few processes made by fork.
//
// run_command relies on it. Every unit is done in a process that may crash or hang without harming
// the others: what became of it is an answer like any other. A worker inherits all that the caller
// has loaded and does one unit after another; only unit numbers and answers go through pipes. No
// threads. The caller must have none either.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace vvm::cli {

struct PoolOptions {
  int jobs = 1;                      // workers at a time, at least 1
  Duration unit_max = seconds(600);  // a worker that takes longer for a unit is ended
  // Called at least this often, from the caller's process.
  Duration tick = milliseconds(200);
  std::function<void()> on_tick{};
};

struct PoolAnswer {
  std::size_t unit = 0;
  std::string text{};  // what the function returned
  // Why there is no text: "the process ended by signal 6 (Aborted)", and below it the last lines
  // that it wrote to its standard error.
  std::string broken{};
};

struct PoolEnd {
  bool interrupted = false;  // Ctrl-C: units that had not been done never will
};

// Calls `answer` once a unit, in the order in which they are done. err: no process could be made.
Result<PoolEnd> run_pool(std::size_t units,
                         const PoolOptions& options,
                         const std::function<std::string(std::size_t unit)>& work,
                         const std::function<void(PoolAnswer)>& answer);

}  // namespace vvm::cli
