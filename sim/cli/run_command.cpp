// Options of `vvm run`, its campaign, and where the results go.
#include "sim/cli/run_command.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "sim/cli/perf_files.hpp"
#include "sim/cli/run_inputs.hpp"
#include "sim/cli/run_outputs.hpp"
#include "sim/cli/run_plan.hpp"
#include "sim/cli/run_pool.hpp"
#include "sim/cli/run_progress.hpp"
#include "sim/cli/run_unit.hpp"
#include "sim/report/run_json.hpp"
#include "sim/report/terminal.hpp"

namespace vvm::cli {
namespace {

constexpr std::size_t told_max = 6;        // failures told in full
constexpr std::size_t histories_max = 50;  // of a campaign whose runs all have a page

struct RunArguments {
  std::vector<std::string> paths;
  std::string seed;
  std::string seeds;
  int jobs = -1;  // one for each processor; 0: in this process
  RunOutputs files;
  std::string trace;
  bool check_determinism = false;
  bool quiet = false;
  int wall_limit_s = 600;
  std::uint64_t steps_max = 0;
};

struct Unit {
  std::size_t input = 0;
  std::uint64_t seed = 0;
};

int fail(const std::string& what) {
  fmt::print(stderr, "vvm run: {}\n", what);
  return 3;
}

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

Result<std::vector<Unit>> units_of(const RunArguments& arguments,
                                   const std::vector<RunInput>& inputs) {
  std::optional<SeedRange> range;
  if (!arguments.seed.empty() && arguments.seed.find("..") != std::string::npos) {
    return Error{Code::bad_input, "--seed takes one seed; a range is --seeds"};
  }
  const std::string& text = arguments.seed.empty() ? arguments.seeds : arguments.seed;
  if (!text.empty()) {
    TRY(range, parse_seeds(text));
  }
  std::vector<Unit> out;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::uint64_t own = inputs[i].scenario.seed;
    const SeedRange seeds = range.value_or(SeedRange{own, own});
    for (std::uint64_t k = 0; k < seeds.count(); ++k) {
      out.push_back({i, seeds.first + k});
    }
  }
  return out;
}

// All runs of one command: hands them to workers and keeps what they answer.
class Runner {
 public:
  Runner(const RunArguments& arguments, std::vector<RunInput> inputs, std::vector<Unit> units)
      : arguments_{arguments},
        inputs_{std::move(inputs)},
        units_{std::move(units)},
        runs_(units_.size()),
        progress_{arguments.quiet} {
    const bool few = units_.size() <= histories_max;
    options_ = {.history = units_.size() == 1 || (few && !arguments.files.html.empty()),
                .check_determinism = arguments.check_determinism,
                .trace = arguments.trace,
                .steps_max = arguments.steps_max};
    keep_details_ = few || !arguments.files.json.empty();
  }

  // err: no process could be made.
  Result<report::Campaign> run() {
    begin_ns_ = now_ns();
    report::Campaign out{.jobs = jobs()};
    if (arguments_.jobs == 0) {
      for (std::size_t i = 0; i < units_.size(); ++i) {
        take({.unit = i, .text = work(i)});
      }
    } else {
      const PoolOptions pool{.jobs = out.jobs,
                             .unit_max = seconds(arguments_.wall_limit_s),
                             .on_tick = [this] { show_progress(); }};
      TRY(const PoolEnd end,
          run_pool(
              units_.size(),
              pool,
              [this](std::size_t unit) { return work(unit); },
              [this](PoolAnswer answer) { take(std::move(answer)); }));
      interrupted_ = end.interrupted;
    }
    progress_.end();
    for (std::optional<report::RunCase>& run : runs_) {
      if (run.has_value()) {
        out.runs.push_back(std::move(*run));
      }
    }
    out.elapsed_ns = now_ns() - begin_ns_;
    return out;
  }

  bool interrupted() const { return interrupted_; }

  std::size_t planned() const { return units_.size(); }

  // The text of the scenario that a run was made of.
  std::string_view source_of(const report::RunCase& run) const {
    const auto input = std::find_if(
        inputs_.begin(), inputs_.end(), [&](const RunInput& i) { return i.file == run.file; });
    return input == inputs_.end() ? std::string_view{} : std::string_view{input->text};
  }

