// Everything is decided in memory first; then files, folders, READY, one rename.
#include "image/folder.hpp"

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

#include "base/check.hpp"
#include "image/disk_ops.hpp"
#include "image/entry_name.hpp"

namespace vvm::image {
namespace {

constexpr std::string_view contents_name = "image";  // the folder of the entries

// Writes one unpacked image below `root` and nowhere else (I-S18).
class Stager {
 public:
  Stager(Runtime rt, std::string root, std::uint64_t bytes_max)
      : rt_(rt), root_(std::move(root)), bytes_max_(bytes_max) {}

  Task<Status> write(const Unpacked* contents) {
    CO_TRY(co_await make_folder(root_));
    for (const Entry& entry : contents->entries) {
      CO_TRY(co_await add(std::string{contents_name} + "/" + entry.path, entry.bytes));
    }
    CO_TRY(co_await add(std::string{manifest_name}, contents->manifest_json));
    // Children before parents, so that a flushed name never leads to an unflushed one.
    for (auto it = folders_.rbegin(); it != folders_.rend(); ++it) {
      CO_TRY(co_await flush_folder(*it));
    }
    CO_TRY(co_await add(std::string{ready_name}, {}));
    co_return co_await flush_folder(root_);
  }

 private:
  Task<Status> add(std::string name, BytesView bytes) {
    const std::string path = root_ + "/" + name;
    CHECK(name == ready_name || name == manifest_name || name.starts_with("image/"),
          "unpacking leaves its folder",
          path);
    CHECK(bytes.size() <= bytes_max_ - written_, "unpacking writes beyond the limit", path);
    written_ += bytes.size();
    CO_TRY(co_await make_folder(parent_of(path)));
    co_return co_await write_flushed(rt_, path, bytes);
  }

  Task<Status> make_folder(std::string path) {
    // A parent sorts before its children, which is all the order that flushing needs.
    std::vector<std::string> missing;
    for (std::string at = path; at.size() >= root_.size() && folders_.insert(at).second;
         at = parent_of(at)) {
      missing.push_back(at);
    }
    if (missing.empty()) {
      co_return ok();
    }
    const Status made = co_await rt_.disk().make_dir(path);
    if (made.has_error()) {
      co_return disk_error(made.error(), path);
    }
    co_return ok();
  }

  Task<Status> flush_folder(std::string path) {
    const Status flushed = co_await rt_.disk().sync_dir(path);
    if (flushed.has_error()) {
      co_return disk_error(flushed.error(), path);
    }
    co_return ok();
  }

  Runtime rt_;
  std::string root_;
  std::uint64_t bytes_max_;
  std::uint64_t written_ = 0;
  std::set<std::string> folders_;
};

// The file list and the sizes of a READY folder are those of its manifest (docs/spec/vvm.md 8.5).
bool lists_equal(const Manifest& manifest, const std::map<std::string, std::uint64_t>& files) {
  // manifest.json and READY are the two that the manifest does not list.
  if (files.size() != manifest.entries.size() + 2 || !files.contains(std::string{manifest_name}) ||
      !files.contains(std::string{ready_name})) {
    return false;
  }
  return std::all_of(
      manifest.entries.begin(), manifest.entries.end(), [&files](const ManifestEntry& entry) {
        const auto it = files.find(std::string{contents_name} + "/" + entry.path);
        return it != files.end() && it->second == entry.size;
      });
}

std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& files) {
  std::uint64_t total = 0;
  for (const auto& [path, size] : files) {
    total += size;
  }
  return total;
}

}  // namespace

Folders::Folders(
    Runtime rt, Inventory* inventory, Collector* collector, Limits limits, UnpackMemo* memo)
    : rt_(rt),
      inventory_(inventory),
      collector_(collector),
      limits_(std::move(limits)),
      memo_(memo) {}

Task<Result<Folder>> Folders::unpack(FolderRef ref) {
  CO_TRY(const std::string app_folder, app_folder_name(ref.app));
  const Inventory::Pin pin(inventory_, ref.sha);
  co_await collector_->turns().wait(ref.sha);
  const Collector::ImageTurns::Turn turn(&collector_->turns(), ref.sha);
  CO_TRY(std::optional<Folder> folder, co_await reuse(ref));
  if (!folder.has_value()) {
    const std::string sha = ref.sha.hex();
    const std::string app = ref.app.str();
    rt_.emit({"image.unpack.start", {{"sha", sha}, {"app", app}}});
    auto made = co_await unpack_anew(ref);
    const bool good = made.has_value();
    rt_.emit({"image.unpack.end",
              {{"sha", sha},
               {"app", app},
               {"ok", std::int64_t{good}},
               {"bytes", static_cast<std::int64_t>(good ? made.value().bytes : 0)}}});
    CO_TRY(folder, std::move(made));
  }
  inventory_->touch(ref.sha, app_folder, rt_.now());
  co_return std::move(*folder);
}

