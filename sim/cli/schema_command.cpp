// Options of `vvm schema`, and what it prints.
#include "sim/cli/schema_command.hpp"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "appdef/compat.hpp"
#include "appdef/dump.hpp"
#include "schema/generate.hpp"
#include "schema/print.hpp"
#include "schema/render.hpp"
#include "schema/workspace.hpp"
#include "sim/cli/perf_files.hpp"
#include "sim/cli/schema_input.hpp"

namespace vvm::cli {
namespace {

namespace fs = std::filesystem;

int fail(std::string_view command, const Error& error) {
  fmt::print(stderr, "vvm schema {}: {}\n", command, error.what);
  return 3;
}

struct CheckArguments {
  std::vector<std::string> inputs;
  std::vector<std::string> vars;
  bool syntax = false;
  bool json = false;
  bool sarif = false;
  bool fingerprint = false;
  std::string stage = "appdef";
};

Result<schema::Options> options_of(const CheckArguments& arguments) {
  schema::Options options;
  if (arguments.syntax) {
    options.until = schema::Stage::parse;
  }
  for (const std::string& var : arguments.vars) {
    const std::size_t equals = var.find('=');
    const char* end = var.data() + var.size();
    std::int32_t value = 0;
    const auto parsed = equals == std::string::npos
                            ? std::from_chars_result{end, std::errc::invalid_argument}
                            : std::from_chars(var.data() + equals + 1, end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
      return Error{Code::bad_input, "--var " + var + ": not PACKAGE.NAME=NUMBER"};
    }
    options.variables[var.substr(0, equals)] = value;
  }
  return options;
}

// One file by itself: its syntax, and that no name is declared twice.
Result<std::vector<schema::PackageText>> single_file(const std::string& path) {
  TRY(std::string text, read_text(path));
  const fs::path file{path};
  schema::PackageText package{.path = file.parent_path().generic_string(), .files = {}};
  package.path = package.path.empty() ? "." : package.path;
  // Whatever it is called: somebody asks about it.
  const std::string name = file.filename().string();
  package.files.push_back(
      {.name = schema::is_schema_file(name) ? name : name + ".vsql", .text = std::move(text)});
  return std::vector{std::move(package)};
}

struct Judged {
  schema::Workspace workspace;
  schema::Compiled compiled;
  std::string dump{};  // of the form that was asked for
  std::size_t files = 0;
};

// Of the forms between text and AppDef; none for the AppDef itself.
std::optional<schema::Form> form_of(const std::string& stage) {
  return stage == "tokens"  ? std::optional{schema::Form::tokens}
         : stage == "tree"  ? std::optional{schema::Form::tree}
         : stage == "bound" ? std::optional{schema::Form::bound}
                            : std::nullopt;
}

Result<std::unique_ptr<Judged>> judge(const CheckArguments& arguments) {
  TRY(schema::Options options, options_of(arguments));
  std::vector<schema::PackageText> packages;
  if (arguments.inputs.size() == 1 && is_schema_path(arguments.inputs[0])) {
    TRY(packages, single_file(arguments.inputs[0]));
    options.until = options.until.value_or(schema::Stage::package);
  } else {
    TRY(packages, read_packages(arguments.inputs));
  }
  auto judged = std::make_unique<Judged>();
  for (const schema::PackageText& package : packages) {
    judged->files += package.files.size();
  }
  if (const std::optional<schema::Form> form = form_of(arguments.stage); form.has_value()) {
    schema::Dumped dumped = judged->workspace.dump(packages, *form, options);
    judged->compiled = std::move(dumped.compiled);
    judged->dump = std::move(dumped.text);
  } else {
    judged->compiled = judged->workspace.compile(packages, options);
  }
  return judged;
}

void print_verdict(const Judged& judged, std::FILE* out) {
  const std::size_t errors = judged.workspace.diagnostics().size();
  const std::string files = fmt::format("{} file{}", judged.files, judged.files == 1 ? "" : "s");
  if (errors > 0) {
    const bool syntax = judged.compiled.stage == schema::Stage::parse;
    fmt::print(out,
               "{}, {} error{}{}\n",
               files,
               errors,
               errors == 1 ? "" : "s",
               syntax ? "" : "; the syntax is good");
  } else if (judged.compiled.app_def == nullptr) {
    fmt::print(out, "{}: the syntax is good\n", files);
  } else {
    fmt::print(out,
               "{}: application `{}`, {} packages, {} types\n",
               files,
               judged.compiled.app_def->application(),
               judged.compiled.app_def->packages().size(),
               judged.compiled.app_def->types().size());
  }
}

int show_errors(const Judged& judged, std::FILE* out, bool colour) {
  fmt::print(out,
             "{}",
             schema::for_people(
                 judged.workspace.sources(), judged.workspace.diagnostics(), {.colour = colour}));
  print_verdict(judged, out);
  return judged.compiled.errors.empty() ? 0 : 1;
}

Result<int> check(const CheckArguments& arguments) {
  TRY(const std::unique_ptr<Judged> judged, judge(arguments));
  const int code = judged->compiled.errors.empty() ? 0 : 1;
  if (arguments.json) {
    fmt::print("{}", schema::json_of(judged->compiled));
    return code;
  }
  if (arguments.sarif) {
    fmt::print("{}",
               schema::sarif_of(judged->workspace.sources(), judged->workspace.diagnostics()));
    return code;
  }
  return show_errors(*judged, stdout, stdout_colour() == report::Colour::on);
}

Result<int> dump(const CheckArguments& arguments) {
  TRY(const std::unique_ptr<Judged> judged, judge(arguments));
  if (form_of(arguments.stage).has_value()) {
    fmt::print("{}", judged->dump);
    std::fflush(stdout);  // before the errors, where both go to one file
    return judged->compiled.errors.empty() ? 0 : show_errors(*judged, stderr, false);
  }
  if (judged->compiled.app_def == nullptr) {
    if (judged->compiled.errors.empty()) {
      return Error{Code::bad_input, "a single file is no application; give a folder of packages"};
    }
    return show_errors(*judged, stderr, false);
  }
  if (arguments.fingerprint) {
    fmt::print("{}\n", appdef::fingerprint(*judged->compiled.app_def).hex());
  } else {
    fmt::print("{}", appdef::dump(*judged->compiled.app_def));
  }
  return 0;
}

struct CompatArguments {
  std::string before;
  std::string after;
  std::string ignore;
  bool json = false;
};

Result<std::shared_ptr<const appdef::AppDef>> app_def_of(const std::string& dir) {
  CheckArguments arguments;
  arguments.inputs = {dir};
  TRY(const std::unique_ptr<Judged> judged, judge(arguments));
  if (judged->compiled.app_def == nullptr) {
    show_errors(*judged, stderr, false);
    return Error{Code::bad_input, dir + ": not a valid application"};
  }
  return judged->compiled.app_def;
}

Result<int> compat(const CompatArguments& arguments) {
  std::vector<std::string> ignored;
  if (!arguments.ignore.empty()) {
    TRY(ignored, read_ignore_file(arguments.ignore));
  }
  TRY(const std::shared_ptr<const appdef::AppDef> before, app_def_of(arguments.before));
  TRY(const std::shared_ptr<const appdef::AppDef> after, app_def_of(arguments.after));
  const std::vector<appdef::CompatError> errors =
      appdef::without(appdef::compare(*before, *after), ignored);
  if (arguments.json) {
    std::string list;
    for (const appdef::CompatError& error : errors) {
      list += list.empty() ? "" : ", ";
      list += "{\"type\": " + schema::json_text(name_of(error.kind)) +
              ", \"path\": " + schema::json_text(error.path_str()) + "}";
    }
    fmt::print("{{\"errors\": [{}]}}\n", list);
  } else {
    for (const appdef::CompatError& error : errors) {
      fmt::print("{}\n", error.str());
    }
    if (errors.empty()) {
      fmt::print("compatible\n");
    }
  }
  return errors.empty() ? 0 : 1;
}

struct FormatArguments {
  std::vector<std::string> files;
  bool check = false;
};

// 0 unless a file is not formatted (--check) or has errors.
Result<int> format(const FormatArguments& arguments) {
  int code = 0;
  for (const std::string& path : arguments.files) {
    TRY(const std::string text, read_text(path));
    const std::optional<std::string> printed = schema::format(text);
    if (!printed.has_value()) {
      fmt::print(stderr, "vvm schema fmt: {}: has syntax errors; left alone\n", path);
      code = 1;
    } else if (*printed != text && arguments.check) {
      fmt::print("{}\n", path);
      code = 1;
    } else if (*printed != text) {
      TRY(write_text(path, *printed));
    }
  }
  return code;
}

struct GenerateArguments {
  std::string size = "100K";
  std::uint64_t seed = 1;
  std::string output;
};

Result<std::size_t> size_of(const std::string& text) {
  std::size_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  const std::string unit(rest, end);
  const std::size_t scale = unit.empty() || unit == "B"    ? 1
                            : unit == "K" || unit == "KiB" ? 1024
                            : unit == "M" || unit == "MiB" ? 1024 * 1024
                            : unit == "KB"                 ? 1000
                            : unit == "MB"                 ? 1000 * 1000
                                                           : 0;
  if (error != std::errc{} || scale == 0 || value > (std::size_t{1} << 32U)) {
    return Error{Code::bad_input, "--size " + text + ": not a size such as 100K or 1M"};
  }
  return value * scale;
}

Result<int> generate(const GenerateArguments& arguments) {
  TRY(const std::size_t bytes, size_of(arguments.size));
  for (const schema::PackageText& package : schema::generate(bytes, arguments.seed)) {
    const fs::path folder = fs::path(arguments.output) / package.path;
    std::error_code ec;
    fs::create_directories(folder, ec);
    if (ec) {
      return Error{Code::bad_input, folder.string() + ": " + ec.message()};
    }
    for (const schema::SourceText& file : package.files) {
      TRY(write_text((folder / file.name).string(), file.text));
    }
  }
  return 0;
}

// --------------------------------------------------------------------------------- command line

constexpr const char* dir_help =
    "folder with packages in folders named by package path, or PATH=FOLDER for one package";

template <class Arguments>
void run_with(CLI::App* command,
              const std::shared_ptr<Arguments>& arguments,
              Result<int> (*run)(const Arguments&),
              int& exit_code) {
  command->callback([command, arguments, run, &exit_code] {
    const Result<int> code = run(*arguments);
    exit_code = code.has_value() ? code.value() : fail(command->get_name(), code.error());
  });
}

void add_check(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("check", "find the errors of an application's schemas");
  command->footer(
      "A single FILE is checked for syntax and names declared twice.\n\n"
      "Examples:\n  vvm schema check scenarios/apps/pos-v1\n"
      "  vvm schema check sys=schemas/sys github.com/acme/pos=schemas/pos --json");
  const auto arguments = std::make_shared<CheckArguments>();
  command->add_option("DIR", arguments->inputs, dir_help)->required();
  command->add_option(
      "--var", arguments->vars, "value of a DECLAREd variable, PACKAGE.NAME=NUMBER");
  command->add_flag("--syntax", arguments->syntax, "look at the syntax only");
  CLI::Option* json =
      command->add_flag("--json", arguments->json, "one JSON object with the canonical messages");
  command->add_flag("--sarif", arguments->sarif, "SARIF 2.1.0")->excludes(json);
  run_with(command, arguments, check, exit_code);
}

void add_dump(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand(
      "dump", "print the definition of an application, or a form on the way to it");
  command->footer(
      "The stages: `tokens` and `tree` (the syntax tree) of each file, `bound` (packages and "
      "names\n"
      "with what they lead to), `appdef` (the definition, as JSON). The first three print what "
      "there\n"
      "is even where a later stage finds errors; those go to stderr, and the exit code is 1.\n"
      "A single FILE has tokens, a tree, and names.\n\n"
      "Examples:\n  vvm schema dump scenarios/apps/pos-v1\n"
      "  vvm schema dump --stage tree pkg/github.com/acme/pos/pos.vsql");
  const auto arguments = std::make_shared<CheckArguments>();
  command->add_option("DIR", arguments->inputs, dir_help)->required();
  command->add_option(
      "--var", arguments->vars, "value of a DECLAREd variable, PACKAGE.NAME=NUMBER");
  CLI::Option* stage = command->add_option("--stage", arguments->stage, "what to print")
                           ->check(CLI::IsMember({"tokens", "tree", "bound", "appdef"}))
                           ->capture_default_str();
  command->add_flag("--fingerprint", arguments->fingerprint, "only the definition's SHA-256")
      ->excludes(stage);
  run_with(command, arguments, dump, exit_code);
}

void add_compat(CLI::App& parent, int& exit_code) {
  CLI::App* command =
      parent.add_subcommand("compat", "may the application in NEW follow that in OLD?");
  command->footer("Example:\n  vvm schema compat scenarios/apps/pos-v1 scenarios/apps/pos-v2");
  const auto arguments = std::make_shared<CompatArguments>();
  command->add_option("OLD", arguments->before, "folder with packages")->required();
  command->add_option("NEW", arguments->after, "folder with packages")->required();
  command->add_option("--ignore", arguments->ignore, "file with paths not to report");
  command->add_flag("--json", arguments->json, "one JSON object");
  run_with(command, arguments, compat, exit_code);
}

void add_fmt(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("fmt", "lay out schema files, in place");
  command->footer("Example:\n  vvm schema fmt pkg/github.com/acme/pos/*.vsql");
  const auto arguments = std::make_shared<FormatArguments>();
  command->add_option("FILE", arguments->files, "schema files")->required();
  command->add_flag("--check", arguments->check, "change nothing; list what would change, exit 1");
  run_with(command, arguments, format, exit_code);
}

void add_generate(CLI::App& parent, int& exit_code) {
  CLI::App* command =
      parent.add_subcommand("generate", "write a valid application of a given size");
  command->footer("Example:\n  vvm schema generate --size 1M -o big");
  const auto arguments = std::make_shared<GenerateArguments>();
  command->add_option("--size", arguments->size, "such as 100K, 1M")->capture_default_str();
  command->add_option("--seed", arguments->seed, "another text of that size")
      ->capture_default_str();
  command->add_option("-o,--output", arguments->output, "folder for the packages")->required();
  run_with(command, arguments, generate, exit_code);
}

}  // namespace

void add_schema_command(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("schema", "check, dump, compare and lay out schemas");
  command->require_subcommand(1);
  add_check(*command, exit_code);
  add_dump(*command, exit_code);
  add_compat(*command, exit_code);
  add_fmt(*command, exit_code);
  add_generate(*command, exit_code);
}

}  // namespace vvm::cli
