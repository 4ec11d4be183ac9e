// Assembles the parts, and finds out at process start what the last life has left.
#include "image/store.hpp"

#include <utility>

#include "image/disk_ops.hpp"
#include "image/paths.hpp"

namespace vvm::image {

ImageStore::ImageStore(Runtime rt, StoreOptions options, const ImageUsers* users, UnpackMemo* memo)
    : rt_(rt),
      inventory_(options.disk_quota),
      collector_(rt, &inventory_, users, options.gc),
      downloader_(rt, &inventory_, &collector_, options.download),
      folders_(rt, &inventory_, &collector_, std::move(options.download.limits), memo) {}

Task<Status> ImageStore::start() {
  const std::string tmp{tmp_root};
  const Status removed = co_await rt_.disk().remove_all(tmp);
  if (removed.has_error()) {
    co_return disk_error(removed.error(), tmp);
  }
  for (const std::string_view root : {tmp_root, image_root, apps_root}) {
    const Status made = co_await rt_.disk().make_dir(std::string{root});
    if (made.has_error()) {
      co_return disk_error(made.error(), std::string{root});
    }
  }
  const Status flushed = co_await rt_.disk().sync_dir("");
  if (flushed.has_error()) {
    co_return disk_error(flushed.error(), "the data folder");
  }
  CO_TRY(co_await list_images());
  const auto apps = co_await rt_.disk().list(std::string{apps_root});
  if (apps.has_error()) {
    co_return disk_error(apps.error(), std::string{apps_root});
  }
  for (const DirEntry& app : apps.value()) {
    if (app.is_dir) {
      CO_TRY(co_await list_folders_of(app.name));
    }
  }
  co_return ok();
}

Task<Status> ImageStore::list_images() {
  const std::string root{image_root};
  const auto listed = co_await rt_.disk().list(root);
  if (listed.has_error()) {
    co_return disk_error(listed.error(), root);
  }
  for (const DirEntry& entry : listed.value()) {
    const auto sha = sha_of_name(entry.name, image_suffix);
    if (entry.is_dir || !sha.has_value()) {
      continue;
    }
    const std::string path = root + "/" + entry.name;
    const auto stat = co_await rt_.disk().stat(path);
    if (stat.has_error()) {
      co_return disk_error(stat.error(), path);
    }
    inventory_.put_file(*sha, stat.value().size, false);
  }
  co_return ok();
}

Task<Status> ImageStore::list_folders_of(std::string app_folder) {
  const std::string root = std::string{apps_root} + "/" + app_folder;
  const auto listed = co_await rt_.disk().list(root);
  if (listed.has_error()) {
    co_return disk_error(listed.error(), root);
  }
  for (const DirEntry& entry : listed.value()) {
    const auto sha = sha_of_name(entry.name, "");
    if (entry.is_dir && sha.has_value()) {
      CO_TRY(co_await list_folder(app_folder, *sha));
    }
  }
  co_return ok();
}

Task<Status> ImageStore::list_folder(std::string app_folder, Sha256 sha) {
  const std::string path = folder_path(app_folder, sha);
  CO_TRY(const bool ready, co_await exists(rt_, path + "/" + std::string{ready_name}));
  if (!ready) {
    co_return co_await remove_folder(rt_, &inventory_, app_folder, sha);
  }
  CO_TRY(const auto files, co_await list_files(rt_, path));
  std::uint64_t bytes = 0;
  for (const auto& [name, size] : files) {
    bytes += size;
  }
  inventory_.put_folder(sha, app_folder, bytes);
  co_return ok();
}

}  // namespace vvm::image