 private:
  int jobs() const {
    const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
    const int wanted = arguments_.jobs > 0 ? arguments_.jobs : static_cast<int>(processors);
    return std::max(
        1, std::min(wanted, static_cast<int>(std::min<std::size_t>(units_.size(), 1'024))));
  }

  // In a worker: the answer is a run as JSON, or what kept it from running.
  std::string work(std::size_t unit) {
    const auto& [input, seed] = units_[unit];
    Result<report::RunCase> run = run_unit(inputs_[input], seed, options_, memo_);
    if (run.has_error()) {
      return boost::json::serialize(boost::json::value(run.error().what));
    }
    if (!keep_details_ && report::outcome_of(run.value()) == report::Outcome::held) {
      drop_details(run.value());
    }
    return boost::json::serialize(report::run_json(run.value()));
  }

  void take(PoolAnswer answer) {
    const auto& [input, seed] = units_[answer.unit];
    report::RunCase run{.file = inputs_[input].file,
                        .scenario = inputs_[input].scenario.name,
                        .seed = seed,
                        .broken = std::move(answer.broken)};
    if (run.broken.empty()) {
      boost::system::error_code ec;
      const boost::json::value value = boost::json::parse(answer.text, ec);
      Result<report::RunCase> read = report::read_run(value);
      if (!ec && value.is_string()) {
        run.broken = std::string{value.get_string()};
      } else if (ec || read.has_error()) {
        run.broken =
            "the answer of the process is garbled: " + (ec ? ec.message() : read.error().what);
      } else {
        run = std::move(read).value();
      }
    }
    if (report::outcome_of(run) != report::Outcome::held) {
      ++bad_;
      note_bad(answer.unit, run);
    }
    ++done_;
    runs_[answer.unit] = std::move(run);
    show_progress();
  }

  // Of all runs of a file that did not hold for one reason the first keeps its history.
  void note_bad(std::size_t unit, report::RunCase& run) {
    const auto [at, fresh] =
        tellers_.try_emplace({units_[unit].input, report::reason_of(run)}, unit);
    if (fresh) {
      if (first_bad_.empty()) {
        first_bad_ = fmt::format("{} seed {}: {}", run.file, run.seed, report::reason_of(run));
      }
      return;
    }
    if (at->second > unit) {
      runs_[std::exchange(at->second, unit)]->result.history = {};
    } else {
      run.result.history = {};
    }
  }

  void show_progress() {
    progress_.show({.done = done_,
                    .all = units_.size(),
                    .bad = bad_,
                    .first_bad = first_bad_,
                    .elapsed_ns = now_ns() - begin_ns_});
  }

  const RunArguments& arguments_;
  std::vector<RunInput> inputs_;
  std::vector<Unit> units_;
  std::vector<std::optional<report::RunCase>> runs_;
  std::map<std::pair<std::size_t, std::string>, std::size_t> tellers_;  // input and reason
  UnitOptions options_;
  bool keep_details_ = true;
  wiring::Memo memo_;
  Progress progress_;
  std::int64_t begin_ns_ = 0;
  std::size_t done_ = 0;
  std::size_t bad_ = 0;
  std::string first_bad_;
  bool interrupted_ = false;
};

void print_campaign(const report::Campaign& campaign, bool quiet) {
  const report::TerminalStyle style{.colour = stdout_colour()};
  fmt::print("{}", report::campaign_table(campaign, style));
  const std::vector<std::size_t> telling = report::telling_runs(campaign, told_max);
  for (const std::size_t run : telling) {
    fmt::print("\n{}", report::failure_text(campaign.runs[run], style));
  }
  if (campaign.runs.size() == 1 && !quiet) {
    fmt::print("\n{}", report::run_details(campaign.runs.front(), style));
  }
  fmt::print("\n{}", report::campaign_totals(campaign, style));
}

int run_campaign(const RunArguments& arguments) {
  const Result<std::vector<std::string>> files = find_scenarios(arguments.paths);
  if (files.has_error()) {
    return fail(files.error().what);
  }
  auto inputs = load_inputs(files.value());
  if (const auto* bad = std::get_if<BadInputs>(&inputs)) {
    fmt::print(stderr, "{}", bad->text);
    return 3;
  }
  auto& loaded = std::get<std::vector<RunInput>>(inputs);
  Result<std::vector<Unit>> units = units_of(arguments, loaded);
  if (units.has_error()) {
    return fail(units.error().what);
  }
  if (!arguments.trace.empty() && units.value().size() != 1) {
    return fail(fmt::format("--trace takes one run, these are {}: name one file and one --seed",
                            units.value().size()));
  }
  Runner runner{arguments, std::move(loaded), std::move(units).value()};
  const Result<report::Campaign> campaign = runner.run();
  if (campaign.has_error()) {
    fmt::print(stderr, "vvm run: {}\n", campaign.error().what);
    return 4;
  }
  print_campaign(campaign.value(), arguments.quiet);
  const Status written =
      write_run_outputs(arguments.files, campaign.value(), [&](const report::RunCase& run) {
        return runner.source_of(run);
      });
  if (written.has_error()) {
    return fail(written.error().what);
  }
  const int code = report::exit_code_of(campaign.value());
  if (runner.interrupted()) {
    fmt::print(stderr,
               "vvm run: interrupted after {} of {} runs\n",
               campaign.value().runs.size(),
               runner.planned());
    return code == 0 ? 2 : code;
  }
  return code;
}

}  // namespace

void add_run_command(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("run", "run scenarios in the simulator");
  command->footer(
      "A folder stands for all *.toml files below it. Without a seed each file's own is used.\n\n"
      "Examples:\n"
      "  vvm run scenarios\n"
      "  vvm run scenarios --seeds 1..200 --jobs 2\n"
      "  vvm run scenarios/smoke/first_deploy.toml --seed 7 --html run.html");
  const auto arguments = std::make_shared<RunArguments>();
  command->add_option("FILE|DIR", arguments->paths, "scenario files, and folders of them")
      ->required();
  CLI::Option* seed = command->add_option("--seed", arguments->seed, "the seed of every scenario");
  command->add_option("--seeds", arguments->seeds, "run each scenario with all seeds A..B")
      ->excludes(seed);
  command
      ->add_option("--jobs",
                   arguments->jobs,
                   "processes, by default one for each processor; 0: none, for a debugger")
      ->check(CLI::Range(0, 1'024));
  command->add_option("--html",
                      arguments->files.html,
                      "page of the run; of several runs a folder of pages with an index");
  command->add_option("--json", arguments->files.json, "results, see docs/formats/run-json.md");
  command->add_option("--junit", arguments->files.junit, "results for a CI system");
  command->add_option("--trace", arguments->trace, "every step of one run as text");
  command->add_flag("--check-determinism",
                    arguments->check_determinism,
                    "run everything a second time with memory laid out differently");
  command
      ->add_option("--wall-limit", arguments->wall_limit_s, "seconds after which a run is given up")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--steps-max", arguments->steps_max, "steps after which a run is unknown");
  command->add_flag("--quiet", arguments->quiet, "no progress and no details of a single run");
  command->callback([arguments, &exit_code] { exit_code = run_campaign(*arguments); });
}

}  // namespace vvm::cli
