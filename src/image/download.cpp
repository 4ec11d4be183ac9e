// The steps (a) to (g) of docs/spec/vvm.md 8.4 in their order.
#include "image/download.hpp"

#include <exception>
#include <limits>
#include <utility>

#include "http/client.hpp"
#include "image/disk_ops.hpp"
#include "image/paths.hpp"
#include "runtime/timeout.hpp"

namespace vvm::image {
namespace {

Error unreachable(const Error& error) { return {Code::blob_store_unreachable, to_string(error)}; }

// What the cluster says instead of octets.
Status check_status(unsigned status) {
  const std::string what = "the cluster answers " + std::to_string(status);
  switch (status) {
    case 200:
      return ok();
    case 404:
      return Error{Code::blob_not_found, what};
    case 502:
      return Error{Code::blob_corrupted, what};
    default:
      return Error{Code::blob_store_unreachable, what};
  }
}

// stat(BLOB) of (d): what the header of the answer says about the octets to come.
Status check_stat(const http::BodyReader& reader, const ImageRef& ref) {
  TRY(check_status(reader.status()));
  const auto length = reader.content_length();
  if (length.has_value() && *length != ref.size) {
    return Error{
        Code::truncated,
        "the BLOB has " + std::to_string(*length) + " octets, not " + std::to_string(ref.size)};
  }
  const auto digest = reader.headers().find("X-Blob-SHA256");
  if (digest.has_value() && Sha256::from_hex(*digest) != ref.sha) {
    return Error{Code::checksum_mismatch, "the BLOB has digest " + std::string{*digest}};
  }
  return ok();
}

// The stream stalled: nobody is there. Anything else that ends it early has cut it.
Error body_error(const Error& error, std::uint64_t received) {
  if (error.code == Code::timed_out) {
    return unreachable(error);
  }
  return {Code::truncated, "after " + std::to_string(received) + " octets: " + to_string(error)};
}

Task<Result<std::unique_ptr<http::BodyReader>>> open_blob(Runtime rt,
                                                          ImageRef ref,
                                                          DownloadOptions options) {
  http::Request request;
  request.target = "/blob/" + std::to_string(raw(ref.blob));
  // The size is judged here, not by the client: too much is Truncated, not unreachable.
  const http::ClientLimits limits{.body_bytes_max = std::numeric_limits<std::uint64_t>::max(),
                                  .total = options.idle,
                                  .idle = options.idle};
  auto opened = co_await http::open(rt, options.cluster, std::move(request), limits);
  if (opened.has_error()) {
    co_return unreachable(opened.error());
  }
  CO_TRY(check_stat(*opened.value(), ref));
  co_return opened;
}

}  // namespace

// One of the places for downloads at a time.
class Downloader::Slot {
 public:
  explicit Slot(Downloader* owner) : owner_(owner) { ++owner_->active_; }

  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  ~Slot() {
    --owner_->active_;
    owner_->slot_free_.notify_one();
  }

