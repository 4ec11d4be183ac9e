// Options of `vvm report`, and the printing of what it finds.
#include "sim/cli/report_command.hpp"

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "sim/cli/perf_files.hpp"
#include "sim/report/perf/render.hpp"

namespace vvm::cli {
namespace {

int fail(const Error& error) {
  fmt::print(stderr, "vvm report: {}\n", error.what);
  return 3;
}

Result<double> threshold_of(std::string_view text) {
  std::string_view digits = text;
  if (digits.ends_with('%')) {
    digits.remove_suffix(1);
  }
  double percent = 0;
  const char* begin = digits.data();
  const char* end = begin + digits.size();
  const auto [stop, error] = std::from_chars(begin, end, percent);
  if (error != std::errc{} || stop != end || !(percent > 0 && percent < 100)) {
    return Error{Code::bad_input,
                 fmt::format("--threshold: `{}` is no percentage above 0 and below 100", text)};
  }
  return percent / 100;
}

Result<std::set<report::MetricClass>> gate_of(std::string_view text) {
  std::set<report::MetricClass> out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    const std::string_view letter = rest.substr(0, comma);
    const auto cls = report::class_from_letter(letter);
    if (!cls) {
      return Error{
          Code::bad_input,
          fmt::format("--gate: `{}` in `{}` is no class; there are A, B and C", letter, text)};
    }
    out.insert(*cls);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  if (out.empty()) {
    return Error{Code::bad_input, "--gate: names no class"};
  }
  return out;
}

void print(const report::Comparison& comparison, const ComparisonArguments& arguments) {
  if (arguments.json) {
    fmt::print("{}", report::comparison_json(comparison));
  } else if (arguments.markdown) {
    fmt::print("{}", report::comparison_markdown(comparison));
  } else {
    fmt::print("{}", report::comparison_text(comparison, stdout_colour()));
  }
}

Result<int> compare_files(const std::string& base_path,
                          const std::string& head_path,
                          const ComparisonArguments& arguments) {
  TRY(const report::CompareOptions options, compare_options(arguments));
  TRY(const report::PerfReport base, read_report(base_path));
  TRY(const report::PerfReport head, read_report(head_path));
  const report::Comparison comparison = report::compare_reports(base, head, options);
  print(comparison, arguments);
  return comparison.exit_code;
}

Status write_pair(const PairReports& reports, const PairFiles& files) {
  if (!files.base.empty()) {
    TRY(write_text(files.base, report::write_report(reports.base)));
  }
  if (!files.head.empty()) {
    TRY(write_text(files.head, report::write_report(reports.head)));
  }
  return ok();
}

Result<int> compare_pair(PairOptions options,
                         const PairFiles& files,
                         const ComparisonArguments& arguments) {
  TRY(const report::CompareOptions compare, compare_options(arguments));
  const bool terminal = isatty(STDERR_FILENO) == 1;
  options.progress = [&](int pair) {
    const std::string what =
        pair > 0 ? fmt::format("pair {}/{}", pair, options.pairs) : std::string{"warm-up"};
    fmt::print(stderr, "{}{}{}", terminal ? "\r\x1b[K" : "", what, terminal ? "" : "\n");
  };
  const auto reports = run_pairs(options);
  if (terminal) {
    fmt::print(stderr, "\r\x1b[K");
  }
  if (!reports) {
    return reports.error();
  }
  TRY(write_pair(reports.value(), files));
  const report::Comparison comparison =
      report::compare_reports(reports.value().base, reports.value().head, compare);
  print(comparison, arguments);
  return comparison.exit_code;
}

struct CompareArguments {
  std::string base;
  std::string head;
  std::shared_ptr<ComparisonArguments> comparison = std::make_shared<ComparisonArguments>();
};

void add_compare(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("compare", "compare two report files, row by row");
  command->footer("Example:\n  vvm report compare base.json head.json --gate A,B");
  const auto arguments = std::make_shared<CompareArguments>();
  command->add_option("BASE", arguments->base, "report of before")->required();
  command->add_option("HEAD", arguments->head, "report of after")->required();
  add_comparison_options(*command, arguments->comparison);
  command->callback([arguments, &exit_code] {
    const auto code = compare_files(arguments->base, arguments->head, *arguments->comparison);
    exit_code = code ? code.value() : fail(code.error());
  });
}

struct PairArguments {
  PairOptions options;
  PairFiles files;
  std::shared_ptr<ComparisonArguments> comparison = std::make_shared<ComparisonArguments>();
};

void add_pair(CLI::App& parent, int& exit_code) {
  CLI::App* command =
      parent.add_subcommand("pair", "measure two vvm programs in turns and compare them");
  command->footer(
      "Example:\n"
      "  vvm report pair --base ../main/build/release/vvm --head build/release/vvm base/rng");
  const auto arguments = std::make_shared<PairArguments>();
  PairOptions& options = arguments->options;
  command->add_option("--base", options.base, "program of before")->required();
  command->add_option("--head", options.head, "program of after")->required();
  command->add_option("FILTER", options.filter, "regular expression anywhere in the name");
  command->add_option("--pairs", options.pairs, "pairs that count")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--warmup", options.warmup, "pairs before them that do not count")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command->add_option("--samples", options.samples, "rounds a process, of which the median counts")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  command
      ->add_option("--round-ms", options.round_ms, "time of each benchmark in each round, at least")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  command->add_option("--base-json", arguments->files.base, "write the report of the base here");
  command->add_option("--head-json", arguments->files.head, "write the report of the head here");
  add_comparison_options(*command, arguments->comparison);
  command->callback([arguments, &exit_code] {
    exit_code = run_pair_command(arguments->options, arguments->files, *arguments->comparison);
  });
}

}  // namespace

void add_comparison_options(CLI::App& command, const std::shared_ptr<ComparisonArguments>& to) {
  command.add_option("--threshold", to->threshold, "change of wall time that matters")
      ->capture_default_str();
  command.add_option("--alpha", to->alpha, "level of the test on wall time, over all rows")
      ->check(CLI::Range(1e-9, 0.5))
      ->capture_default_str();
  command.add_option("--gate", to->gate, "classes that decide the exit code")
      ->capture_default_str();
  CLI::Option* json = command.add_flag("--json", to->json, "print JSON");
  command.add_flag("--markdown", to->markdown, "print a Markdown table")->excludes(json);
}

Result<report::CompareOptions> compare_options(const ComparisonArguments& arguments) {
  TRY(const double threshold, threshold_of(arguments.threshold));
  TRY(auto gate, gate_of(arguments.gate));
  return report::CompareOptions{
      .threshold = threshold, .alpha = arguments.alpha, .gate = std::move(gate)};
}

int run_pair_command(const PairOptions& options,
                     const PairFiles& files,
                     const ComparisonArguments& arguments) {
  const auto code = compare_pair(options, files, arguments);
  return code ? code.value() : fail(code.error());
}

void add_report_command(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("report", "compare performance reports");
  command->require_subcommand(1);
  add_compare(*command, exit_code);
  add_pair(*command, exit_code);
}

}  // namespace vvm::cli
