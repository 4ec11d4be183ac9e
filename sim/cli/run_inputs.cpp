// Reads scenario files with the words of this program, and the folders of their images.
#include "sim/cli/run_inputs.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "sim/cli/perf_files.hpp"
#include "sim/scenario/reader.hpp"
#include "sim/wiring/vocabulary.hpp"

namespace vvm::cli {
namespace {

namespace fs = std::filesystem;

// Files below `folder`, by their path relative to `base`; names that begin with a dot stay out, as
// they do when an image is packed.
Status read_folder(const fs::path& base, const std::string& folder, wiring::Bundle& into) {
  const fs::path root = base / folder;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(root, ec), end; it != end && !ec; it.increment(ec)) {
    if (it->path().filename().string().starts_with('.')) {
      it.disable_recursion_pending();
      continue;
    }
    if (!it->is_regular_file(ec)) {
      continue;
    }
    TRY(std::string octets, read_text(it->path().string()));
    const fs::path name = fs::path{folder} / it->path().lexically_relative(root);
    into[name.lexically_normal().generic_string()] = std::move(octets);
  }
  if (ec) {
    return Error{Code::bad_input, fmt::format("{}: {}", root.string(), ec.message())};
  }
  return ok();
}

// Errors of files and folders stand where the scenario names them.
std::string read_images(RunInput& input) {
  std::string wrong;
  const fs::path base = fs::path{input.file}.parent_path();
  for (const scenario::Image& image : input.scenario.images) {
    if (image.schema.empty()) {
      continue;
    }
    if (const Status read = read_folder(base, image.schema, input.files); read.has_error()) {
      wrong += scenario::render(
          scenario::Diagnostic{
              .place = image.place,
              .text = fmt::format("image `{}`: {}", image.name, read.error().what)},
          input.file,
          input.text);
    }
  }
  return wrong;
}

}  // namespace

std::variant<std::vector<RunInput>, BadInputs> load_inputs(const std::vector<std::string>& files) {
  const scenario::Vocabulary vocabulary = wiring::vocabulary();
  std::vector<RunInput> out;
  std::string wrong;
  for (const std::string& file : files) {
    RunInput input{.file = file};
    Result<std::string> text = read_text(file);
    if (text.has_error()) {
      wrong += text.error().what + "\n";
      continue;
    }
    input.text = std::move(text).value();
    auto read = scenario::read(input.text, vocabulary);
    if (const auto* diagnostics = std::get_if<scenario::Diagnostics>(&read)) {
      wrong += scenario::render(*diagnostics, file, input.text);
      continue;
    }
    input.scenario = std::get<scenario::Scenario>(std::move(read));
    wrong += read_images(input);
    out.push_back(std::move(input));
  }
  if (!wrong.empty()) {
    return BadInputs{std::move(wrong)};
  }
  return out;
}

}  // namespace vvm::cli
