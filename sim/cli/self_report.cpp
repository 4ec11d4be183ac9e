// Fills the header of a report and turns samples into rows.
#include "sim/cli/self_report.hpp"

#include <chrono>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/sha256.hpp"
#include "bench/goals.hpp"
#include "sim/cli/build_values.hpp"
#include "sim/cli/commit_values.hpp"
#include "sim/cli/machine.hpp"
#include "sim/cli/perf_files.hpp"

namespace vvm::cli {
namespace {

std::vector<report::PerfRow> rows_of(const bench::BenchmarkRun& run) {
  std::vector<report::PerfRow> out;
  for (const bench::BenchmarkSamples& samples : run.benchmarks) {
    out.push_back({.id = samples.name,
                   .cls = report::MetricClass::c,
                   .unit = "ns",
                   .samples = samples.ns,
                   .order = "rounds"});
    for (const bench::CounterSamples& counter : samples.counters) {
      out.push_back({.id = samples.name,
                     .cls = report::MetricClass::b,
                     .unit = counter.name,
                     .samples = counter.values});
    }
  }
  return out;
}

std::vector<report::PerfGoal> report_goals(const bench::BenchmarkRun& run) {
  std::vector<report::PerfGoal> out;
  for (const bench::GoalResult& goal : bench::goals_of(run)) {
    out.push_back({.id = goal.what,
                   .row = goal.row,
                   .unit = goal.unit,
                   .better = goal.at_least ? report::Better::more : report::Better::less,
                   .goal = goal.goal,
                   .median = goal.median,
                   .best = goal.best});
  }
  return out;
}

}  // namespace

report::ProgramInfo program_info() {
  namespace values = build_values;
  constexpr std::string_view dirty = "-dirty";
  std::string commit{commit_text};
  const bool is_dirty = commit.ends_with(dirty);
  if (is_dirty) {
    commit.resize(commit.size() - dirty.size());
  }
  report::ProgramInfo out{.commit = std::move(commit),
                          .dirty = is_dirty,
                          .build = {.type = values::type,
                                    .compiler = values::compiler,
                                    .flags = values::flags,
                                    .lto = values::lto,
                                    .libs = {{"boost", values::boost},
                                             {"fmt", values::fmt},
                                             {"benchmark", values::benchmark}}}};
  if (const auto path = own_path()) {
    if (const auto bytes = read_text(path.value())) {
      out.binary_sha256 = sha256(bytes.value()).hex();
    }
  }
  return out;
}

Result<std::string> own_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return Error{Code::not_found, fmt::format("/proc/self/exe: {}", error.message())};
  }
  return path.string();
}

std::string utc_now() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

report::NoiseProbe noise_probe(const bench::ProbeReadings& readings) {
  report::Samples all = readings.between_us;
  all.push_back(readings.before_us);
  all.push_back(readings.after_us);
  return {.before_us = readings.before_us,
          .after_us = readings.after_us,
          .spread_pct = report::relative_spread(all) * 100,
          .between_us = readings.between_us};
}

Result<report::PerfReport> measure(const bench::RunOptions& options,
                                   const std::vector<bench::RealSchema>& real) {
  using Clock = std::chrono::steady_clock;
  bench::register_benchmarks(real);
  report::PerfReport out;
  out.created = utc_now();
  out.program = program_info();
  out.protocol.class_c = "rounds";
  const MachineWatch machine;
  const auto begin = Clock::now();
  TRY(const bench::BenchmarkRun run, bench::run_benchmarks(options));
  out.self.wall_s = std::chrono::duration<double>(Clock::now() - begin).count();
  out.machine = machine.finish();
  out.self.noise_probe = noise_probe(run.probe);
  out.rows = rows_of(run);
  out.goals = report_goals(run);
  return out;
}

}  // namespace vvm::cli
