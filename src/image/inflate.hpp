// Inflater: the contents of a ZIP's files one after the other, within limits.
//
// The archive reader relies on it; the only file that reads with libarchive. libarchive never sees
// the archive as it came: it gets a stream of local headers that we write ourselves from records
// already accepted, each followed by the packed octets, so that no name, size, flag or extra field
// of the input reaches it. The limits hold for what is inflated, octet by octet.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "image/limits.hpp"
#include "image/zip_directory.hpp"

namespace vvm::image {

class Inflater {
 public:
  // `files` are in the order of the calls of next(), none of them a folder; they and the archive
  // outlive the inflater.
  Inflater(const std::vector<ZipRecord>* files, const Limits& limits);
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  // The next file. After an error there is no next. err: BombSize, BombRatio, NotAZip (the packed
  // octets are no deflate stream), EntryDigestMismatch (declared size or CRC is wrong).
  // pre: it has been called less often than there are files.
  Result<Bytes> next();

  // Inflated by all calls so far.
  std::uint64_t total_bytes() const { return total_; }

 private:
  struct Source;
  Status grow(const ZipRecord& file, Bytes* out, BytesView piece);

  const std::vector<ZipRecord>* files_;
  Limits limits_;
  std::size_t at_ = 0;
  std::uint64_t total_ = 0;
  std::unique_ptr<Source> source_;
};

}  // namespace vvm::image
