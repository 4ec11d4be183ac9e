// Validation of uploaded images before any VVM is told to run them (docs/spec/vvm.md 11.2 step 3).
//
// The cluster process runs it in the background, one image at a time, in the order of versions.
// It unpacks in memory by the acceptance rules and compares the application's name; what a schema
// says is left to the VVMs.
#pragma once

#include <optional>

#include "cluster/blobs.hpp"
#include "cluster/state.hpp"
#include "image/limits.hpp"

namespace vvm::cluster {

// The oldest image that waits for a verdict, or none. Of one application the lower version goes
// first; applications go in the order of their names.
std::optional<AppImage> next_to_validate(const Tables& tables);

struct Verdict {
  std::optional<Error> rejection{};  // why it must not be rolled out; none when it may
};

struct ValidationOptions {
  image::Limits limits{};
  bool allow_legacy = false;  // AllowLegacyImages: a ZIP without a manifest
};

Verdict verdict_on(BytesView archive, const AppImage& image, const ValidationOptions& options);

// Reads the BLOB and judges it. err: what may pass by itself (the store); ask again later.
Task<Result<Verdict>> validate_image(Runtime rt, AppImage image, ValidationOptions options);

}  // namespace vvm::cluster
