// Starts the processes, folds their reports, and takes the probe readings of the session.
#include "sim/cli/pair_run.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sha256.hpp"
#include "bench/probe.hpp"
#include "sim/cli/machine.hpp"
#include "sim/cli/perf_files.hpp"
#include "sim/cli/self_report.hpp"

namespace vvm::cli {
namespace {

Error process_error(const std::string& program, std::string_view what) {
  return {Code::unavailable, fmt::format("{}: {}", program, what)};
}

// Runs `arguments` to its end, with standard output thrown away; standard error is ours.
Status run_process(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) {
    pointers.push_back(argument.data());
  }
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error = posix_spawn(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return process_error(arguments[0], std::generic_category().message(error));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return process_error(arguments[0], std::generic_category().message(errno));
    }
  }
  if (WIFSIGNALED(status)) {
    return process_error(arguments[0], fmt::format("ended by signal {}", WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) {
    return process_error(arguments[0], fmt::format("ended with code {}", WEXITSTATUS(status)));
  }
  return ok();
}

// Before anything has run for minutes.
Status check_programs(const PairOptions& options) {
  for (const std::string& program : {options.base, options.head}) {
    if (access(program.c_str(), X_OK) != 0) {
      return process_error(program, std::generic_category().message(errno));
    }
  }
  return ok();
}

class Session {
 public:
  Session(const PairOptions& options, std::string folder)
      : options_{options}, folder_{std::move(folder)} {}

  // Pairs with an even number are A B, the others B A, so that whatever a process leaves behind for
  // the next one falls on both sides.
  Status run_pair(int pair) {
    const bool base_first = pair % 2 == 0;
    TRY(run_side(base_first, pair));
    return run_side(!base_first, pair);
  }

  PairReports take() { return std::move(sides_); }

 private:
  Status run_side(bool is_base, int pair) {
    const std::string& program = is_base ? options_.base : options_.head;
    const std::string file = folder_ + "/report.json";
    std::vector<std::string> arguments{program, "bench"};
    if (!options_.filter.empty()) {
      arguments.push_back(options_.filter);
    }
    if (!options_.corpus.empty()) {
      arguments.insert(arguments.end(), {"--corpus", options_.corpus});
    }
    for (std::string word : {std::string{"--json"},
                             file,
                             std::string{"--samples"},
                             std::to_string(options_.samples),
                             std::string{"--round-ms"},
                             std::to_string(options_.round_ms),
                             std::string{"--quiet"}}) {
      arguments.push_back(std::move(word));
    }
    TRY(run_process(std::move(arguments)));
    TRY(const report::PerfReport process, read_report(file));
    return pair < 0 ? ok() : fold(process, is_base ? sides_.base : sides_.head);
  }

  const PairOptions& options_;
  std::string folder_;
  PairReports sides_;
};

// What both files of the session share.
void finish(const PairOptions& options, report::PerfReport& side) {
  side.protocol.class_c = "ABBA";
  side.goals.clear();  // those of the first process alone
  side.protocol.pairs = options.pairs;
  side.protocol.warmup = options.warmup;
  for (report::PerfRow& row : side.rows) {
    row.order = row.cls == report::MetricClass::c ? "ABBA" : "";
  }
}

std::string session_name(const std::string& created) {
  const auto ticks = std::chrono::steady_clock::now().time_since_epoch().count();
  return sha256(fmt::format("{} {} {}", created, ticks, getpid())).hex().substr(0, 16);
}

}  // namespace

Status fold(const report::PerfReport& process, report::PerfReport& side) {
  const bool first = side.rows.empty();
  if (first) {
    side = process;
  }
  if (side.program.binary_sha256 != process.program.binary_sha256) {
    return Error{Code::conflict, "the program changed while it was measured"};
  }
  if (side.rows.size() != process.rows.size()) {
    return Error{
        Code::conflict,
        fmt::format("one run has {} rows, another {}", side.rows.size(), process.rows.size())};
  }
  for (std::size_t i = 0; i < side.rows.size(); ++i) {
    report::PerfRow& row = side.rows[i];
    const report::PerfRow& seen = process.rows[i];
    if (row.id != seen.id || row.cls != seen.cls || row.unit != seen.unit) {
      return Error{Code::conflict,
                   fmt::format("one run has a row `{}`, another `{}`", row.id, seen.id)};
    }
    if (seen.samples.empty()) {
      return Error{Code::conflict, fmt::format("row `{}` has no samples", seen.id)};
    }
    if (first) {
      row.samples.clear();
    }
    row.samples.push_back(report::median(seen.samples));
  }
  return ok();
}

Result<PairReports> run_pairs(const PairOptions& options) {
  TRY(check_programs(options));
  TRY(const TemporaryFolder folder, TemporaryFolder::make());
  const std::string created = utc_now();
  const MachineWatch machine;
  const auto begin = std::chrono::steady_clock::now();
  Session session{options, folder.path()};
  bench::ProbeReadings readings;
  for (int pair = -options.warmup; pair < options.pairs; ++pair) {
    if (pair == 0) {
      readings.before_us = bench::probe_reading_us();
    } else if (pair > 0) {
      readings.between_us.push_back(bench::probe_reading_us());
    }
    if (options.progress) {
      options.progress(pair + 1);
    }
    TRY(session.run_pair(pair));
  }
  readings.after_us = bench::probe_reading_us();
  PairReports out = session.take();
  const report::SelfInfo self{
      .wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
      .noise_probe = noise_probe(readings)};
  const report::MachineInfo seen = machine.finish();
  const std::string name = session_name(created);
  for (report::PerfReport* side : {&out.base, &out.head}) {
    side->created = created;
    side->machine = seen;
    side->self = self;
    side->protocol.session = name;
    finish(options, *side);
  }
  return out;
}

}  // namespace vvm::cli
