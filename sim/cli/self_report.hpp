// Reports on this program: what was built, and a run of its benchmarks as a PerfReport.
//
// sim/cli/bench_command relies on it, and pair_run for the time. Reads the wall clock and the
// program's own file.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "bench/micro/register.hpp"
#include "bench/runner.hpp"
#include "sim/report/perf/report_file.hpp"

namespace vvm::cli {

report::ProgramInfo program_info();

// Where the file of this program is.
Result<std::string> own_path();

// "2026-01-05T10:00:00Z".
std::string utc_now();

report::NoiseProbe noise_probe(const bench::ProbeReadings& readings);

// Runs the benchmarks that match and describes everything around them.
Result<report::PerfReport> measure(const bench::RunOptions& options,
                                   const std::vector<bench::RealSchema>& real = {});

}  // namespace vvm::cli
