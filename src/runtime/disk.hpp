// Disk: the files of one process.
//
// Implemented by live (POSIX files below the data folder) and by sim/world. Paths are relative,
// '/'-separated, without `.` or `..`; the empty path is the folder of the whole disk. What was
// written survives a power loss only after sync(); names (create, rename, remove) only after
// sync_dir() of their folder. err of every verb: DiskIO, and DiskFull where space is needed;
// NotFound where a path is missing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

namespace vvm {

struct FileStat {
  std::uint64_t size = 0;
  bool is_dir = false;
};

struct DirEntry {
  std::string name;
  bool is_dir = false;

  auto operator<=>(const DirEntry&) const = default;
};

// An open file, written from its start. Closing (destroying) it syncs nothing.
class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  // Appends a prefix of `bytes` and says how long it was, at least 1: writes may be short.
  virtual Task<Result<std::size_t>> write(BytesView bytes) = 0;
  virtual Task<Status> sync() = 0;
};

class Disk {
 public:
  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  // A new, empty file, in place of whatever file had the name.
  virtual Task<Result<std::unique_ptr<File>>> create(std::string path) = 0;
  // At most `size` octets from `offset`; fewer at the end of the file.
  virtual Task<Result<Bytes>> read(std::string path, std::uint64_t offset, std::uint64_t size) = 0;
  virtual Task<Result<FileStat>> stat(std::string path) = 0;
  // Atomic; replaces a file. err: NotFound, AlreadyExists when `to` is a folder that is not empty.
  virtual Task<Status> rename(std::string from, std::string to) = 0;
  // A file or an empty folder. Success when there is none.
  virtual Task<Status> remove(std::string path) = 0;
  // Everything below a path, and the path. Not atomic. Success when there is none.
  virtual Task<Status> remove_all(std::string path) = 0;
  // With parents. Success when it exists.
  virtual Task<Status> make_dir(std::string path) = 0;
  // Sorted by name. err: NotFound.
  virtual Task<Result<std::vector<DirEntry>>> list(std::string path) = 0;
  virtual Task<Status> sync_dir(std::string path) = 0;
  virtual Task<Result<std::uint64_t>> free_bytes() = 0;
};

// Writes all of `bytes`, however short the single writes are. `bytes` lives until the task ends.
Task<Status> write_all(File* file, BytesView bytes);

}  // namespace vvm
