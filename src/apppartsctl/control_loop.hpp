// ControlLoop: the app-partition control loop of one VVM, all of docs/spec/vvm.md 8 put together.
//
// vvm owns one from registration to shutdown. Set-points come from the reader, go through the
// generic loop (7.2) to the controller, and leave as process variables through the reporter. Knows
// neither HTTP nor leases. Not restarted: a new life of the process makes a new one.
#pragma once

#include <functional>
#include <map>

#include "apppartsctl/controller.hpp"
#include "apppartsctl/demand.hpp"
#include "apppartsctl/sp_reader.hpp"
#include "apppartsctl/steps.hpp"
#include "ctrlloop/control_loop.hpp"
#include "runtime/signal.hpp"
#include "runtime/task_scope.hpp"

namespace vvm::apppartsctl {

class ControlLoop final : private SpSink {
 public:
  // All outlive it.
  struct Parts {
    ClusterApi* api = nullptr;
    Demand* demand = nullptr;
    StepRunner::Parts steps{};
  };

  // Called once at most, in the middle of things; must not wait, may not destroy the loop.
  using OnLost = std::function<void(std::string_view why)>;

  ControlLoop(Runtime rt,
              const Identity& identity,
              const Constants& constants,
              Parts parts,
              OnLost on_lost);
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;
  // pre: closed, or never started, or the process is dead.
  ~ControlLoop() override;

  // Begins to read set-points and to follow them.
  Task<void> start();

  // Set-points have changed at the cluster: read them soon.
  void poke() { reader_.poke(); }

  // From now on every key is to become Absent, whatever the set-points say.
  void go_down();
  // Every key is Absent and the cluster knows it.
  bool all_absent() const;
  // True when they all are before the deadline.
  Task<bool> await_all_absent(Instant deadline);
  // Ends reader, loop, reports and shared work. Takes ShutdownTimeout at most. False when calls of
  // the controller had to be left behind: nothing may then be destroyed before the process is dead.
  Task<bool> close();

  const PartController::Views& keys() const { return controller_.views(); }

  const Demand& demand() const { return *parts_.demand; }

  ctrlloop::Metrics metrics() const;

 private:
  void on_target(const Target& target) override;
  void on_forgotten(const PartitionKey& key) override;
  void on_list_accepted(const std::map<PartitionKey, SetPoint>& listed) override;
  void on_fenced(std::string_view by) override;

  void follow(const Target& target);
  void lose(std::string_view why);
  void on_changed(const PartitionKey& key);
  bool forget(const PartitionKey& key);
  Task<void> keep_house();
  void repeat_silent(Instant now);
  bool forget_gone();
  Instant next_chore(Instant now, bool try_again_soon) const;

  Runtime rt_;
  Constants constants_;
  Parts parts_;
  OnLost on_lost_;
  StepRunner steps_;
  PartController controller_;
  ctrlloop::ControlLoop<LoopTypes> loop_;
  SpReader reader_;
  Signal changed_;  // some view has, or a report was stored
  Signal house_;    // there is something to do earlier than house_at_
  Instant house_at_{};
  bool going_down_ = false;
  bool lost_ = false;
  bool closed_ = false;
  bool left_behind_ = false;
  TaskScope scope_;
};

}  // namespace vvm::apppartsctl
