// Goals: what a design asks of a benchmark, and how far a run got.
//
// `vvm bench` shows them below its table and writes them into the report. Advice: wall time on a
// shared machine is no gate. A goal whose rows did not run is left out.
#pragma once

#include <string>
#include <vector>

#include "bench/runner.hpp"

namespace vvm::bench {

struct GoalResult {
  std::string what;
  std::string row;  // benchmark
  std::string unit;
  bool at_least = false;  // else at most
  double goal = 0;
  double median = 0;  // over the rounds
  double best = 0;
};

// In the order of the table in goals.cpp.
std::vector<GoalResult> goals_of(const BenchmarkRun& run);

}  // namespace vvm::bench
