// Manifest: what an application image says of itself, `manifest.json` (docs/spec/vvm.md 6.4).
//
// The archive reader checks an image against it, the unpacked folder keeps it, tools show it. A
// plain value. Parsing is strict about what it knows and ignores members it does not know:
// formatVersion, app, entries, packages and engines must be there; buildID, createdAt, baseline
// and minRuntime may be missing. Whether the entries exist is the archive reader's question.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "ids/names.hpp"
#include "image/limits.hpp"

namespace vvm::image {

enum class EntryKind : std::uint8_t { schema, wasm, meta };
enum class Engine : std::uint8_t { builtin, wasm };

std::string_view kind_name(EntryKind kind);     // "schema"
std::string_view engine_name(Engine engine);    // "BUILTIN"
EntryKind kind_of_path(std::string_view path);  // by extension: .vsql and .sql, .wasm, others

struct ManifestEntry {
  std::string path;  // in the ZIP: "pkg/github.com/acme/pos/pos.vsql"
  std::uint64_t size = 0;
  Sha256 sha256;
  EntryKind kind = EntryKind::meta;

  friend bool operator==(const ManifestEntry&, const ManifestEntry&) = default;
};

struct ManifestPackage {
  std::string path;                 // below pkg/: "github.com/acme/pos"
  std::optional<std::string> wasm;  // the path of its module's entry

  friend bool operator==(const ManifestPackage&, const ManifestPackage&) = default;
};

struct Manifest {
  AppQName app;
  std::string build_id{};                // at most 64 octets
  std::string created_at{};              // for people
  std::vector<ManifestEntry> entries{};  // strictly ascending by path
  std::vector<ManifestPackage> packages{};
  std::vector<Engine> engines{};          // no repetition
  std::optional<std::string> baseline{};  // a JSON object, as text
  std::optional<SemVer> min_runtime{};

  friend bool operator==(const Manifest&, const Manifest&) = default;

  // None when no entry has that path.
  const ManifestEntry* find(std::string_view path) const;
  std::uint64_t total_bytes() const;
};

constexpr std::string_view manifest_name = "manifest.json";
constexpr std::string_view baseline_name = "baseline.json";

// err: ManifestInvalid.
Result<Manifest> parse_manifest(BytesView json);
// The same manifest gives the same octets. parse_manifest(write_manifest(m)) == m.
Bytes write_manifest(const Manifest& manifest);

// pre: `entries` are sorted. Every folder with a schema file is a package; its module is the last
// *.wasm of the folder by name.
std::vector<ManifestPackage> packages_of(const std::vector<ManifestEntry>& entries);

}  // namespace vvm::image
