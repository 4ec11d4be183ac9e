// Google Benchmark behind runner.hpp.
#include "bench/runner.hpp"

#include <algorithm>
#include <array>
#include <regex>
#include <sstream>
#include <utility>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/probe.hpp"

namespace vvm::bench {
namespace {

double to_nanoseconds(double value, benchmark::TimeUnit unit) {
  switch (unit) {
    case benchmark::kNanosecond:
      return value;
    case benchmark::kMicrosecond:
      return value * 1e3;
    case benchmark::kMillisecond:
      return value * 1e6;
    case benchmark::kSecond:
      return value * 1e9;
  }
  return value;
}

template <class Named>
Named& entry_of(std::vector<Named>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Named& entry) { return entry.name == name; });
  if (found != all.end()) {
    return *found;
  }
  all.emplace_back().name = name;
  return all.back();
}

// Rates are times in another unit, and times are measured already.
bool is_cost(const benchmark::Counter& counter) {
  return (counter.flags & benchmark::Counter::kIsRate) == 0;
}

class Collector : public benchmark::BenchmarkReporter {
 public:
  explicit Collector(const RunOptions& options) : options_{&options} {}

  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) {
        continue;
      }
      const std::string name = run.benchmark_name();
      if (run.error_occurred) {
        errors_.append(errors_.empty() ? "" : "; ").append(name + ": " + run.error_message);
        continue;
      }
      add(name, run);
      if (options_->progress) {
        options_->progress(round_, name);
      }
    }
  }

  void start_round(int round) { round_ = round; }

  const std::string& errors() const { return errors_; }

  std::vector<BenchmarkSamples> take() { return std::move(out_); }

 private:
  void add(const std::string& name, const Run& run) {
    BenchmarkSamples& samples = entry_of(out_, name);
    samples.ns.push_back(to_nanoseconds(run.GetAdjustedRealTime(), run.time_unit));
    for (const auto& [counter_name, counter] : run.counters) {
      if (is_cost(counter)) {
        entry_of(samples.counters, counter_name).values.push_back(counter.value);
      }
    }
  }

  const RunOptions* options_;
  int round_ = 0;
  std::vector<BenchmarkSamples> out_;
  std::string errors_;
};

// Google Benchmark takes these two only as arguments of a command line.
void set_flags(double round_seconds, bool list) {
  std::string program = "vvm bench";
  std::string time = fmt::format("--benchmark_min_time={}", round_seconds);
  std::string listing = fmt::format("--benchmark_list_tests={}", list);
  std::array<char*, 4> arguments{program.data(), time.data(), listing.data(), nullptr};
  int count = 3;
  benchmark::Initialize(&count, arguments.data());
}

// Google Benchmark says what it thinks of a bad expression to a stream, and then runs nothing.
Status check_filter(const std::string& filter) {
  try {
    static_cast<void>(std::regex{filter});
  } catch (const std::regex_error& error) {
    return Error{Code::bad_input, fmt::format("filter `{}`: {}", filter, error.what())};
  }
  return ok();
}

Error no_match(const std::string& filter) {
  return {Code::not_found, fmt::format("no benchmark matches `{}`", filter)};
}

// A filter that is empty would be taken from the flags.
std::string pattern(const std::string& filter) { return filter.empty() ? "." : filter; }

}  // namespace

Result<BenchmarkRun> run_benchmarks(const RunOptions& options) {
  TRY(check_filter(options.filter));
  set_flags(options.round_seconds, false);
  std::ostringstream quiet;
  Collector collector{options};
  collector.SetOutputStream(&quiet);
  collector.SetErrorStream(&quiet);
  BenchmarkRun out;
  out.probe.before_us = probe_reading_us();
  for (int round = 1; round <= options.rounds; ++round) {
    if (round > 1) {
      out.probe.between_us.push_back(probe_reading_us());
    }
    collector.start_round(round);
    if (benchmark::RunSpecifiedBenchmarks(&collector, pattern(options.filter)) == 0) {
      return no_match(options.filter);
    }
    if (!collector.errors().empty()) {
      return Error{Code::internal_error, collector.errors()};
    }
  }
  out.probe.after_us = probe_reading_us();
  out.benchmarks = collector.take();
  return out;
}

Result<std::vector<std::string>> list_benchmarks(const std::string& filter) {
  TRY(check_filter(filter));
  set_flags(0.05, true);
  std::stringstream names;
  std::ostringstream quiet;
  const RunOptions options;
  Collector collector{options};
  collector.SetOutputStream(&names);
  collector.SetErrorStream(&quiet);
  if (benchmark::RunSpecifiedBenchmarks(&collector, pattern(filter)) == 0) {
    return no_match(filter);
  }
  std::vector<std::string> out;
  for (std::string name; std::getline(names, name);) {
    out.push_back(name);
  }
  return out;
}

}  // namespace vvm::bench
