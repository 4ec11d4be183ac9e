// Ghost: the shadow state of a simulated cluster and the invariants over it (docs/spec/vvm.md 13).
//
// sim/wiring owns one per run and feeds it: what processes emit, what their parts show, what
// becomes durable in the store. settle() after each event checks what that event has changed;
// nothing is looked at twice without a reason. Knows no processes, disks or stores: tests feed it
// by hand.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "appparts/inspection.hpp"
#include "apppartsctl/constants.hpp"
#include "apppartsctl/key_view.hpp"
#include "base/event.hpp"
#include "cluster/journal.hpp"
#include "sim/ghost/groups.hpp"
#include "sim/ghost/recorder.hpp"
#include "sim/ghost/state.hpp"

namespace vvm::ghost {

class Ghost {
 public:
  // `recorder`, which may be null, outlives it.
  explicit Ghost(const apppartsctl::Constants& constants, Recorder* recorder = nullptr);
  Ghost(const Ghost&) = delete;
  Ghost& operator=(const Ghost&) = delete;
  ~Ghost();

  // vvm 0: a process that is not a VVM. `serves_cluster`: the cluster process.
  ProcessIndex add_process(std::string name, VvmId vvm, NodeId node, bool serves_cluster = false);

  // ---- fed in the middle of an event

  void started(ProcessIndex process);
  void ended(ProcessIndex process, LifeEnd end);
  void paused(ProcessIndex process, bool paused);
  // Faults end here.
  void healed();
  // Of a live process; a dead one says nothing (G-2).
  void on_event(ProcessIndex process, const Event& event);
  // An entry of the cluster's journal is in the store.
  void see_entry(const cluster::Entry& entry);
  void see_engines(ProcessIndex process, const AppQName& app, std::int64_t live);
  void see_misuse(ProcessIndex process, const AppQName& app);
  void see_command(ProcessIndex process, const PartitionKey& key, AppVersion version);

  // ---- fed at the end of an event, as things are then

  void see_part(ProcessIndex process, const PartitionKey& key, appparts::PartitionView view);
  // A version that is gone, as it was in the end.
  void see_closed(ProcessIndex process, const AppQName& app, const appparts::VersionView& version);
  void see_versions(ProcessIndex process,
                    const AppQName& app,
                    std::vector<appparts::VersionView> versions);
  // Null: the process has forgotten the key.
  void see_key(ProcessIndex process, const PartitionKey& key, const apppartsctl::KeyView* view);

  // Keys of the process whose view may have changed in this event, each once.
  std::vector<PartitionKey> take_touched(ProcessIndex process);

  bool touched() const { return !touched_.empty(); }

  // Time has come to `now`; called before anything of an event is fed.
  void at(Instant now, std::uint64_t step);
  // The event is over and fed.
  void settle();
  // Everything once more, and the shadow against what is there.
  void check_all();
  void compare(ProcessIndex process,
               const appparts::Inspection& there,
               const std::map<PartitionKey, apppartsctl::KeyView>& keys);

  // ---- read

  const State& state() const { return state_; }

  Ledger& ledger() { return ledger_; }

  const Ledger& ledger() const { return ledger_; }

  // Every key of every VVM that runs does what its SP says.
  bool converged() const { return convergence_->converged(); }

  // Grows with every change of the state.
  std::uint64_t changes() const { return changes_; }

  // Partitions about which settle() has found something new, the last time; some twice.
  const std::vector<PartitionKey>& changed_keys() const { return changed_keys_; }

 private:
  struct Dirty {
    bool rt_changed = false;
    bool key_changed = false;
    std::optional<appparts::PartitionView> rt_before{};
    std::optional<apppartsctl::KeyView> key_before{};
  };

  Dirty& dirty(ProcessIndex process, const PartitionKey& key);
  void on_state(Process& process, std::string_view stage);
  void on_call(Process& process, const PartitionKey& key, const Event& event);
  void process_changed(Process& process);
  void note_transition(const PartAt& at, const Dirty& change);
  void mark_rows(const cluster::Change& change);
  void note_row(const cluster::Change& change);
  void tell_changes();
  void look_at(const PartAt& at);
  void check_deadlines();
  Duration drain_timeout(const Process& process, const PartitionKey& key) const;

  apppartsctl::Constants constants_;
  Recorder* recorder_;
  State state_;
  Ledger ledger_;
  std::vector<std::unique_ptr<Group>> groups_;
  Engines* engines_ = nullptr;
  Convergence* convergence_ = nullptr;
  std::optional<ProcessIndex> cluster_;
  std::map<PartAt, Dirty> dirty_;
  std::vector<std::pair<ProcessIndex, AppQName>> dirty_apps_;
  std::vector<std::pair<ProcessIndex, PartitionKey>> touched_;
  std::vector<PartitionKey> moved_keys_;  // with a new row of their placement, since settle()
  std::vector<PartitionKey> changed_keys_;
  Instant next_deadline_ = Instant::max();
  Instant deadlines_from_{};  // when next_deadline_ was looked up
  bool deadlines_stale_ = false;
  std::uint64_t changes_ = 0;
};

}  // namespace vvm::ghost
