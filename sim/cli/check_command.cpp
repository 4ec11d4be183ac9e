// Reads the files, and looks whether the folders that they name are there.
#include "sim/cli/check_command.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/check.hpp"
#include "sim/cli/perf_files.hpp"
#include "sim/cli/run_plan.hpp"
#include "sim/scenario/format.hpp"
#include "sim/scenario/reader.hpp"
#include "sim/wiring/vocabulary.hpp"

namespace vvm::cli {
namespace {

namespace fs = std::filesystem;

struct Checked {
  std::string text;
  scenario::Scenario scenario;
};

// The reader does no I/O: whether folders of images exist is seen here.
scenario::Diagnostics missing_folders(const scenario::Scenario& scenario, const fs::path& file) {
  scenario::Diagnostics found;
  for (const scenario::Image& image : scenario.images) {
    std::error_code ec;
    if (!image.schema.empty() && !fs::is_directory(file.parent_path() / image.schema, ec)) {
      found.push_back({.place = image.place,
                       .width = 1,
                       .text = fmt::format("image `{}`: there is no folder {}",
                                           image.name,
                                           (file.parent_path() / image.schema).string())});
    }
  }
  return found;
}

// None when the file is wrong; that has been printed.
std::optional<Checked> check_file(const std::string& file) {
  const Result<std::string> text = read_text(file);
  if (text.has_error()) {
    fmt::print(stderr, "{}\n", text.error().what);
    return std::nullopt;
  }
  auto result = scenario::read(text.value(), wiring::vocabulary());
  if (const auto* errors = std::get_if<scenario::Diagnostics>(&result)) {
    fmt::print(stderr, "{}", scenario::render(*errors, file, text.value()));
    return std::nullopt;
  }
  Checked checked{.text = text.value(),
                  .scenario = std::get<scenario::Scenario>(std::move(result))};
  const scenario::Diagnostics missing = missing_folders(checked.scenario, file);
  if (!missing.empty()) {
    fmt::print(stderr, "{}", scenario::render(missing, file, checked.text));
    return std::nullopt;
  }
  return checked;
}

int check(const std::vector<std::string>& paths) {
  const Result<std::vector<std::string>> files = find_scenarios(paths);
  if (files.has_error()) {
    fmt::print(stderr, "vvm check: {}\n", files.error().what);
    return 3;
  }
  int wrong = 0;
  for (const std::string& file : files.value()) {
    wrong += check_file(file).has_value() ? 0 : 1;
  }
  if (wrong != 0) {
    fmt::print(stderr, "vvm check: {} of {} files are wrong\n", wrong, files.value().size());
    return 3;
  }
  fmt::print("{} files are right\n", files.value().size());
  return 0;
}

struct FormatArguments {
  std::vector<std::string> paths;
  bool check = false;
};

int format(const FormatArguments& arguments) {
  const Result<std::vector<std::string>> files = find_scenarios(arguments.paths);
  if (files.has_error()) {
    fmt::print(stderr, "vvm fmt: {}\n", files.error().what);
    return 3;
  }
  int code = 0;
  for (const std::string& file : files.value()) {
    const std::optional<Checked> checked = check_file(file);
    if (!checked.has_value()) {
      code = 3;
      continue;
    }
    const std::string text = scenario::format(checked->text, checked->scenario);
    const auto again = scenario::read(text, wiring::vocabulary());
    const auto* same = std::get_if<scenario::Scenario>(&again);
    CHECK(
        same != nullptr && *same == checked->scenario, "formatting has changed the meaning", file);
    if (text == checked->text) {
      continue;
    }
    fmt::print("{}\n", file);
    if (arguments.check) {
      code = code == 0 ? 1 : code;
    } else if (const Status written = write_text(file, text); written.has_error()) {
      fmt::print(stderr, "vvm fmt: {}\n", written.error().what);
      code = 3;
    }
  }
  return code;
}

void add_format(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("fmt", "format scenario files in place");
  command->footer(
      "Comments and the order of sections stay; steps and expectations get the usual order of\n"
      "keys. Prints the files that change.\n\n"
      "Example:\n  vvm fmt --check scenarios");
  const auto arguments = std::make_shared<FormatArguments>();
  command->add_option("FILE", arguments->paths, "scenario files, or folders of them")->required();
  command->add_flag("--check", arguments->check, "change nothing; exit 1 if a file would change");
  command->callback([arguments, &exit_code] { exit_code = format(*arguments); });
}

}  // namespace

void add_check_command(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("check", "say what is wrong in scenario files");
  command->footer(
      "Every error of a file is shown with its line. Nothing is run.\n\n"
      "Example:\n  vvm check scenarios outage.toml");
  const auto paths = std::make_shared<std::vector<std::string>>();
  command->add_option("FILE", *paths, "scenario files, or folders of them")->required();
  command->callback([paths, &exit_code] { exit_code = check(*paths); });
  add_format(root, exit_code);
}

}  // namespace vvm::cli
