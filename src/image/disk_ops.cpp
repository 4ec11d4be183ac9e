// Compositions of Disk's verbs.
#include "image/disk_ops.hpp"

#include <vector>

#include "image/paths.hpp"

namespace vvm::image {
namespace {

constexpr std::uint64_t read_bytes = std::uint64_t{1} << 20U;

std::string joined(const std::string& root, const std::string& path) {
  std::string out = root;
  out.append("/").append(path);
  return out;
}

template <class T>
Result<T> with_path(Result<T> result, const std::string& path) {
  if (result.has_error()) {
    return disk_error(result.error(), path);
  }
  return result;
}

}  // namespace

Error disk_error(const Error& error, const std::string& path) {
  const bool known = error.code == Code::disk_full || error.code == Code::not_found;
  return {known ? error.code : Code::disk_io, path + ": " + to_string(error)};
}

Task<Result<Bytes>> read_whole(Runtime rt, std::string path, std::uint64_t size_max) {
  Bytes out;
  for (;;) {
    auto read = co_await rt.disk().read(path, out.size(), read_bytes);
    CO_TRY(const Bytes piece, with_path(std::move(read), path));
    if (piece.empty()) {
      co_return out;
    }
    out.append(piece);
    if (out.size() > size_max) {
      co_return Error{Code::limit_exceeded, path + " is larger than " + std::to_string(size_max)};
    }
  }
}

Task<Result<Sha256>> hash_file(Runtime rt, std::string path) {
  Sha256Stream hash;
  std::uint64_t at = 0;
  for (;;) {
    auto read = co_await rt.disk().read(path, at, read_bytes);
    CO_TRY(const Bytes piece, with_path(std::move(read), path));
    if (piece.empty()) {
      break;
    }
    hash.update(piece);
    at += piece.size();
  }
  co_await rt.proc().charge({.kind = WorkKind::hash, .units = at});
  co_return hash.finish();
}

Task<Status> write_flushed(Runtime rt, std::string path, BytesView bytes) {
  auto created = co_await rt.disk().create(path);
  CO_TRY(const auto file, with_path(std::move(created), path));
  auto written = co_await write_all(file.get(), bytes);
  CO_TRY(with_path(std::move(written), path));
  auto flushed = co_await file->sync();
  co_return with_path(std::move(flushed), path);
}

Task<Result<bool>> exists(Runtime rt, std::string path) {
  const auto stat = co_await rt.disk().stat(path);
  if (stat.has_value()) {
    co_return true;
  }
  if (stat.error().code == Code::not_found) {
    co_return false;
  }
  co_return disk_error(stat.error(), path);
}

Task<Result<std::map<std::string, std::uint64_t>>> list_files(Runtime rt, std::string root) {
  std::map<std::string, std::uint64_t> files;
  std::vector<std::string> folders{""};  // relative, with a slash at the end
  while (!folders.empty()) {
    const std::string folder = std::move(folders.back());
    folders.pop_back();
    const std::string place =
        folder.empty() ? root : joined(root, folder.substr(0, folder.size() - 1));
    auto listed = co_await rt.disk().list(place);
    CO_TRY(const std::vector<DirEntry> entries, with_path(std::move(listed), place));
    for (const DirEntry& entry : entries) {
      std::string path = folder;
      path.append(entry.name);
      if (entry.is_dir) {
        path.push_back('/');
        folders.push_back(std::move(path));
        continue;
      }
      const std::string full = joined(root, path);
      auto found = co_await rt.disk().stat(full);
      CO_TRY(const FileStat stat, with_path(std::move(found), full));
      files.emplace(std::move(path), stat.size);
    }
  }
  co_return files;
}

std::string tmp_nonce(Runtime rt, Inventory* inventory) {
  return to_hex(rt.proc().nonce()) + "-" + std::to_string(inventory->next_tmp_number());
}

Task<Status> remove_folder(Runtime rt, Inventory* inventory, std::string app_folder, Sha256 sha) {
  const std::string path = folder_path(app_folder, sha);
  const std::string trash = trash_path(sha, tmp_nonce(rt, inventory));
  const Inventory::TmpName busy(inventory, trash);
  const auto moved = co_await rt.disk().rename(path, trash);
  if (moved.has_error() && moved.error().code != Code::not_found) {
    co_return disk_error(moved.error(), path);
  }
  inventory->drop_folder(sha, app_folder);
  if (moved.has_error()) {
    co_return ok();
  }
  auto flushed = co_await rt.disk().sync_dir(parent_of(path));
  CO_TRY(with_path(std::move(flushed), parent_of(path)));
  auto removed = co_await rt.disk().remove_all(trash);
  co_return with_path(std::move(removed), trash);
}

Task<Status> remove_file(Runtime rt, Inventory* inventory, Sha256 sha) {
  const std::string path = image_path(sha);
  auto removed = co_await rt.disk().remove(path);
  CO_TRY(with_path(std::move(removed), path));
  inventory->drop_file(sha);
  auto flushed = co_await rt.disk().sync_dir(std::string{image_root});
  co_return with_path(std::move(flushed), path);
}

}  // namespace vvm::image
