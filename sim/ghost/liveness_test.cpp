// Tests of the bounds of docs/spec/vvm.md 13.3: when their clocks run, and that they end.
#include <boost/test/unit_test.hpp>

#include "sim/ghost/test_cluster.hpp"

namespace vvm::ghost {
namespace {

// One version, one partition: 90 + 250 + 130 s, and a twentieth more.
constexpr Duration bound = milliseconds(493'500);

BOOST_AUTO_TEST_CASE(a_key_that_never_settles_breaks_convergence) {
  HandMade h;
  h.heal();
  h.rows({cluster::put(HandMade::sp(1, 1, 1))});
  h.key(h.vvm1, HandMade::key_view(Phase::downloading, 1, 0));
  BOOST_TEST(!h.ghost.converged());
  h.wait(bound - seconds(2));
  BOOST_TEST(h.failed() == "");
  h.wait(seconds(2));
  BOOST_TEST(h.failed() == "I-L1");
}

BOOST_AUTO_TEST_CASE(a_key_that_the_vvm_does_not_know_breaks_convergence_too) {
  HandMade h;
  h.heal();
  h.rows({cluster::put(HandMade::sp(1, 1, 1))});
  h.wait(bound + seconds(1));
  BOOST_TEST(h.failed() == "I-L1");
}

BOOST_AUTO_TEST_CASE(the_clock_of_convergence_starts_when_faults_have_ended) {
  HandMade h;
  h.rows({cluster::put(HandMade::sp(1, 1, 1))});
  h.wait(bound * 2);
  BOOST_TEST(h.failed() == "");
  h.heal();
  h.wait(bound - seconds(2));
  // ... and again with every new set-point, and every new life.
  h.rows({cluster::put(HandMade::sp(1, 2, 1))});
  h.wait(bound - seconds(2));
  h.end(h.vvm1);
  h.wait(bound * 2);
  h.serve(h.vvm1, 1, 2);
  h.wait(bound - seconds(2));
  BOOST_TEST(h.failed() == "");
  h.wait(seconds(3));
  BOOST_TEST(h.failed() == "I-L1");
}

BOOST_AUTO_TEST_CASE(settled_is_running_at_the_version_or_blocked_for_good_or_absent) {
  for (const auto& [view, version] :
       {std::pair{HandMade::key_view(Phase::running, 1, 1), 1},
        std::pair{HandMade::key_view(Phase::blocked, 1, 0, Code::syntax_error), 1},
        std::pair{HandMade::key_view(Phase::absent, 1, 0), 0}}) {
    HandMade h;
    h.heal();
    h.rows({cluster::put(HandMade::sp(1, 1, version))});
    BOOST_TEST(!h.ghost.converged());
    h.key(h.vvm1, view);
    BOOST_TEST(h.ghost.converged());
    BOOST_TEST(h.evaluations(Property::convergence) == 1U);
    h.wait(bound * 3);
    BOOST_TEST(h.failed() == "");
  }
}

BOOST_AUTO_TEST_CASE(an_environmental_block_has_time_for_a_probe) {
  HandMade h;
  h.heal();
  h.rows({cluster::put(HandMade::sp(1, 1, 1))});
  h.key(h.vvm1, HandMade::key_view(Phase::blocked, 1, 0, Code::blob_not_found));
  h.wait(bound + seconds(650));
  BOOST_TEST(h.failed() == "");
  h.wait(seconds(60));
  BOOST_TEST(h.failed() == "I-L1");
}

BOOST_AUTO_TEST_CASE(a_paused_process_is_waited_for) {
  HandMade h;
  h.heal();
  h.rows({cluster::put(HandMade::sp(1, 1, 1))});
  h.tick();
  h.ghost.paused(h.vvm1, true);
  h.ghost.settle();
  h.wait(bound * 2);
  h.ghost.paused(h.vvm1, false);
  h.ghost.settle();
  BOOST_TEST(h.failed() == "");
  h.wait(bound + seconds(1));
  BOOST_TEST(h.failed() == "I-L1");
}

BOOST_AUTO_TEST_CASE(a_drain_that_does_not_end_is_seen) {
  HandMade h;
  h.heal();
  h.rows({cluster::put(HandMade::sp(1, 1, 0))});
  h.key(h.vvm1, HandMade::key_view(Phase::draining, 1, 0));
  h.wait(seconds(38));
  BOOST_TEST(h.failed() == "");
  h.wait(seconds(3));
  BOOST_TEST(h.failed() == "I-L4");
}

BOOST_AUTO_TEST_CASE(a_drain_that_ends_is_counted) {
  HandMade h;
  h.heal();
  h.rows({cluster::put(HandMade::sp(1, 1, 0))});
  h.key(h.vvm1, HandMade::key_view(Phase::draining, 1, 0));
  h.key(h.vvm1, HandMade::key_view(Phase::stopping, 1, 0));
  h.wait(seconds(100));
  BOOST_TEST(h.failed() == "");
  BOOST_TEST(h.evaluations(Property::drain_ends) == 1U);
}

BOOST_AUTO_TEST_CASE(a_report_that_does_not_arrive_is_seen_once_the_cluster_is_there) {
  HandMade h;
  h.heal();
  h.end(h.cluster);
  h.produced(h.vvm1, 1, false);
  h.wait(seconds(100));
  BOOST_TEST(h.failed() == "");
  h.tick();
  h.ghost.started(h.cluster);
  h.ghost.settle();
  h.wait(seconds(9));
  BOOST_TEST(h.failed() == "");
  h.wait(seconds(1));
  BOOST_TEST(h.failed() == "I-L5");
}

BOOST_AUTO_TEST_CASE(a_report_that_arrives_is_counted) {
  HandMade h;
  h.place_and_serve();
  h.heal();
  h.wait(seconds(100));
  BOOST_TEST(h.failed() == "");
  BOOST_TEST(h.evaluations(Property::reports_arrive) == 1U);
}

BOOST_AUTO_TEST_CASE(a_newer_set_point_ends_blocked_within_a_read) {
  const auto after = [](Duration wait, bool leaves) {
    HandMade h;
    h.heal();
    h.rows({cluster::put(HandMade::sp(1, 1, 1))});
    h.key(h.vvm1, HandMade::key_view(Phase::blocked, 1, 0, Code::syntax_error));
    h.wait(seconds(60));
    h.rows({cluster::put(HandMade::sp(1, 2, 2))});
    h.wait(wait);
    if (leaves) {
      h.key(h.vvm1, HandMade::key_view(Phase::pending, 2, 0));
      h.wait(seconds(60));
      BOOST_TEST(h.evaluations(Property::unblocking) == 1U);
    }
    return h.failed();
  };
  BOOST_TEST(after(seconds(8), false) == "");
  BOOST_TEST(after(seconds(9), false) == "I-L9");
  BOOST_TEST(after(seconds(7), true) == "");
}

BOOST_AUTO_TEST_CASE(a_vvm_that_does_not_go_down_is_seen) {
  HandMade h;
  h.heal();
  h.emit(h.vvm1, {"vvm.state", {{"vvm", 1}, {"state", "Draining"}}});
  h.wait(seconds(60));
  h.emit(h.vvm1, {"vvm.state", {{"vvm", 1}, {"state", "Stopping"}}});
  h.wait(seconds(60));
  BOOST_TEST(h.failed() == "");
  h.wait(seconds(10));
  BOOST_TEST(h.failed() == "I-L14");
}

BOOST_AUTO_TEST_CASE(engines_that_are_missing_come_back) {
  HandMade h;
  h.place_and_serve();
  h.heal();
  appparts::VersionView damaged = HandMade::version(1);
  damaged.pools[0] = {.created = 1, .closed = 1};
  damaged.ledger.closed = 1;
  h.versions(h.vvm1, {damaged});
  h.wait(seconds(10));
  BOOST_TEST(h.failed() == "");
  h.wait(seconds(1));
  BOOST_TEST(h.failed() == "I-L16");
}

BOOST_AUTO_TEST_CASE(the_history_has_lives_phases_and_what_was_served) {
  HandMade h;
  h.place_and_serve();
  h.end(h.vvm1);
  h.wait(seconds(5));
  const History history = h.recorder.finish(h.now);
  BOOST_TEST_REQUIRE(history.processes.size() == 3U);
  const ProcessHistory& vvm1 = history.processes[1];
  BOOST_TEST(vvm1.name == "vvm1");
  BOOST_TEST_REQUIRE(vvm1.lives.size() == 1U);
  BOOST_TEST((vvm1.lives[0].end == LifeEnd::crashed));
  BOOST_TEST((vvm1.lives[0].epoch == VvmEpoch{1}));
  BOOST_TEST_REQUIRE(history.partitions.size() == 1U);
  const PartitionHistory& partition = history.partitions[0];
  BOOST_TEST(partition.process == "vvm1");
  BOOST_TEST_REQUIRE(partition.phases.size() == 1U);
  BOOST_TEST((partition.phases[0].phase == Phase::running));
  BOOST_TEST((partition.phases[0].target == AppVersion{1}));
  BOOST_TEST((partition.phases[0].time.to == vvm1.lives[0].time.to));
  BOOST_TEST_REQUIRE(partition.serving.size() == 1U);
  BOOST_TEST((partition.serving[0].version == AppVersion{1}));
  BOOST_TEST((partition.serving[0].time.from < partition.phases[0].time.from));
  BOOST_TEST((history.processes[2].lives[0].time.to == h.now));
}

}  // namespace
}  // namespace vvm::ghost
