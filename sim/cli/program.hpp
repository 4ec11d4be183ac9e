// The `vvm` program around its commands: the command line, help, suggestions, exit codes.
//
// main.cpp runs it with every command of the table in sim/cli/meson.build; tests run it with their
// own. A command is one file <name>_command.cpp with add_<name>_command(root, exit_code), which
// writes its exit code where it runs, and one row of that table.
#pragma once

#include <cstdio>
#include <functional>
#include <span>
#include <string>

#include <CLI/App.hpp>

namespace vvm::cli {

// Exit codes of every command.
enum class Exit : std::uint8_t {
  ok = 0,
  failed = 1,   // a property, a verdict, a gate
  unknown = 2,  // budget spent, determinism broken, never evaluated, not comparable
  usage = 3,    // bad input, too
  internal = 4,
};

// Adds all commands to `root`; each keeps `exit_code` and writes it when it runs.
using AddCommands = std::function<void(CLI::App& root, int& exit_code)>;

// Of the table in meson.build, in its order; defined in a generated file.
void add_all_commands(CLI::App& root, int& exit_code);

// Name, version and text of the program, without its commands.
void describe_program(CLI::App& root);

// Where the program itself prints; commands print to standard output and error.
struct Console {
  std::FILE* out;
  std::FILE* err;
};

// Runs the command that `args` (without the program's name) ask for; returns the exit code. An
// exception that leaves a command is a failure of ours and ends as Exit::internal.
int run_program(std::span<const std::string> args, const AddCommands& add, Console console);

// The one of `names` that somebody who typed `typed` may have meant; empty when none is near.
std::string nearest_name(const std::string& typed, std::span<const std::string> names);

}  // namespace vvm::cli
