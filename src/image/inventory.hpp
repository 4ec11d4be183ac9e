// Inventory: what this process knows of the images and folders on its disk, and the quota.
//
// Shared by the download, the unpacking and the GC of one VVM, which owns it; rebuilt from the disk
// at process start. No I/O. Not thread-safe. Invariant (I-S19): used() <= quota(), unless the disk
// held more at process start, because whatever grows it has reserved its place before.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/sha256.hpp"
#include "base/time.hpp"
#include "ids/names.hpp"

namespace vvm::image {

constexpr std::uint64_t default_disk_quota = std::uint64_t{4} << 30U;

// All that is held of one image identity.
struct Holding {
  bool has_file = false;
  bool verified = false;  // the file has been hashed in this process life
  std::uint64_t file_bytes = 0;
  std::map<std::string, std::uint64_t> folders;  // "<owner>.<name>" -> octets of the READY folder
  std::string app{};                             // "<owner>.<name>" when known
  Instant last_access{};
  std::uint32_t pins = 0;  // operations in progress that need it

  std::uint64_t bytes() const;
};

class Inventory {
 public:
  explicit Inventory(std::uint64_t quota = default_disk_quota) : quota_(quota) {}

  void put_file(const Sha256& sha, std::uint64_t bytes, bool verified);
  void drop_file(const Sha256& sha);
  void put_folder(const Sha256& sha, const std::string& app, std::uint64_t bytes);
  void drop_folder(const Sha256& sha, const std::string& app);
  void touch(const Sha256& sha, const std::string& app, Instant now);

  // Null when nothing is held of it.
  const Holding* find(const Sha256& sha) const;

  const std::map<Sha256, Holding>& holdings() const { return holdings_; }

  std::uint64_t quota() const { return quota_; }

  std::uint64_t used() const { return used_; }

  std::uint64_t reserved() const { return reserved_; }

  // Octets by which `bytes` more would exceed the quota; 0 when they fit.
  std::uint64_t shortage(std::uint64_t bytes) const;

  // Keeps a place below the quota while it lives. pre: shortage(bytes) == 0. The inventory outlives
  // it.
  class Reservation {
   public:
    Reservation(Inventory* inventory, std::uint64_t bytes);
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    ~Reservation();

   private:
    Inventory* inventory_;
    std::uint64_t bytes_;
  };

  // Keeps the GC away from an image while it lives. The inventory outlives it.
  class Pin {
   public:
    Pin(Inventory* inventory, const Sha256& sha);
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    ~Pin();

   private:
    Inventory* inventory_;
    Sha256 sha_;
  };

  // A path below tmp/ that an operation is using: the sweep leaves it alone. The inventory outlives
  // it.
  class TmpName {
   public:
    TmpName(Inventory* inventory, std::string path);
    TmpName(const TmpName&) = delete;
    TmpName& operator=(const TmpName&) = delete;
    ~TmpName();

   private:
    Inventory* inventory_;
    std::string path_;
  };

  bool tmp_is_busy(const std::string& path) const { return busy_tmp_.contains(path); }

  // Tells apart what one process makes of one image under tmp/.
  std::uint64_t next_tmp_number() { return ++tmp_number_; }

 private:
  void forget_if_empty(const Sha256& sha);

  std::uint64_t quota_;
  std::uint64_t used_ = 0;
  std::uint64_t reserved_ = 0;
  std::map<Sha256, Holding> holdings_;
  std::set<std::string> busy_tmp_;
  std::uint64_t tmp_number_ = 0;
};

}  // namespace vvm::image
