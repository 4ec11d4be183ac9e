// BlobServer: BLOBs in memory.
#include "sim/world/blob_server.hpp"

#include <algorithm>

namespace vvm::sim {
namespace {

Error not_found(BlobId id) {
  return {Code::blob_not_found, "blob " + std::to_string(static_cast<std::uint64_t>(id))};
}

Error conflict(BlobId id, std::string_view what) {
  std::string text = "blob " + std::to_string(static_cast<std::uint64_t>(id)) + " ";
  text.append(what);
  return {Code::conflict, std::move(text)};
}

}  // namespace

void BlobServer::preset(BlobId id, Bytes bytes) {
  Blob& blob = blobs_[id];
  blob.stat = {.status = BlobStatus::completed, .size = bytes.size(), .sha256 = sha256(bytes)};
  blob.bytes = std::move(bytes);
}

std::optional<Bytes> BlobServer::peek(BlobId id) const {
  const auto it = blobs_.find(id);
  return it == blobs_.end() ? std::nullopt : std::optional<Bytes>(it->second.bytes);
}

bool BlobServer::flip(BlobId id, std::uint64_t at) {
  const auto it = blobs_.find(id);
  if (it == blobs_.end() || at >= it->second.bytes.size()) {
    return false;
  }
  char& octet = it->second.bytes[static_cast<std::size_t>(at)];
  octet = static_cast<char>(octet ^ 1);
  return true;
}

Result<BlobStat> BlobServer::stat(BlobId id) const {
  const auto it = blobs_.find(id);
  if (it == blobs_.end()) {
    return not_found(id);
  }
  return it->second.stat;
}

Result<Bytes> BlobServer::read(BlobId id, std::uint64_t offset) const {
  const auto it = blobs_.find(id);
  if (it == blobs_.end()) {
    return not_found(id);
  }
  const Blob& blob = it->second;
  if (blob.stat.status == BlobStatus::in_process) {
    return not_found(id);
  }
  return blob.bytes.substr(std::min<std::uint64_t>(offset, blob.bytes.size()), blob_chunk_bytes);
}

Status BlobServer::begin(BlobId id) {
  Blob& blob = blobs_[id];
  if (blob.stat.status == BlobStatus::completed) {
    return conflict(id, "is completed");
  }
  blob = Blob{};
  return ok();
}

Status BlobServer::append(BlobId id, BytesView bytes) {
  const auto it = blobs_.find(id);
  if (it == blobs_.end()) {
    return not_found(id);
  }
  if (it->second.stat.status == BlobStatus::completed) {
    return conflict(id, "is completed");
  }
  it->second.bytes.append(bytes);
  it->second.stat.size = it->second.bytes.size();
  return ok();
}

Result<BlobStat> BlobServer::complete(BlobId id) {
  const auto it = blobs_.find(id);
  if (it == blobs_.end()) {
    return not_found(id);
  }
  Blob& blob = it->second;
  if (blob.stat.status != BlobStatus::completed) {
    blob.stat = {
        .status = BlobStatus::completed, .size = blob.bytes.size(), .sha256 = sha256(blob.bytes)};
  }
  return blob.stat;
}

}  // namespace vvm::sim
