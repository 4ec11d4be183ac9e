// The verdict on one image, by the same code that the VVMs unpack it with.
#include "cluster/validate.hpp"
#include "image/archive.hpp"

namespace vvm::cluster {

Verdict verdict_on(BytesView archive, const AppImage& row, const ValidationOptions& options) {
  image::Limits limits = options.limits;
  if (options.allow_legacy) {
    limits.legacy_app = row.key.app;
  }
  const auto unpacked = image::read_archive(archive, limits);
  if (!unpacked.has_value()) {
    return {.rejection = unpacked.error()};
  }
  const Status named = image::check_app(unpacked.value().manifest, row.key.app);
  if (!named.has_value()) {
    return {.rejection = named.error()};
  }
  return {};
}

}  // namespace vvm::cluster
