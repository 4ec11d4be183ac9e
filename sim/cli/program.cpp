// Parsing, and what is said of a command line that cannot be run.
#include "sim/cli/program.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "sim/cli/build_values.hpp"
#include "sim/cli/commit_values.hpp"

namespace vvm::cli {
namespace {

constexpr int raw(Exit code) { return static_cast<int>(code); }

// Insertions, deletions, replacements, and swaps of neighbours that turn one into the other.
std::size_t edits(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      const std::size_t replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

std::string path_of(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : path_of(*parent) + " " + app.get_name();
}

// The innermost command that was named.
const CLI::App* innermost(const CLI::App& root) {
  const CLI::App* at = &root;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
  }
  return at;
}

int refuse(Console console, const CLI::App& at, const std::string& what) {
  const std::string path = path_of(at);
  fmt::print(console.err, "{}: {}\n{}: see `{} --help`\n", path, what, path, path);
  return raw(Exit::usage);
}

std::string with_suggestion(const std::string& what,
                            const std::string& typed,
                            std::span<const std::string> names) {
  const std::string meant = nearest_name(typed, names);
  return meant.empty() ? what : what + fmt::format("; did you mean `{}`?", meant);
}

// The first word that stands where a command must, but names none.
struct NoCommand {
  const CLI::App* in;
  std::string typed;
};

std::optional<NoCommand> find_no_command(const CLI::App& root, std::span<const std::string> args) {
  const CLI::App* at = &root;
  for (const std::string& arg : args) {
    const std::vector<std::string> names = command_names(*at);
    if (names.empty() || arg.starts_with('-')) {
      return std::nullopt;
    }
    if (std::ranges::find(names, arg) == names.end()) {
      return NoCommand{.in = at, .typed = arg};
    }
    at = at->get_subcommand(arg);
  }
  return std::nullopt;
}

int refuse(Console console, const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App* at = innermost(root);
  std::string what = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    for (const std::string& extra : root.remaining(true)) {
      if (extra.starts_with("--")) {
        const std::string name = extra.substr(0, extra.find('='));
        what = with_suggestion(fmt::format("no option `{}`", name), name, option_names(*at));
        break;
      }
    }
  }
  return refuse(console, *at, what);
}

int parse_and_run(CLI::App& root,
                  std::span<const std::string> args,
                  const int& exit_code,
                  Console console) {
  if (args.empty()) {
    fmt::print(console.err, "{}", root.help());
    return raw(Exit::usage);
  }
  if (const auto none = find_no_command(root, args)) {
    const std::string what = fmt::format("no command `{}`", none->typed);
    return refuse(console, *none->in, with_suggestion(what, none->typed, command_names(*none->in)));
  }
  try {
    // CLI11 takes them from the back.
    root.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::CallForHelp&) {
    const CLI::App* at = innermost(root);
    const CLI::App* parent = at->get_parent();
    fmt::print(console.out, "{}", at->help(parent == nullptr ? "" : path_of(*parent)));
    return raw(Exit::ok);
  } catch (const CLI::CallForVersion& version) {
    fmt::print(console.out, "{}\n", version.what());
    return raw(Exit::ok);
  } catch (const CLI::ParseError& error) {
    return refuse(console, root, error);
  }
  return exit_code;
}

}  // namespace

void describe_program(CLI::App& root) {
  root.name("vvm");
  root.description(
      "The control path of the Voedger Virtual Machine, and the simulator that runs it.");
  root.footer(
      "Examples:\n"
      "  vvm run scenarios/smoke\n"
      "  vvm bench ctrlloop\n"
      "\n"
      "Exit codes: 0 all held; 1 a property failed, or a regression; 2 unknown: budget spent,\n"
      "determinism broken, never evaluated, not comparable; 3 bad input or usage; 4 vvm failed.");
  root.set_version_flag("--version",
                        fmt::format("vvm {} ({}, {}{})",
                                    commit_text,
                                    build_values::compiler,
                                    build_values::type,
                                    build_values::lto ? ", lto" : ""));
  root.require_subcommand(1);
}

int run_program(std::span<const std::string> args, const AddCommands& add, Console console) {
  int code = raw(Exit::internal);
  try {
    CLI::App root;
    int exit_code = raw(Exit::ok);
    add(root, exit_code);
    describe_program(root);  // last: commands would inherit the examples of the program
    code = parse_and_run(root, args, exit_code, console);
  } catch (const std::exception& e) {
    fmt::print(console.err, "vvm: internal error: {}\n", e.what());
  } catch (...) {  // tidy-ok: the end of the program; the exit code tells of it
    fmt::print(console.err, "vvm: internal error: an exception of unknown type\n");
  }
  // A table that is cut short by a full disk is not a result.
  if (std::fflush(console.out) != 0 || std::ferror(console.out) != 0) {
    fmt::print(console.err, "vvm: standard output could not be written\n");
    return raw(Exit::internal);
  }
  return code;
}

std::string nearest_name(const std::string& typed, std::span<const std::string> names) {
  std::string nearest;
  std::size_t fewest = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string& name : names) {
    // The beginning of a name is as near as one edit, from the third character on.
    const bool begins = typed.size() >= 3 && name.starts_with(typed);
    const std::size_t distance = begins ? 1 : edits(typed, name);
    if (distance < fewest) {
      nearest = name;
      fewest = distance;
    }
  }
  return nearest;
}

}  // namespace vvm::cli
