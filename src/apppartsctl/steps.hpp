// StepRunner: does the steps of docs/spec/vvm.md 8.3 that the step machine decides on.
//
// The controller owns one and runs at most one step a call. Work that partitions of one version
// have in common goes through SharedWork; what has been staged for a key is held here until it is
// switched to or released. Knows nothing of phases, reports and retries.
#pragma once

#include <map>
#include <memory>

#include "appparts/app_partitions.hpp"
#include "apppartsctl/built_in.hpp"
#include "apppartsctl/compat.hpp"
#include "apppartsctl/constants.hpp"
#include "apppartsctl/crash_log.hpp"
#include "apppartsctl/demand.hpp"
#include "apppartsctl/parse.hpp"
#include "apppartsctl/shared_work.hpp"
#include "image/store.hpp"

namespace vvm::apppartsctl {

// What a piece of shared work leaves behind.
struct Product {
  std::shared_ptr<const appdef::AppDef> app_def{};  // of parse
  appparts::VersionRef version{};                   // of build
};

class StepRunner {
 public:
  // All outlive it; parse_memo may be null.
  struct Parts {
    image::ImageStore* images = nullptr;
    appparts::AppPartitions* partitions = nullptr;
    const Demand* demand = nullptr;
    const BuiltInApps* built_in = nullptr;
    const CompatCheck* compat = nullptr;
    ParseMemo* parse_memo = nullptr;
  };

  StepRunner(Runtime rt, VvmEpoch epoch, const Constants& constants, Parts parts);
  StepRunner(const StepRunner&) = delete;
  StepRunner& operator=(const StepRunner&) = delete;
  ~StepRunner() = default;

  // Before the first step: what earlier lives of the process have left.
  Task<void> load();
  // Does state.step for the key. Any exception but cancellation becomes InternalError.
  Task<Outcome> run(PartitionKey key, KeyState state);

  // Drops what is staged for the key.
  void release(const PartitionKey& key) { staged_.erase(key); }

  // No kind of processor that should have engines for the key has lost all of them.
  bool engines_ready(const PartitionKey& key) const;

  // Ownership is lost: the gate closes now.
  void tear_down(const PartitionKey& key) { parts_.partitions->revoke(key); }

  // The set-points have changed; `about`, if any, asks for another try of what failed.
  void demand_changed(const SetPoint* about);
  // Switches that have been healthy for long enough are no longer suspected.
  Task<void> settle_switches(Instant now);

  // When settle_switches() has something to do; the end of time when there is nothing.
  Instant next_healthy() const { return next_healthy_; }

  // Shared work is ended, staged versions are dropped, and the end counts as orderly.
  Task<void> close();

 private:
  using Flight = SharedWork<Product>::Ticket;

  struct Staged {
    Flight waits_for{};
    appparts::VersionRef version{};
  };

  // What is served for a key.
  struct Serving {
    appparts::VersionRef version;
    BlobId blob{};  // of its image, 0 = built in
  };

  // A switch that is not yet MinHealthy old.
  struct Young {
    VersionId version;
    Instant healthy_at{};
  };

  using MakeTask = std::function<Task<Result<Product>>()>;
  // Either the product, or why there is none yet.
  using Shared = std::variant<Product, Outcome>;

  struct SharedStep {
    WorkKey key;
    Duration limit{};
    bool keep = true;
    MakeTask make{};
  };

  Task<Outcome> run_step(PartitionKey key, KeyState state);
  Task<Shared> share(PartitionKey key, std::uint64_t number, SharedStep step);
  Task<Outcome> only_outcome(PartitionKey key, std::uint64_t number, SharedStep step);
  SharedStep download_step(const SetPoint& sp);
  SharedStep unpack_step(const SetPoint& sp);
  SharedStep parse_step(const SetPoint& sp);

  Task<Shared> app_def_of(PartitionKey key, KeyState state);
  Task<Outcome> check(PartitionKey key, KeyState state);
  Task<Outcome> build(PartitionKey key, KeyState state);
  Task<Outcome> fence(PartitionKey key, KeyState state);
  Task<Outcome> switch_version(PartitionKey key, KeyState state);
  Task<Outcome> admit_first(PartitionKey key, KeyState state, appparts::VersionRef version);
  Task<Outcome> drain(PartitionKey key, KeyState state);
  Task<Outcome> stop(PartitionKey key);

  Task<Result<Product>> fetch_image(image::ImageRef ref);
  Task<Result<Product>> unpack_image(image::ImageRef ref);
  Task<Result<Product>> parse_image(image::ImageRef ref, VersionId version);
  // `older_content`: the next version has a BLOB that was there before that of the served one.
  Task<Result<Product>> compare(std::shared_ptr<const appdef::AppDef> served,
                                std::shared_ptr<const appdef::AppDef> next,
                                bool older_content);
  Task<Result<Product>> build_version(PartitionKey key, SetPoint sp, appparts::VersionSpec spec);
  Task<void> note_risk(PartitionKey key, SetPoint sp, Step step);
  Task<void> clear_risk(PartitionKey key, VersionId version, Step step);

  Runtime rt_;
  VvmEpoch epoch_;
  Constants constants_;
  Parts parts_;
  SharedWork<Product> works_;
  CrashLog crash_log_;
  std::map<PartitionKey, Staged> staged_;
  std::map<PartitionKey, Serving> serving_;
  std::map<PartitionKey, Young> young_;
  Instant next_healthy_ = Instant::max();  // at or before the earliest of young_
};

}  // namespace vvm::apppartsctl
