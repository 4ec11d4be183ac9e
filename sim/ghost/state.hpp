// State: the shadow of a cluster, docs/spec/vvm.md 13.1, as plain values.
//
// Ghost feeds it, the groups of invariants read it. What the cluster knows is taken from its
// journal in the store, so it is what is durable, whatever the cluster process believes; what a VVM
// does is taken from its AppPartitions and its control loop after each event. A dead process has
// nothing.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "appparts/inspection.hpp"
#include "apppartsctl/key_view.hpp"
#include "base/time.hpp"
#include "cluster/state.hpp"

namespace vvm::ghost {

enum class ProcessIndex : std::size_t {};

constexpr std::size_t raw_index(ProcessIndex index) { return static_cast<std::size_t>(index); }

// One partition in one VVM: rt(p,x), the view of its key, and the call in progress.
struct Part {
  std::optional<appparts::PartitionView> rt{};  // none: no runtime and no revoked handle
  std::optional<apppartsctl::KeyView> key{};
  std::optional<Generation> call{};  // of the controller call in progress
  Generation last_call{};
  std::int64_t last_target = 0;  // order number of what the SP reader gave out last
  Instant phase_since{};         // of key->phase
  bool revoked = false;          // the gate was closed by Revoke (801, 601)
  bool drain_seen = false;       // a drain of this runtime has begun
  Instant closed_since{};        // since when admission is Closed; 0: it is not
  Instant switched_at{};         // when `current` last became another version; 0: never
  Duration drain_timeout{};      // of the set-point when one of those two happened
};

// What a VVM process says of itself; the others are only alive or not.
enum class Stage : std::uint8_t { starting, serving, draining, closing };

struct Process {
  ProcessIndex index{};
  std::string name{};
  VvmId vvm{};    // 0: not a VVM
  NodeId node{};  // 0: on none
  bool alive = false;
  bool paused = false;
  int life = 0;
  Instant since{};       // of the life
  Instant resumed_at{};  // after the last pause
  VvmEpoch epoch{};
  Stage stage = Stage::starting;
  std::map<PartitionKey, Part> parts{};
  std::map<AppQName, std::vector<appparts::VersionView>> versions{};

  // Gates may be open: what the VVM has claimed is meant.
  bool owns() const { return alive && (stage == Stage::serving || stage == Stage::draining); }
};

// Identity of an application version, from the set-points that named it.
using Contents = std::map<std::pair<AppQName, AppVersion>, Sha256>;

struct State {
  Instant now{};
  std::vector<Process> processes{};
  std::map<VvmId, ProcessIndex> by_vvm{};
  cluster::Tables cluster{};
  std::optional<Instant> healed_at{};        // no faults since then
  std::optional<Instant> reachable_since{};  // the cluster process runs
  Contents contents{};

  const Process& at(ProcessIndex index) const { return processes[raw_index(index)]; }

  Process& at(ProcessIndex index) { return processes[raw_index(index)]; }

  // Null when no process is declared as VVM k.
  const Process* of(VvmId vvm) const {
    const auto found = by_vvm.find(vvm);
    return found == by_vvm.end() ? nullptr : &at(found->second);
  }
};

// serves(p,x) of 13.1, as far as the runtime says; the process must be alive as well.
bool serves(const appparts::PartitionView& rt);
bool serves(const Process& process, const PartitionKey& key);
bool any_admitted(const appparts::PartitionView& rt);
bool all_closed(const appparts::PartitionView& rt);
std::size_t workers_of(const appparts::PartitionView& rt);
// The phase says that the key does what its SP asks for, or cannot until another comes (I-L1).
bool settled(const Process& process, const PartitionKey& key, const SetPoint& sp);

// "acme/pos/3 at vvm2".
std::string subject_of(const Process& process, const PartitionKey& key);
std::string describe(const std::optional<appparts::PartitionView>& rt);

}  // namespace vvm::ghost
