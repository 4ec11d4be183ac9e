// AppPartitions: the partitions that this VVM runs, each on one version, and who may use them.
//
// vvm owns one; apppartsctl drives it (versions, acquire, switch, drain, undeploy), processors
// borrow from it (docs/spec/vvm.md 9.1, 9.6, 9.8). Any thread may borrow through a PartitionRef and
// release; all else runs on the process's executor. Operations on one partition, revoke apart, are
// called by one controller at a time (9.12). Owns versions, partitions, engines; outlives every
// VersionRef and every Borrowed. Fencing and recovery (9.7) come before acquire() and are not done
// here. Invariants: at most two versions a partition; whatever a handle offers is of one
// PartVersion; a version is gone only when all its engines are closed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "appparts/borrowed.hpp"
#include "appparts/inspection.hpp"
#include "appparts/part_workers.hpp"
#include "appparts/version.hpp"
#include "base/rng.hpp"
#include "engines/pool.hpp"
#include "lease/gate.hpp"
#include "runtime/task_scope.hpp"

namespace vvm::appparts {

struct App;
struct PartVersion;

// What docs/spec/vvm.md 9.8 allows; hard stop counts from step 5 of a switch.
struct SwitchLimits {
  Duration drain_timeout = seconds(10);
  Duration actualizer_stop = seconds(10);
  Duration hard_stop = seconds(30);
};

// Counted from the start of the drain. pre: drain_timeout <= hard_stop.
struct DrainLimits {
  Duration drain_timeout = seconds(10);
  Duration hard_stop = seconds(30);

  static constexpr DrainLimits of(Duration drain_timeout) {
    return {.drain_timeout = drain_timeout, .hard_stop = drain_timeout + seconds(20)};
  }
};

struct DrainReport {
  std::size_t revoked = 0;  // borrows that the hard stop ended (702)
};

// A partition's place for ever, whether a runtime exists or not; cheap to copy, from find().
class PartitionRef {
 public:
  PartitionRef() = default;

  explicit operator bool() const { return partition_ != nullptr; }

 private:
  friend class AppPartitions;

  explicit PartitionRef(Partition* partition) : partition_(partition) {}

  Partition* partition_ = nullptr;
};

class AppPartitions {
 public:
  // All outlive it.
  struct Parts {
    const engines::EngineFactories* factories = nullptr;
    const lease::LocalTerm* term = nullptr;
    PartWorkersFactory* workers = nullptr;  // null: no partition has any
    // Borrows and releases count as changes, too: exact on one thread, and for that use.
    bool count_borrows = false;
  };

  AppPartitions(Runtime rt, Parts parts);
  AppPartitions(const AppPartitions&) = delete;
  AppPartitions& operator=(const AppPartitions&) = delete;
  ~AppPartitions();

  // Stops what runs in the background: repairs, the end of old versions. Call it before
  // destruction.
  Task<void> close();

  // ---- versions

  // A Ready version: the existing one for the same version, sha and pools, or a new one with all
  // engines of all four pools. Concurrent calls share the work. The first call for an application
  // fixes its numbers of partitions and workspaces.
  // err: 402, 403, 5xx.
  Task<Result<VersionRef>> ensure_version(VersionSpec spec);
  // The Ready version that ensure_version() would give without any work, or no hold.
  VersionRef ready_version(const VersionSpec& spec) const;

  // ---- one partition

  // A runtime under F with admission Closed. Again with the F of an earlier runtime is allowed.
  // err: FencedOut when it was acquired under a greater F; Conflict when a runtime exists;
  // LeaseLost, Suspect; InvalidSP when the application has no such partition or the version is of
  // another one.
  Status acquire(const PartitionKey& key, FenceToken fence, VersionRef version);
  // Admission of all four kinds Open; actualizers and schedulers start. Idempotent.
  // err: NotFound, LeaseLost, Suspect.
  Status admit(const PartitionKey& key);
  // Steps 1 to 6 of 9.8; the old version's borrows end or are revoked later. On error the partition
  // is as before, on its old version. Nothing happens when it is on this very version already. err:
  // DrainTimeout, NotFound, LeaseLost, InvalidSP for an older version or a foreign one.
  Task<Status> switch_version(PartitionKey key, VersionRef to, SwitchLimits limits = {});
  Task<Status> switch_version(PartitionRef ref, VersionRef to, SwitchLimits limits = {});
  // The same in one step, when neither a command nor a worker has to be waited for; else none, and
  // nothing has changed.
  std::optional<Status> try_switch(PartitionRef ref, VersionRef to, SwitchLimits limits = {});
  // Admission Closed, workers stopped, borrows awaited, then cancelled, then revoked. The runtime
  // stays, without a borrow. err: NotFound.
  Task<Result<DrainReport>> drain(PartitionKey key, DrainLimits limits = {});
  // Drops the runtime. What is still borrowed is revoked; workers that still run are stopped behind
  // a closed gate. Ok when there is none.
  Status undeploy(const PartitionKey& key);
  // The gate closes now and for ever; handles fail from now on. The runtime stays for undeploy().
  void revoke(const PartitionKey& key);
  void revoke_all();