Task<Result<Folder>> Folders::unpack_anew(FolderRef ref) {
  CO_TRY(const Contents contents, co_await contents_of(ref));
  if (contents->has_error()) {
    co_return contents->error();
  }
  CO_TRY(check_app(contents->value().manifest, ref.app));
  co_return co_await make_folder(ref, contents);
}

Task<Result<std::optional<Folder>>> Folders::reuse(FolderRef ref) {
  CO_TRY(const std::string path, folder_path(ref));
  CO_TRY(const bool ready, co_await exists(rt_, path + "/" + std::string{ready_name}));
  if (ready) {
    auto manifest = co_await read_manifest(ref);
    if (manifest.has_error() && manifest.error().code == Code::disk_io) {
      co_return manifest.error();
    }
    CO_TRY(const auto files, co_await list_files(rt_, path));
    if (manifest.has_value() && check_app(manifest.value(), ref.app).has_value() &&
        lists_equal(manifest.value(), files)) {
      co_return Folder{.ref = ref,
                       .manifest = std::move(manifest.value()),
                       .bytes = sum_of(files),
                       .reused = true};
    }
  }
  CO_TRY(co_await remove(ref));
  co_return std::optional<Folder>{};
}

Task<Result<Bytes>> Folders::read_image(Sha256 sha) {
  auto read = co_await read_whole(rt_, image_path(sha), limits_.image_bytes_max);
  if (read.has_error() && read.error().code == Code::limit_exceeded) {
    co_return Error{Code::too_large, read.error().what};
  }
  CO_TRY(Bytes zip, std::move(read));
  co_await rt_.proc().charge({.kind = WorkKind::hash, .units = zip.size()});
  const Sha256 digest = sha256(zip);
  if (digest != sha) {
    CO_TRY(co_await remove_file(rt_, inventory_, sha));
    co_return Error{Code::checksum_mismatch,
                    "the file of image " + sha.hex() + " has digest " + digest.hex()};
  }
  co_return zip;
}

Task<Result<Folders::Contents>> Folders::contents_of(FolderRef ref) {
  CO_TRY(const Bytes zip, co_await read_image(ref.sha));
  Contents contents = memo_ == nullptr ? nullptr : memo_->find(ref.sha);
  if (contents == nullptr) {
    Limits limits = limits_;
    if (limits.legacy_app.has_value()) {
      limits.legacy_app = ref.app;
    }
    contents = std::make_shared<const Result<Unpacked>>(read_archive(zip, limits));
    if (memo_ != nullptr) {
      memo_->keep(ref.sha, contents);
    }
  }
  const std::uint64_t inflated =
      contents->has_value() ? contents->value().total_bytes() : zip.size();
  co_await rt_.proc().charge({.kind = WorkKind::inflate, .units = inflated});
  co_await rt_.proc().charge({.kind = WorkKind::hash, .units = inflated});
  co_return contents;
}

Task<Result<Folder>> Folders::make_folder(FolderRef ref, Contents contents) {
  const Unpacked& unpacked = contents->value();
  const std::uint64_t bytes = unpacked.total_bytes();
  CO_TRY(co_await collector_->make_room(bytes));
  const Inventory::Reservation reservation(inventory_, bytes);
  const std::string staging = staging_path(ref.sha, tmp_nonce(rt_, inventory_));
  const Inventory::TmpName busy(inventory_, staging);
  std::optional<Status> result;
  std::exception_ptr cancelled;
  Stager stager(rt_, staging, limits_.unpacked_bytes_max);
  try {
    result.emplace(co_await stager.write(&unpacked));
  } catch (const boost::system::system_error&) {
    cancelled = std::current_exception();
  }
  // From here on nothing may be left half done: what follows is short.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (result.has_value() && result->has_value()) {
    result.emplace(co_await publish(ref, staging, bytes));
  }
  if (!result.has_value() || result->has_error()) {
    // Where even this fails, the next sweep or the next process start deletes it.
    static_cast<void>(co_await rt_.disk().remove_all(staging));
  }
  if (result.has_value() && result->has_error() && result->error().code == Code::disk_full) {
    // Room for the next attempt; how well that went shows then.
    static_cast<void>(co_await collector_->collect(bytes));
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  if (cancelled != nullptr) {
    std::rethrow_exception(cancelled);
  }
  CO_TRY(std::move(*result));
  co_return Folder{.ref = ref, .manifest = unpacked.manifest, .bytes = bytes};
}

