// Downloader: DownloadImage, from the cluster's BLOB over HTTP to a verified file
// (docs/spec/vvm.md 8.4).
//
// The step machine of apppartsctl calls it; the VVM's image store owns it. After success the file
// img/<sha>.var has the size and the digest of the set-point and survives a power loss. Nothing is
// ever seen under that name but these octets (I-S17). No resuming: every attempt starts at octet 0.
// Calls for one image run one after the other; the later one finds what the earlier one has made.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "base/time.hpp"
#include "image/gc.hpp"
#include "image/inventory.hpp"
#include "image/limits.hpp"
#include "runtime/runtime.hpp"
#include "runtime/signal.hpp"

namespace vvm::image {

struct DownloadOptions {
  Endpoint cluster;  // serves GET /blob/<id>
  Limits limits{};
  Duration idle = seconds(10);  // without an octet
  Duration total = seconds(120);
  std::uint32_t parallel_max = 2;
};

class Downloader {
 public:
  // `inventory` and `collector` outlive it.
  Downloader(Runtime rt, Inventory* inventory, Collector* collector, DownloadOptions options);
  Downloader(const Downloader&) = delete;
  Downloader& operator=(const Downloader&) = delete;
  ~Downloader() = default;

  // err: BlobStoreUnreachable, BlobNotFound, BlobCorrupted, Truncated, TooLarge, ChecksumMismatch,
  // DiskFull, DiskIO, StepTimeout; InvalidSP for a size of 0. Cancellation deletes the part file.
  Task<Status> fetch(ImageRef ref);

 private:
  class Slot;
  // Whether the file is there and right; one that is not right is deleted.
  Task<Result<bool>> have(ImageRef ref);
  Task<Status> fetch_in_slot(ImageRef ref);
  Task<Status> transfer(ImageRef ref, std::string part);
  Task<Status> receive(ImageRef ref, std::string part);
  Task<Status> install(ImageRef ref, std::string part);

  Runtime rt_;
  Inventory* inventory_;
  Collector* collector_;
  DownloadOptions options_;
  std::uint32_t active_ = 0;
  Signal slot_free_;
};

}  // namespace vvm::image
