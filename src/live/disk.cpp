// Verbs of the disk as jobs: walks from the root descriptor, one system call at the end.
#include "live/disk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace vvm::live {
namespace {

constexpr mode_t dir_mode = 0755;
constexpr mode_t file_mode = 0644;
constexpr int dir_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int depth_max = 256;

// The parts of a path; none of an empty one.
Result<std::vector<std::string>> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    rest = last ? std::string_view{} : rest.substr(slash + 1);
    const bool odd = part.empty() || part == "." || part == ".." || (!last && rest.empty()) ||
                     part.find('\0') != std::string_view::npos;
    if (odd) {
      return Error{Code::disk_io, "`" + path + "` is not a relative path"};
    }
    parts.emplace_back(part);
  }
  return parts;
}

Result<Fd> open_at(int dir, const std::string& name, int flags, const std::string& path) {
  Fd fd(::openat(dir, name.c_str(), flags, file_mode));
  if (!fd) {
    return last_error(path);
  }
  return fd;
}

// The folder at a path.
Result<Fd> open_dir(const Fd& root, const std::string& path) {
  TRY(const std::vector<std::string> parts, parts_of(path));
  TRY(Fd dir, open_at(root.get(), ".", dir_flags, path));
  for (const std::string& part : parts) {
    TRY(dir, open_at(dir.get(), part, dir_flags, path));
  }
  return dir;
}

// The folder that holds a path, and the name in it.
struct Place {
  Fd dir{};
  std::string name{};
};

Result<Place> place_of(const Fd& root, const std::string& path) {
  if (path.empty()) {
    return Error{Code::disk_io, "the folder of the disk itself"};
  }
  const std::size_t slash = path.rfind('/');
  const bool inside = slash != std::string::npos;
  Place place;
  place.name = inside ? path.substr(slash + 1) : path;
  TRY(parts_of(path));
  TRY(place.dir, open_dir(root, inside ? path.substr(0, slash) : ""));
  return place;
}

Result<struct stat> stat_at(const Place& place, const std::string& path) {
  struct stat stat{};
  if (::fstatat(place.dir.get(), place.name.c_str(), &stat, AT_SYMLINK_NOFOLLOW) != 0) {
    return last_error(path);
  }
  return stat;
}

bool is_missing(const Error& error) { return error.code == Code::not_found; }

