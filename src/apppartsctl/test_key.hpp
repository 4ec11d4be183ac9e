// Key: one key of the control loop with a driver, a clock and a record of what was reported.
//
// Tests of the step machine rely on it. Pure, no world: a call ends as the test says.
#pragma once

#include <functional>
#include <map>

#include <boost/test/unit_test.hpp>

#include "apppartsctl/step_core.hpp"

namespace vvm::apppartsctl::testing {

inline SetPoint present(std::int64_t generation, std::int64_t version, std::int64_t epoch = 1) {
  SetPoint sp;
  sp.key = {.app = {.owner = "acme", .name = "pos"}, .partition = PartitionId{3}};
  sp.vvm = VvmId{1};
  sp.generation = Generation{generation};
  sp.partition_epoch = PartitionEpoch{epoch};
  sp.app_version = AppVersion{version};
  sp.image_blob = BlobId{7};
  sp.image_sha256 = sha256(std::to_string(version));
  sp.image_size = 100;
  sp.num_partitions = 10;
  sp.num_app_workspaces = 10;
  sp.pool_command = 1;
  return sp;
}

inline SetPoint built_in(std::int64_t generation, std::string rev) {
  SetPoint sp = present(generation, 1);
  sp.image_kind = ImageKind::built_in;
  sp.image_blob = BlobId{};
  sp.image_sha256 = Sha256{};
  sp.image_size = 0;
  sp.built_in_rev = std::move(rev);
  return sp;
}

inline SetPoint absent(std::int64_t generation) {
  SetPoint sp = present(generation, 1);
  sp.desired = Desired::absent;
  sp.app_version = AppVersion{};
  return sp;
}

struct Sent {
  ProcessVariable pv;
  bool ack = false;
};

// One key, its target, its clock, and what was reported.
class Key {
 public:
  explicit Key(std::uint64_t seed = 1) : rng_(seed) {}

  // The next half call with the newest target. Runs the step, if there is one, to `outcome`.
  void call(const Outcome& outcome = StepDone{}) {
    effects = core.begin(state, target, facts());
    take();
    if (effects.run.has_value()) {
      steps.push_back(*effects.run);
      BOOST_TEST((*effects.run == state.step || state.phase == Phase::lost));
      effects = core.finish(state, outcome, facts(), rng_);
      take();
    }
  }

  // Calls while the key wants to be called now; time does not pass.
  void run() {
    for (int i = 0; i < 100; ++i) {
      call();
      if (!effects.start.has_value() || *effects.start > now) {
        return;
      }
    }
    BOOST_FAIL("it does not come to rest");
  }

  void give(SetPoint sp, Cause cause = Cause::listed) {
    target = {.sp = std::move(sp), .cause = cause};
  }

  // Gives it and runs until it rests, acknowledging every report that has to be.
  void settle(SetPoint sp, Cause cause = Cause::listed) {
    give(std::move(sp), cause);
    for (int i = 0; i < 10; ++i) {
      run();
      if (!effects.start.has_value()) {
        return;
      }
      acked = state.ack_wanted;
      now = *effects.start;
    }
    BOOST_FAIL("it does not come to rest");
  }

  // Runs up to, not including, the call that would do this step.
  void run_to(Step step) {
    for (int i = 0; i < 100 && !(state.step == step && state.phase == phase_of(step)); ++i) {
      call();
    }
    BOOST_TEST_REQUIRE((state.step == step));
  }

  Facts facts() const {
    return {.now = now,
            .wall = WallMs{now.ns / 1'000'000 + 5'000},
            .start_at = start_at > now ? start_at : now,
            .schedule_valid = schedule_valid,
            .acked = acked};
  }

  const ProcessVariable& last() const { return sent.back().pv; }

  std::vector<Phase> phases() const {
    std::vector<Phase> out;
    for (const Sent& s : sent) {
      out.push_back(s.pv.phase);
    }
    return out;
  }

  StepCore core{Constants{}, "rev1"};
  KeyState state;
  Target target;
  Effects effects;
  Instant now{1'000'000'000};
  Instant start_at{};
  bool schedule_valid = true;
  bool acked = false;
  std::vector<Step> steps;
  std::vector<Sent> sent;
  int released = 0;
  int torn_down = 0;

 private:
  void take() {
    BOOST_TEST(!(effects.run.has_value() && effects.start.has_value()));
    released += effects.release_staged ? 1 : 0;
    torn_down += effects.tear_down ? 1 : 0;
    if (effects.report == Report::none) {
      return;
    }
    acked = false;
    sent.push_back({.pv = StepCore::report_of(state, facts()),
                    .ack = effects.report == Report::must_be_stored});
  }

  Rng rng_;
};

inline bool holds(const ProcessVariable& pv, ConditionType type) {
  const Condition* condition = find_condition(pv.conditions, type);
  return condition != nullptr && condition->status == Truth::yes;
}

inline std::string reason(const ProcessVariable& pv, ConditionType type) {
  const Condition* condition = find_condition(pv.conditions, type);
  return condition == nullptr ? "" : condition->reason;
}

inline Key running(std::int64_t version = 1) {
  Key key;
  key.settle(present(1, version));
  BOOST_TEST_REQUIRE((key.state.phase == Phase::running));
  key.sent.clear();
  key.steps.clear();
  key.released = 0;
  return key;
}

using Phases = std::vector<Phase>;
using Steps = std::vector<Step>;

inline const Steps staging_steps{
    Step::download, Step::unpack, Step::parse, Step::check, Step::build};

// Steps 3 to 9 of a first deployment, and the switch of an update.
inline std::vector<std::pair<Step, bool>> failing_steps() {
  return {{Step::download, false},
          {Step::unpack, false},
          {Step::parse, false},
          {Step::check, false},
          {Step::build, false},
          {Step::fence, false},
          {Step::switch_version, false},
          {Step::download, true},
          {Step::build, true},
          {Step::switch_version, true}};
}

// A key whose next call does this step.
inline Key before(Step step, bool serving) {
  Key key;
  if (serving) {
    key = running();
  }
  key.give(present(2, 2));
  key.run_to(step);
  if (serving && step == Step::switch_version) {
    key.call();
    key.now = *key.effects.start;
    key.acked = true;
  }
  return key;
}

}  // namespace vvm::apppartsctl::testing
