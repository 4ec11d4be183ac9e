// Options of `vvm up`: which applications, which folder, how it speaks.
#include "sim/cli/up_command.hpp"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "sim/cli/live_cluster.hpp"
#include "sim/cli/perf_files.hpp"
#include "sim/cli/program.hpp"

namespace vvm::cli {
namespace {

namespace fs = std::filesystem;

// The application that comes with the sources.
constexpr const char* sample_app = "acme/pos";
constexpr const char* sample_folder = "scenarios/apps/pos-v1";

struct UpArguments {
  int vvms = 1;
  std::string data{};
  std::uint16_t port = 8822;
  std::vector<std::string> apps{};
  bool no_app = false;
  std::optional<std::int32_t> partitions{};
  bool json = false;
  bool verbose = false;
};

int fail(const Error& error) {
  const bool input = error.code == Code::bad_input;
  fmt::print(stderr, "vvm up: {}\n", input ? error.what : to_string(error));
  return static_cast<int>(input ? Exit::usage : Exit::failed);
}

// `tail` in a folder or in one of those above it.
std::optional<fs::path> find_above(fs::path from, const fs::path& tail) {
  std::error_code ec;
  for (;;) {
    if (fs::is_directory(from / tail, ec)) {
      return from / tail;
    }
    if (!from.has_relative_path()) {
      return std::nullopt;
    }
    from = from.parent_path();
  }
}

// Beside the program's sources or the current folder.
std::optional<fs::path> find_sample() {
  std::error_code ec;
  const fs::path program = fs::read_symlink("/proc/self/exe", ec);
  auto found = ec ? std::nullopt : find_above(program.parent_path(), sample_folder);
  if (!found.has_value()) {
    const fs::path here = fs::current_path(ec);
    found = ec ? std::nullopt : find_above(here, sample_folder);
  }
  return found;
}

// OWNER/NAME=DIR.
Result<PackedApp> pack_argument(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  const auto app = AppQName::parse(argument.substr(0, equals));
  if (equals == std::string::npos || app.has_error()) {
    return Error{Code::bad_input, "--app " + argument + " is not OWNER/NAME=DIR"};
  }
  return pack_folder(app.value(), argument.substr(equals + 1), "vvm up");
}

Result<std::vector<PackedApp>> pack_apps(const UpArguments& arguments) {
  std::vector<PackedApp> apps;
  for (const std::string& argument : arguments.apps) {
    TRY(PackedApp packed, pack_argument(argument));
    apps.push_back(std::move(packed));
  }
  if (!arguments.apps.empty() || arguments.no_app) {
    return apps;
  }
  const auto sample = find_sample();
  if (!sample.has_value()) {
    return Error{Code::bad_input,
                 fmt::format("the sample application ({}) is not here; give --app OWNER/NAME=DIR, "
                             "or --no-app",
                             sample_folder)};
  }
  TRY(const AppQName app, AppQName::parse(sample_app));
  TRY(PackedApp packed, pack_folder(app, sample->string(), "vvm up"));
  apps.push_back(std::move(packed));
  return apps;
}

Result<std::string> data_folder(const std::string& given) {
  std::error_code ec;
  fs::create_directories(given, ec);
  const fs::path absolute = fs::absolute(given, ec);
  if (ec) {
    return Error{Code::bad_input, given + ": " + ec.message()};
  }
  return absolute.lexically_normal().string();
}

Result<int> run_up(const UpArguments& arguments) {
  LiveClusterOptions options;
  TRY(options.apps, pack_apps(arguments));
  std::optional<TemporaryFolder> temporary;
  if (arguments.data.empty()) {
    TRY(TemporaryFolder made, TemporaryFolder::make());
    options.data = temporary.emplace(std::move(made)).path();
  } else {
    TRY(options.data, data_folder(arguments.data));
    options.keeps_data = true;
  }
  options.port = arguments.port;
  options.vvms = arguments.vvms;
  if (arguments.partitions.has_value()) {
    options.counts = AppCounts{.partitions = *arguments.partitions};
  }
  const report::Colour colour = stdout_colour();
  if (arguments.json || arguments.verbose) {
    const bool coloured = colour == report::Colour::on;
    options.events = stdout;
    options.event_form = arguments.json ? live::EventForm::json
                         : coloured     ? live::EventForm::coloured_text
                                        : live::EventForm::text;
  }
  // A reader that goes away is an error of writing, which ends the cluster in order.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  Narrator narrator(stdout, arguments.json, colour);
  LiveCluster cluster(std::move(options), &narrator);
  TRY(cluster.prepare());
  return cluster.run();
}

}  // namespace

void add_up_command(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("up", "run a live cluster on this machine");
  command->footer(
      "A cluster process and VVMs on loopback, with real sockets, disk and clock; deploys the\n"
      "sample application, or those of --app. Without --data everything is in a temporary folder.\n"
      "With it, a second run goes on where the first one stopped.\n\n"
      "Examples:\n"
      "  vvm up --vvms 2\n"
      "  vvm up --data /var/tmp/cluster --app acme/pos=scenarios/apps/pos-v1 --partitions 8");
  const auto arguments = std::make_shared<UpArguments>();
  command->add_option("--vvms", arguments->vvms, "how many VVMs")
      ->check(CLI::Range(1, 8))
      ->capture_default_str();
  command->add_option("--data", arguments->data, "folder for everything that must survive");
  command->add_option("--port", arguments->port, "of the cluster process; 0 takes a free one")
      ->capture_default_str();
  CLI::Option* const app =
      command->add_option("--app", arguments->apps, "OWNER/NAME=DIR: an application to deploy")
          ->allow_extra_args(false);
  command->add_flag("--no-app", arguments->no_app, "deploy nothing")->excludes(app);
  command->add_option("--partitions", arguments->partitions, "of each new application")
      ->check(CLI::Range(1, 65'535));
  command->add_flag("--json", arguments->json, "every event as a line of JSON");
  command->add_flag("-v,--verbose", arguments->verbose, "every event as a line");
  command->callback([arguments, &exit_code] {
    const Result<int> code = run_up(*arguments);
    exit_code = code.has_value() ? code.value() : fail(code.error());
  });
}

}  // namespace vvm::cli
