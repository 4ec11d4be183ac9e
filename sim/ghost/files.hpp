// Files: what is on the disks of VVMs: I-S17, I-S18, I-S19.
//
// sim/wiring owns one per run, tells it of disk effects and asks it after each event. It reads the
// simulated disks from outside; a file is hashed when it appears under its name, and again when
// somebody has touched it or the machine has lost power.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apppartsctl/constants.hpp"
#include "sim/ghost/ledger.hpp"
#include "sim/world/disk_image.hpp"

namespace vvm::ghost {

class Files {
 public:
  // Both outlive it. `lying`: disks of this run may lose what was synced, and do it at a power
  // loss; what a life finds at its start proves nothing then.
  Files(Ledger* ledger, const apppartsctl::Constants* constants, bool lying = false)
      : ledger_(*ledger), constants_(*constants), lying_(lying) {}

  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  ~Files() = default;

  // The disk of a VVM; outlives it. Returns the number by which it is known.
  std::size_t add(std::string process, const sim::DiskImage* disk);

  // Something is about to happen to a path.
  void on_effect(std::size_t disk, std::string_view kind, std::string_view path);
  // A life begins on the disk: whatever it holds may have changed.
  void on_start(std::size_t disk);
  // The event is over.
  void settle();

  // The image's file is there under its name.
  bool has_image(std::size_t disk, const Sha256& sha) const;

 private:
  struct Disk {
    std::string process{};
    const sim::DiskImage* image = nullptr;
    std::set<std::string> verified{};  // image files and folders
    bool changed = false;
  };

  void scan(Disk& disk);
  void check_image(Disk& disk, const std::string& name);
  void check_folder(Disk& disk, const std::string& path);
  std::uint64_t size_of(const Disk& disk, const std::string& path) const;

  Ledger& ledger_;
  const apppartsctl::Constants& constants_;
  bool lying_;
  std::vector<Disk> disks_;
  std::vector<std::size_t> changed_;
};

}  // namespace vvm::ghost
