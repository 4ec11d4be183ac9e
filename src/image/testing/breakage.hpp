// Breakages: functions that turn a good image into a hostile one.
//
// Tests of this module, properties and sim/wiring (the `break` key of scenario files,
// docs/spec/scenario.md 5.3) rely on it; the VVM does not. Pure and deterministic. Each breaks one
// thing and leaves the rest right, digests in the manifest included, so that exactly one rule of
// docs/spec/vvm.md 6.5 refuses the result.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ids/names.hpp"
#include "image/archive.hpp"

namespace vvm::image {

// The first `n` octets. NotAZip.
Bytes truncate_at(BytesView image, std::uint64_t n);
// pre: bit < 8 * image.size(). Whatever it hits.
Bytes flip_bit(BytesView image, std::uint64_t bit);
// Octets that are no archive, as many as asked for. NotAZip.
Bytes not_a_zip(std::uint64_t size);

// The following need an image that read_archive accepts; err: as read_archive.

// An entry more, listed in the manifest, under this name. PathEscape for hostile names.
Result<Bytes> zip_slip(BytesView image, const std::string& name);
// A listed entry of 2 MiB of zeros, deflated. BombRatio.
Result<Bytes> ratio_bomb(BytesView image);
// A listed entry of 65 MiB, deflated 57:1. BombSize.
Result<Bytes> size_bomb(BytesView image);
// Four such entries of 60 MiB each. BombSize.
Result<Bytes> total_bomb(BytesView image);
// A ratio bomb of 128 MiB whose headers declare one octet. BombRatio.
Result<Bytes> lying_bomb(BytesView image);
// More entries than 6.5 allows. TooManyEntries.
Result<Bytes> many_entries(BytesView image);
// The manifest has a wrong digest for the last entry. EntryDigestMismatch.
Result<Bytes> wrong_sha(BytesView image);
// The last entry is gone, the manifest lists it. EntryDigestMismatch.
Result<Bytes> drop_entry(BytesView image);
// An entry that the manifest does not list. UnlistedEntry.
Result<Bytes> unlisted_entry(BytesView image);
// The last entry once more with its name in upper case, listed. DuplicateEntry.
Result<Bytes> duplicate_by_case(BytesView image);
// A listed entry that is a symbolic link by its attributes. SpecialEntry.
Result<Bytes> symlink_entry(BytesView image);
// The last entry is flagged as encrypted. SpecialEntry.
Result<Bytes> encrypted_entry(BytesView image);
// The local header of the last entry has another name. SpecialEntry.
Result<Bytes> two_names(BytesView image);
// The manifest is gone. ManifestMissing.
Result<Bytes> drop_manifest(BytesView image);
// The manifest is for another application; all else is right. ManifestInvalid by check_app.
Result<Bytes> wrong_app(BytesView image, AppQName app);

// A breakage by name, for scenario files: truncate_at, flip_bit (argument: octet or bit), zip_slip,
// bomb, wrong_sha, drop_entry and every function above under its name. The argument of the others
// is ignored. err: BadInput for a name that is not in breakage_names().
Result<Bytes> apply_breakage(BytesView image, std::string_view name, std::uint64_t argument);
std::vector<std::string_view> breakage_names();

}  // namespace vvm::image
