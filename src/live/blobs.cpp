// Parts, states and the rename that completes a BLOB.
#include "live/blobs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace vvm::live {
namespace {

constexpr std::size_t state_bytes_max = 128;
constexpr std::uint64_t piece_bytes = std::uint64_t{1} << 20U;
constexpr mode_t file_mode = 0644;

const std::string folder_name = "the BLOB folder";

std::string number_of(BlobId id) { return std::to_string(static_cast<std::uint64_t>(id)); }

std::string part_name(BlobId id) { return number_of(id) + ".part"; }

std::string blob_name(BlobId id) { return number_of(id) + ".blob"; }

// One line: the digest in hex, a blank, the size.
std::string state_name(BlobId id) { return number_of(id) + ".state"; }

// A file that is not there is a BLOB that is not there; the rest is a store out of reach.
Error blob_error(Error error) {
  if (error.code == Code::not_found) {
    return {Code::blob_not_found, std::move(error.what)};
  }
  return {Code::blob_store_unreachable, std::move(error.what)};
}

template <class T>
Result<T> as_blob(Result<T> result) {
  if (result.has_error()) {
    return blob_error(result.error());
  }
  return result;
}

Result<Fd> open_name(const Fd& folder, const std::string& name, int flags) {
  Fd fd(::openat(folder.get(), name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, file_mode));
  if (!fd) {
    return blob_error(last_error("BLOB file " + name));
  }
  return fd;
}

Result<bool> exists(const Fd& folder, const std::string& name) {
  if (::faccessat(folder.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    return true;
  }
  if (errno == ENOENT) {
    return false;
  }
  return blob_error(last_error("BLOB file " + name));
}

std::string state_line(const Sha256& digest, std::uint64_t size) {
  return digest.hex() + " " + std::to_string(size) + "\n";
}

// The state of a completed BLOB, checked against the size of its file. err: BlobCorrupted.
Result<BlobStat> state_of(const Fd& folder, BlobId id, const Fd& blob) {
  const Error corrupted{Code::blob_corrupted, blob_name(id) + " is not what its state says"};
  const auto file = open_name(folder, state_name(id), O_RDONLY);
  if (file.has_error()) {
    return file.error().code == Code::blob_not_found ? corrupted : file.error();
  }
  TRY(const Bytes line, as_blob(read_at(file.value().get(), 0, state_bytes_max, state_name(id))));
  TRY(const std::uint64_t size, as_blob(size_of(blob.get(), blob_name(id))));
  const auto digest = Sha256::from_hex(BytesView(line).substr(0, line.find(' ')));
  if (!digest.has_value() || line != state_line(*digest, size)) {
    return corrupted;
  }
  return BlobStat{.status = BlobStatus::completed, .size = size, .sha256 = *digest};
}

Result<BlobStat> stat_blob(const Fd& folder, BlobId id) {
  const auto whole = open_name(folder, blob_name(id), O_RDONLY);
  if (whole.has_value()) {
    auto stat = state_of(folder, id, whole.value());
    if (stat.has_error() && stat.error().code == Code::blob_corrupted) {
      return BlobStat{.status = BlobStatus::corrupted, .size = 0, .sha256 = {}};
    }
    return stat;
  }
  if (whole.error().code != Code::blob_not_found) {
    return whole.error();
  }
  TRY(const Fd part, open_name(folder, part_name(id), O_RDONLY));
  TRY(const std::uint64_t size, as_blob(size_of(part.get(), part_name(id))));
  return BlobStat{.status = BlobStatus::in_process, .size = size, .sha256 = {}};
}

Result<Bytes> read_blob(const Fd& folder, BlobId id, std::uint64_t offset) {
  const std::string name = blob_name(id);
  auto opened = open_name(folder, name, O_RDONLY);
  if (opened.has_error() && opened.error().code == Code::blob_not_found) {
    TRY(const Fd part, open_name(folder, part_name(id), O_RDONLY));
    return as_blob(read_at(part.get(), offset, blob_chunk_bytes, part_name(id)));
  }
  TRY(const Fd fd, std::move(opened));
  TRY(state_of(folder, id, fd));
  return as_blob(read_at(fd.get(), offset, blob_chunk_bytes, name));
}

Status begin_blob(const Fd& folder, BlobId id) {
  TRY(const bool done, exists(folder, blob_name(id)));
  if (done) {
    return Error{Code::conflict, "BLOB " + number_of(id) + " is completed"};
  }
  TRY(open_name(folder, part_name(id), O_WRONLY | O_CREAT | O_TRUNC));
  return ok();
}

// All or nothing, so that the same octets may be appended again after a failure.
Status append_blob(const Fd& folder, BlobId id, BytesView bytes) {
  const std::string name = part_name(id);
  TRY(const Fd part, open_name(folder, name, O_WRONLY | O_APPEND));
  TRY(const std::uint64_t before, as_blob(size_of(part.get(), name)));
  const Status written = write_fully(part.get(), bytes, name);
  if (written.has_error()) {
    if (::ftruncate(part.get(), static_cast<off_t>(before)) != 0) {
      return blob_error(last_error(name));
    }
    return blob_error(written.error());
  }
  return ok();
}

Result<Sha256> hash_part(const Fd& part, std::uint64_t size, const std::string& name) {
  Sha256Stream hash;
  for (std::uint64_t at = 0; at < size;) {
    TRY(const Bytes piece,
        as_blob(read_at(part.get(), at, std::min(size - at, piece_bytes), name)));
    if (piece.empty()) {
      return Error{Code::blob_store_unreachable, name + " became shorter"};
    }
    hash.update(piece);
    at += piece.size();
  }
  return hash.finish();
}

// Digest and size, durable together with their name.
Status write_state(const Fd& folder, BlobId id, const std::string& line) {
  const std::string name = state_name(id);
  TRY(const Fd file, open_name(folder, name, O_WRONLY | O_CREAT | O_TRUNC));
  TRY(as_blob(write_fully(file.get(), line, name)));
  TRY(as_blob(sync_file(file.get(), name)));
  return as_blob(sync_file(folder.get(), folder_name));
}

Result<BlobStat> complete_blob(const Fd& folder, BlobId id) {
  TRY(const bool done, exists(folder, blob_name(id)));
  if (done) {
    return stat_blob(folder, id);
  }
  const std::string name = part_name(id);
  TRY(const Fd part, open_name(folder, name, O_RDONLY));
  TRY(const std::uint64_t size, as_blob(size_of(part.get(), name)));
  TRY(const Sha256 digest, hash_part(part, size, name));
  TRY(as_blob(sync_file(part.get(), name)));
  TRY(write_state(folder, id, state_line(digest, size)));
  if (::renameat(folder.get(), name.c_str(), folder.get(), blob_name(id).c_str()) != 0) {
    return blob_error(last_error(name));
  }
  TRY(as_blob(sync_file(folder.get(), folder_name)));
  return BlobStat{.status = BlobStatus::completed, .size = size, .sha256 = digest};
}

}  // namespace

LiveBlobs::LiveBlobs(std::shared_ptr<Life> life, Worker* worker, std::shared_ptr<const Fd> folder)
    : life_(std::move(life)), worker_(worker), folder_(std::move(folder)) {}

LiveBlobs::~LiveBlobs() = default;

Task<Result<BlobStat>> LiveBlobs::stat(BlobId id) {
  return worker_->run(life_, [folder = folder_, id] { return stat_blob(*folder, id); });
}

Task<Result<Bytes>> LiveBlobs::read(BlobId id, std::uint64_t offset) {
  return worker_->run(life_,
                      [folder = folder_, id, offset] { return read_blob(*folder, id, offset); });
}

Task<Status> LiveBlobs::begin(BlobId id) {
  return worker_->run(life_, [folder = folder_, id] { return begin_blob(*folder, id); });
}

Task<Status> LiveBlobs::append(BlobId id, Bytes bytes) {
  return worker_->run(life_,
                      [folder = folder_, id, bytes] { return append_blob(*folder, id, bytes); });
}

Task<Result<BlobStat>> LiveBlobs::complete(BlobId id) {
  return worker_->run(life_, [folder = folder_, id] { return complete_blob(*folder, id); });
}

}  // namespace vvm::live
