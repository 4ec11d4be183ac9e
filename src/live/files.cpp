// System calls on files, repeated when a signal interrupts them.
#include "live/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vvm::live {

Fd::Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() { close(); }

void Fd::close() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

Error posix_error(int number, const std::string& path) {
  const std::string what = path + ": " + std::generic_category().message(number);
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return {Code::not_found, what};
    case ENOSPC:
    case EDQUOT:
      return {Code::disk_full, what};
    case ENOTEMPTY:
    case EEXIST:
      return {Code::already_exists, what};
    default:
      return {Code::disk_io, what};
  }
}

Error last_error(const std::string& path) { return posix_error(errno, path); }

Result<Bytes> read_at(int fd, std::uint64_t offset, std::uint64_t size, const std::string& path) {
  TRY(const std::uint64_t end, size_of(fd, path));
  Bytes bytes(offset >= end ? 0 : std::min(size, end - offset), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return last_error(path);
    }
    if (n == 0) {
      break;  // it has become shorter meanwhile
    }
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

Status write_fully(int fd, BytesView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return last_error(path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return ok();
}

Status sync_file(int fd, const std::string& path) {
  if (::fsync(fd) != 0) {
    return last_error(path);
  }
  return ok();
}

Result<std::uint64_t> size_of(int fd, const std::string& path) {
  struct stat stat{};
  if (::fstat(fd, &stat) != 0) {
    return last_error(path);
  }
  if (!S_ISREG(stat.st_mode)) {
    return posix_error(S_ISDIR(stat.st_mode) ? EISDIR : EINVAL, path);
  }
  return static_cast<std::uint64_t>(stat.st_size);
}

Result<Fd> open_folder(const std::string& path) {
  std::error_code ec;
  std::filesystem::create_directories(path, ec);
  if (ec) {
    return posix_error(ec.value(), path);
  }
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    return last_error(path);
  }
  return fd;
}

}  // namespace vvm::live
