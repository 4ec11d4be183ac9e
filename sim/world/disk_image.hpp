// DiskImage: the disk of one simulated process, which outlives the lives of the process.
//
// World owns one per process; the Disk seam of the current life works on it (sim_disk.hpp). It
// knows two states: what the process sees, and what a power loss leaves. The octets of a file are
// durable up to its last sync(); a name is durable once sync_dir() ran on its folder. A rename is
// one step of the file system: it becomes durable, at both ends, when either folder is synced.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.hpp"
#include "runtime/disk.hpp"
#include "sim/world/latency.hpp"
#include "sim/world/rule.hpp"

namespace vvm::sim {

enum class DiskFault : std::uint8_t {
  full,         // verbs that need space fail with DiskFull
  io_error,     // verbs fail with DiskIO, without effect
  slow,         // verbs take `delay` longer
  short_write,  // a write takes `octets` at most
  sync_lies,    // sync and sync_dir succeed and make nothing durable
  corrupt,      // the octet number `octets` of what a read gives has a flipped bit
};

struct DiskRule {
  DiskFault kind = DiskFault::io_error;
  std::string path = "**";  // of the file or folder concerned
  std::string verb = "*";   // create, write, sync, read, stat, rename, remove, ...
  Odds odds{};
  Duration delay{};
  std::uint64_t octets = 1;
};

// What a power loss does to octets and names that were not synced.
enum class Unsynced : std::uint8_t {
  lost,  // all of it is gone
  torn,  // some of it is there: names of some changes, prefixes of files, zeros in place of pages
  kept,  // the drive had written all of it
};

struct DiskModel {
  Latency verb = Latency::fixed(microseconds(20));  // all but sync and sync_dir
  Latency sync = Latency::fixed(milliseconds(1));
  std::uint64_t bytes_per_second = 500'000'000;      // added for octets read and written; 0: none
  std::uint64_t capacity = std::uint64_t{1} << 40U;  // octets of all files
};

class DiskImage {
 public:
  // `stream` decides which unsynced parts survive, and which of the matches a rule strikes.
  explicit DiskImage(Rng stream);
  DiskImage(const DiskImage&) = delete;
  DiskImage& operator=(const DiskImage&) = delete;
  ~DiskImage();

  DiskModel& model() { return model_; }

  RuleTable<DiskRule>& rules() { return rules_; }

  Rng& rng() { return rng_; }

  // What happens to the machine.
  void power_loss(Unsynced unsynced);
  // A new, empty disk.
  void wipe();
  // Flips the lowest bit of an octet at rest, in every state. False when there is no such octet.
  bool flip(std::string_view path, std::uint64_t at);

  // For oracles, tests and preparation; the process sees nothing of it.
  std::map<std::string, Bytes> files() const;          // by path
  std::map<std::string, Bytes> durable_files() const;  // what Unsynced::lost would leave
  std::vector<std::string> folders() const;            // all, sorted
  // Durable at once, with its folders.
  void put(std::string_view path, Bytes bytes);

  std::uint64_t used_bytes() const { return used_; }

  std::uint64_t free_bytes() const;

  // The verbs of the seam, without time and faults; errors as in runtime/disk.hpp.
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  Result<NodePtr> create(std::string_view path);
  Result<std::size_t> append(Node& file, BytesView bytes);
  void sync(Node& file);
  Result<Bytes> read(std::string_view path, std::uint64_t offset, std::uint64_t size) const;
  Result<FileStat> stat(std::string_view path) const;
  Status rename(std::string_view from, std::string_view to);
  Status remove(std::string_view path);
  // Everything at and below a path, children before their folder; empty when there is none.
  std::vector<std::string> below(std::string_view path) const;
  Status make_dir(std::string_view path);
  Result<std::vector<DirEntry>> list(std::string_view path) const;
  Status sync_dir(std::string_view path);

 private:
  template <class View>
  std::map<std::string, Bytes> files_by(View view) const;
  Node* find(std::string_view path) const;
  // The folder in which `path` is, or would be.
  Result<Node*> folder_of(std::string_view path) const;
  void link(Node& folder, std::string name, NodePtr node);
  NodePtr unlink(Node& node);
  void free_octets(const Node& node);
  static void commit(Node& node);
  static void uncommit(Node& node);
  void tear(Node& node);
  void keep(Node& node);
  void revert(Node& node);

  Rng rng_;
  DiskModel model_;
  RuleTable<DiskRule> rules_;
  NodePtr root_;
  std::uint64_t used_ = 0;
};

}  // namespace vvm::sim
