// MemoryStore and MemoryBlobs: stores whose N-th operation fails as a test wants.
//
// Tests of this module and of vvm rely on them. An operation takes one millisecond of the clock.
#pragma once

#include <map>
#include <optional>

#include "runtime/blob_store.hpp"
#include "runtime/runtime.hpp"
#include "runtime/store.hpp"

namespace vvm::cluster {

enum class Fault : std::uint8_t {
  none,
  before,        // StoreUnavailable, nothing happened
  unknown_not,   // UnknownOutcome, nothing happened
  unknown_done,  // UnknownOutcome, it did happen
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(Runtime rt) : rt_(rt) {}

  // The faults of the next writes, in order; then none.
  std::vector<Fault> plan;
  bool reads_fail = false;
  std::size_t writes = 0;
  std::map<RowKey, Bytes> rows;

  Task<Status> put(RowKey key, Bytes value) override {
    const Fault fault = co_await start_write();
    if (happens(fault)) {
      rows[std::move(key)] = std::move(value);
    }
    if (fault != Fault::none) {
      co_return error_of(fault);
    }
    co_return ok();
  }

  Task<Status> put_batch(std::vector<Row> batch) override {
    for (Row& row : batch) {
      CO_TRY(co_await put(std::move(row.key), std::move(row.value)));
    }
    co_return ok();
  }

  Task<Result<std::optional<Bytes>>> get(RowKey key) override {
    co_await rt_.clock().sleep_for(milliseconds(1));
    if (reads_fail) {
      co_return error_of(Fault::before);
    }
    const auto it = rows.find(key);
    co_return it == rows.end() ? std::nullopt : std::optional<Bytes>{it->second};
  }

  Task<Result<std::vector<Row>>> read(RowRange range) override {
    co_await rt_.clock().sleep_for(milliseconds(1));
    if (reads_fail) {
      co_return error_of(Fault::before);
    }
    std::vector<Row> out;
    for (const auto& [key, value] : rows) {
      const bool inside = key.partition == range.partition && key.clustering >= range.from &&
                          (range.to.empty() || key.clustering < range.to);
      if (inside) {
        out.push_back({.key = key, .value = value});
      }
    }
    co_return out;
  }

  Task<Result<bool>> insert_if_not_exists(RowKey key, Bytes value, Duration) override {
    const Fault fault = co_await start_write();
    const bool absent = !rows.contains(key);
    if (happens(fault) && absent) {
      rows[std::move(key)] = std::move(value);
    }
    if (fault != Fault::none) {
      co_return error_of(fault);
    }
    co_return absent;
  }

  Task<Result<bool>> compare_and_swap(RowKey key, Bytes expected, Bytes value, Duration) override {
    const Fault fault = co_await start_write();
    const auto it = rows.find(key);
    const bool equal = it != rows.end() && it->second == expected;
    if (happens(fault) && equal) {
      it->second = std::move(value);
    }
    if (fault != Fault::none) {
      co_return error_of(fault);
    }
    co_return equal;
  }

  Task<Result<bool>> compare_and_delete(RowKey key, Bytes expected) override {
    const Fault fault = co_await start_write();
    const auto it = rows.find(key);
    const bool equal = it != rows.end() && it->second == expected;
    if (happens(fault) && equal) {
      rows.erase(it);
    }
    if (fault != Fault::none) {
      co_return error_of(fault);
    }
    co_return equal;
  }

 private:
  static bool happens(Fault fault) { return fault == Fault::none || fault == Fault::unknown_done; }

  static Error error_of(Fault fault) {
    const bool known = fault == Fault::before;
    return {known ? Code::store_unavailable : Code::unknown_outcome, "as the test wants"};
  }

  Task<Fault> start_write() {
    co_await rt_.clock().sleep_for(milliseconds(1));
    ++writes;
    if (plan.empty()) {
      co_return Fault::none;
    }
    const Fault fault = plan.front();
    plan.erase(plan.begin());
    co_return fault;
  }

  Runtime rt_;
};

class MemoryBlobs final : public BlobStore {
 public:
  struct Blob {
    BlobStatus status = BlobStatus::in_process;
    Bytes bytes;
    std::size_t appends = 0;
  };

  std::map<BlobId, Blob> blobs;
  bool unreachable = false;
  // Reads at or behind this offset fail.
  std::uint64_t fail_from = ~std::uint64_t{0};

  Task<Result<BlobStat>> stat(BlobId id) override {
    CO_TRY(const Blob* blob, find(id));
    co_return stat_of(*blob);
  }

  Task<Result<Bytes>> read(BlobId id, std::uint64_t offset) override {
    CO_TRY(const Blob* blob, find(id));
    if (offset >= fail_from) {
      co_return Error{Code::blob_store_unreachable, "at an offset"};
    }
    if (offset >= blob->bytes.size()) {
      co_return Bytes{};
    }
    co_return blob->bytes.substr(offset, blob_chunk_bytes);
  }

  Task<Status> begin(BlobId id) override {
    if (unreachable) {
      co_return Error{Code::blob_store_unreachable, "off"};
    }
    blobs[id] = {};
    co_return ok();
  }

  Task<Status> append(BlobId id, Bytes bytes) override {
    CO_TRY(Blob* const blob, find(id));
    blob->bytes.append(bytes);
    ++blob->appends;
    co_return ok();
  }

  Task<Result<BlobStat>> complete(BlobId id) override {
    CO_TRY(Blob* const blob, find(id));
    blob->status = BlobStatus::completed;
    co_return stat_of(*blob);
  }

 private:
  static BlobStat stat_of(const Blob& blob) {
    return {.status = blob.status, .size = blob.bytes.size(), .sha256 = vvm::sha256(blob.bytes)};
  }

  Result<Blob*> find(BlobId id) {
    if (unreachable) {
      return Error{Code::blob_store_unreachable, "off"};
    }
    const auto it = blobs.find(id);
    if (it == blobs.end()) {
      return Error{Code::blob_not_found, "BLOB"};
    }
    return &it->second;
  }
};

}  // namespace vvm::cluster