Result<std::vector<DirEntry>> entries_of(Fd dir, const std::string& path) {
  const int raw_fd = ::dup(dir.get());
  DIR* const stream = raw_fd < 0 ? nullptr : ::fdopendir(raw_fd);
  if (stream == nullptr) {
    return last_error(path);
  }
  std::vector<DirEntry> entries;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      struct stat stat{};
      const bool known = ::fstatat(dir.get(), name.c_str(), &stat, AT_SYMLINK_NOFOLLOW) == 0;
      entries.push_back({.name = name, .is_dir = known && S_ISDIR(stat.st_mode)});
    }
    errno = 0;
  }
  const int failed = errno;
  ::closedir(stream);
  if (failed != 0) {
    return posix_error(failed, path);
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

Status remove_at(int dir, const DirEntry& entry, const std::string& path) {
  const int flags = entry.is_dir ? AT_REMOVEDIR : 0;
  if (::unlinkat(dir, entry.name.c_str(), flags) != 0 && errno != ENOENT) {
    return last_error(path);
  }
  return ok();
}

// What is below an open folder. Recursion is as deep as the tree.
Status empty_folder(const Fd& dir, const std::string& path, int depth) {
  if (depth > depth_max) {
    return Error{Code::disk_io, path + ": folders too deep"};
  }
  TRY(Fd again, open_at(dir.get(), ".", dir_flags, path));
  TRY(const std::vector<DirEntry> entries, entries_of(std::move(again), path));
  for (const DirEntry& entry : entries) {
    if (entry.is_dir) {
      TRY(const Fd below, open_at(dir.get(), entry.name, dir_flags, path));
      TRY(empty_folder(below, path, depth + 1));
    }
    TRY(remove_at(dir.get(), entry, path));
  }
  return ok();
}

Status make_dirs(const Fd& root, const std::string& path) {
  TRY(const std::vector<std::string> parts, parts_of(path));
  TRY(Fd dir, open_at(root.get(), ".", dir_flags, path));
  for (const std::string& part : parts) {
    if (::mkdirat(dir.get(), part.c_str(), dir_mode) != 0 && errno != EEXIST) {
      return last_error(path);
    }
    auto below = open_at(dir.get(), part, dir_flags, path);
    if (below.has_error()) {
      return Error{Code::disk_io, below.error().what};  // something that is no folder
    }
    dir = std::move(below.value());
  }
  return ok();
}

Status rename_path(const Fd& root, const std::string& from, const std::string& to) {
  TRY(const Place source, place_of(root, from));
  TRY(const Place target, place_of(root, to));
  if (::renameat(source.dir.get(), source.name.c_str(), target.dir.get(), target.name.c_str()) !=
      0) {
    return last_error(from + " to " + to);
  }
  return ok();
}

// Folders that are in the way of `remove` are an error of the caller, not a missing path.
Status remove_path(const Fd& root, const std::string& path) {
  const auto place = place_of(root, path);
  if (place.has_error()) {
    return is_missing(place.error()) ? ok() : Status(place.error());
  }
  const auto stat = stat_at(place.value(), path);
  if (stat.has_error()) {
    return is_missing(stat.error()) ? ok() : Status(stat.error());
  }
  const DirEntry entry{.name = place.value().name, .is_dir = S_ISDIR(stat.value().st_mode)};
  return remove_at(place.value().dir.get(), entry, path);
}

Status remove_tree(const Fd& root, const std::string& path) {
  const auto place = path.empty() ? Result<Place>(Place{}) : place_of(root, path);
  if (place.has_error()) {
    return is_missing(place.error()) ? ok() : Status(place.error());
  }
  auto dir = open_dir(root, path);
  if (dir.has_value()) {
    TRY(empty_folder(dir.value(), path, 0));
  } else if (!is_missing(dir.error())) {
    return dir.error();
  }
  return path.empty() ? ok() : remove_path(root, path);
}

Result<Fd> create_at(const Fd& root, const std::string& path) {
  TRY(const Place place, place_of(root, path));
  const auto old = stat_at(place, path);
  if (old.has_value() && S_ISDIR(old.value().st_mode)) {
    return posix_error(EISDIR, path);
  }
  // A new file, not the old one cut to nothing: who has that open keeps it.
  if (old.has_value()) {
    TRY(remove_at(place.dir.get(), {.name = place.name, .is_dir = false}, path));
  }
  return open_at(
      place.dir.get(), place.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, path);
}

class LiveFile final : public File {
 public:
  LiveFile(std::shared_ptr<Life> life, Worker* worker, Fd fd, std::string path)
      : life_(std::move(life)),
        worker_(worker),
        open_(std::make_shared<Shared>(std::move(fd), std::move(path))) {}

  Task<Result<std::size_t>> write(BytesView bytes) override {
    return worker_->run(life_, [open = open_, bytes]() -> Result<std::size_t> {
      if (bytes.empty()) {
        return std::size_t{0};
      }
      for (;;) {
        const ssize_t n = ::write(open->fd.get(), bytes.data(), bytes.size());
        if (n > 0) {
          return static_cast<std::size_t>(n);
        }
        if (n == 0 || errno != EINTR) {
          return posix_error(n == 0 ? EIO : errno, open->path);
        }
      }
    });
  }

  Task<Status> sync() override {
    return worker_->run(life_, [open = open_]() -> Status {
      if (!open->sync_failed) {
        const Status synced = sync_file(open->fd.get(), open->path);
        open->sync_failed = synced.has_error();
        return synced;
      }
      return Error{Code::disk_io, open->path + ": an earlier sync has failed"};
    });
  }

 private:
  // Shared with jobs in progress.
  struct Shared {
    Shared(Fd f, std::string p) : fd(std::move(f)), path(std::move(p)) {}

    Fd fd;
    std::string path;
    bool sync_failed = false;
  };

  std::shared_ptr<Life> life_;
  Worker* worker_;
  std::shared_ptr<Shared> open_;
};

}  // namespace

