// Pairs: two programs measured in turns (A B, B A, ...), each time in a new process.
//
// `vvm report pair` and `vvm bench --pair` rely on it: the one wall comparison that a drifting
// machine does not fool (docs/spec/reports.md 6.3). A new process each time covers address layout.
// Both programs must know `bench FILTER --json F --samples N --round-ms N --quiet`.
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "sim/report/perf/report_file.hpp"

namespace vvm::cli {

struct PairOptions {
  std::string base;  // files of the programs
  std::string head;
  std::string filter{};
  std::string corpus{};  // empty: none
  int pairs = 12;
  int warmup = 1;   // pairs before them that do not count
  int samples = 1;  // rounds a process, of which the median counts
  int round_ms = 50;
  std::function<void(int pair)> progress{};  // before each pair, from 1; 0 and below are warm-up
};

struct PairReports {
  report::PerfReport base;
  report::PerfReport head;
};

// Fails if a program does not run, ends with another code than 0, or reports other rows than the
// time before.
Result<PairReports> run_pairs(const PairOptions& options);

// One process of many, folded into the report of its side: the median of each row becomes one more
// sample. Into an empty report the process's header goes as well.
Status fold(const report::PerfReport& process, report::PerfReport& side);

}  // namespace vvm::cli
