// Tests of the control loop of app partitions as a whole (docs/spec/vvm.md 8; T-AP-3 to T-AP-6).
//
// Unit tests of vvm: one process, a cluster in memory, images over HTTP. Faults at every step are
// in control_faults_test.cpp.
#include "vvm/test_loop.hpp"

namespace vvm::node::testing {
namespace {

using engines::ProcessorKind;

BOOST_AUTO_TEST_SUITE(control_loop)

BOOST_AUTO_TEST_CASE(a_first_deployment_goes_through_all_phases_and_is_then_served) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST(w.reaches(Phase::running));
  w.pass(seconds(1));
  const std::vector<std::string> expected{"Pending",
                                          "Downloading",
                                          "Unpacking",
                                          "Parsing",
                                          "Checking",
                                          "Building",
                                          "Fencing",
                                          "Running"};
  BOOST_TEST(w.phases() == expected, boost::test_tools::per_element());
  BOOST_TEST(w.serves() == 1);
  BOOST_TEST((w.pv().phase == Phase::running));
  BOOST_TEST(raw(w.pv().serving_version) == 1);
  BOOST_TEST(raw(w.pv().observed_generation) == 1);
  BOOST_TEST((find_condition(w.pv().conditions, ConditionType::up_to_date)->status == Truth::yes));
  w.stop();
}

// T-AP-4.
BOOST_AUTO_TEST_CASE(a_hundred_partitions_share_one_download_unpacking_parse_and_build) {
  Outside outside;
  outside.cost = {{WorkKind::parse, seconds(1)}, {WorkKind::build, seconds(1)}};
  LoopWorld w(&outside);
  for (int i = 0; i < 100; ++i) {
    w.give(outside.present(1, i));
  }
  for (int i = 0; i < 100; ++i) {
    BOOST_TEST(w.reaches(Phase::running, minutes(2), i));
  }
  BOOST_TEST(w.blobs.requests == 1U);
  BOOST_TEST(w.count("image.download.start") == 1U);
  BOOST_TEST(w.count("image.unpack.start") == 1U);
  BOOST_TEST(w.count("version.ready") == 1U);
  BOOST_TEST(w.work.charges[WorkKind::parse] == 1U);
  BOOST_TEST(w.work.charges[WorkKind::build] == 1U);
  BOOST_TEST(w.serves(99) == 1);
  w.stop();
}

BOOST_AUTO_TEST_CASE(an_update_is_announced_and_that_is_stored_before_commands_are_held) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  w.pass(seconds(1));
  outside.cluster.deaf = true;
  w.give(outside.present(2));
  BOOST_TEST(w.reaches(Phase::switching));
  w.pass(minutes(30));
  BOOST_TEST((w.view().phase == Phase::switching));
  BOOST_TEST(w.serves() == 1);
  BOOST_TEST(w.count("part.switch.begin") == 0U);
  const std::size_t stored = outside.cluster.stored.size();
  outside.cluster.deaf = false;
  BOOST_TEST(w.reaches(Phase::running, seconds(10)));
  BOOST_TEST(w.serves() == 2);
  w.pass(seconds(1));
  bool announced = false;
  for (std::size_t i = stored; i < outside.cluster.stored.size(); ++i) {
    const Claim claim = claim_of(outside.cluster.stored[i]);
    announced = announced || (claim.has(AppVersion{1}) && claim.has(AppVersion{2}));
  }
  BOOST_TEST(announced);
  BOOST_TEST(raw(w.pv().serving_version) == 2);
  BOOST_TEST(raw(w.pv().serving_alt) == 0);
  w.stop();
}

BOOST_AUTO_TEST_CASE(a_claim_is_withdrawn_and_that_is_stored_before_admission_stops) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  w.pass(seconds(1));
  outside.cluster.deaf = true;
  w.give(outside.absent());
  BOOST_TEST(w.reaches(Phase::draining));
  w.pass(minutes(30));
  BOOST_TEST(w.serves() == 1);
  outside.cluster.deaf = false;
  BOOST_TEST(w.reaches(Phase::absent, seconds(10)));
  w.pass(seconds(1));
  BOOST_TEST((w.pv().phase == Phase::absent));
  BOOST_TEST(!w.parts.inspect_partition(w.key())->present);
  w.stop();
}

