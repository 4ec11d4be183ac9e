// Loads: who uses the partitions of a VVM in a simulated run.
//
// VvmHost runs them on the VVM's own executor, as processors will: borrow, invoke, hold, release. A
// command that ends with its handle still good counts as executed; the ghost takes the commands of
// a partition for its log.
#pragma once

#include <string>
#include <vector>

#include "appparts/app_partitions.hpp"
#include "base/rng.hpp"
#include "runtime/task_scope.hpp"
#include "sim/ghost/ghost.hpp"
#include "sim/ghost/run_result.hpp"
#include "sim/scenario/model.hpp"

namespace vvm::wiring {

// One load of the scenario, shared by all VVMs that it matches.
struct LoadPlan {
  const scenario::Load* load = nullptr;
  AppQName app{};
  ghost::LoadOutcome outcome{};
};

// One load on one VVM, for one life of the process.
class LoadPlayer {
 public:
  // All outlive it.
  LoadPlayer(Runtime rt,
             LoadPlan* plan,
             appparts::AppPartitions* partitions,
             ghost::Ghost* ghost,
             ghost::ProcessIndex process);
  LoadPlayer(const LoadPlayer&) = delete;
  LoadPlayer& operator=(const LoadPlayer&) = delete;
  ~LoadPlayer() = default;

  // Until the load's end or cancellation.
  Task<void> play();

 private:
  Task<void> call(PartitionKey key, appparts::ProcessorKind kind, Duration hold);
  // Uses what is borrowed; whether the result counts.
  Task<bool> use(appparts::Borrowed* borrowed, Duration hold);
  std::optional<PartitionKey> pick();

  Runtime rt_;
  LoadPlan& plan_;
  appparts::AppPartitions& partitions_;
  ghost::Ghost& ghost_;
  ghost::ProcessIndex process_;
  Rng rng_;
  TaskScope calls_;
};

}  // namespace vvm::wiring
