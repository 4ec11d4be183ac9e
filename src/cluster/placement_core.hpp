// Placement: which VVM gets which partition, and the set-points that follow.
//
// The processor of the cluster runs reconcile() after commands that matter and at every tick. Pure
// functions of the tables (docs/spec/vvm.md 11.4, 11.5). Level-triggered: it looks at what is,
// never at what has just happened, so it may be run at any time and any number of times. Here are
// R1, R3 for VVMs that go down, R4 (a), R5 for all partitions at once, R6, R7 and R8. Fail-over and
// moves (R2, R3, R4 (b)) read leases, waves (11.6) decide the version of each partition: both put
// their decision in front of step() and leave the rest as it is.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "cluster/state.hpp"

namespace vvm::cluster {

// How loaded the VVMs that may take a partition are.
class Load {
 public:
  // Counts every VVM that takes partitions now, and what each holds.
  explicit Load(const Tables& tables);

  // The VVM with the smallest cost, or none when none has room. `preferred` breaks ties; 0 = none.
  std::optional<VvmId> choose(const AppQName& app, VvmId preferred) const;
  void add(VvmId vvm, const AppQName& app);
  void remove(VvmId vvm, const AppQName& app);

 private:
  struct Counts {
    std::int64_t all = 0;
    std::map<AppQName, std::int64_t> of_app{};
    std::int64_t of(const AppQName& app) const;
  };

  struct Vvm {
    NodeId node{};
    std::int64_t partitions_max = 0;
    bool candidate = false;
    Counts held{};
  };

  struct Node {
    std::int64_t vvms = 0;  // live ones
    Counts held{};
  };

  std::map<VvmId, Vvm> vvms_;
  std::map<NodeId, Node> nodes_;
};

constexpr Duration tombstone_retention = hours(24);

// The changes that bring placements and set-points to what the tables ask for; none when they are
// so. After about `changes_max` it stops between two partitions; the next call goes on.
std::vector<Change> reconcile(const Tables& tables, WallMs now, std::size_t changes_max = 2048);

}  // namespace vvm::cluster
