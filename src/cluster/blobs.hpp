// BLOBs over HTTP: upload in chunks, download in chunks (docs/spec/vvm.md 6.6).
//
// The cluster's HTTP front relies on them. Nothing is kept in memory but one chunk. A download that
// fails after its header ends the connection short of Content-Length.
#pragma once

#include <boost/json/object.hpp>

#include "base/result.hpp"
#include "http/message.hpp"
#include "runtime/runtime.hpp"

namespace vvm::cluster {

struct BlobLimits {
  std::uint64_t bytes_max = 20'971'520;
  Duration step = seconds(10);  // of one operation of the BLOB store
};

// As the store says, within the limit. err: BlobNotFound, BlobStoreUnreachable.
Task<Result<BlobStat>> stat_blob(Runtime rt, BlobId id, BlobLimits limits);

// The answer to a GET: 200 with the octets to come, or a refusal.
// err: BlobNotFound (also: not completed), BlobCorrupted, BlobStoreUnreachable.
Task<Result<http::Response>> download_blob(Runtime rt, BlobId id, BlobLimits limits);

// Writes `source`, which lives until the task ends, under `id`. `expected`: the digest that the
// sender declared. err: TooLarge, Unprocessable, what the source or the store says.
Task<Result<BlobStat>> upload_blob(Runtime rt,
                                   BlobId id,
                                   http::BodySource* source,
                                   std::optional<Sha256> expected,
                                   BlobLimits limits);

// A whole BLOB. err: TooLarge, as download_blob, Truncated.
Task<Result<Bytes>> read_blob(Runtime rt, BlobId id, BlobLimits limits);

}  // namespace vvm::cluster
