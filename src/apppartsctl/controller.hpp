// PartController: the controller function of the app-partition control loop, and its reporter.
//
// apppartsctl::ControlLoop owns it; ctrlloop calls it, one call a key at a time. A call asks the
// step machine what to do, does at most one step, tells what came of it as events, and hands at
// most one PV on. ReportSeq is assigned where a PV is produced, so that PVs of a key are in order
// of their numbers.
#pragma once

#include <functional>
#include <map>
#include <string_view>

#include "apppartsctl/cluster_api.hpp"
#include "apppartsctl/key_view.hpp"
#include "apppartsctl/loop_types.hpp"
#include "apppartsctl/steps.hpp"

namespace vvm::apppartsctl {

// Who the VVM is, for reports and fences.
struct Identity {
  VvmId vvm{};
  VvmEpoch epoch{};
  std::string build_rev{};
};

class PartController final : public LoopController, public LoopReportSink {
 public:
  using Views = std::map<PartitionKey, KeyView>;

  // Called in the middle of things; must not wait, and may not destroy the controller.
  struct Hooks {
    std::function<void(std::string_view by)> fenced;  // this VVM's epoch is superseded
    std::function<void(const Error&)> lease_lost;     // 801
    std::function<void()> changed;                    // some view has
  };

  // `api` and `steps` outlive it.
  PartController(Runtime rt,
                 Identity identity,
                 const Constants& constants,
                 ClusterApi* api,
                 StepRunner* steps);

  void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }

  Task<LoopAnswer> call(LoopCall call) override;
  Task<Status> report(PartitionKey key, ProcessVariable pv) override;

  const Views& views() const { return views_; }

  // The current PV of a key under a new number, for the heartbeat. None when there is none to
  // repeat: nothing was produced yet, or a call that will produce one is in progress.
  std::optional<ProcessVariable> heartbeat(const PartitionKey& key);

  // The key's tombstone has left the list. True when it could be forgotten at once.
  bool forget(const PartitionKey& key);

 private:
  Facts facts(const PartitionKey& key, const Target& target) const;
  // Shows what the core has decided; the PV, if there is one to report.
  std::optional<LoopReport> apply(const PartitionKey& key,
                                  const KeyState& state,
                                  const Effects& effects,
                                  const Facts& facts);
  void show(const PartitionKey& key, const KeyState& state);
  ProcessVariable produce(KeyView& view, ProcessVariable pv, bool ack);
  void tell_call(std::string_view what, const PartitionKey& key, Generation generation);
  void tell_step(const PartitionKey& key, const KeyState& state, const Outcome* outcome);

  Runtime rt_;
  Identity identity_;
  Constants constants_;
  ClusterApi* api_;
  StepRunner* steps_;
  StepCore core_;
  Rng rng_;
  Hooks hooks_;
  Views views_;
};

}  // namespace vvm::apppartsctl
