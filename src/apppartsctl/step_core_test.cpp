// Tests of the step machine: each row of docs/spec/vvm.md 8.8, each class of 8.9, back-off, and
// set-points that come at every moment.
//
// Unit tests of apppartsctl; pure, no world. `Key` plays the driver: it runs calls until the key
// rests, with steps that end as the test says.
#include "apppartsctl/step_core.hpp"

#include <functional>
#include <map>

#include <boost/test/unit_test.hpp>

namespace vvm::apppartsctl {
namespace {

SetPoint present(std::int64_t generation, std::int64_t version, std::int64_t epoch = 1) {
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

SetPoint built_in(std::int64_t generation, std::string rev) {
  SetPoint sp = present(generation, 1);
  sp.image_kind = ImageKind::built_in;
  sp.image_blob = BlobId{};
  sp.image_sha256 = Sha256{};
  sp.image_size = 0;
  sp.built_in_rev = std::move(rev);
  return sp;
}

SetPoint absent(std::int64_t generation) {
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

bool holds(const ProcessVariable& pv, ConditionType type) {
  const Condition* condition = find_condition(pv.conditions, type);
  return condition != nullptr && condition->status == Truth::yes;
}

std::string reason(const ProcessVariable& pv, ConditionType type) {
  const Condition* condition = find_condition(pv.conditions, type);
  return condition == nullptr ? "" : condition->reason;
}

Key running(std::int64_t version = 1) {
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

const Steps staging_steps{Step::download, Step::unpack, Step::parse, Step::check, Step::build};

// ---- rows 1 to 11

BOOST_AUTO_TEST_CASE(row_1_a_first_set_point_waits_for_its_window) {
  Key key;
  key.start_at = key.now + hours(3);
  key.give(present(1, 1));
  key.call();
  BOOST_TEST((key.phases() == Phases{Phase::pending}));
  BOOST_TEST((key.last().serving_version == AppVersion{}));
  BOOST_TEST((key.last().observed_generation == Generation{1}));
  BOOST_TEST(reason(key.last(), ConditionType::up_to_date) == "Scheduled");
  BOOST_TEST((key.effects.start == key.start_at));
  key.call();
  BOOST_TEST(key.sent.size() == 1U);
  BOOST_TEST((key.effects.start == key.start_at));
  key.now = key.start_at;
  key.call();
  BOOST_TEST((key.last().phase == Phase::downloading));
}

BOOST_AUTO_TEST_CASE(a_first_deployment_goes_through_every_phase_and_ends_running) {
  Key key;
  key.settle(present(1, 4));
  BOOST_TEST((key.steps == Steps{Step::download,
                                 Step::unpack,
                                 Step::parse,
                                 Step::check,
                                 Step::build,
                                 Step::fence,
                                 Step::switch_version}));
  // Rows 2 to 8 and 11; nothing for rows 9 and 10, since nothing was served.
  BOOST_TEST((key.phases() == Phases{Phase::pending,
                                     Phase::downloading,
                                     Phase::unpacking,
                                     Phase::parsing,
                                     Phase::checking,
                                     Phase::building,
                                     Phase::fencing,
                                     Phase::running}));
  for (const Sent& s : key.sent) {
    BOOST_TEST(!s.ack);
    if (s.pv.phase != Phase::running) {
      BOOST_TEST(claim_of(s.pv).empty());
    }
  }
  const ProcessVariable& pv = key.last();
  BOOST_TEST((pv.serving_version == AppVersion{4}));
  BOOST_TEST((pv.serving_alt == AppVersion{}));
  BOOST_TEST((pv.partition_epoch == PartitionEpoch{1}));
  BOOST_TEST((pv.image_sha256 == present(1, 4).image_sha256));
  BOOST_TEST(holds(pv, ConditionType::serving));
  BOOST_TEST(holds(pv, ConditionType::up_to_date));
  BOOST_TEST(!key.effects.start.has_value());
}

BOOST_AUTO_TEST_CASE(conditions_become_true_with_the_step_that_makes_them_so) {
  Key key;
  key.settle(present(1, 1));
  const auto first = [&](ConditionType type) {
    for (const Sent& s : key.sent) {
      if (holds(s.pv, type)) {
        return s.pv.phase;
      }
    }
    return Phase::lost;
  };
  BOOST_TEST((first(ConditionType::image_ready) == Phase::unpacking));
  BOOST_TEST((first(ConditionType::schema_ready) == Phase::building));
  BOOST_TEST((first(ConditionType::engines_ready) == Phase::fencing));
  BOOST_TEST((first(ConditionType::serving) == Phase::running));
}

BOOST_AUTO_TEST_CASE(row_2_a_newer_version_is_pending_while_the_old_one_serves) {
  Key key = running();
  key.give(present(2, 2));
  key.call();
  BOOST_TEST((key.last().phase == Phase::pending));
  BOOST_TEST((key.last().serving_version == AppVersion{1}));
  BOOST_TEST((key.last().observed_generation == Generation{2}));
  BOOST_TEST(holds(key.last(), ConditionType::serving));
  BOOST_TEST(!holds(key.last(), ConditionType::up_to_date));
}

BOOST_AUTO_TEST_CASE(row_3_a_built_in_application_starts_with_building) {
  Key key;
  key.settle(built_in(1, "rev1"));
  BOOST_TEST((key.steps == Steps{Step::build, Step::fence, Step::switch_version}));
  BOOST_TEST((key.state.phase == Phase::running));
}

BOOST_AUTO_TEST_CASE(row_8_an_owner_switches_without_another_fence) {
  Key key = running();
  key.settle(present(2, 2));
  Steps expected = staging_steps;
  expected.push_back(Step::switch_version);
  BOOST_TEST((key.steps == expected));
}

BOOST_AUTO_TEST_CASE(row_10_the_wider_claim_is_stored_before_anything_is_suspended) {
  Key key = running();
  key.give(present(2, 2));
  key.run();
  BOOST_TEST((key.state.phase == Phase::switching));
  BOOST_TEST(key.sent.back().ack);
  BOOST_TEST((claim_of(key.last()) == Claim{.serving = AppVersion{1}, .alt = AppVersion{2}}));
  const std::size_t sent = key.sent.size();
  BOOST_TEST((key.steps == staging_steps));
  for (int i = 0; i < 5; ++i) {
    key.now = *key.effects.start;
    key.call();
    BOOST_TEST((key.steps == staging_steps));
    BOOST_TEST(key.sent.size() == sent);
  }
  key.now = *key.effects.start;
  key.acked = true;
  key.call();
  BOOST_TEST((key.steps.back() == Step::switch_version));
  BOOST_TEST((key.last().phase == Phase::running));
  BOOST_TEST((claim_of(key.last()) == Claim{.serving = AppVersion{2}}));  // row 11
}

// ---- rows 12 to 16: failures

// Steps 3 to 9 of a first deployment, and the switch of an update.
std::vector<std::pair<Step, bool>> failing_steps() {
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
Key before(Step step, bool serving) {
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

BOOST_AUTO_TEST_CASE(row_12_and_13_a_transient_error_backs_off_and_repeats_the_failed_step) {
  for (const auto& [step, serving] : failing_steps()) {
    BOOST_TEST_CONTEXT(name_of(step) << (serving ? ", serving" : "")) {
      Key key = before(step, serving);
      const AppVersion serves = serving ? AppVersion{1} : AppVersion{};
      key.call(Error{Code::storage_init, "no storage"});
      BOOST_TEST((key.last().phase == Phase::backoff));
      BOOST_TEST((claim_of(key.last()) == Claim{.serving = serves}));
      BOOST_TEST((key.last().error == Code::storage_init));
      BOOST_TEST(key.last().error_message == "no storage");
      BOOST_TEST(key.last().attempt == 1);
      const Duration wait = *key.effects.start - key.now;
      BOOST_TEST((wait >= milliseconds(800) && wait <= milliseconds(1200)));
      BOOST_TEST(key.last().next_retry.ms == key.facts().wall.ms + wait.ms());
      const std::size_t sent = key.sent.size();
      key.now = *key.effects.start;
      const std::size_t steps = key.steps.size();
      if (serving && step == Step::switch_version) {
        key.call();  // row 10 again: the claim was narrowed
        BOOST_TEST(key.sent.back().ack);
        BOOST_TEST(key.steps.size() == steps);
        key.acked = true;
        key.now = *key.effects.start;
      } else {
        BOOST_TEST((key.effects.start == key.state.due));
      }
      key.call();
      BOOST_TEST((key.steps.back() == step));
      BOOST_TEST(key.steps.size() == steps + 1);
      BOOST_TEST(key.state.attempt == 0);  // reset by success
      BOOST_TEST(key.sent.size() >= sent);
    }
  }
}

BOOST_AUTO_TEST_CASE(row_14_a_permanent_error_blocks_until_a_newer_set_point) {
  for (const auto& [step, serving] : failing_steps()) {
    BOOST_TEST_CONTEXT(name_of(step) << (serving ? ", serving" : "")) {
      Key key = before(step, serving);
      key.call(Error{Code::incompatible, "AppDef/Types/pos.Bill"});
      BOOST_TEST((key.last().phase == Phase::blocked));
      BOOST_TEST(holds(key.last(), ConditionType::blocked));
      BOOST_TEST(reason(key.last(), ConditionType::blocked) == "Incompatible");
      BOOST_TEST(
          (claim_of(key.last()) == Claim{.serving = serving ? AppVersion{1} : AppVersion{}}));
      BOOST_TEST(!key.effects.start.has_value());
      key.now = key.now + hours(100);
      key.call();
      BOOST_TEST(!key.effects.run.has_value());
      BOOST_TEST(!key.effects.start.has_value());
      key.settle(present(3, 3));  // I-L9
      BOOST_TEST((key.state.phase == Phase::running));
      BOOST_TEST(!holds(key.last(), ConditionType::blocked));
    }
  }
}

BOOST_AUTO_TEST_CASE(row_15_an_environmental_error_is_probed_again_after_600_s) {
  Key key = before(Step::download, true);
  key.call(Error{Code::blob_not_found, "404"});
  BOOST_TEST((key.last().phase == Phase::blocked));
  const Duration wait = *key.effects.start - key.now;
  BOOST_TEST((wait >= seconds(540) && wait <= seconds(660)));
  key.call();
  BOOST_TEST((key.effects.start == key.now + wait));
  key.now = *key.effects.start;
  key.call();
  BOOST_TEST((key.last().phase == Phase::backoff));
  BOOST_TEST((key.effects.start == key.now));
  key.call(Error{Code::blob_not_found, "404"});
  BOOST_TEST((key.steps.back() == Step::download));
  BOOST_TEST((key.last().phase == Phase::blocked));
  BOOST_TEST(key.last().attempt == 2);
  BOOST_TEST((*key.effects.start - key.now >= seconds(540)));
}

BOOST_AUTO_TEST_CASE(row_16_a_switch_that_cannot_suspend_backs_off_and_the_old_version_serves) {
  Key key = before(Step::switch_version, true);
  key.call(Error{Code::drain_timeout, "a command runs"});
  BOOST_TEST((key.last().phase == Phase::backoff));
  BOOST_TEST((key.last().error == Code::drain_timeout));
  BOOST_TEST((claim_of(key.last()) == Claim{.serving = AppVersion{1}}));
}

// ---- rows 17 to 22: removal

BOOST_AUTO_TEST_CASE(row_17_what_serves_nothing_becomes_absent_at_once) {
  for (const Step step : staging_steps) {
    Key key = before(step, false);
    key.settle(absent(3));
    BOOST_TEST((key.last().phase == Phase::absent));
    BOOST_TEST((key.last().observed_generation == Generation{3}));
    BOOST_TEST((key.state.owned == PartitionEpoch{}));
    BOOST_TEST(key.released >= 1);
    BOOST_TEST((key.steps.empty() || key.steps.back() != Step::stop));
  }
}

BOOST_AUTO_TEST_CASE(row_17_a_runtime_that_was_never_admitted_is_dropped_first) {
  Key key = before(Step::switch_version, false);
  BOOST_TEST((key.state.owned == PartitionEpoch{1}));
  key.sent.clear();
  key.settle(absent(3));
  BOOST_TEST((key.steps.back() == Step::stop));
  BOOST_TEST((key.phases() == Phases{Phase::absent}));
  BOOST_TEST((key.state.owned == PartitionEpoch{}));
}

BOOST_AUTO_TEST_CASE(row_18_to_20_a_served_partition_drains_after_its_claim_is_withdrawn) {
  for (const Cause cause : {Cause::listed, Cause::missing, Cause::going_down}) {
    Key key = running();
    key.give(cause == Cause::listed ? absent(2) : present(1, 1), cause);
    key.call();
    BOOST_TEST((key.last().phase == Phase::draining));
    BOOST_TEST(key.sent.back().ack);
    BOOST_TEST(claim_of(key.last()).empty());
    for (int i = 0; i < 3; ++i) {
      key.now = *key.effects.start;
      key.call();
      BOOST_TEST(key.steps.empty());
    }
    key.acked = true;
    key.now = *key.effects.start;
    key.call();
    BOOST_TEST((key.steps == Steps{Step::drain}));
    BOOST_TEST((key.state.phase == Phase::stopping));
    BOOST_TEST(key.sent.size() == 1U);  // row 19 reports nothing
    key.call();
    BOOST_TEST((key.steps == Steps{Step::drain, Step::stop}));
    BOOST_TEST((key.last().phase == Phase::absent));
    BOOST_TEST(!key.last().error.has_value());
    BOOST_TEST(!key.effects.start.has_value());
    BOOST_TEST(!key.state.served.has_value());
  }
}

BOOST_AUTO_TEST_CASE(row_19_borrows_that_had_to_be_revoked_are_told) {
  Key key = running();
  key.give(absent(2));
  key.call();
  key.acked = true;
  key.call(StepDone{.hard_stop = true});
  key.call();
  BOOST_TEST((key.last().phase == Phase::absent));
  BOOST_TEST((key.last().error == Code::hard_stop));
}

BOOST_AUTO_TEST_CASE(row_21_lost_ownership_tears_down_and_ends_absent_with_its_code) {
  for (const bool serving : {false, true}) {
    Key key = before(Step::switch_version, serving);
    const std::size_t sent = key.sent.size();
    key.call(Error{Code::fenced_out, "a greater F"});
    BOOST_TEST((key.state.phase == Phase::lost));
    BOOST_TEST(key.torn_down == 1);
    BOOST_TEST(key.sent.size() == sent);
    key.run();
    BOOST_TEST((key.last().phase == Phase::absent));
    BOOST_TEST((key.last().error == Code::fenced_out));
    BOOST_TEST(!key.effects.start.has_value());
    key.settle(present(3, 2, 2));
    BOOST_TEST((key.state.phase == Phase::running));
    BOOST_TEST((key.state.owned == PartitionEpoch{2}));
  }
}

BOOST_AUTO_TEST_CASE(row_22_present_after_absent_starts_again) {
  Key key = running();
  key.settle(absent(2));
  key.sent.clear();
  key.settle(present(3, 1, 2));
  BOOST_TEST((key.phases().front() == Phase::pending));
  BOOST_TEST((key.last().phase == Phase::running));
  BOOST_TEST((key.last().partition_epoch == PartitionEpoch{2}));
}

BOOST_AUTO_TEST_CASE(present_while_draining_waits_until_the_drain_is_over) {
  Key key = running();
  key.give(absent(2));
  key.call();
  key.sent.clear();
  key.settle(present(3, 2, 2));
  const Phases phases = key.phases();
  BOOST_TEST((phases[0] == Phase::absent));
  BOOST_TEST((key.sent[0].pv.observed_generation == Generation{2}));
  BOOST_TEST((phases[1] == Phase::pending));
  BOOST_TEST((phases.back() == Phase::running));
}

// ---- rows 23 and 24, and set-points that change little

BOOST_AUTO_TEST_CASE(row_23_other_pools_are_built_and_switched_to_with_an_announcement) {
  Key key = running();
  SetPoint sp = present(2, 1);
  sp.pool_query = 5;
  key.settle(sp);
  BOOST_TEST((key.steps == Steps{Step::build, Step::switch_version}));
  BOOST_TEST((key.phases() ==
              Phases{Phase::building, Phase::switching, Phase::switching, Phase::running}));
  BOOST_TEST(key.sent[2].ack);
  BOOST_TEST((claim_of(key.sent[0].pv) == Claim{.serving = AppVersion{1}}));
  BOOST_TEST((key.state.served->pools == pools_of(sp)));
}

BOOST_AUTO_TEST_CASE(row_24_a_greater_epoch_releases_the_partition_and_takes_it_again) {
  Key key = running();
  key.settle(present(2, 2, 5));
  Steps expected{Step::drain, Step::stop};
  expected.insert(expected.end(), staging_steps.begin(), staging_steps.end());
  expected.push_back(Step::fence);
  expected.push_back(Step::switch_version);
  BOOST_TEST((key.steps == expected));
  BOOST_TEST((key.sent[0].pv.phase == Phase::draining));
  BOOST_TEST(key.sent[0].ack);
  BOOST_TEST((key.sent[0].pv.observed_generation == Generation{1}));
  BOOST_TEST((key.sent[1].pv.phase == Phase::absent));
  BOOST_TEST((key.sent[2].pv.phase == Phase::pending));
  BOOST_TEST((key.sent[2].pv.observed_generation == Generation{2}));
  BOOST_TEST((key.state.owned == PartitionEpoch{5}));
}

BOOST_AUTO_TEST_CASE(a_smaller_epoch_is_ignored_and_work_goes_on) {
  Key key;
  key.settle(present(1, 1, 7));
  key.sent.clear();
  key.give(present(2, 2, 6));
  key.call();
  BOOST_TEST(!key.effects.ignored.empty());
  BOOST_TEST(key.sent.empty());
  BOOST_TEST((key.state.phase == Phase::running));
  BOOST_TEST(!key.effects.start.has_value());
  key.settle(present(3, 3, 7));
  BOOST_TEST((key.last().serving_version == AppVersion{3}));
}

BOOST_AUTO_TEST_CASE(the_same_content_under_a_new_generation_is_observed_and_changes_nothing) {
  Key key = running();
  key.settle(present(2, 1));
  BOOST_TEST(key.steps.empty());
  BOOST_TEST((key.phases() == Phases{Phase::running}));
  BOOST_TEST((key.last().observed_generation == Generation{2}));
}

BOOST_AUTO_TEST_CASE(back_to_what_is_served_drops_what_was_staged) {
  for (const Step step : staging_steps) {
    Key key = before(step, true);
    key.released = 0;
    key.settle(present(3, 1));
    BOOST_TEST((key.state.phase == Phase::running));
    BOOST_TEST(key.released == 1);
    BOOST_TEST((key.last().serving_version == AppVersion{1}));
  }
}

BOOST_AUTO_TEST_CASE(the_same_version_goes_on_from_the_staged_step) {
  for (const Step step : staging_steps) {
    Key key = before(step, true);
    key.released = 0;
    key.call(Error{Code::disk_io, "once"});
    const std::size_t steps = key.steps.size();
    key.give(present(3, 2));
    key.call();
    BOOST_TEST((key.last().phase == Phase::pending));
    BOOST_TEST(key.last().attempt == 0);
    key.run();
    BOOST_TEST((key.steps.at(steps) == step));
    BOOST_TEST(key.released == 0);
  }
}

BOOST_AUTO_TEST_CASE(other_counts_are_checked_again_and_other_pools_built_again) {
  Key key = before(Step::switch_version, false);
  SetPoint sp = present(3, 2);
  sp.pool_query = 3;
  key.give(sp);
  const std::size_t steps = key.steps.size();
  key.run();
  BOOST_TEST((key.steps.at(steps) == Step::build));
  Key other = before(Step::build, false);
  sp = present(3, 2);
  sp.num_app_workspaces = 77;
  other.give(sp);
  const std::size_t before_check = other.steps.size();
  other.run();
  BOOST_TEST((other.steps.at(before_check) == Step::check));
}

BOOST_AUTO_TEST_CASE(another_version_starts_over_and_drops_what_was_staged) {
  for (const Step step : staging_steps) {
    Key key = before(step, true);
    key.released = 0;
    const std::size_t steps = key.steps.size();
    key.give(present(3, 3));
    key.run();
    BOOST_TEST((key.steps.at(steps) == Step::download));
    BOOST_TEST(key.released == 1);
  }
}

BOOST_AUTO_TEST_CASE(an_announced_switch_is_withdrawn_by_a_newer_set_point) {
  Key key = running();
  key.give(present(2, 2));
  key.run();
  BOOST_TEST((key.state.alt == AppVersion{2}));
  key.give(present(3, 3));
  key.call();
  BOOST_TEST((claim_of(key.last()) == Claim{.serving = AppVersion{1}}));
  key.now = key.now + seconds(1);
  key.settle(present(3, 3));
  BOOST_TEST((key.last().serving_version == AppVersion{3}));
}

BOOST_AUTO_TEST_CASE(an_invalid_set_point_blocks_and_the_old_version_serves) {
  Key key = running();
  SetPoint sp = present(2, 2);
  sp.num_partitions = 0;
  key.settle(sp);
  BOOST_TEST((key.last().phase == Phase::blocked));
  BOOST_TEST((key.last().error == Code::invalid_sp));
  BOOST_TEST((key.last().serving_version == AppVersion{1}));
  BOOST_TEST((key.last().observed_generation == Generation{2}));
  BOOST_TEST(key.steps.empty());
  key.settle(present(3, 2));
  BOOST_TEST((key.last().serving_version == AppVersion{2}));
}

BOOST_AUTO_TEST_CASE(a_built_in_application_of_another_build_is_blocked) {
  Key key;
  key.settle(built_in(1, "rev2"));
  BOOST_TEST((key.last().phase == Phase::blocked));
  BOOST_TEST((key.last().error == Code::built_in_mismatch));
}

BOOST_AUTO_TEST_CASE(an_invalid_schedule_starts_now_and_says_so) {
  Key key;
  key.schedule_valid = false;
  key.settle(present(1, 1));
  BOOST_TEST((key.state.phase == Phase::running));
  BOOST_TEST(holds(key.last(), ConditionType::invalid_schedule));
  key.schedule_valid = true;
  key.settle(present(2, 2));
  BOOST_TEST(!holds(key.last(), ConditionType::invalid_schedule));
}

BOOST_AUTO_TEST_CASE(an_older_target_changes_nothing) {
  Key key = running();
  key.settle(present(5, 5));
  key.sent.clear();
  key.settle(present(4, 4));
  BOOST_TEST(key.sent.empty());
  BOOST_TEST((key.state.target.generation == Generation{5}));
}

// ---- 8.9

BOOST_AUTO_TEST_CASE(each_code_of_the_table_has_the_reaction_of_its_class) {
  for (int number = 100; number < 1000; ++number) {
    const std::optional<Code> code = code_from_number(number);
    if (!code.has_value()) {
      continue;
    }
    BOOST_TEST_CONTEXT(code_name(*code)) {
      Key key = before(Step::build, true);
      key.call(Error{*code, "x"});
      switch (error_class(*code)) {
        case ErrorClass::transient:
        case ErrorClass::transient_then_probe:
          BOOST_TEST((key.state.phase == Phase::backoff));
          BOOST_TEST(key.effects.start.has_value());
          break;
        case ErrorClass::environmental:
          BOOST_TEST((key.state.phase == Phase::blocked));
          BOOST_TEST(key.effects.start.has_value());
          break;
        case ErrorClass::permanent:
          BOOST_TEST((key.state.phase == Phase::blocked));
          BOOST_TEST(!key.effects.start.has_value());
          break;
        case ErrorClass::fatal:
          BOOST_TEST((key.state.phase == Phase::lost));
          BOOST_TEST(key.torn_down == 1);
          break;
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_classes_of_the_codes_are_those_of_the_spec) {
  const std::map<ErrorClass, std::vector<int>> table{
      {ErrorClass::transient, {101, 107, 108, 506, 508, 602, 603, 605, 701, 901}},
      {ErrorClass::transient_then_probe, {104, 106, 505, 604, 902}},
      {ErrorClass::environmental, {102, 103}},
      {ErrorClass::fatal, {601, 801}},
      {ErrorClass::permanent,
       {100, 105, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 301, 302,
        303, 304, 305, 306, 401, 402, 403, 501, 502, 503, 504, 507, 509, 510}}};
  for (const auto& [cls, numbers] : table) {
    for (const int number : numbers) {
      const std::optional<Code> code = code_from_number(number);
      BOOST_TEST_REQUIRE(code.has_value(), number);
      BOOST_TEST((error_class(*code) == cls), number);
    }
  }
}

BOOST_AUTO_TEST_CASE(back_off_doubles_from_1_s_to_60_s_and_never_ends) {
  const StepCore core(Constants{}, "");
  const std::vector<int> waits{1, 2, 4, 8, 16, 32, 60, 60, 60};
  for (std::size_t n = 0; n < waits.size(); ++n) {
    BOOST_TEST((core.backoff(static_cast<std::int32_t>(n + 1)) == seconds(waits[n])));
  }
  BOOST_TEST((core.backoff(1'000'000) == seconds(60)));
  Key key = before(Step::download, false);
  for (int n = 1; n <= 40; ++n) {
    key.call(Error{Code::blob_store_unreachable, "down"});
    BOOST_TEST((key.state.phase == Phase::backoff));
    BOOST_TEST(key.last().attempt == n);
    const Duration wait = *key.effects.start - key.now;
    const Duration base = key.core.backoff(n);
    BOOST_TEST((wait.ns >= base.ns / 10 * 8 && wait.ns <= base.ns / 10 * 12));
    key.now = *key.effects.start;
  }
}

BOOST_AUTO_TEST_CASE(five_quick_tries_come_before_the_probes) {
  Key key = before(Step::download, false);
  for (int n = 1; n <= 4; ++n) {
    key.call(Error{Code::truncated, "short"});
    BOOST_TEST((key.state.phase == Phase::backoff));
    key.now = *key.effects.start;
  }
  key.call(Error{Code::truncated, "short"});
  BOOST_TEST((key.state.phase == Phase::blocked));
  BOOST_TEST((*key.effects.start - key.now >= seconds(540)));
  key.now = *key.effects.start;
  key.call();
  key.call();  // this time it succeeds
  BOOST_TEST((key.state.phase == Phase::unpacking));
  BOOST_TEST(key.state.attempt == 0);
}

BOOST_AUTO_TEST_CASE(attempts_count_per_step) {
  Key key = before(Step::download, false);
  for (int n = 0; n < 3; ++n) {
    key.call(Error{Code::truncated, ""});
    key.now = *key.effects.start;
  }
  key.call();
  key.call(Error{Code::disk_io, ""});
  BOOST_TEST(key.last().attempt == 1);
}

BOOST_AUTO_TEST_CASE(a_fence_conflict_is_tried_again_at_once) {
  Key key = before(Step::fence, false);
  key.call(Error{Code::fence_conflict, ""});
  BOOST_TEST((key.state.phase == Phase::backoff));
  BOOST_TEST((key.effects.start == key.now));
}

BOOST_AUTO_TEST_CASE(codes_of_seams_are_reported_as_step_timeout_or_internal_error) {
  BOOST_TEST((StepCore::normalised({Code::timed_out, "x"}).code == Code::step_timeout));
  BOOST_TEST((StepCore::normalised({Code::connection_reset, "x"}).code == Code::internal_error));
  BOOST_TEST((StepCore::normalised({Code::disk_full, "x"}) == Error{Code::disk_full, "x"}));
}

BOOST_AUTO_TEST_CASE(long_messages_are_cut_to_1024_octets) {
  Key key = before(Step::parse, false);
  key.call(Error{Code::syntax_error, std::string(5000, 'x')});
  BOOST_TEST(key.last().error_message.size() == 1024U);
  BOOST_TEST(find_condition(key.last().conditions, ConditionType::blocked)->message.size() == 256U);
}

BOOST_AUTO_TEST_CASE(a_crash_loop_blocks_with_902_until_a_newer_set_point) {
  Key key = before(Step::build, true);
  key.call(StepCrashes{});
  BOOST_TEST((key.last().phase == Phase::blocked));
  BOOST_TEST((key.last().error == Code::internal_error));
  BOOST_TEST(!key.effects.start.has_value());
}

BOOST_AUTO_TEST_CASE(shared_work_is_waited_for_in_turns_of_200_ms_without_a_report) {
  Key key = before(Step::parse, false);
  const std::size_t sent = key.sent.size();
  key.call(StepWaits{});
  BOOST_TEST((key.state.phase == Phase::parsing));
  BOOST_TEST((key.effects.start == key.now + milliseconds(200)));
  BOOST_TEST(key.sent.size() == sent);
  key.call(StepCancelled{});
  BOOST_TEST((key.state.phase == Phase::parsing));
  BOOST_TEST((key.effects.start == key.now));
}

BOOST_AUTO_TEST_CASE(a_drain_or_stop_that_fails_is_repeated_and_never_reversed) {
  Key key = running();
  key.give(absent(2));
  key.call();
  key.acked = true;
  key.call(Error{Code::internal_error, ""});
  BOOST_TEST((key.state.phase == Phase::draining));
  key.now = *key.effects.start;
  key.call();
  key.call(Error{Code::internal_error, ""});
  BOOST_TEST((key.state.phase == Phase::stopping));
  key.now = *key.effects.start;
  key.call();
  BOOST_TEST((key.state.phase == Phase::absent));
}

}  // namespace
}  // namespace vvm::apppartsctl
