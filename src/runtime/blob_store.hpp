// BlobStore: large values in chunks, addressed by number (docs/spec/vvm.md 6.6).
//
// Implemented by live and by sim/world; used by the cluster process, which serves BLOBs over HTTP.
// A reader accepts only completed BLOBs. Any verb may fail at any octet.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "runtime/task.hpp"

namespace vvm {

enum class BlobId : std::uint64_t {};  // 0 = none

enum class BlobStatus : std::uint8_t { in_process, completed, corrupted };

struct BlobStat {
  BlobStatus status = BlobStatus::in_process;
  std::uint64_t size = 0;
  Sha256 sha256;  // of a completed BLOB
};

constexpr std::uint64_t blob_chunk_bytes = 102'400;

class BlobStore {
 public:
  BlobStore() = default;
  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;
  virtual ~BlobStore() = default;

  // err: BlobNotFound, BlobStoreUnreachable.
  virtual Task<Result<BlobStat>> stat(BlobId id) = 0;
  // 1..blob_chunk_bytes octets at `offset`; empty at the end. err: as stat, BlobCorrupted.
  virtual Task<Result<Bytes>> read(BlobId id, std::uint64_t offset) = 0;
  // Starts a BLOB under an id that is not in use, or starts an unfinished one again.
  virtual Task<Status> begin(BlobId id) = 0;
  virtual Task<Status> append(BlobId id, Bytes bytes) = 0;
  // Makes it readable for ever. Idempotent.
  virtual Task<Result<BlobStat>> complete(BlobId id) = 0;
};

}  // namespace vvm
