// Options of `vvm image`, and the printing of what was found.
#include "sim/cli/image_command.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "image/pack.hpp"
#include "sim/cli/image_folder.hpp"
#include "sim/cli/image_text.hpp"
#include "sim/cli/perf_files.hpp"

namespace vvm::cli {
namespace {

int fail(std::string_view command, const Error& error) {
  fmt::print(stderr, "vvm image {}: {}\n", command, error.what);
  return 3;
}

Result<std::optional<AppQName>> app_of(const std::string& text) {
  if (text.empty()) {
    return std::optional<AppQName>{};
  }
  TRY(AppQName app, AppQName::parse(text));
  return std::optional<AppQName>(std::move(app));
}

struct PackArguments {
  std::string dir;
  std::string app;
  std::string output;
  std::string build_id;
};

// 1 when what DIR holds makes no image; an Error for bad input.
Result<int> pack_folder(const PackArguments& arguments) {
  TRY(const AppQName app, AppQName::parse(arguments.app));
  TRY(std::vector<image::Entry> entries, entries_of(arguments.dir, "vvm image pack"));
  const std::size_t count = entries.size();
  const Result<Bytes> packed =
      image::pack({.app = app, .files = std::move(entries), .build_id = arguments.build_id});
  if (packed.has_error()) {
    fmt::print(stderr, "vvm image pack: {}: {}\n", arguments.dir, to_string(packed.error()));
    return 1;
  }
  TRY(write_text(arguments.output, packed.value()));
  fmt::print("{}: {}, {} files, {} octets, sha256 {}\n",
             arguments.output,
             app.str(),
             count,
             packed.value().size(),
             sha256(packed.value()).hex());
  return 0;
}

void add_pack(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("pack", "pack a folder of packages into an image");
  command->footer(
      "DIR holds pkg/<package path>/..., or the package folders themselves. The same files give\n"
      "the same octets.\n\n"
      "Example:\n  vvm image pack schemas/pos-v1 --app acme/pos -o pos1.var");
  const auto arguments = std::make_shared<PackArguments>();
  command->add_option("DIR", arguments->dir, "folder with the packages")->required();
  command->add_option("--app", arguments->app, "application, OWNER/NAME")->required();
  command->add_option("-o,--output", arguments->output, "file of the image")->required();
  command->add_option("--build-id", arguments->build_id, "goes into the manifest");
  command->callback([arguments, &exit_code] {
    const Result<int> code = pack_folder(*arguments);
    exit_code = code.has_value() ? code.value() : fail("pack", code.error());
  });
}

struct FileArguments {
  std::string file;
  std::string app;
  std::string legacy_app;
  bool json = false;
};

Result<ImageFile> open_image(const FileArguments& arguments) {
  TRY(const std::optional<AppQName> app, app_of(arguments.app));
  image::Limits limits;
  TRY(limits.legacy_app, app_of(arguments.legacy_app));
  TRY(std::string octets, read_text(arguments.file));
  return judge_image(arguments.file, std::move(octets), limits, app);
}

void add_file_options(CLI::App& command, const std::shared_ptr<FileArguments>& arguments) {
  command.add_option("FILE", arguments->file, "file of the image")->required();
  command.add_option("--app", arguments->app, "refuse an image of another application");
  command.add_option("--legacy-app",
                     arguments->legacy_app,
                     "take a ZIP without manifest for an image of this application");
}

void add_inspect(CLI::App& parent, int& exit_code) {
  CLI::App* command =
      parent.add_subcommand("inspect", "show the identity, manifest and entries of an image");
  command->footer("Example:\n  vvm image inspect pos1.var");
  const auto arguments = std::make_shared<FileArguments>();
  add_file_options(*command, arguments);
  command->callback([arguments, &exit_code] {
    const Result<ImageFile> file = open_image(*arguments);
    if (file.has_error()) {
      exit_code = fail("inspect", file.error());
      return;
    }
    fmt::print("{}", inspect_text(file.value(), stdout_colour()));
    exit_code = file.value().verdict.has_value() ? 0 : 1;
  });
}

void add_verify(CLI::App& parent, int& exit_code) {
  CLI::App* command =
      parent.add_subcommand("verify", "judge an image as a VVM does; exit 1 when it is refused");
  command->footer("Example:\n  vvm image verify pos1.var --app acme/pos --json");
  const auto arguments = std::make_shared<FileArguments>();
  add_file_options(*command, arguments);
  command->add_flag("--json", arguments->json, "one JSON object");
  command->callback([arguments, &exit_code] {
    const Result<ImageFile> file = open_image(*arguments);
    if (file.has_error()) {
      exit_code = fail("verify", file.error());
      return;
    }
    fmt::print(
        "{}",
        arguments->json ? verify_json(file.value()) : verify_text(file.value(), stdout_colour()));
    exit_code = file.value().verdict.has_value() ? 0 : 1;
  });
}

}  // namespace

void add_image_command(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("image", "pack, show and judge application images");
  command->require_subcommand(1);
  add_pack(*command, exit_code);
  add_inspect(*command, exit_code);
  add_verify(*command, exit_code);
}

}  // namespace vvm::cli
