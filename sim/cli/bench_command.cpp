// Options of `vvm bench`, its progress and its table.
#include "sim/cli/bench_command.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "bench/micro/register.hpp"
#include "bench/runner.hpp"
#include "sim/cli/perf_files.hpp"
#include "sim/cli/report_command.hpp"
#include "sim/cli/schema_input.hpp"
#include "sim/cli/self_report.hpp"

namespace vvm::cli {
namespace {

struct BenchArguments {
  std::string filter;
  std::string json;
  std::string pair;
  std::string corpus;
  int samples = 10;
  int round_ms = 50;
  bool list = false;
  bool quiet = false;
};

int fail(const Error& error) {
  fmt::print(stderr, "vvm bench: {}\n", error.what);
  // A benchmark that found a wrong result is a failure, anything else is bad input.
  return error.code == Code::internal_error ? 1 : 3;
}

// The schemas of `corpus`/real, by name; none without a corpus.
Result<std::vector<bench::RealSchema>> real_schemas(const std::string& corpus) {
  namespace fs = std::filesystem;
  std::vector<bench::RealSchema> out;
  if (corpus.empty()) {
    return out;
  }
  std::error_code ec;
  for (fs::directory_iterator it(fs::path(corpus) / "real", ec), end; it != end && !ec;
       it.increment(ec)) {
    if (it->is_directory(ec)) {
      TRY(std::vector<schema::PackageText> packages, read_packages({it->path().string()}));
      out.push_back({.name = it->path().filename().string(), .packages = std::move(packages)});
    }
  }
  if (ec) {
    return Error{Code::bad_input, fmt::format("--corpus {}: {}", corpus, ec.message())};
  }
  std::ranges::sort(out, {}, &bench::RealSchema::name);
  return out;
}

int list(const BenchArguments& arguments) {
  const auto real = real_schemas(arguments.corpus);
  if (!real) {
    return fail(real.error());
  }
  bench::register_benchmarks(real.value());
  const auto names = bench::list_benchmarks(arguments.filter);
  if (!names) {
    return fail(names.error());
  }
  for (const std::string& name : names.value()) {
    fmt::print("{}\n", name);
  }
  return 0;
}

// On a terminal one line that changes; elsewhere one line a round.
class Progress {
 public:
  explicit Progress(int rounds) : rounds_{rounds}, terminal_{isatty(STDERR_FILENO) == 1} {}

  void show(int round, std::string_view name) {
    if (terminal_) {
      fmt::print(stderr, "\r\x1b[Kround {}/{}: {}", round, rounds_, name);
    } else if (round != last_) {
      fmt::print(stderr, "round {}/{}\n", round, rounds_);
    }
    last_ = round;
  }

  void end() const {
    if (terminal_ && last_ != 0) {
      fmt::print(stderr, "\r\x1b[K");
    }
  }

 private:
  int rounds_;
  int last_ = 0;
  bool terminal_;
};

bool has_schema_rows(const report::PerfReport& report) {
  return std::ranges::any_of(
      report.rows, [](const report::PerfRow& row) { return row.id.starts_with("schema/"); });
}

int measure_and_print(const BenchArguments& arguments) {
  const auto real = real_schemas(arguments.corpus);
  if (!real) {
    return fail(real.error());
  }
  Progress progress{arguments.samples};
  bench::RunOptions options{.filter = arguments.filter,
                            .rounds = arguments.samples,
                            .round_seconds = arguments.round_ms / 1e3};
  if (!arguments.quiet) {
    options.progress = [&](int round, std::string_view name) { progress.show(round, name); };
  }
  const auto report = measure(options, real.value());
  progress.end();
  if (!report) {
    return fail(report.error());
  }
  if (!arguments.json.empty()) {
    if (const Status written = write_text(arguments.json, report::write_report(report.value()));
        !written) {
      return fail(written.error());
    }
  }
  if (!arguments.quiet) {
    fmt::print("{}", report::report_text(report.value(), stdout_colour()));
    if (arguments.corpus.empty() && has_schema_rows(report.value())) {
      fmt::print("rows of real schemas are left out: no --corpus\n");
    }
  }
  return 0;
}

int run_pair(const BenchArguments& arguments, const ComparisonArguments& comparison) {
  const auto self = own_path();
  if (!self) {
    return fail(self.error());
  }
  const PairOptions options{.base = arguments.pair,
                            .head = self.value(),
                            .filter = arguments.filter,
                            .corpus = arguments.corpus,
                            .pairs = arguments.samples,
                            .round_ms = arguments.round_ms};
  return run_pair_command(options, {.head = arguments.json}, comparison);
}

}  // namespace

void add_bench_command(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("bench", "run the micro benchmarks of this program");
  command->footer(
      "Examples:\n"
      "  vvm bench base/rng --samples 20\n"
      "  vvm bench --json head.json && vvm report compare base.json head.json\n"
      "  vvm bench --pair ../other-clone/build/release/vvm");
  const auto arguments = std::make_shared<BenchArguments>();
  const auto comparison = std::make_shared<ComparisonArguments>();
  command->add_option("FILTER", arguments->filter, "regular expression anywhere in the name");
  command->add_option("--json", arguments->json, "write the report to this file");
  command->add_option("--samples", arguments->samples, "rounds, and with --pair pairs")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command
      ->add_option(
          "--round-ms", arguments->round_ms, "time of each benchmark in each round, at least")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  command->add_option("--corpus",
                      arguments->corpus,
                      "folder whose real/ has schemas, a folder each; they get rows of their own");
  command->add_flag("--list", arguments->list, "only name the benchmarks");
  command->add_flag("--quiet", arguments->quiet, "no progress and no table");
  command->add_option("--pair",
                      arguments->pair,
                      "compare with this other vvm program, taken as the base, in turns");
  command->callback([arguments, comparison, &exit_code] {
    if (arguments->list) {
      exit_code = list(*arguments);
    } else if (!arguments->pair.empty()) {
      exit_code = run_pair(*arguments, *comparison);
    } else {
      exit_code = measure_and_print(*arguments);
    }
  });
}

}  // namespace vvm::cli
