// Tests of the step machine: each row of docs/spec/vvm.md 8.8, and set-points that come at every
// moment.
//
// Unit tests of apppartsctl; pure, no world.

#include <map>

#include <boost/test/unit_test.hpp>

#include "apppartsctl/test_key.hpp"

namespace vvm::apppartsctl {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

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

}  // namespace
}  // namespace vvm::apppartsctl
