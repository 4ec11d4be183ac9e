// Walks the folder of an image.
#include "sim/cli/image_folder.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "image/pack.hpp"
#include "sim/cli/perf_files.hpp"

namespace vvm::cli {
namespace {

namespace fs = std::filesystem;

Error at(const fs::path& path, const std::string& what) {
  return {Code::bad_input, path.string() + ": " + what};
}

// What a folder holds, by path relative to it; names that begin with a dot stay out.
Result<std::vector<fs::path>> files_below(const fs::path& root) {
  std::vector<fs::path> files;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(root, ec), end; it != end && !ec; it.increment(ec)) {
    const bool hidden = it->path().filename().string().starts_with('.');
    const fs::file_status status = it->symlink_status(ec);
    if (ec) {
      break;
    }
    if (hidden) {
      if (fs::is_directory(status)) {
        it.disable_recursion_pending();
      }
    } else if (fs::is_regular_file(status)) {
      files.push_back(it->path().lexically_relative(root));
    } else if (!fs::is_directory(status)) {
      return at(it->path(), "neither a file nor a folder; an image holds nothing else");
    }
  }
  if (ec) {
    return at(root, ec.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::vector<image::Entry>> entries_of(const std::string& folder,
                                             const std::string& command) {
  const fs::path dir = folder;
  std::error_code ec;
  const bool has_pkg = fs::is_directory(dir / "pkg", ec);
  TRY(const std::vector<fs::path> files, files_below(dir));
  std::vector<image::Entry> entries;
  for (const fs::path& file : files) {
    std::string name = file.generic_string();
    const bool baseline = name == image::baseline_name;
    const bool wanted =
        has_pkg ? name.starts_with("pkg/") : image::kind_of_path(name) != image::EntryKind::meta;
    if (!wanted && !baseline) {
      fmt::print(stderr, "{}: {} is left out\n", command, (dir / file).string());
      continue;
    }
    TRY(std::string text, read_text((dir / file).string()));
    entries.push_back(
        {.path = has_pkg || baseline ? std::move(name) : "pkg/" + name, .bytes = std::move(text)});
  }
  if (entries.empty()) {
    return at(dir, "no schema file below it");
  }
  return entries;
}

}  // namespace vvm::cli
