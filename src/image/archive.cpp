// Structure, manifest, contents: each fully accepted before the next is looked at.
#include "image/archive.hpp"

#include <algorithm>

#include "image/entry_name.hpp"
#include "image/inflate.hpp"
#include "image/zip_directory.hpp"

namespace vvm::image {
namespace {

// A manifest that does not inflate well is a manifest that cannot be read.
Result<Bytes> inflate_manifest(const ZipRecord& record, const Limits& limits) {
  const std::vector<ZipRecord> only{record};
  Limits tight = limits;
  tight.file_bytes_max = limits.manifest_bytes_max;
  Inflater inflater(&only, tight);
  Result<Bytes> text = inflater.next();
  if (text.has_error()) {
    return Error{Code::manifest_invalid, text.error().what};
  }
  return text;
}

Status check_runtime(const Manifest& manifest, const Limits& limits) {
  if (manifest.min_runtime.has_value() && *manifest.min_runtime > limits.runtime) {
    return Error{Code::manifest_invalid,
                 "it asks for a runtime of " + manifest.min_runtime->str() + ", this is " +
                     limits.runtime.str()};
  }
  return ok();
}

// Every file is listed and every listed file is there.
Status check_listing(const Manifest& manifest, const std::vector<ZipRecord>& files) {
  for (const ZipRecord& file : files) {
    if (manifest.find(file.name) == nullptr) {
      return Error{Code::unlisted_entry, "entry " + shown(file.name) + " is not in the manifest"};
    }
  }
  std::vector<std::string_view> names;
  names.reserve(files.size());
  for (const ZipRecord& file : files) {
    names.emplace_back(file.name);
  }
  std::sort(names.begin(), names.end());
  for (const ManifestEntry& entry : manifest.entries) {
    if (!std::binary_search(names.begin(), names.end(), std::string_view(entry.path))) {
      return Error{Code::entry_digest_mismatch,
                   "entry " + shown(entry.path) + " of the manifest is not in the archive"};
    }
  }
  return ok();
}

Status check_digest(const ManifestEntry& listed, const Entry& entry) {
  if (entry.bytes.size() != listed.size) {
    return Error{Code::entry_digest_mismatch,
                 "entry " + shown(entry.path) + " has " + std::to_string(entry.bytes.size()) +
                     " octets, the manifest says " + std::to_string(listed.size)};
  }
  const Sha256 digest = sha256(entry.bytes);
  if (digest != listed.sha256) {
    return Error{Code::entry_digest_mismatch,
                 "entry " + shown(entry.path) + " has digest " + digest.hex()};
  }
  return ok();
}

// `manifest` may be null: then nothing is compared.
Result<std::vector<Entry>> inflate_all(const std::vector<ZipRecord>& files,
                                       const Manifest* manifest,
                                       const Limits& limits) {
  Inflater inflater(&files, limits);
  std::vector<Entry> entries;
  for (const ZipRecord& file : files) {
    TRY(Bytes bytes, inflater.next());
    entries.push_back({.path = file.name, .bytes = std::move(bytes)});
    if (manifest != nullptr) {
      TRY(check_digest(*manifest->find(file.name), entries.back()));
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.path < b.path;
  });
  return entries;
}

Result<Unpacked> read_with_manifest(const ZipRecord& manifest_file,
                                    const std::vector<ZipRecord>& files,
                                    const Limits& limits) {
  Unpacked out;
  TRY(out.manifest_json, inflate_manifest(manifest_file, limits));
  TRY(out.manifest, parse_manifest(out.manifest_json));
  TRY(check_runtime(out.manifest, limits));
  TRY(check_listing(out.manifest, files));
  Limits left = limits;
  left.unpacked_bytes_max -=
      std::min<std::uint64_t>(out.manifest_json.size(), limits.unpacked_bytes_max);
  TRY(out.entries, inflate_all(files, &out.manifest, left));
  return out;
}

// docs/spec/vvm.md 6.4: the loader makes the manifest from the archive.
Result<Unpacked> read_legacy(const std::vector<ZipRecord>& files, const Limits& limits) {
  Unpacked out;
  TRY(out.entries, inflate_all(files, nullptr, limits));
  out.manifest.app = *limits.legacy_app;
  bool has_wasm = false;
  for (const Entry& entry : out.entries) {
    const EntryKind kind = kind_of_path(entry.path);
    has_wasm = has_wasm || kind == EntryKind::wasm;
    out.manifest.entries.push_back({.path = entry.path,
                                    .size = entry.bytes.size(),
                                    .sha256 = sha256(entry.bytes),
                                    .kind = kind});
  }
  out.manifest.packages = packages_of(out.manifest.entries);
  out.manifest.engines = {has_wasm ? Engine::wasm : Engine::builtin};
  out.manifest_json = write_manifest(out.manifest);
  if (out.total_bytes() > limits.unpacked_bytes_max) {
    return Error{Code::bomb_size,
                 "with its manifest " + std::to_string(out.total_bytes()) + " octets"};
  }
  return out;
}

}  // namespace

std::uint64_t Unpacked::total_bytes() const {
  std::uint64_t total = manifest_json.size();
  for (const Entry& entry : entries) {
    total += entry.bytes.size();
  }
  return total;
}

Result<Unpacked> read_archive(BytesView zip, const Limits& limits) {
  if (zip.size() > limits.image_bytes_max) {
    return Error{Code::too_large, std::to_string(zip.size()) + " octets"};
  }
  TRY(std::vector<ZipRecord> files, read_directory(zip, limits));
  std::erase_if(files, [](const ZipRecord& record) { return record.is_folder; });
  const auto manifest = std::find_if(
      files.begin(), files.end(), [](const ZipRecord& file) { return file.name == manifest_name; });
  if (manifest == files.end()) {
    if (limits.legacy_app.has_value()) {
      return read_legacy(files, limits);
    }
    return Error{Code::manifest_missing, "no entry `manifest.json`"};
  }
  if (manifest->header_offset != 0) {
    return Error{Code::manifest_invalid, "it is not the first entry"};
  }
  const ZipRecord manifest_file = std::move(*manifest);
  files.erase(manifest);
  return read_with_manifest(manifest_file, files, limits);
}

Status check_app(const Manifest& manifest, const AppQName& app) {
  if (manifest.app != app) {
    return Error{
        Code::manifest_invalid,
        "it is for application " + shown(manifest.app.str()) + ", not for " + shown(app.str())};
  }
  return ok();
}

}  // namespace vvm::image