BOOST_AUTO_TEST_CASE(a_newer_set_point_takes_the_place_of_a_download_in_progress) {
  Outside outside;
  outside.present(1);
  LoopWorld w(&outside);
  w.blobs.held = {1};
  w.give(outside.present(1));
  BOOST_TEST(w.reaches(Phase::downloading));
  BOOST_TEST(w.until([&] { return w.blobs.requests == 1; }));
  w.give(outside.present(2));
  BOOST_TEST(w.reaches(Phase::running, seconds(5)));
  BOOST_TEST(w.serves() == 2);
  BOOST_TEST(w.count("image.file") == 1U);
  BOOST_TEST(w.work.charges[WorkKind::parse] == 1U);
  w.pass(seconds(1));
  BOOST_TEST(outside.disk.files().size() > 0U);
  for (const auto& [path, bytes] : outside.disk.files()) {
    BOOST_TEST(!path.starts_with("tmp/"), path);
  }
  w.stop();
}

BOOST_AUTO_TEST_CASE(another_partition_keeps_the_download_that_a_newer_set_point_leaves) {
  Outside outside;
  LoopWorld w(&outside);
  w.blobs.held = {1};
  w.give(outside.present(1, 0));
  w.give(outside.present(1, 1));
  BOOST_TEST(w.until([&] { return w.blobs.requests == 1; }));
  w.give(outside.present(2, 0));
  BOOST_TEST(w.reaches(Phase::running, seconds(5), 0));
  w.blobs.held.clear();
  BOOST_TEST(w.reaches(Phase::running, seconds(5), 1));
  BOOST_TEST(w.serves(1) == 1);
  BOOST_TEST(w.blobs.requests == 2U);
  w.stop();
}

BOOST_AUTO_TEST_CASE(present_after_absent_waits_for_the_drain_and_starts_anew) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  auto held = w.parts.borrow(w.key(), ProcessorKind::command);
  BOOST_TEST_REQUIRE(held.has_value());
  w.give(outside.absent());
  BOOST_TEST(w.reaches(Phase::draining));
  w.give(outside.present(2));
  w.pass(seconds(2));
  BOOST_TEST((w.view().phase == Phase::draining));
  held.value().release();
  BOOST_TEST(w.reaches(Phase::running, seconds(10)));
  BOOST_TEST(w.serves() == 2);
  BOOST_TEST(w.count("part.undeployed") == 1U);
  w.stop();
}

BOOST_AUTO_TEST_CASE(another_partition_epoch_takes_the_partition_down_and_up_again) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  SetPoint moved = outside.present(1);
  moved.partition_epoch = PartitionEpoch{2};
  w.give(moved);
  BOOST_TEST(w.reaches(Phase::running, seconds(10)));
  BOOST_TEST(raw(w.view().owned) == 2);
  BOOST_TEST(raw(w.parts.inspect_partition(w.key())->fence.partition_epoch) == 2);
  BOOST_TEST(w.count("part.undeployed") == 1U);
  w.stop();
}

BOOST_AUTO_TEST_CASE(other_pools_of_the_same_version_are_built_and_switched_to) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  SetPoint resized = outside.present(1);
  resized.pool_command = 5;
  w.give(resized);
  BOOST_TEST(w.reaches(Phase::running, seconds(10)));
  BOOST_TEST(w.blobs.requests == 1U);
  BOOST_TEST(w.work.charges[WorkKind::parse] == 1U);
  BOOST_TEST(w.count("version.ready") == 2U);
  BOOST_TEST(w.count("version.closed") == 1U);
  w.stop();
}

