// read_archive: an image's octets to its checked contents, or the reason to refuse it.
//
// The unpacking driver, the cluster's check of uploads and the `vvm image` commands rely on it.
// Pure: octets in, value out; no files, no time. All of docs/spec/vvm.md 6.5 is enforced here, on
// what is really inflated. For any octets whatever it ends, stays within the limits and gives a
// code of 8.9. Nothing is inflated before the structure of the whole archive and every name have
// been accepted. Memory: the unpacked contents, at most limits.unpacked_bytes_max.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "image/limits.hpp"
#include "image/manifest.hpp"

namespace vvm::image {

struct Entry {
  std::string path;  // a name that 6.5 accepts
  Bytes bytes;

  friend bool operator==(const Entry&, const Entry&) = default;
};

struct Unpacked {
  Manifest manifest;
  Bytes manifest_json;         // as found, or as synthesised for a legacy image
  std::vector<Entry> entries;  // all files but the manifest, sorted by path

  friend bool operator==(const Unpacked&, const Unpacked&) = default;

  // What unpacking writes to disk: the entries and the manifest.
  std::uint64_t total_bytes() const;
};

// err: TooLarge, NotAZip, PathEscape, BombRatio, BombSize, TooManyEntries, DuplicateEntry,
// SpecialEntry, ManifestMissing, ManifestInvalid, EntryDigestMismatch, UnlistedEntry.
Result<Unpacked> read_archive(BytesView zip, const Limits& limits);

// The manifest names this application. err: ManifestInvalid.
Status check_app(const Manifest& manifest, const AppQName& app);

}  // namespace vvm::image
