// Fd and what POSIX files need around it: errors by their number, octets in and out.
//
// LiveDisk and LiveBlobs rely on it, on their worker's thread. Every call may block.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace vvm::live {

// Owns a descriptor; -1 is none.
class Fd {
 public:
  Fd() = default;

  explicit Fd(int fd) : fd_(fd) {}

  Fd(Fd&& other) noexcept;
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  int get() const { return fd_; }

  explicit operator bool() const { return fd_ >= 0; }

 private:
  void close();

  int fd_ = -1;
};

// NotFound, DiskFull, AlreadyExists or DiskIO, by errno.
Error posix_error(int number, const std::string& path);
// As posix_error of the last call.
Error last_error(const std::string& path);

// At most `size` octets from `offset`; fewer only at the end of the file.
Result<Bytes> read_at(int fd, std::uint64_t offset, std::uint64_t size, const std::string& path);
// All of them, at the descriptor's position.
Status write_fully(int fd, BytesView bytes, const std::string& path);
Status sync_file(int fd, const std::string& path);
Result<std::uint64_t> size_of(int fd, const std::string& path);
// A folder, made if need be, with its parents.
Result<Fd> open_folder(const std::string& path);

}  // namespace vvm::live