 private:
  Downloader* owner_;
};

Downloader::Downloader(Runtime rt,
                       Inventory* inventory,
                       Collector* collector,
                       DownloadOptions options)
    : rt_(rt),
      inventory_(inventory),
      collector_(collector),
      options_(std::move(options)),
      slot_free_(rt) {}

Task<Status> Downloader::fetch(ImageRef ref) {
  CO_TRY(const std::string app_folder, app_folder_name(ref.app));
  const Inventory::Pin pin(inventory_, ref.sha);
  co_await collector_->turns().wait(ref.sha);
  const Collector::ImageTurns::Turn turn(&collector_->turns(), ref.sha);
  CO_TRY(const bool there, co_await have(ref));  // (a)
  if (there) {
    inventory_->touch(ref.sha, app_folder, rt_.now());
    co_return ok();
  }
  if (ref.size == 0) {
    co_return Error{Code::invalid_sp, "an image of no octets"};
  }
  if (ref.size > options_.limits.image_bytes_max) {  // (b)
    co_return Error{Code::too_large, std::to_string(ref.size) + " octets"};
  }
  // Ends because every download in progress has a total limit.
  while (active_ >= options_.parallel_max) {
    co_await slot_free_.wait();
  }
  const Slot slot(this);
  CO_TRY(co_await fetch_in_slot(ref));
  inventory_->touch(ref.sha, app_folder, rt_.now());
  co_return ok();
}

Task<Result<bool>> Downloader::have(ImageRef ref) {
  const Holding* holding = inventory_->find(ref.sha);
  if (holding == nullptr || !holding->has_file) {
    co_return false;
  }
  const bool right_size = holding->file_bytes == ref.size;
  if (right_size && holding->verified) {
    co_return true;
  }
  if (right_size) {
    CO_TRY(const Sha256 digest, co_await hash_file(rt_, image_path(ref.sha)));
    if (digest == ref.sha) {
      inventory_->put_file(ref.sha, ref.size, true);
      co_return true;
    }
  }
  CO_TRY(co_await remove_file(rt_, inventory_, ref.sha));
  co_return false;
}

Task<Status> Downloader::fetch_in_slot(ImageRef ref) {
  const std::uint64_t room = ref.size + options_.limits.unpacked_bytes_max;
  CO_TRY(co_await collector_->make_room(room));  // (c)
  const Inventory::Reservation reservation(inventory_, room);
  const std::string part = part_path(ref.sha, tmp_nonce(rt_, inventory_));
  const Inventory::TmpName busy(inventory_, part);
  const std::string sha = ref.sha.hex();
  const auto blob = static_cast<std::int64_t>(raw(ref.blob));
  rt_.emit({"image.download.start", {{"sha", sha}, {"blob", blob}}});
  const Status result = co_await transfer(ref, part);
  rt_.emit({"image.download.end",
            {{"sha", sha},
             {"blob", blob},
             {"ok", std::int64_t{result.has_value()}},
             {"bytes", static_cast<std::int64_t>(result.has_value() ? ref.size : 0)}}});
  if (result.has_error() && result.error().code == Code::disk_full) {
    // Room for the next attempt; how well that went shows then.
    static_cast<void>(co_await collector_->collect(room));
  }
  co_return result;
}

Task<Status> Downloader::transfer(ImageRef ref, std::string part) {
  std::optional<Status> result;
  std::exception_ptr cancelled;
  try {
    auto received = with_timeout(rt_, options_.total, receive(ref, part));
    result.emplace(co_await std::move(received));
  } catch (const boost::system::system_error&) {
    cancelled = std::current_exception();
  }
  // From here on nothing may be left half done: what follows is short.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (result.has_value() && result->has_value()) {
    result.emplace(co_await install(ref, part));
  }
  if (!result.has_value() || result->has_error()) {
    // Where even this fails, the next sweep or the next process start deletes it.
    const Status removed = co_await rt_.disk().remove(part);
    if (removed.has_value()) {
      rt_.emit({"image.part_deleted", {{"path", part}}});
    }
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  if (cancelled != nullptr) {
    std::rethrow_exception(cancelled);
  }
  if (result->has_error() && result->error().code == Code::timed_out) {
    co_return Error{Code::step_timeout, "download: " + result->error().what};
  }
  co_return std::move(*result);
}

Task<Status> Downloader::receive(ImageRef ref, std::string part) {
  CO_TRY(const auto reader, co_await open_blob(rt_, ref, options_));  // (d)
  auto created = co_await rt_.disk().create(part);
  if (created.has_error()) {
    co_return disk_error(created.error(), part);
  }
  Sha256Stream hash;
  std::uint64_t received = 0;
  for (;;) {  // (e)
    const auto piece = co_await reader->read_some();
    if (piece.has_error()) {
      co_return body_error(piece.error(), received);
    }
    if (piece.value().empty()) {
      break;
    }
    received += piece.value().size();
    if (received > ref.size) {
      co_return Error{Code::truncated, "more than " + std::to_string(ref.size) + " octets came"};
    }
    hash.update(piece.value());
    const Status written = co_await write_all(created.value().get(), piece.value());
    if (written.has_error()) {
      co_return disk_error(written.error(), part);
    }
  }
  co_await rt_.proc().charge({.kind = WorkKind::hash, .units = received});
  if (received != ref.size) {  // (f)
    co_return Error{Code::truncated,
                    std::to_string(received) + " of " + std::to_string(ref.size) + " octets came"};
  }
  const Sha256 digest = hash.finish();
  if (digest != ref.sha) {
    co_return Error{Code::checksum_mismatch, "the octets have digest " + digest.hex()};
  }
  const Status flushed = co_await created.value()->sync();  // (g)
  if (flushed.has_error()) {
    co_return disk_error(flushed.error(), part);
  }
  co_return ok();
}

Task<Status> Downloader::install(ImageRef ref, std::string part) {
  const std::string path = image_path(ref.sha);
  const Status renamed = co_await rt_.disk().rename(part, path);
  if (renamed.has_error()) {
    co_return disk_error(renamed.error(), path);
  }
  inventory_->put_file(ref.sha, ref.size, true);
  rt_.emit({"image.file", {{"sha", ref.sha.hex()}, {"path", path}}});
  const Status flushed = co_await rt_.disk().sync_dir(std::string{image_root});
  if (flushed.has_error()) {
    co_return disk_error(flushed.error(), path);
  }
  co_return ok();
}

}  // namespace vvm::image
