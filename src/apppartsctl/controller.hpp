// PartController: the controller function of the app-partition control loop, and its reporter.
//
// apppartsctl::ControlLoop owns it; ctrlloop calls it, one call a key at a time. A call asks the
// step machine what to do, does at most one step, tells what came of it as events, and hands at
// most one PV on. ReportSeq is assigned where a PV is produced, so that PVs of a key are in order
// of their numbers; all keys share one sequence, which outlives a key that is forgotten.
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
    std::function<void(std::string_view by)> fenced;       // this VVM's epoch is superseded
    std::function<void()> lease_lost;                      // 801
    std::function<void(const PartitionKey& key)> changed;  // its view has
  };

  // `api` and `steps` outlive it.
  PartController(Runtime rt,
                 Identity identity,
                 const Constants& constants,
                 ClusterApi* api,
                 StepRunner* steps);

  // pre: no call and no report has begun.
  void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }

  Task<LoopAnswer> call(LoopCall call) override;
  Task<Status> report(PartitionKey key, ProcessVariable pv) override;

  const Views& views() const { return views_; }

  // The current PV of a key under a new number. pre: one has been produced.
  ProcessVariable heartbeat(const PartitionKey& key);

  // The key's tombstone has left the list, so that it can be forgotten once it is Absent; or there
  // is a new set-point.
  void note_gone(const PartitionKey& key, bool gone);

  // pre: no call of the key is in progress or to come.
  void forget(const PartitionKey& key) { views_.erase(key); }

 private:
  class Calling;

  Facts facts(const PartitionKey& key, const Target& target) const;
  // Shows what the core has decided; the PV, if there is one to report.
  std::optional<LoopReport> apply(const PartitionKey& key,
                                  const KeyState& state,
                                  const Effects& effects,
                                  const Facts& facts);
  void show(const PartitionKey& key, const KeyState& state);
  ProcessVariable produce(KeyView& view, ProcessVariable pv, bool ack);
  void tell_call(std::string_view what, const PartitionKey& key, Generation generation) const;
  void show_engines(ProcessVariable& pv, const ProcessVariable& before) const;
  void tell_phase(const PartitionKey& key, const KeyView& view) const;
  void begin_step(const PartitionKey& key, Step step);
  // Nothing for a step that waits.
  void end_step(const PartitionKey& key, const Outcome& outcome);
  void changed(const PartitionKey& key) const;

  Runtime rt_;
  Identity identity_;
  Constants constants_;
  ClusterApi* api_;
  StepRunner* steps_;
  StepCore core_;
  Rng rng_;
  Hooks hooks_;
  Views views_;
  std::int64_t last_seq_ = 0;
};

}  // namespace vvm::apppartsctl
