// Choosing the next image and reading its BLOB.
#include "cluster/validate.hpp"

namespace vvm::cluster {

std::optional<AppImage> next_to_validate(const Tables& tables) {
  for (const auto& [key, image] : tables.images) {
    if (image.state == ImageState::uploaded) {
      return image;
    }
  }
  return std::nullopt;
}

Task<Result<Verdict>> validate_image(Runtime rt, AppImage image, ValidationOptions options) {
  const BlobLimits limits{.bytes_max = options.limits.image_bytes_max};
  const auto archive = co_await read_blob(rt, image.blob, limits);
  if (!archive.has_value()) {
    if (transient(archive.error().code)) {
      co_return archive.error();
    }
    co_return Verdict{.rejection = archive.error()};
  }
  co_await rt.proc().charge({.kind = WorkKind::hash, .units = archive.value().size()});
  if (sha256(archive.value()) != image.sha256) {
    // The digest held when the BLOB was completed: what was read now is wrong, not what is stored.
    co_return Error{Code::checksum_mismatch, "BLOB " + std::to_string(raw(image.blob))};
  }
  co_await rt.proc().charge({.kind = WorkKind::inflate, .units = archive.value().size()});
  co_return verdict_on(archive.value(), image, options);
}

}  // namespace vvm::cluster