LiveDisk::LiveDisk(std::shared_ptr<Life> life, Worker* worker, Fd root)
    : life_(std::move(life)), worker_(worker), root_(std::make_shared<const Fd>(std::move(root))) {}

LiveDisk::~LiveDisk() = default;

Task<Result<std::unique_ptr<File>>> LiveDisk::create(std::string path) {
  auto opened = worker_->run(life_, [root = root_, path]() -> Result<std::shared_ptr<Fd>> {
    TRY(Fd fd, create_at(*root, path));
    return std::make_shared<Fd>(std::move(fd));
  });
  CO_TRY(const std::shared_ptr<Fd> fd, co_await std::move(opened));
  co_return std::unique_ptr<File>(
      std::make_unique<LiveFile>(life_, worker_, std::move(*fd), std::move(path)));
}

Task<Result<Bytes>> LiveDisk::read(std::string path, std::uint64_t offset, std::uint64_t size) {
  return worker_->run(life_, [root = root_, path, offset, size]() -> Result<Bytes> {
    TRY(const Place place, place_of(*root, path));
    TRY(const Fd fd, open_at(place.dir.get(), place.name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, path));
    return read_at(fd.get(), offset, size, path);
  });
}

Task<Result<FileStat>> LiveDisk::stat(std::string path) {
  return worker_->run(life_, [root = root_, path]() -> Result<FileStat> {
    if (path.empty()) {
      return FileStat{.size = 0, .is_dir = true};
    }
    TRY(const Place place, place_of(*root, path));
    TRY(const struct stat found, stat_at(place, path));
    const bool is_dir = S_ISDIR(found.st_mode);
    return FileStat{.size = is_dir ? 0 : static_cast<std::uint64_t>(found.st_size),
                    .is_dir = is_dir};
  });
}

Task<Status> LiveDisk::rename(std::string from, std::string to) {
  return worker_->run(life_, [root = root_, from, to] { return rename_path(*root, from, to); });
}

Task<Status> LiveDisk::remove(std::string path) {
  return worker_->run(life_, [root = root_, path] { return remove_path(*root, path); });
}

Task<Status> LiveDisk::remove_all(std::string path) {
  return worker_->run(life_, [root = root_, path] { return remove_tree(*root, path); });
}

Task<Status> LiveDisk::make_dir(std::string path) {
  return worker_->run(life_, [root = root_, path] { return make_dirs(*root, path); });
}

Task<Result<std::vector<DirEntry>>> LiveDisk::list(std::string path) {
  return worker_->run(life_, [root = root_, path]() -> Result<std::vector<DirEntry>> {
    TRY(Fd dir, open_dir(*root, path));
    return entries_of(std::move(dir), path);
  });
}

Task<Status> LiveDisk::sync_dir(std::string path) {
  return worker_->run(life_, [root = root_, path]() -> Status {
    TRY(const Fd dir, open_dir(*root, path));
    return sync_file(dir.get(), path);
  });
}

Task<Result<std::uint64_t>> LiveDisk::free_bytes() {
  return worker_->run(life_, [root = root_]() -> Result<std::uint64_t> {
    struct statvfs stat{};
    if (::fstatvfs(root->get(), &stat) != 0) {
      return last_error("the disk");
    }
    return static_cast<std::uint64_t>(stat.f_bavail) * stat.f_frsize;
  });
}

}  // namespace vvm::live
