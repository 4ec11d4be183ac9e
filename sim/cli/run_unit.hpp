// Unit: one run of one scenario under one seed, as `vvm run` does it.
//
// Workers call it. It measures the time, repeats the run where that was asked for, and runs what
// did not hold once more with its history: most runs hold, and a history costs time and memory.
#pragma once

#include <cstdint>
#include <string>

#include "sim/cli/run_inputs.hpp"
#include "sim/report/run_case.hpp"

namespace vvm::cli {

struct UnitOptions {
  bool history = false;            // also of runs that hold
  bool check_determinism = false;  // run it again with memory laid out differently
  std::string trace{};             // file of the trace; empty: none
  std::uint64_t steps_max = 0;     // 0: no limit
};

// err: the trace cannot be written.
Result<report::RunCase> run_unit(const RunInput& input,
                                 std::uint64_t seed,
                                 const UnitOptions& options,
                                 wiring::Memo& memo);

// How two runs differ, from their hashes and traces: the first record that is not the same.
report::Repetition compare_runs(const wiring::RunResult& first, const wiring::RunResult& second);

// Drops what nobody will look at of a run that held and is one of many.
void drop_details(report::RunCase& run);

}  // namespace vvm::cli
