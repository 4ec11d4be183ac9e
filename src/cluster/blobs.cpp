// Streaming of BLOBs between HTTP bodies and the BLOB store.
#include "cluster/blobs.hpp"

#include <memory>

#include "ids/names.hpp"
#include "runtime/timeout.hpp"

namespace vvm::cluster {
namespace {

// The store did not answer in time: as good as not there.
template <class T>
Result<T> reachable(Result<T> result) {
  if (result.has_value() || result.error().code != Code::timed_out) {
    return result;
  }
  return Error{Code::blob_store_unreachable, result.error().what};
}

class StoredBlob final : public http::BodySource {
 public:
  StoredBlob(Runtime rt, BlobId id, std::uint64_t size, Duration step)
      : rt_(rt), id_(id), size_(size), step_(step) {}

  std::optional<std::uint64_t> length() const override { return size_; }

  Task<Result<Bytes>> next() override {
    if (offset_ >= size_) {
      co_return Bytes{};
    }
    auto piece = reachable(co_await with_timeout(rt_, step_, rt_.blobs().read(id_, offset_)));
    if (piece.has_value()) {
      offset_ += piece.value().size();
    }
    co_return piece;
  }

 private:
  Runtime rt_;
  BlobId id_;
  std::uint64_t size_;
  Duration step_;
  std::uint64_t offset_ = 0;
};

// Chunks are filled before they are written, however the octets arrive.
class ChunkWriter {
 public:
  ChunkWriter(Runtime rt, BlobId id, BlobLimits limits) : rt_(rt), id_(id), limits_(limits) {}

  Task<Status> add(Bytes piece) {
    size_ += piece.size();
    if (size_ > limits_.bytes_max) {
      co_return Error{Code::too_large, "above " + std::to_string(limits_.bytes_max) + " octets"};
    }
    hash_.update(piece);
    pending_.append(piece);
    while (pending_.size() >= blob_chunk_bytes) {
      CO_TRY(co_await append(pending_.substr(0, blob_chunk_bytes)));
      pending_.erase(0, blob_chunk_bytes);
    }
    co_return ok();
  }

  Task<Status> flush() {
    if (pending_.empty()) {
      co_return ok();
    }
    co_return co_await append(std::exchange(pending_, {}));
  }

  Sha256 digest() { return hash_.finish(); }

 private:
  Task<Status> append(Bytes chunk) {
    auto appended = with_timeout(rt_, limits_.step, rt_.blobs().append(id_, std::move(chunk)));
    co_return reachable(co_await std::move(appended));
  }

  Runtime rt_;
  BlobId id_;
  BlobLimits limits_;
  Bytes pending_;
  std::uint64_t size_ = 0;
  Sha256Stream hash_;
};

Task<Result<BlobStat>> completed_blob(Runtime rt, BlobId id, BlobLimits limits) {
  CO_TRY(const BlobStat stat, co_await stat_blob(rt, id, limits));
  const std::string name = "BLOB " + std::to_string(raw(id));
  if (stat.status == BlobStatus::corrupted) {
    co_return Error{Code::blob_corrupted, name};
  }
  if (stat.status != BlobStatus::completed) {
    co_return Error{Code::blob_not_found, name + " is not completed"};
  }
  co_return stat;
}

}  // namespace

Task<Result<BlobStat>> stat_blob(Runtime rt, BlobId id, BlobLimits limits) {
  co_return reachable(co_await with_timeout(rt, limits.step, rt.blobs().stat(id)));
}

Task<Result<http::Response>> download_blob(Runtime rt, BlobId id, BlobLimits limits) {
  CO_TRY(const BlobStat stat, co_await completed_blob(rt, id, limits));
  http::Response res;
  res.headers.add("Content-Type", "application/octet-stream");
  res.headers.add("X-Blob-SHA256", stat.sha256.hex());
  res.source = std::make_unique<StoredBlob>(rt, id, stat.size, limits.step);
  co_return res;
}

Task<Result<BlobStat>> upload_blob(Runtime rt,
                                   BlobId id,
                                   http::BodySource* source,
                                   std::optional<Sha256> expected,
                                   BlobLimits limits) {
  if (source->length().value_or(0) > limits.bytes_max) {
    co_return Error{Code::too_large, "above " + std::to_string(limits.bytes_max) + " octets"};
  }
  CO_TRY(reachable(co_await with_timeout(rt, limits.step, rt.blobs().begin(id))));
  ChunkWriter writer(rt, id, limits);
  for (;;) {
    CO_TRY(Bytes piece, co_await source->next());
    if (piece.empty()) {
      break;
    }
    CO_TRY(co_await writer.add(std::move(piece)));
  }
  CO_TRY(co_await writer.flush());
  const Sha256 digest = writer.digest();
  if (expected.has_value() && *expected != digest) {
    co_return Error{Code::unprocessable, "the octets have digest " + digest.hex()};
  }
  auto completed = with_timeout(rt, limits.step, rt.blobs().complete(id));
  CO_TRY(const BlobStat stat, reachable(co_await std::move(completed)));
  if (stat.sha256 != digest) {
    co_return Error{Code::blob_corrupted, "stored with digest " + stat.sha256.hex()};
  }
  co_return stat;
}

Task<Result<Bytes>> read_blob(Runtime rt, BlobId id, BlobLimits limits) {
  CO_TRY(const BlobStat stat, co_await completed_blob(rt, id, limits));
  if (stat.size > limits.bytes_max) {
    co_return Error{Code::too_large, "the BLOB"};
  }
  StoredBlob source(rt, id, stat.size, limits.step);
  Bytes out;
  while (out.size() < stat.size) {
    CO_TRY(const Bytes piece, co_await source.next());
    if (piece.empty()) {
      co_return Error{Code::truncated, "the BLOB ends short of its size"};
    }
    out.append(piece);
  }
  co_return out;
}

}  // namespace vvm::cluster
