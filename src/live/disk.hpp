// LiveDisk: the files below one folder of the machine.
//
// Process owns one; the work is done on the Worker for files. Confined: a path is walked from the
// folder name by name, `..` is refused and symbolic links are not followed. sync() and sync_dir()
// are fsync: as good as what the machine makes of it. A file whose sync has failed once stays
// failed, because the system forgets the lost octets after it has said so.
#pragma once

#include <memory>
#include <string>

#include "live/files.hpp"
#include "live/worker.hpp"
#include "runtime/disk.hpp"

namespace vvm::live {

class LiveDisk final : public Disk {
 public:
  // `worker` outlives the disk.
  LiveDisk(std::shared_ptr<Life> life, Worker* worker, Fd root);
  LiveDisk(const LiveDisk&) = delete;
  LiveDisk& operator=(const LiveDisk&) = delete;
  ~LiveDisk() override;

  Task<Result<std::unique_ptr<File>>> create(std::string path) override;
  Task<Result<Bytes>> read(std::string path, std::uint64_t offset, std::uint64_t size) override;
  Task<Result<FileStat>> stat(std::string path) override;
  Task<Status> rename(std::string from, std::string to) override;
  Task<Status> remove(std::string path) override;
  Task<Status> remove_all(std::string path) override;
  Task<Status> make_dir(std::string path) override;
  Task<Result<std::vector<DirEntry>>> list(std::string path) override;
  Task<Status> sync_dir(std::string path) override;
  Task<Result<std::uint64_t>> free_bytes() override;

 private:
  std::shared_ptr<Life> life_;
  Worker* worker_;
  std::shared_ptr<const Fd> root_;
};

}  // namespace vvm::live
