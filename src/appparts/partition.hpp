// Partition, App, VersionHandle: the records inside AppPartitions; no other module uses them.
//
// A Partition is never freed while AppPartitions lives, so that a PartitionRef and a borrower with
// an outdated view are always safe. Its first cache lines are what any thread may read; all else
// belongs to the process's own executor.
//
// Memory ordering. A borrower (1) loads the word, (2) loads id and pool of the current place, (3)
// takes an element by a compare-exchange that writes the id, (4) loads the word again. Whoever
// changes the partition (A) stores the word, (B) looks at the slots for the id. (3), (4), (A), (B)
// are seq_cst, so either (4) sees (A) and the borrower gives back, or (B) sees (3). In the same way
// a release gives back and then loads `attention`, while a waiter sets it and then looks. The
// places are stored with release and loaded with acquire: a borrower that saw something of a later
// PartVersion in (2) therefore sees in (4) that the word has changed.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "appparts/borrowed.hpp"
#include "appparts/part_workers.hpp"
#include "appparts/partition_word.hpp"
#include "appparts/version.hpp"
#include "engines/pool.hpp"
#include "lease/gate.hpp"
#include "runtime/signal.hpp"

namespace vvm::appparts {

struct App;
class AppPartitions;

// Bits of Partition::attention.
constexpr std::uint8_t attention_waiter = 1;  // somebody waits for borrows to end
constexpr std::uint8_t attention_count = 2;   // borrows count as changes

// What a borrower reads of a PartVersion.
struct PartPlace {
  std::array<std::atomic<engines::Pool*>, engines::processor_kind_count> pools{};
  std::atomic<std::uint32_t> id{0};
};

// The rest of it. Exists while `version` holds something.
struct PartVersion {
  VersionRef version;
  PartVersionId id{};
  // Shared with a stop() in progress, which outlives a partition that is torn down meanwhile.
  std::shared_ptr<PartWorkers> workers;
  bool working = false;  // workers have been started and not been stopped
};

struct alignas(64) Partition {
  Partition(App* owner, PartitionId number) : id(number), app(owner) {}

  // ---- any thread
  std::atomic<std::uint64_t> word{0};
  std::atomic<const lease::LocalTerm*> term{nullptr};
  std::atomic<std::uint8_t> attention{0};  // what a release must do besides; see below
  std::atomic<std::uint32_t> leaked{0};
  std::array<PartPlace, 2> places;

  // ---- the executor
  PartitionId id;
  App* app;
  std::uint32_t watchers = 0;
  bool changed = false;      // since take_changes()
  std::uint32_t tenure = 0;  // runtimes so far
  FenceToken fence;          // of this tenure, or of the last one
  std::shared_ptr<lease::Gate> gate;
  std::array<PartVersion, 2> versions;
  std::vector<Borrowed::Invocation*> invocations;  // in progress
  std::unique_ptr<Signal> borrow_ended;            // made when somebody first waits

  PartitionWord load() const { return PartitionWord{word.load(std::memory_order_seq_cst)}; }

  PartVersion& current() { return versions[load().current()]; }

  PartVersion& other() { return versions[1 - load().current()]; }

  // The PartVersion with this id, or null.
  PartVersion* find(PartVersionId part_version) {
    for (PartVersion& v : versions) {
      if (v.version && v.id == part_version) {
        return &v;
      }
    }
    return nullptr;
  }

  std::string label() const;
};

class VersionHandle {
 public:
  VersionHandle(AppPartitions* hub,
                App* app,
                VersionSpec spec,
                const engines::EngineFactories* factories,
                engines::PoolShelf* shelf);

  AppPartitions* hub;
  App* app;
  VersionSpec spec;
  std::uint64_t serial = 0;  // never reused
  VersionState state = VersionState::building;
  std::uint32_t references = 0;
  engines::EnginePools pools;
  bool repairing = false;
  std::optional<Error> failure;   // of the build
  std::unique_ptr<Signal> built;  // while others wait for the build
};

struct App {
  AppPartitions* hub = nullptr;
  AppQName name;
  std::string text;  // owner/name
  std::uint16_t partition_count = 0;
  std::uint16_t app_workspaces = 0;
  std::vector<std::unique_ptr<VersionHandle>> versions;  // oldest first
  std::map<PartitionId, std::unique_ptr<Partition>> partitions;
  bool changed = false;             // since take_changes()
  std::vector<VersionView> closed;  // since then, for whoever checks their books
};

inline std::string Partition::label() const { return app->text + "/" + std::to_string(raw(id)); }

inline std::int64_t number(PartitionId id) { return raw(id); }

// Counts a waiter in, so that releases say so.
class Watch {
 public:
  explicit Watch(Partition& partition) : partition_(partition) {
    ++partition_.watchers;
    partition_.attention.fetch_or(attention_waiter, std::memory_order_seq_cst);
  }

  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  ~Watch() {
    if (--partition_.watchers > 0) {
      return;
    }
    partition_.attention.fetch_and(attention_count, std::memory_order_seq_cst);
  }

 private:
  Partition& partition_;
};

}  // namespace vvm::appparts
