// Runs, their wall time, and the comparison of two.
#include "sim/cli/run_unit.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "sim/kernel/perturbed_memory.hpp"

namespace vvm::cli {
namespace {

constexpr std::size_t shared_lines = 12;  // shown in front of the first difference

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

using File = std::unique_ptr<std::FILE, FileCloser>;

Error trace_error(const std::string& path) {
  return {Code::bad_input, fmt::format("{}: {}", path, std::strerror(errno))};
}

// Line by line, so that a run that crashes leaves all that came before.
Result<File> open_trace(const std::string& path) {
  File file{std::fopen(path.c_str(), "wb")};
  if (file == nullptr) {
    return trace_error(path);
  }
  std::setvbuf(file.get(), nullptr, _IOLBF, 1U << 16U);
  return file;
}

report::RunCase case_of(const RunInput& input, std::uint64_t seed) {
  report::RunCase out{.file = input.file,
                      .scenario = input.scenario.name,
                      .doc = input.scenario.doc,
                      .seed = seed,
                      .horizon = input.scenario.horizon};
  if (input.scenario.heal_at.has_value()) {
    out.heal_at = Instant{} + *input.scenario.heal_at;
  }
  return out;
}

// Runs it as before, or with other addresses and all pure work done anew.
wiring::RunResult run_again(const RunInput& input,
                            std::uint64_t seed,
                            wiring::RunOptions options,
                            bool perturbed) {
  options.files = &input.files;
  if (!perturbed) {
    return wiring::run(input.scenario, seed, options);
  }
  const sim::PerturbedMemory memory{seed};
  return wiring::run(input.scenario, seed, options);
}

report::Repetition repeat(const RunInput& input,
                          std::uint64_t seed,
                          const wiring::RunResult& first,
                          std::uint64_t steps_max) {
  wiring::RunOptions options{.keep_hashes = true, .steps_max = steps_max};
  const wiring::RunResult second = run_again(input, seed, options, true);
  report::Repetition bare = compare_runs(first, second);
  if (bare.same) {
    return bare;
  }
  // Both once more for the text of what differs.
  options.keep_trace = true;
  report::Repetition told =
      compare_runs(run_again(input, seed, options, false), run_again(input, seed, options, true));
  if (told.same) {
    bare.first = "(when the two were run once more, they did not differ)";
    return bare;
  }
  return told;
}

// A run with its history must be the run without, or the history tells of something else.
void add_history(const RunInput& input,
                 std::uint64_t seed,
                 wiring::RunOptions options,
                 report::RunCase& run) {
  options.keep_history = true;
  wiring::RunResult told = wiring::run(input.scenario, seed, options);
  if (told.trace_hash != run.result.trace_hash && !run.repetition.has_value()) {
    run.repetition =
        report::Repetition{.same = false,
                           .first = fmt::format("trace {:016x}", run.result.trace_hash),
                           .second = fmt::format("trace {:016x}, with history", told.trace_hash)};
  }
  run.result.history = std::move(told.history);
}

}  // namespace

Result<report::RunCase> run_unit(const RunInput& input,
                                 std::uint64_t seed,
                                 const UnitOptions& options,
                                 wiring::Memo& memo) {
  report::RunCase out = case_of(input, seed);
  wiring::RunOptions how{.files = &input.files,
                         .memo = &memo,
                         .keep_hashes = options.check_determinism,
                         .keep_history = options.history,
                         .steps_max = options.steps_max};
  File trace;
  if (!options.trace.empty()) {
    TRY(trace, open_trace(options.trace));
    how.on_trace = [&trace](std::string_view line) {
      std::fwrite(line.data(), 1, line.size(), trace.get());
      std::fputc('\n', trace.get());
    };
  }
  const auto begin = std::chrono::steady_clock::now();
  out.result = wiring::run(input.scenario, seed, how);
  out.wall_ns = (std::chrono::steady_clock::now() - begin) / std::chrono::nanoseconds(1);
  if (!options.history) {
    out.result.history = {};  // what little there is of it
  }
  if (trace != nullptr && std::ferror(trace.get()) != 0) {
    return trace_error(options.trace);
  }
  if (options.check_determinism) {
    out.repetition = repeat(input, seed, out.result, options.steps_max);
    out.result.hashes = {};
  }
  if (!options.history && report::outcome_of(out) != report::Outcome::held) {
    how.on_trace = {};
    how.keep_hashes = false;
    add_history(input, seed, how, out);
  }
  return out;
}

void drop_details(report::RunCase& run) {
  run.doc.clear();
  run.result.properties.clear();
  std::erase_if(run.result.expectations, [](const auto& e) { return !e.over_campaign; });
  run.result.loads.clear();
}

report::Repetition compare_runs(const wiring::RunResult& first, const wiring::RunResult& second) {
  const auto [a, b] = std::mismatch(
      first.hashes.begin(), first.hashes.end(), second.hashes.begin(), second.hashes.end());
  report::Repetition out{.same = a == first.hashes.end() && b == second.hashes.end() &&
                                 first.trace_hash == second.trace_hash};
  if (out.same) {
    return out;
  }
  const auto at = static_cast<std::size_t>(a - first.hashes.begin());
  const auto line = [at](const std::vector<std::string>& trace) {
    return at < trace.size() ? trace[at] : std::string{};
  };
  out.record = at;
  out.first = line(first.trace);
  out.second = line(second.trace);
  const std::vector<std::string>& text = first.trace.empty() ? second.trace : first.trace;
  const std::size_t end = std::min(at, text.size());
  for (std::size_t i = end - std::min(end, shared_lines); i < end; ++i) {
    out.before.push_back(text[i]);
  }
  return out;
}

}  // namespace vvm::cli