  // ---- borrowing

  // None when the partition was never acquired here.
  PartitionRef find(const PartitionKey& key) const;
  // Never waits, any thread. err: NotFound, LeaseLost, Draining, Held, Suspect (commands only),
  // NoEngines. Threads that borrow at once give each a lane of their own, so that they do not meet
  // at the same engines.
  Result<Borrowed> borrow(PartitionRef ref,
                          ProcessorKind kind,
                          Instant now,
                          std::uint32_t lane = 0);
  Result<Borrowed> borrow(const PartitionKey& key, ProcessorKind kind);
  // Tries again after NoEngines and Held, every 50 ms +-20 %, until another answer or cancellation.
  Task<Result<Borrowed>> wait_for_borrow(PartitionKey key, ProcessorKind kind);

  // ---- looking

  Inspection inspect() const;
  std::optional<PartitionView> inspect_partition(const PartitionKey& key) const;

  // Grows with every change that inspect() could show; borrows only with Parts::count_borrows.
  std::uint64_t change_count() const { return changes_.load(std::memory_order_relaxed); }

  // Everything that has changed since the last call, as it is now, borrows included, references to
  // versions not. Empty without Parts::count_borrows; for one thread.
  Changes take_changes();

  // False when the accounting of some version does not add up (I-S20).
  bool accounts_balance() const;

 private:
  friend class VersionRef;
  friend class Borrowed;
  friend class SwitchAttempt;
  struct Hub;

  // versions.cpp
  Result<App*> app_for(const VersionSpec& spec);
  VersionHandle* find_version(App& app, const VersionSpec& spec) const;
  VersionHandle* find_serial(const App& app, std::uint64_t serial) const;
  Task<Status> build(VersionHandle* handle);
  void built(VersionHandle& handle, Status result);
  void unreferenced(VersionHandle& handle);
  void repair_later(App& app);
  Task<void> repair(App* app, std::uint64_t serial);
  void erase_version(VersionHandle& handle);

  // lifecycle.cpp
  Result<Partition*> find_present(const PartitionKey& key) const;
  void store(Partition& partition, PartitionWord word);
  void place(Partition& partition, std::size_t where, VersionRef version);
  void start_workers(Partition& partition, PartVersion& version);
  void drop(Partition& partition, PartVersion& version);
  std::size_t borrows_of(const PartVersion& version) const;
  std::size_t take_away(Partition& partition, PartVersion& version);
  void cancel_invocations(Partition& partition, std::optional<PartVersionId> only);
  void stop_later(Partition& partition, const PartVersion& version);
  Task<void> stop_workers(Partition* partition,
                          PartVersionId id,
                          std::shared_ptr<PartWorkers> workers);
  void wake(Partition& partition);
  Signal& borrow_ended_signal(Partition& partition);
  bool quiet(const Partition& partition) const;
  Task<bool> await_quiet(Partition* partition, std::uint32_t tenure, Instant deadline);

  // switching.cpp
  Status may_switch(Partition& partition, const VersionRef& to) const;
  Task<void> retire_old(Partition* partition, PartVersionId id, Instant hard_stop);

  // borrow.cpp, any thread
  void borrow_ended(Partition& partition, bool tainted);
  // ... and what follows of it on the executor
  void on_borrow_ended(Partition& partition, bool tainted);
  // inspect.cpp
  VersionView view_of(const VersionHandle& handle) const;
  std::optional<PartVersionView> view_of(const Partition& partition, std::size_t where) const;
  void add_borrows(const Partition& partition, std::size_t where, PartitionView& view) const;
  PartitionView view_of(const Partition& partition) const;

  void changed() {
    changes_.store(changes_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  void changed(App& app);
  void changed(Partition& partition);

  Runtime rt_;
  Parts parts_;
  Rng rng_;
  std::shared_ptr<Hub> hub_;  // shared with handlers on their way that outlive this object
  // A cache line of its own: what stands above is read by every borrow, this is written by others.
  alignas(64) std::atomic<std::uint64_t> changes_{0};
  std::uint32_t last_part_version_ = 0;
  std::uint64_t last_serial_ = 0;
  std::vector<Partition*> changed_partitions_;  // each once; only with Parts::count_borrows
  std::vector<App*> changed_apps_;
  bool closed_ = false;  // nothing new starts in the background
  bool dying_ = false;
  engines::PoolShelf shelf_;
  std::map<AppQName, std::unique_ptr<App>> apps_;
  TaskScope scope_;
};

}  // namespace vvm::appparts
