// Files to packages, packages to the compiler, and the memo around both.
#include "apppartsctl/parse.hpp"

#include <algorithm>
#include <exception>
#include <map>

#include "schema/schema.hpp"

namespace vvm::apppartsctl {
namespace {

struct Place {
  std::string_view folder;
  std::string_view file;
};

Place place_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    return {.folder = {}, .file = path};
  }
  return {.folder = path.substr(0, slash), .file = path.substr(slash + 1)};
}

// Folders in the order of their paths, files in byte order of their names.
std::vector<schema::PackageText> packages_of(const std::vector<image::SchemaFile>& files) {
  std::map<std::string, std::vector<schema::SourceText>, std::less<>> folders;
  for (const image::SchemaFile& file : files) {
    const Place place = place_of(file.path);
    if (schema::is_schema_file(place.file)) {
      folders[std::string{place.folder}].push_back(
          {.name = std::string{place.file}, .text = file.text});
    }
  }
  std::vector<schema::PackageText> packages;
  packages.reserve(folders.size());
  for (auto& [path, sources] : folders) {
    std::ranges::sort(sources, {}, &schema::SourceText::name);
    packages.push_back({.path = path, .files = std::move(sources)});
  }
  return packages;
}

}  // namespace

// The same octets give the same verdict, even that of a compiler that breaks down.
Result<AppDefPtr> app_def_from(const VersionId& version,
                               const std::vector<image::SchemaFile>& files) {
  try {
    return schema::compile_app(packages_of(files), version.app.name);
  } catch (const std::exception& e) {
    return Error{Code::semantic_error, std::string{"the compiler failed: "} + e.what()};
  }
}

Task<Result<AppDefPtr>> parse_schema(Runtime rt,
                                     VersionId version,
                                     std::vector<image::SchemaFile> files,
                                     ParseMemo* memo) {
  std::uint64_t octets = 0;
  for (const image::SchemaFile& file : files) {
    octets += file.text.size();
  }
  co_await rt.proc().charge({.kind = WorkKind::parse, .units = octets});
  ParseMemo::Value known = memo == nullptr ? nullptr : memo->find(version);
  if (known == nullptr) {
    known = std::make_shared<const Result<AppDefPtr>>(app_def_from(version, files));
    if (memo != nullptr) {
      memo->keep(version, known);
    }
  }
  co_return *known;
}

}  // namespace vvm::apppartsctl
