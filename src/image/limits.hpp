// Limits: how large and how strange an application image may be (docs/spec/vvm.md 6.5 and 14).
//
// The archive reader, the download and the cluster's check of uploads rely on it. A plain value;
// the defaults are the specification's. Every limit holds for what is really there, never for what
// an archive declares.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/sha256.hpp"
#include "ids/names.hpp"
#include "runtime/blob_store.hpp"

namespace vvm::image {

// A semantic version without pre-release parts.
struct SemVer {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;

  auto operator<=>(const SemVer&) const = default;

  std::string str() const;
  // err: BadInput unless three numbers.
  static Result<SemVer> parse(std::string_view text);
};

struct Limits {
  std::uint64_t image_bytes_max = 20'971'520;
  std::uint32_t entries_max = 10'000;
  std::uint64_t unpacked_bytes_max = 209'715'200;  // all entries, the manifest included
  std::uint64_t file_bytes_max = std::uint64_t{64} << 20U;
  std::uint64_t ratio_max = 100;                             // unpacked : packed
  std::uint64_t ratio_from_bytes = std::uint64_t{1} << 20U;  // smaller entries may have any ratio
  std::uint64_t manifest_bytes_max = std::uint64_t{1} << 20U;
  std::uint32_t depth_max = 32;
  std::uint32_t path_bytes_max = 1024;
  std::uint32_t component_bytes_max = 255;
  // The cluster option AllowLegacyImages: a ZIP without a manifest is taken for an image of this
  // application.
  std::optional<AppQName> legacy_app{};
  SemVer runtime{.major = 0, .minor = 1, .patch = 0};  // what a manifest's minRuntime may ask for
};

// What a set-point says of its image.
struct ImageRef {
  AppQName app;
  BlobId blob{};
  Sha256 sha;  // of the whole ZIP: the identity of the image
  std::uint64_t size = 0;

  auto operator<=>(const ImageRef&) const = default;
};

}  // namespace vvm::image
