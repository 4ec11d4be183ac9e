// `vvm report compare` and `vvm report pair`: verdicts about two reports, or two programs.
//
// sim/cli/main adds them to the program. Exit codes (docs/spec/reports.md 6.5): 0 no regression in
// the gated classes; 1 regression; 2 inconclusive or not comparable; 3 bad input.
#pragma once

#include <memory>
#include <string>

#include <CLI/App.hpp>

#include "base/result.hpp"
#include "sim/cli/pair_run.hpp"
#include "sim/report/perf/compare.hpp"

namespace vvm::cli {

// `exit_code` must live until a command has run; it is written only where one runs.
void add_report_command(CLI::App& root, int& exit_code);

// The options that every comparison takes, as they stand on the command line.
struct ComparisonArguments {
  std::string threshold = "3%";
  double alpha = 0.01;
  std::string gate = "A,B,C";
  bool json = false;
  bool markdown = false;
};

void add_comparison_options(CLI::App& command, const std::shared_ptr<ComparisonArguments>& to);
// "3%" or "3": percent, above 0 and below 100. "A,B": classes, at least one.
Result<report::CompareOptions> compare_options(const ComparisonArguments& arguments);

// Where the two reports of a pair run go; empty is nowhere.
struct PairFiles {
  std::string base{};
  std::string head{};
};

// Runs the pairs, prints the comparison, and returns the exit code.
int run_pair_command(const PairOptions& options,
                     const PairFiles& files,
                     const ComparisonArguments& arguments);

}  // namespace vvm::cli
