// Folders to packages, and the lines of an ignore file.
#include "sim/cli/schema_input.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "sim/cli/perf_files.hpp"

namespace vvm::cli {
namespace {

namespace fs = std::filesystem;

using Folders = std::map<std::string, schema::PackageText>;

Error at(const fs::path& path, const std::string& what) {
  return {Code::bad_input, path.string() + ": " + what};
}

// A file is read only as far as the compiler would take it.
Status add_file(const fs::path& file, const std::string& package, Folders* folders) {
  TRY(std::string text, read_text(file.string()));
  schema::PackageText& entry = (*folders)[package];
  entry.path = package;
  entry.files.push_back({.name = file.filename().string(), .text = std::move(text)});
  return ok();
}

Status add_package(const fs::path& folder, const std::string& package, Folders* folders) {
  std::error_code ec;
  std::vector<fs::path> files;
  for (fs::directory_iterator it(folder, ec), end; it != end && !ec; it.increment(ec)) {
    if (it->is_regular_file(ec) && schema::is_schema_file(it->path().filename().string())) {
      files.push_back(it->path());
    }
  }
  if (ec) {
    return at(folder, ec.message());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    TRY(add_file(file, package, folders));
  }
  return ok();
}

Status add_tree(const fs::path& root, Folders* folders) {
  std::error_code ec;
  std::vector<fs::path> inside{root};
  for (fs::recursive_directory_iterator it(root, ec), end; it != end && !ec; it.increment(ec)) {
    if (it->is_directory(ec)) {
      if (it->path().filename().string().starts_with('.')) {
        it.disable_recursion_pending();
      } else {
        inside.push_back(it->path());
      }
    }
  }
  if (ec) {
    return at(root, ec.message());
  }
  for (const fs::path& folder : inside) {
    // Files right in the folder make a package that is called like it.
    const std::string package = folder == root ? fs::absolute(root, ec).filename().string()
                                               : folder.lexically_relative(root).generic_string();
    TRY(add_package(folder, package, folders));
  }
  return ok();
}

}  // namespace

bool is_schema_path(const std::string& argument) {
  std::error_code ec;
  return fs::is_regular_file(argument, ec);
}

Result<std::vector<schema::PackageText>> read_packages(const std::vector<std::string>& arguments) {
  Folders folders;
  for (const std::string& argument : arguments) {
    std::error_code ec;
    const std::size_t equals = argument.find('=');
    if (fs::is_directory(argument, ec)) {
      std::string root = argument;
      while (root.size() > 1 && root.ends_with('/')) {
        root.pop_back();
      }
      const fs::path pkg = fs::path(root) / "pkg";
      TRY(add_tree(fs::is_directory(pkg, ec) ? pkg : fs::path(root), &folders));
    } else if (equals != std::string::npos && fs::is_directory(argument.substr(equals + 1), ec)) {
      const std::string package = argument.substr(0, equals);
      folders[package].path = package;
      TRY(add_package(argument.substr(equals + 1), package, &folders));
    } else {
      return at(argument, "neither a folder nor PATH=FOLDER");
    }
  }
  std::vector<schema::PackageText> packages;
  for (auto& [path, package] : folders) {
    packages.push_back(std::move(package));
  }
  if (packages.empty()) {
    return at(arguments.empty() ? "" : arguments.front(), "no schema file below it");
  }
  return schema::in_supply_order(std::move(packages));
}

// YAML, as far as such files use it: `Ignore:`, then one `- path` a line.
Result<std::vector<std::string>> read_ignore_file(const std::string& path) {
  TRY(const std::string text, read_text(path));
  std::vector<std::string> paths;
  bool in_list = false;
  std::size_t number = 0;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    std::string line = text.substr(from, end - from);
    from = end + 1;
    ++number;
    line = line.substr(0, line.find(" #"));
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#' || line.starts_with("---")) {
      continue;
    }
    line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
    if (line == "Ignore:" || line == "Ignore: []") {
      in_list = true;
    } else if (in_list && line.starts_with("- ")) {
      std::string entry = line.substr(line.find_first_not_of(' ', 1));
      if (entry.size() >= 2 && (entry.front() == '"' || entry.front() == '\'') &&
          entry.back() == entry.front()) {
        entry = entry.substr(1, entry.size() - 2);
      }
      paths.push_back(std::move(entry));
    } else {
      return at(path, "line " + std::to_string(number) + " is neither `Ignore:` nor `- path`");
    }
  }
  return paths;
}

}  // namespace vvm::cli
