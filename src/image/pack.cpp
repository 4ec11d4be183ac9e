// Sorts, describes, writes, and reads the result back before it is given out.
#include "image/pack.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "image/entry_name.hpp"
#include "image/zip_writer.hpp"

namespace vvm::image {
namespace {

// The object in baseline.json, in the form that the manifest keeps. err: ManifestInvalid.
Result<std::string> baseline_of(BytesView bytes) {
  boost::json::error_code ec;
  const boost::json::value value = boost::json::parse(bytes, ec);
  if (ec || !value.is_object()) {
    return Error{Code::manifest_invalid, "baseline.json is not a JSON object"};
  }
  return boost::json::serialize(value);
}

Result<Manifest> describe(const PackInput& input) {
  Manifest manifest{.app = input.app,
                    .build_id = input.build_id,
                    .created_at = input.created_at,
                    .min_runtime = input.min_runtime};
  bool has_wasm = false;
  for (const Entry& file : input.files) {
    const EntryKind kind = kind_of_path(file.path);
    has_wasm = has_wasm || kind == EntryKind::wasm;
    manifest.entries.push_back(
        {.path = file.path, .size = file.bytes.size(), .sha256 = sha256(file.bytes), .kind = kind});
    if (file.path == baseline_name) {
      TRY(manifest.baseline, baseline_of(file.bytes));
    }
  }
  manifest.packages = input.packages.has_value() ? *input.packages : packages_of(manifest.entries);
  manifest.engines = input.engines.has_value()
                         ? *input.engines
                         : std::vector<Engine>{has_wasm ? Engine::wasm : Engine::builtin};
  return manifest;
}

}  // namespace

Result<Bytes> pack(PackInput input, const Limits& limits) {
  std::sort(input.files.begin(), input.files.end(), [](const Entry& a, const Entry& b) {
    return a.path < b.path;
  });
  for (const Entry& file : input.files) {
    TRY(check_entry_name(file.path, false, limits));
    if (file.path == manifest_name) {
      return Error{Code::manifest_invalid, "the manifest is written by pack, not given to it"};
    }
  }
  TRY(const Manifest manifest, describe(input));
  std::vector<ZipMember> members;
  TRY(members.emplace_back(),
      make_member(std::string{manifest_name}, write_manifest(manifest), limits));
  for (const Entry& file : input.files) {
    TRY(members.emplace_back(), make_member(file.path, file.bytes, limits));
  }
  if (members.size() > limits.entries_max) {
    return Error{Code::too_many_entries, std::to_string(members.size()) + " entries"};
  }
  Bytes image = write_zip(members);
  TRY(read_archive(image, limits));
  return image;
}

}  // namespace vvm::image