// 8.7: content that was there before, and that the served definition could follow.
BOOST_AUTO_TEST_CASE(a_rollback_to_older_content_is_no_incompatible_update) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  w.give(outside.present(2));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  SetPoint back = outside.present(1);
  back.app_version = AppVersion{3};
  w.give(back);
  BOOST_TEST(w.reaches(Phase::running, seconds(10)));
  BOOST_TEST(w.serves() == 3);
  SetPoint as_new = outside.present(2);  // the same content as an upload of its own is an update
  as_new.app_version = AppVersion{4};
  w.give(as_new);
  BOOST_TEST_REQUIRE(w.reaches(Phase::running, seconds(10)));
  outside.blobs[9] = outside.blobs[1];
  SetPoint upload = outside.present(1);
  upload.app_version = AppVersion{5};
  upload.image_blob = BlobId{9};
  w.give(upload);
  BOOST_TEST(w.reaches(Phase::blocked, seconds(10)));
  BOOST_TEST((w.view().error == Code::incompatible));
  BOOST_TEST(w.serves() == 4);
  w.stop();
}

BOOST_AUTO_TEST_CASE(a_maintenance_window_is_waited_for_in_phase_pending) {
  Outside outside;
  LoopWorld w(&outside);
  SetPoint sp = outside.present(1);
  sp.cron_schedule = "0 * * * *";
  w.give(sp);
  BOOST_TEST(w.reaches(Phase::pending));
  w.pass(seconds(1));
  const Condition* condition = find_condition(w.pv().conditions, ConditionType::up_to_date);
  BOOST_TEST(condition->reason == "Scheduled");
  // The wall clock of the test began at 1,700,000,000 s, which is 22:13:20.
  w.pass(minutes(46));
  BOOST_TEST((w.view().phase == Phase::pending));
  BOOST_TEST(w.reaches(Phase::running, minutes(1)));
  w.stop();
}

BOOST_AUTO_TEST_CASE(everything_becomes_absent_when_the_vvm_goes_down) {
  Outside outside;
  LoopWorld w(&outside);
  for (int i = 0; i < 8; ++i) {
    w.give(outside.present(1, i));
  }
  BOOST_TEST(w.reaches(Phase::running, minutes(1), 7));
  BOOST_TEST(!w.loop.all_absent());
  w.loop.go_down();
  BOOST_TEST(w.until([&] { return w.loop.all_absent(); }, seconds(10)));
  for (int i = 0; i < 8; ++i) {
    BOOST_TEST((w.pv(i).phase == Phase::absent));
  }
  w.give(outside.present(2, 3));  // too late
  w.pass(seconds(10));
  BOOST_TEST((w.view(3).phase == Phase::absent));
  BOOST_TEST(w.loop.all_absent());
  w.stop();
}

BOOST_AUTO_TEST_CASE(a_superseded_epoch_is_told_once_and_nothing_is_reported_after_that) {
  for (const bool by_list : {true, false}) {
    Outside outside;
    LoopWorld w(&outside);
    w.give(outside.present(1));
    BOOST_TEST_REQUIRE(w.reaches(Phase::running));
    w.pass(seconds(1));
    (by_list ? outside.cluster.fences_lists : outside.cluster.fences_reports) = true;
    if (by_list) {
      w.pass(seconds(6));
      BOOST_TEST(w.lost.why == "SPList");
    } else {
      w.give(outside.present(2));
      w.pass(seconds(6));
      BOOST_TEST(w.lost.why == "ReportPV");
    }
    BOOST_TEST(w.lost.times == 1);
    const std::size_t stored = outside.cluster.stored.size();
    outside.cluster.fences_reports = false;
    w.pass(minutes(3));
    BOOST_TEST(outside.cluster.stored.size() == stored);
    BOOST_TEST(w.lost.times == 1);
    w.stop();
  }
}

BOOST_AUTO_TEST_CASE(a_silent_key_is_reported_again_every_60_s_under_a_new_number) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  w.pass(seconds(1));
  const ProcessVariable before = w.pv();
  const std::size_t stored = outside.cluster.stored.size();
  w.pass(seconds(58));
  BOOST_TEST(outside.cluster.stored.size() == stored);
  w.pass(seconds(2));
  BOOST_TEST(outside.cluster.stored.size() == stored + 1);
  BOOST_TEST(w.pv().report_seq > before.report_seq);
  BOOST_TEST(raw(w.pv().serving_version) == 1);
  w.pass(minutes(10));
  BOOST_TEST(outside.cluster.stored.size() == stored + 11);
  w.stop();
}

