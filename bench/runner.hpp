// Runs the registered benchmarks in rounds: A B C, A B C, ..., with probe readings in between.
//
// The program's `vvm bench` relies on it. Google Benchmark finds the number of iterations and takes
// the time; what is new here is the order, so that a slow minute of the machine falls on all
// benchmarks alike, and that each round gives one sample. Uses Google Benchmark's process-wide
// registry and flags: one run at a time, one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace vvm::bench {

struct RunOptions {
  std::string filter{};         // regular expression anywhere in the name; empty is all
  int rounds = 10;              // samples of each benchmark
  double round_seconds = 0.05;  // at least this long for each benchmark in each round
  // Called after each benchmark of each round, from 1.
  std::function<void(int round, std::string_view name)> progress{};
};

// A counter that a benchmark set itself, such as allocations an operation.
struct CounterSamples {
  std::string name;
  std::vector<double> values;
};

struct BenchmarkSamples {
  std::string name;
  std::vector<double> ns;  // wall time an iteration, one a round
  std::vector<CounterSamples> counters;
};

struct ProbeReadings {
  double before_us = 0;
  std::vector<double> between_us{};  // after each round but the last
  double after_us = 0;
};

struct BenchmarkRun {
  std::vector<BenchmarkSamples> benchmarks{};  // in the order of registration
  ProbeReadings probe{};
};

// Fails with not_found if no benchmark matches, with bad_input if the filter is no regular
// expression, and with the benchmark's own text if one of them reports an error.
Result<BenchmarkRun> run_benchmarks(const RunOptions& options);
// Names of the benchmarks that match.
Result<std::vector<std::string>> list_benchmarks(const std::string& filter);

}  // namespace vvm::bench
