// The manifest to JSON and back, over Boost.JSON.
#include "image/manifest.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/check.hpp"
#include "image/entry_name.hpp"

namespace vvm::image {
namespace {

namespace json = boost::json;

constexpr std::size_t build_id_bytes_max = 64;

Error invalid(std::string what) { return {Code::manifest_invalid, std::move(what)}; }

// Members of one object; `where` names it in errors.
class Members {
 public:
  static Result<Members> of(const json::value& value, std::string where) {
    if (!value.is_object()) {
      return invalid(where + " is not an object");
    }
    return Members(&value.get_object(), std::move(where));
  }

  // Null where the member is missing.
  const json::value* find(std::string_view name) const { return object_->if_contains(name); }

  Result<const json::value*> need(std::string_view name) const {
    const json::value* value = find(name);
    if (value == nullptr) {
      return invalid(place(name) + " is missing");
    }
    return value;
  }

  Result<std::string> text(std::string_view name) const {
    TRY(const json::value* value, need(name));
    if (!value->is_string()) {
      return invalid(place(name) + " is not a string");
    }
    return std::string{value->get_string()};
  }

  Result<std::string> text_or_empty(std::string_view name) const {
    return find(name) == nullptr ? Result<std::string>(std::string{}) : text(name);
  }

  Result<std::uint64_t> size(std::string_view name) const {
    TRY(const json::value* value, need(name));
    if (value->is_uint64()) {
      return value->get_uint64();
    }
    if (value->is_int64() && value->get_int64() >= 0) {
      return static_cast<std::uint64_t>(value->get_int64());
    }
    return invalid(place(name) + " is not a whole number of octets");
  }

  Result<const json::array*> array(std::string_view name) const {
    TRY(const json::value* value, need(name));
    if (!value->is_array()) {
      return invalid(place(name) + " is not an array");
    }
    return &value->get_array();
  }

  std::string place(std::string_view name) const {
    return where_ + " member `" + std::string{name} + "`";
  }

 private:
  Members(const json::object* object, std::string where)
      : object_(object), where_(std::move(where)) {}