// T-AP-5.
BOOST_AUTO_TEST_CASE(an_hour_without_the_cluster_stops_nothing) {
  Outside outside;
  LoopWorld w(&outside);
  for (int i = 0; i < 5; ++i) {
    w.give(outside.present(1, i));
  }
  BOOST_TEST_REQUIRE(w.reaches(Phase::running, minutes(1), 4));
  w.pass(seconds(1));
  outside.cluster.down = true;
  w.pass(hours(1));
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST(w.serves(i) == 1);
    BOOST_TEST((w.view(i).phase == Phase::running));
  }
  outside.cluster.down = false;
  w.pass(seconds(6));
  BOOST_TEST(w.pv(4).report_seq == w.view(4).produced_seq);
  w.stop();
}

BOOST_AUTO_TEST_CASE(a_tombstone_that_has_left_the_list_is_forgotten_and_its_numbers_are_not) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  w.give(outside.absent());
  BOOST_TEST(w.reaches(Phase::absent, seconds(20)));
  w.pass(seconds(1));
  const std::int64_t seq = w.pv().report_seq;
  ++outside.cluster.revision;
  outside.cluster.sps.erase(w.key());
  w.pass(seconds(7));
  BOOST_TEST(w.find_view() == nullptr);
  BOOST_TEST(w.demand.newest(w.key()) == nullptr);
  BOOST_TEST(w.loop.metrics().keys == 0U);
  w.pass(minutes(2));
  BOOST_TEST(w.pv().report_seq == seq);
  w.give(outside.present(2));
  BOOST_TEST(w.reaches(Phase::running, seconds(20)));
  w.pass(seconds(1));
  BOOST_TEST(w.pv().report_seq > seq);
  w.pass(minutes(2));
  BOOST_TEST((w.view().phase == Phase::running));
  w.stop();
}

BOOST_AUTO_TEST_CASE(a_key_that_is_missing_from_the_list_is_drained) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  ++outside.cluster.revision;
  outside.cluster.sps.clear();
  w.pass(seconds(9));
  BOOST_TEST(w.serves() == 1);
  w.pass(seconds(16));
  BOOST_TEST((w.pv().phase == Phase::absent));
  BOOST_TEST(raw(w.pv().observed_generation) == 1);
  w.stop();
}

// T-AP-6.
BOOST_AUTO_TEST_CASE(a_version_that_takes_the_process_down_three_times_is_blocked) {
  Outside outside;
  outside.cost = {{WorkKind::build, seconds(5)}};
  for (int life = 1; life <= 3; ++life) {
    LoopWorld w(&outside, life);
    if (life == 1) {
      w.give(outside.present(1));
    }
    BOOST_TEST(w.reaches(Phase::building));
    BOOST_TEST(w.until([&] { return w.work.charges[WorkKind::build] == 1U; }));
    w.pass(seconds(1));
  }
  LoopWorld w(&outside, 4);
  BOOST_TEST(w.reaches(Phase::blocked));
  BOOST_TEST((w.view().error == Code::internal_error));
  BOOST_TEST(w.work.charges[WorkKind::build] == 0U);
  w.give(outside.present(2));
  BOOST_TEST(w.reaches(Phase::running));
  w.pass(seconds(11));
  BOOST_TEST(outside.disk.files().at("journal/crash.log").find("\"life\":4") == std::string::npos);
  w.stop();
}

BOOST_AUTO_TEST_CASE(an_orderly_end_within_min_healthy_is_no_crash) {
  Outside outside;
  for (int life = 1; life <= 4; ++life) {
    LoopWorld w(&outside, life);
    w.give(outside.present(1));
    BOOST_TEST(w.reaches(Phase::running));
    w.pass(milliseconds(100));
    w.stop();
  }
}

BOOST_AUTO_TEST_CASE(a_restarted_process_uses_what_is_on_the_disk) {
  Outside outside;
  {
    LoopWorld w(&outside, 1);
    w.give(outside.present(1));
    BOOST_TEST(w.reaches(Phase::running));
    w.pass(seconds(1));
    w.stop();
  }
  LoopWorld w(&outside, 2);
  BOOST_TEST(w.reaches(Phase::running));
  BOOST_TEST(w.blobs.requests == 0U);
  BOOST_TEST(w.count("image.unpack.start") == 0U);
  w.stop();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::node::testing
