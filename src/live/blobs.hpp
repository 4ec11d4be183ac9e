// LiveBlobs: BLOBs as files of one folder (docs/spec/vvm.md 6.6).
//
// Each process of one Storage has one on the same folder; the work is done on the Worker for files.
// `<id>.part` grows while a BLOB is written. complete() hashes what the file holds, writes digest
// and size to `<id>.state`, and only when both are durable renames the part to `<id>.blob`: after a
// crash there is a part or a whole BLOB, nothing between. A BLOB file holds its octets and no more.
#pragma once

#include <memory>

#include "live/files.hpp"
#include "live/worker.hpp"
#include "runtime/blob_store.hpp"

namespace vvm::live {

class LiveBlobs final : public BlobStore {
 public:
  // `worker` outlives the store.
  LiveBlobs(std::shared_ptr<Life> life, Worker* worker, std::shared_ptr<const Fd> folder);
  LiveBlobs(const LiveBlobs&) = delete;
  LiveBlobs& operator=(const LiveBlobs&) = delete;
  ~LiveBlobs() override;

  Task<Result<BlobStat>> stat(BlobId id) override;
  Task<Result<Bytes>> read(BlobId id, std::uint64_t offset) override;
  // err: also Conflict for a BLOB that is completed.
  Task<Status> begin(BlobId id) override;
  Task<Status> append(BlobId id, Bytes bytes) override;
  Task<Result<BlobStat>> complete(BlobId id) override;

 private:
  std::shared_ptr<Life> life_;
  Worker* worker_;
  std::shared_ptr<const Fd> folder_;
};

}  // namespace vvm::live