  const json::object* object_;
  std::string where_;
};

Result<ManifestEntry> read_entry(const json::value& value, std::size_t index) {
  const std::string where = "entries[" + std::to_string(index) + "]";
  TRY(const Members members, Members::of(value, where));
  ManifestEntry entry;
  TRY(entry.path, members.text("path"));
  const Status name = check_entry_name(entry.path, false, {});
  if (name.has_error() || entry.path == manifest_name) {
    return invalid(where + ": " + shown(entry.path) + " is no name of an entry");
  }
  TRY(entry.size, members.size("size"));
  TRY(const std::string digest, members.text("sha256"));
  const std::optional<Sha256> sha = Sha256::from_hex(digest);
  if (!sha.has_value()) {
    return invalid(members.place("sha256") + " is not 64 hexadecimal digits");
  }
  entry.sha256 = *sha;
  TRY(const std::string kind, members.text("kind"));
  for (const EntryKind known : {EntryKind::schema, EntryKind::wasm, EntryKind::meta}) {
    if (kind_name(known) == kind) {
      entry.kind = known;
      return entry;
    }
  }
  return invalid(members.place("kind") + " is " + shown(kind));
}

Result<std::vector<ManifestEntry>> read_entries(const Members& members) {
  TRY(const json::array* array, members.array("entries"));
  std::vector<ManifestEntry> entries;
  for (std::size_t i = 0; i < array->size(); ++i) {
    TRY(ManifestEntry entry, read_entry((*array)[i], i));
    if (!entries.empty() && entries.back().path >= entry.path) {
      return invalid("entry " + shown(entry.path) + " does not come after " +
                     shown(entries.back().path));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<ManifestPackage> read_package(const json::value& value, std::size_t index) {
  const std::string where = "packages[" + std::to_string(index) + "]";
  TRY(const Members members, Members::of(value, where));
  ManifestPackage package;
  TRY(package.path, members.text("path"));
  if (check_entry_name("pkg/" + package.path, true, {}).has_error()) {
    return invalid(where + ": " + shown(package.path) + " is no path of a package");
  }
  if (members.find("wasm") != nullptr) {
    TRY(package.wasm, members.text("wasm"));
  }
  return package;
}

// pre: manifest.entries have been read.
Result<std::vector<ManifestPackage>> read_packages(const Members& members,
                                                   const Manifest& manifest) {
  TRY(const json::array* array, members.array("packages"));
  std::vector<ManifestPackage> packages;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < array->size(); ++i) {
    TRY(ManifestPackage package, read_package((*array)[i], i));
    if (!seen.insert(package.path).second) {
      return invalid("package " + shown(package.path) + " is there twice");
    }
    const ManifestEntry* module = package.wasm.has_value() ? manifest.find(*package.wasm) : nullptr;
    if (package.wasm.has_value() && (module == nullptr || module->kind != EntryKind::wasm)) {
      return invalid("package " + shown(package.path) + ": module " + shown(*package.wasm) +
                     " is not an entry of kind wasm");
    }
    packages.push_back(std::move(package));
  }
  return packages;
}

Result<std::vector<Engine>> read_engines(const Members& members) {
  TRY(const json::array* array, members.array("engines"));
  std::vector<Engine> engines;
  for (const json::value& value : *array) {
    const std::string name =
        value.is_string() ? std::string{value.get_string()} : json::serialize(value);
    const std::size_t before = engines.size();
    for (const Engine known : {Engine::builtin, Engine::wasm}) {
      if (value.is_string() && engine_name(known) == name) {
        engines.push_back(known);
      }
    }
    if (engines.size() == before) {
      return invalid("engine " + shown(name) + " is not known");
    }
    if (std::count(engines.begin(), engines.end(), engines.back()) != 1) {
      return invalid("engine " + shown(name) + " is there twice");
    }
  }
  return engines;
}

Result<std::optional<SemVer>> read_min_runtime(const Members& members) {
  if (members.find("minRuntime") == nullptr) {
    return std::optional<SemVer>{};
  }
  TRY(const std::string text, members.text("minRuntime"));
  const Result<SemVer> version = SemVer::parse(text);
  if (version.has_error()) {
    return invalid(members.place("minRuntime") + ": " + version.error().what);
  }
  return std::optional<SemVer>(version.value());
}

Status read_informational(const Members& members, Manifest* manifest) {
  TRY(manifest->build_id, members.text_or_empty("buildID"));
  if (manifest->build_id.size() > build_id_bytes_max) {
    return invalid(members.place("buildID") + " has " + std::to_string(manifest->build_id.size()) +
                   " octets");
  }
  TRY(manifest->created_at, members.text_or_empty("createdAt"));
  const json::value* baseline = members.find("baseline");
  if (baseline != nullptr && baseline->is_object()) {
    manifest->baseline = json::serialize(*baseline);
  } else if (baseline != nullptr && !baseline->is_null()) {
    return invalid(members.place("baseline") + " is neither an object nor null");
  }
  return ok();
}

Result<AppQName> read_app(const Members& members) {
  TRY(const std::string text, members.text("app"));
  Result<AppQName> app = AppQName::parse(text);
  if (app.has_error()) {
    return invalid(app.error().what);
  }
  return app;
}

json::array entries_json(const std::vector<ManifestEntry>& entries) {
  json::array out;
  for (const ManifestEntry& entry : entries) {
    out.push_back(json::object{{"path", entry.path},
                               {"size", entry.size},
                               {"sha256", entry.sha256.hex()},
                               {"kind", kind_name(entry.kind)}});
  }
  return out;
}

json::array packages_json(const std::vector<ManifestPackage>& packages) {
  json::array out;
  for (const ManifestPackage& package : packages) {
    json::object object{{"path", package.path}};
    if (package.wasm.has_value()) {
      object.emplace("wasm", *package.wasm);
    }
    out.push_back(std::move(object));
  }
  return out;
}

}  // namespace

std::string_view kind_name(EntryKind kind) {
  switch (kind) {
    case EntryKind::schema:
      return "schema";
    case EntryKind::wasm:
      return "wasm";
    case EntryKind::meta:
      return "meta";
  }
  UNREACHABLE();
}

std::string_view engine_name(Engine engine) {
  switch (engine) {
    case Engine::builtin:
      return "BUILTIN";
    case Engine::wasm:
      return "WASM";
  }
  UNREACHABLE();
}

EntryKind kind_of_path(std::string_view path) {
  const std::string name = folded(path);
  if (name.ends_with(".vsql") || name.ends_with(".sql")) {
    return EntryKind::schema;
  }
  return name.ends_with(".wasm") ? EntryKind::wasm : EntryKind::meta;
}

const ManifestEntry* Manifest::find(std::string_view path) const {
  const auto it = std::lower_bound(
      entries.begin(), entries.end(), path, [](const ManifestEntry& entry, std::string_view key) {
        return entry.path < key;
      });
  return it != entries.end() && it->path == path ? &*it : nullptr;
}

std::uint64_t Manifest::total_bytes() const {
  std::uint64_t total = 0;
  for (const ManifestEntry& entry : entries) {
    total += entry.size;
  }
  return total;
}

Result<Manifest> parse_manifest(BytesView text) {
  json::error_code ec;
  const json::value root = json::parse(text, ec);
  if (ec) {
    return invalid("it is not JSON: " + ec.message());
  }
  TRY(const Members members, Members::of(root, "manifest"));
  TRY(const std::uint64_t version, members.size("formatVersion"));
  if (version != 1) {
    return invalid("formatVersion is " + std::to_string(version));
  }
  Manifest manifest;
  TRY(manifest.app, read_app(members));
  TRY(manifest.entries, read_entries(members));
  TRY(manifest.packages, read_packages(members, manifest));
  TRY(manifest.engines, read_engines(members));
  TRY(read_informational(members, &manifest));
  TRY(manifest.min_runtime, read_min_runtime(members));
  return manifest;
}

Bytes write_manifest(const Manifest& manifest) {
  json::object root{{"formatVersion", 1}, {"app", manifest.app.str()}};
  root.emplace("buildID", manifest.build_id);
  root.emplace("createdAt", manifest.created_at);
  root.emplace("entries", entries_json(manifest.entries));
  root.emplace("packages", packages_json(manifest.packages));
  json::array engines;
  for (const Engine engine : manifest.engines) {
    engines.emplace_back(engine_name(engine));
  }
  root.emplace("engines", std::move(engines));
  root.emplace("baseline",
               manifest.baseline.has_value() ? json::parse(*manifest.baseline) : json::value());
  if (manifest.min_runtime.has_value()) {
    root.emplace("minRuntime", manifest.min_runtime->str());
  }
  return json::serialize(root);
}

std::vector<ManifestPackage> packages_of(const std::vector<ManifestEntry>& entries) {
  std::map<std::string, ManifestPackage> folders;
  for (const ManifestEntry& entry : entries) {
    const std::string_view path = entry.path;
    if (entry.kind != EntryKind::schema || path.find('/') == path.rfind('/')) {
      continue;  // a file directly in pkg/ belongs to no package
    }
    const std::string folder{path.substr(4, path.rfind('/') - 4)};
    folders[folder].path = folder;
  }
  std::vector<ManifestPackage> packages;
  for (const ManifestEntry& entry : entries) {
    const std::string_view path = entry.path;
    if (entry.kind != EntryKind::wasm || path.find('/') == path.rfind('/')) {
      continue;
    }
    const auto it = folders.find(std::string{path.substr(4, path.rfind('/') - 4)});
    if (it != folders.end()) {
      it->second.wasm = entry.path;
    }
  }
  packages.reserve(folders.size());
  for (auto& [folder, package] : folders) {
    packages.push_back(std::move(package));
  }
  return packages;
}

}  // namespace vvm::image