Task<Status> Folders::publish(FolderRef ref, std::string staging, std::uint64_t bytes) {
  CO_TRY(const std::string app_folder, app_folder_name(ref.app));
  const std::string path = folder_path(app_folder, ref.sha);
  const std::string parent = parent_of(path);
  const Status made = co_await rt_.disk().make_dir(parent);
  if (made.has_error()) {
    co_return disk_error(made.error(), parent);
  }
  const Status parent_flushed = co_await rt_.disk().sync_dir(std::string{apps_root});
  if (parent_flushed.has_error()) {
    co_return disk_error(parent_flushed.error(), parent);
  }
  const Status renamed = co_await rt_.disk().rename(staging, path);
  if (renamed.has_error()) {
    co_return disk_error(renamed.error(), path);
  }
  inventory_->put_folder(ref.sha, app_folder, bytes);
  rt_.emit({"image.folder",
            {{"sha", ref.sha.hex()},
             {"app", ref.app.str()},
             {"bytes", static_cast<std::int64_t>(bytes)}}});
  const Status flushed = co_await rt_.disk().sync_dir(parent);
  if (flushed.has_error()) {
    co_return disk_error(flushed.error(), path);
  }
  co_return ok();
}

Task<Result<Manifest>> Folders::read_manifest(FolderRef ref) {
  CO_TRY(const std::string path, folder_path(ref));
  auto read = read_whole(rt_, path + "/" + std::string{manifest_name}, limits_.unpacked_bytes_max);
  CO_TRY(const Bytes text, co_await std::move(read));
  co_return parse_manifest(text);
}

Task<Result<Bytes>> Folders::read_file(FolderRef ref, std::string path) {
  CO_TRY(const Manifest manifest, co_await read_manifest(ref));
  const ManifestEntry* listed = manifest.find(path);
  if (listed == nullptr) {
    co_return Error{Code::not_found, "the image has no file " + shown(path)};
  }
  co_return co_await read_listed(ref, *listed);
}

Task<Result<Bytes>> Folders::read_listed(FolderRef ref, ManifestEntry listed) {
  CO_TRY(const std::string folder, folder_path(ref));
  const std::string path = folder + "/" + std::string{contents_name} + "/" + listed.path;
  auto read = co_await read_whole(rt_, path, listed.size);
  if (read.has_error()) {
    co_return Error{Code::disk_io, read.error().what};
  }
  co_await rt_.proc().charge({.kind = WorkKind::hash, .units = listed.size});
  if (sha256(read.value()) != listed.sha256) {
    co_return Error{Code::disk_io, path + " is not what was unpacked"};
  }
  co_return read;
}

Task<Result<std::vector<SchemaFile>>> Folders::read_schema(FolderRef ref, SchemaLimits limits) {
  CO_TRY(const std::string app_folder, app_folder_name(ref.app));
  const Inventory::Pin pin(inventory_, ref.sha);
  co_await collector_->turns().wait(ref.sha);
  CO_TRY(const Manifest manifest, co_await read_manifest(ref));
  std::vector<SchemaFile> files;
  std::uint64_t total = 0;
  for (const ManifestEntry& entry : manifest.entries) {
    // The extension decides, as for an image without manifest (docs/spec/vvm.md 8.6).
    if (!entry.path.starts_with("pkg/") || kind_of_path(entry.path) != EntryKind::schema) {
      continue;
    }
    total += entry.size;
    if (entry.size > limits.file_bytes_max || total > limits.total_bytes_max) {
      co_return Error{Code::semantic_error,
                      "schema file " + shown(entry.path) + " has " + std::to_string(entry.size) +
                          " octets, " + std::to_string(total) + " with those before it"};
    }
    CO_TRY(Bytes text, co_await read_listed(ref, entry));
    files.push_back({.path = entry.path.substr(4), .text = std::move(text)});
  }
  if (files.empty()) {
    co_return Error{Code::no_schema_files, "image " + ref.sha.hex() + " has no schema file"};
  }
  inventory_->touch(ref.sha, app_folder, rt_.now());
  co_return files;
}

Task<Status> Folders::remove(FolderRef ref) {
  CO_TRY(const std::string app_folder, app_folder_name(ref.app));
  co_return co_await remove_folder(rt_, inventory_, app_folder, ref.sha);
}

}  // namespace vvm::image
