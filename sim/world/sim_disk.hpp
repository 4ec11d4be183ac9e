// SimDisk: the Disk of one life of a simulated process; time, faults and the Guard in front of the
// DiskImage.
//
// World makes one per process life. A verb that changes something has its effect at once, before
// the time it takes: a crash in between leaves the change and a process that did not learn of it.
// sync and sync_dir have theirs at the end.
#pragma once

#include "runtime/disk.hpp"
#include "sim/world/disk_image.hpp"
#include "sim/world/guard.hpp"

namespace vvm::sim {

class SimDisk final : public Disk {
 public:
  SimDisk(const Guard& guard, DiskImage& image) : guard_(guard), image_(image) {}

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
  friend class SimFile;

  // A verb before its effect: announced, and judged by the rules.
  struct Turn {
    Status status;     // what the rules make of it
    Duration takes{};  // besides octets
    std::size_t write_max = ~std::size_t{0};
    bool lies = false;      // of a sync
    bool corrupts = false;  // of a read, at `corrupt_at`
    std::uint64_t corrupt_at = 0;
  };
  enum class Cost : std::uint8_t { plain, space, sync };

  bool announce(std::string_view verb, std::string_view path) const;
  Turn turn(std::string_view verb, std::string_view path, Cost cost) const;
  Duration transfer(std::uint64_t octets) const;
  // Announces a verb, applies the rules and the change, and takes its time.
  template <class Change>
  Task<Status> change(std::string_view verb, std::string path, Cost cost, Change apply);

  const Guard& guard_;
  DiskImage& image_;
};

}  // namespace vvm::sim
