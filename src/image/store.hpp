// ImageStore: all that a VVM does with images: inventory, download, unpacking, GC, as one object.
//
// vvm owns one per process and gives it to apppartsctl. Call start() before anything else.
#pragma once

#include "image/download.hpp"
#include "image/folder.hpp"
#include "image/gc.hpp"
#include "image/inventory.hpp"

namespace vvm::image {

struct StoreOptions {
  DownloadOptions download;  // its limits hold for unpacking, too
  GcOptions gc{};
  std::uint64_t disk_quota = default_disk_quota;
};

class ImageStore {
 public:
  // `users` and `memo`, which may be null, outlive it.
  ImageStore(Runtime rt, StoreOptions options, const ImageUsers* users, UnpackMemo* memo = nullptr);
  ImageStore(const ImageStore&) = delete;
  ImageStore& operator=(const ImageStore&) = delete;
  ~ImageStore() = default;

  // Deletes tmp/ and folders without READY, and lists the rest. Files count as not verified.
  // err: DiskIO, DiskFull.
  Task<Status> start();

  Downloader& downloader() { return downloader_; }

  Folders& folders() { return folders_; }

  // run() collects every 300 s: spawn it in the process's scope.
  Collector& collector() { return collector_; }

  const Inventory& inventory() const { return inventory_; }

 private:
  Task<Status> list_images();
  Task<Status> list_folders_of(std::string app_folder);
  Task<Status> list_folder(std::string app_folder, Sha256 sha);

  Runtime rt_;
  Inventory inventory_;
  Collector collector_;
  Downloader downloader_;
  Folders folders_;
};

}  // namespace vvm::image
