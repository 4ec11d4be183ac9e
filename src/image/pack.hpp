// pack: files to an application image, deterministically.
//
// `vvm image pack`, scenarios and tests rely on it. Pure: the same input gives the same octets,
// whatever the machine, the time or the order of the files. What it returns has passed
// read_archive; what would not pass is an error here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "image/archive.hpp"
#include "image/manifest.hpp"

namespace vvm::image {

struct PackInput {
  AppQName app;
  std::vector<Entry> files;  // `pkg/...`, and `baseline.json`, which also goes into the manifest
  std::string build_id{};
  std::string created_at{};
  // Default: WASM when there is a module, else BUILTIN.
  std::optional<std::vector<Engine>> engines{};
  // Default: packages_of() the files.
  std::optional<std::vector<ManifestPackage>> packages{};
  std::optional<SemVer> min_runtime{};
};

// err: as read_archive.
Result<Bytes> pack(PackInput input, const Limits& limits = {});

}  // namespace vvm::image
