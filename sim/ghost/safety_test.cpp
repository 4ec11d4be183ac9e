// Tests of the invariants of docs/spec/vvm.md 13.2: each is seen to hold, and to fail.
//
// Method: histories made by hand, one event after the other; no simulated world.
#define BOOST_TEST_MODULE ghost
#include <boost/test/unit_test.hpp>

#include "sim/ghost/test_cluster.hpp"

namespace vvm::ghost {
namespace {

using appparts::PartitionView;

BOOST_AUTO_TEST_CASE(an_ordinary_life_violates_nothing) {
  HandMade h;
  h.place_and_serve();
  h.rows({cluster::put(HandMade::sp(1, 2, 2))});
  h.versions(h.vvm1, {HandMade::version(1), HandMade::version(2)});
  h.claim_both();
  PartitionView both = HandMade::runtime(2, 2);
  both.old = HandMade::part_version(1, 1);
  h.part(h.vvm1, both);
  h.part(h.vvm1, HandMade::runtime(2, 2));
  h.versions(h.vvm1, {HandMade::version(2)});
  h.ghost.check_all();
  BOOST_TEST(h.failed() == "");
  for (const Property property : {Property::single_executor,
                                  Property::one_present,
                                  Property::sp_order,
                                  Property::epochs,
                                  Property::version_monotonicity,
                                  Property::two_versions,
                                  Property::no_over_claim,
                                  Property::pv_order,
                                  Property::admission,
                                  Property::engine_accounting,
                                  Property::immutables,
                                  Property::capacity,
                                  Property::report_integrity,
                                  Property::lease_uniqueness,
                                  Property::dead_are_silent}) {
    BOOST_TEST(h.evaluations(property) > 0U, text_of(property).id);
  }
}

BOOST_AUTO_TEST_CASE(two_processes_that_serve_one_partition_are_seen) {
  HandMade h;
  h.place_and_serve();
  h.versions(h.vvm2, {HandMade::version(1)});
  h.part(h.vvm2, HandMade::runtime(1));
  BOOST_TEST(h.failed() == "I-S1");
}

BOOST_AUTO_TEST_CASE(a_dead_process_serves_nothing) {
  HandMade h;
  h.place_and_serve();
  h.end(h.vvm1);
  h.versions(h.vvm2, {HandMade::version(1)});
  h.part(h.vvm2, HandMade::runtime(1));
  BOOST_TEST(h.failed() == "");
}

BOOST_AUTO_TEST_CASE(another_process_of_a_vvm_needs_a_greater_epoch) {
  HandMade h;
  cluster::VirtualMachine row = HandMade::vvm_row(1, 1);
  row.nonce = "somebody else";
  h.rows({cluster::put(row)});
  BOOST_TEST(h.failed() == "I-S5");

  HandMade again;
  again.end(again.vvm1);
  again.tick();
  again.ghost.started(again.vvm1);
  again.emit(again.vvm1, {"vvm.registered", {{"vvm", 1}, {"epoch", 1}}});
  BOOST_TEST(again.failed() == "I-S5");
}

BOOST_AUTO_TEST_CASE(one_set_point_of_a_partition_is_present) {
  HandMade h;
  h.rows({cluster::put(HandMade::sp(1, 1, 1))});
  // Within one entry the order of the rows means nothing.
  h.rows({cluster::put(HandMade::sp(2, 2, 1)), cluster::put(HandMade::sp(1, 2, 0))});
  BOOST_TEST(h.failed() == "");
  h.rows({cluster::put(HandMade::sp(1, 3, 1))});
  BOOST_TEST(h.failed() == "I-S6");
}

BOOST_AUTO_TEST_CASE(generations_of_a_partition_do_not_go_back) {
  HandMade h;
  h.rows({cluster::put(HandMade::sp(1, 3, 0))});
  h.rows({cluster::put(HandMade::sp(2, 2, 1))});
  BOOST_TEST(h.failed() == "I-S7");
}

BOOST_AUTO_TEST_CASE(a_generation_has_one_content) {
  HandMade h;
  h.rows({cluster::put(HandMade::sp(1, 1, 1))});
  h.rows({cluster::put(HandMade::sp(1, 1, 2))});
  BOOST_TEST(h.failed() == "I-S7");

  HandMade other;
  other.rows({cluster::put(HandMade::sp(1, 1, 1))});
  SetPoint sp = HandMade::sp(1, 2, 1);
  sp.image_sha256 = HandMade::content(7);
  other.rows({cluster::put(sp)});
  BOOST_TEST(other.failed() == "I-S7");
}

BOOST_AUTO_TEST_CASE(a_partition_epoch_grows_by_one_with_each_assignment_and_only_then) {
  HandMade skips;
  skips.rows({cluster::put(HandMade::placement(1, 2))});
  BOOST_TEST(skips.failed() == "I-S8");

  HandMade grows;
  grows.rows({cluster::put(HandMade::placement(1, 1))});
  grows.rows({cluster::put(HandMade::placement(1, 2))});
  BOOST_TEST(grows.failed() == "I-S8");
}

BOOST_AUTO_TEST_CASE(a_runtime_has_the_fence_of_its_process) {
  HandMade h;
  h.rows({cluster::put(HandMade::placement(1, 1)), cluster::put(HandMade::sp(1, 1, 1))});
  PartitionView view = HandMade::closed(HandMade::runtime(1));
  view.fence.vvm_epoch = VvmEpoch{2};
  h.part(h.vvm1, view);
  BOOST_TEST(h.failed() == "I-S8");
}

BOOST_AUTO_TEST_CASE(a_borrow_is_of_one_version) {
  const int holder1 = 1;
  const int holder2 = 2;
  HandMade h;
  h.place_and_serve();
  PartitionView view = HandMade::runtime(1);
  appparts::BorrowView borrow = HandMade::borrow(1);
  borrow.app_def_holder = &holder1;
  borrow.engine_holder = &holder1;
  view.borrows = {borrow};
  appparts::VersionView lent = HandMade::version(1);
  lent.pools[1] = {.created = 1, .borrowed = 1};
  h.tick();
  h.ghost.see_versions(h.vvm1, test_app, {lent});
  h.see(h.vvm1, view);
  BOOST_TEST(h.failed() == "");
  view.borrows[0].engine_holder = &holder2;
  h.part(h.vvm1, view);
  BOOST_TEST(h.failed() == "I-S9");
}

BOOST_AUTO_TEST_CASE(versions_of_a_partition_do_not_go_back) {
  HandMade h;
  h.place_and_serve();
  h.rows({cluster::put(HandMade::sp(1, 2, 2))});
  h.versions(h.vvm1, {HandMade::version(1), HandMade::version(2)});
  h.claim_both();
  h.part(h.vvm1, HandMade::runtime(2, 2));
  h.part(h.vvm1, HandMade::runtime(1, 3));
  BOOST_TEST(h.failed() == "I-S10");
}

BOOST_AUTO_TEST_CASE(commands_of_a_partition_are_executed_by_growing_versions_wherever) {
  HandMade h;
  h.ghost.see_command(h.vvm1, test_key(), AppVersion{2});
  h.ghost.see_command(h.vvm2, test_key(), AppVersion{2});
  BOOST_TEST(h.failed() == "");
  h.ghost.see_command(h.vvm2, test_key(), AppVersion{1});
  BOOST_TEST(h.failed() == "I-S10");
}

BOOST_AUTO_TEST_CASE(a_runtime_without_a_current_version_or_with_one_twice_is_seen) {
  HandMade h;
  h.place_and_serve();
  PartitionView twice = HandMade::runtime(1);
  twice.old = twice.current;
  h.part(h.vvm1, twice);
  BOOST_TEST(h.failed() == "I-S11");

  HandMade none;
  none.rows({cluster::put(HandMade::placement(1, 1)), cluster::put(HandMade::sp(1, 1, 1))});
  PartitionView empty = HandMade::closed(HandMade::runtime(1));
  empty.current.reset();
  none.part(none.vvm1, empty);
  BOOST_TEST(none.failed() == "I-S11");
}

BOOST_AUTO_TEST_CASE(a_claim_that_is_stored_is_kept) {
  HandMade h;
  h.place_and_serve();
  h.part(h.vvm1, HandMade::closed(HandMade::runtime(1)));
  BOOST_TEST(h.failed() == "I-S12");

  HandMade switched;
  switched.place_and_serve();
  switched.rows({cluster::put(HandMade::sp(1, 2, 2))});
  switched.versions(switched.vvm1, {HandMade::version(1), HandMade::version(2)});
  switched.part(switched.vvm1, HandMade::runtime(2, 2));
  BOOST_TEST(switched.failed() == "I-S12");
}

BOOST_AUTO_TEST_CASE(a_claim_means_nothing_under_an_older_epoch_or_of_a_process_that_goes) {
  HandMade newer;
  newer.place_and_serve();
  newer.rows({cluster::put(HandMade::vvm_row(1, 2))});
  newer.part(newer.vvm1, HandMade::closed(HandMade::runtime(1)));
  BOOST_TEST(newer.failed() == "");

  HandMade going;
  going.place_and_serve();
  going.emit(going.vvm1, {"vvm.state", {{"vvm", 1}, {"state", "Stopping"}}});
  going.part(going.vvm1, HandMade::closed(HandMade::runtime(1)));
  BOOST_TEST(going.failed() == "");
}

BOOST_AUTO_TEST_CASE(reports_in_a_row_grow) {
  HandMade h;
  h.place_and_serve();
  h.rows({cluster::put(HandMade::pv(1, 1, 1))});
  BOOST_TEST(h.failed() == "I-S13");

  HandMade observed;
  observed.place_and_serve();
  observed.rows({cluster::put(HandMade::pv(1, 2, 1, 0))});
  BOOST_TEST(observed.failed() == "I-S13");

  HandMade ahead;
  ahead.place_and_serve();
  ahead.rows({cluster::put(HandMade::pv(1, 2, 1, 2))});
  BOOST_TEST(ahead.failed() == "I-S13");
}

BOOST_AUTO_TEST_CASE(calls_of_a_key_do_not_overlap) {
  HandMade h;
  h.call(h.vvm1, "ctl.call", 1);
  h.call(h.vvm1, "ctl.return", 1);
  h.call(h.vvm1, "ctl.call", 1);
  BOOST_TEST(h.failed() == "");
  h.call(h.vvm1, "ctl.call", 1);
  BOOST_TEST(h.failed() == "I-S14");
}

BOOST_AUTO_TEST_CASE(a_call_never_has_an_older_set_point) {
  HandMade h;
  h.call(h.vvm1, "ctl.call", 2);
  h.call(h.vvm1, "ctl.return", 2);
  h.call(h.vvm1, "ctl.call", 1);
  BOOST_TEST(h.failed() == "I-S15");
}

BOOST_AUTO_TEST_CASE(the_reader_gives_out_each_set_point_once_and_in_order) {
  const auto target = [](HandMade& h, std::int64_t number) {
    h.emit(h.vvm1, {"ctl.target", {{"app", "acme/pos"}, {"part", 0}, {"number", number}}});
  };
  HandMade h;
  target(h, 2);
  target(h, 5);
  BOOST_TEST(h.failed() == "");
  target(h, 5);
  BOOST_TEST(h.failed() == "I-S15");
}

BOOST_AUTO_TEST_CASE(what_is_admitted_is_ready_named_and_full) {
  const auto admitted = [](const auto& change) {
    HandMade h;
    h.rows({cluster::put(HandMade::placement(1, 1)), cluster::put(HandMade::sp(1, 1, 1))});
    PartitionView view = HandMade::runtime(1);
    appparts::VersionView version = HandMade::version(1);
    change(view, version);
    h.versions(h.vvm1, {version});
    h.part(h.vvm1, view);
    return h.failed();
  };
  BOOST_TEST(admitted([](auto&, auto&) {}) == "");
  BOOST_TEST(admitted([](auto& view, auto&) {
               view.current->state = appparts::VersionState::building;
             }) == "I-S16");
  BOOST_TEST(admitted([](auto& view, auto& version) {
               view.current->sha = HandMade::content(9);
               version.sha = HandMade::content(9);
             }) == "I-S16");
  BOOST_TEST(admitted([](auto&, auto& version) { version.sizes[0] = 2; }) == "I-S16");
}

BOOST_AUTO_TEST_CASE(the_books_of_a_version_that_has_gone_are_closed) {
  const auto seen = [](engines::PoolAccount pool) {
    HandMade h;
    h.place_and_serve();
    appparts::VersionView version = HandMade::version(1);
    version.state = appparts::VersionState::closed;
    version.pools = {pool};
    h.ghost.see_closed(h.vvm1, test_app, version);
    return h.failed();
  };
  BOOST_TEST(seen({.created = 3, .closed = 3}) == "");
  BOOST_TEST(seen({.created = 3, .closed = 2}) == "I-S20");
  BOOST_TEST(seen({.created = 3, .free = 1, .closed = 2}) == "I-S20");
}

BOOST_AUTO_TEST_CASE(engines_are_all_accounted_for) {
  const auto seen = [](const auto& change) {
    HandMade h;
    h.place_and_serve();
    appparts::VersionView version = HandMade::version(1);
    change(h, version);
    h.versions(h.vvm1, {version});
    return h.failed();
  };
  BOOST_TEST(seen([](auto&, auto&) {}) == "");
  BOOST_TEST(seen([](auto&, auto& version) { version.pools[0].free = 0; }) == "I-S20");
  // Borrowed, but no partition has it.
  BOOST_TEST(seen([](auto&, auto& version) { version.pools[0] = {.created = 1, .borrowed = 1}; }) ==
             "I-S20");
  // One lives that no version knows.
  BOOST_TEST(seen([](auto& h, auto&) { h.ghost.see_engines(h.vvm1, test_app, 5); }) == "I-S20");
  BOOST_TEST(seen([](auto&, auto& version) { version.state = appparts::VersionState::closed; }) ==
             "I-S20");
  BOOST_TEST(seen([](auto& h, auto&) { h.ghost.see_misuse(h.vvm1, test_app); }) == "I-S20");
}

BOOST_AUTO_TEST_CASE(nothing_is_left_of_a_partition_that_is_absent) {
  HandMade h;
  h.place_and_serve();
  h.rows({cluster::put(HandMade::pv(1, 2, 0))});
  h.key(h.vvm1, HandMade::key_view(Phase::absent, 1, 0));
  BOOST_TEST(h.failed() == "I-S21");
}

BOOST_AUTO_TEST_CASE(revoked_handles_may_be_left) {
  HandMade h;
  h.key(h.vvm1, HandMade::key_view(Phase::absent, 1, 0));
  PartitionView left;
  left.leaked = 2;
  h.part(h.vvm1, left);
  BOOST_TEST(h.failed() == "");
  BOOST_TEST(h.evaluations(Property::no_leaks) == 2U);
}

BOOST_AUTO_TEST_CASE(the_counts_of_an_application_stay) {
  HandMade h;
  cluster::App app = HandMade::app();
  app.num_partitions = 3;
  h.rows({cluster::put(app)});
  BOOST_TEST(h.failed() == "I-S33");

  HandMade sp;
  SetPoint wrong = HandMade::sp(1, 1, 1);
  wrong.num_app_workspaces = 11;
  sp.rows({cluster::put(wrong)});
  BOOST_TEST(sp.failed() == "I-S33");
}

BOOST_AUTO_TEST_CASE(a_node_and_a_vvm_have_limits) {
  HandMade nodes;
  for (std::int64_t k = 3; k <= 8; ++k) {
    nodes.rows({cluster::put(HandMade::vvm_row(k, 1))});
  }
  BOOST_TEST(nodes.failed() == "");
  nodes.rows({cluster::put(HandMade::vvm_row(9, 1))});
  BOOST_TEST(nodes.failed() == "I-S34");

  HandMade parts;
  cluster::VirtualMachine small = HandMade::vvm_row(1, 1);
  small.partitions_max = 1;
  cluster::Placement second = HandMade::placement(1, 1);
  second.key = test_key(1);
  parts.rows({cluster::put(small), cluster::put(HandMade::placement(1, 1))});
  BOOST_TEST(parts.failed() == "");
  parts.rows({cluster::put(second)});
  BOOST_TEST(parts.failed() == "I-S34");
}

BOOST_AUTO_TEST_CASE(a_report_that_must_be_stored_is_not_overtaken) {
  HandMade h;
  h.place_and_serve();
  h.produced(h.vvm1, 2, true);
  h.produced(h.vvm1, 3, false);
  h.rows({cluster::put(HandMade::pv(1, 3, 1))});
  BOOST_TEST(h.failed() == "I-S36");
}

BOOST_AUTO_TEST_CASE(a_runtime_is_dropped_after_a_drain) {
  HandMade h;
  h.place_and_serve();
  h.rows({cluster::put(HandMade::pv(1, 2, 0))});
  h.part(h.vvm1, {});
  BOOST_TEST(h.failed() == "G-1");

  // A drain with nothing to wait for and the drop may be one event.
  HandMade drained;
  drained.place_and_serve();
  drained.rows({cluster::put(HandMade::pv(1, 2, 0))});
  drained.about_part(drained.vvm1, "part.draining");
  drained.see(drained.vvm1, {});
  BOOST_TEST(drained.failed() == "");
}

BOOST_AUTO_TEST_CASE(borrows_are_taken_away_only_after_the_hard_stop) {
  const auto taken_after = [](Duration wait) {
    HandMade h;
    h.place_and_serve();
    h.rows({cluster::put(HandMade::pv(1, 2, 0))});
    PartitionView draining = HandMade::closed(HandMade::runtime(1));
    draining.borrows = {HandMade::borrow(1)};
    appparts::VersionView lent = HandMade::version(1);
    lent.pools[1] = {.created = 1, .borrowed = 1};
    h.tick();
    h.ghost.see_versions(h.vvm1, test_app, {lent});
    h.see(h.vvm1, draining);
    h.wait(wait);
    PartitionView taken;
    taken.leaked = 1;
    lent.pools[1] = {.created = 1, .tainted = 1};
    h.tick();
    h.ghost.see_versions(h.vvm1, test_app, {lent});
    h.see(h.vvm1, taken);
    return h.failed();
  };
  BOOST_TEST(taken_after(seconds(30)) == "");
  BOOST_TEST(taken_after(seconds(20)) == "G-1");
}

BOOST_AUTO_TEST_CASE(a_dead_process_is_silent) {
  HandMade h;
  h.end(h.vvm1);
  h.emit(h.vvm1, {"vvm.state", {{"vvm", 1}, {"state", "Serving"}}});
  BOOST_TEST(h.failed() == "G-2");
}

BOOST_AUTO_TEST_CASE(a_change_that_was_not_told_is_found_by_comparing) {
  HandMade h;
  h.place_and_serve();
  appparts::Inspection there;
  there.apps.resize(1);
  there.apps[0].app = test_app;
  PartitionView view = HandMade::runtime(1);
  there.apps[0].partitions = {view};
  there.apps[0].versions = {HandMade::version(1)};
  there.apps[0].versions[0].references = 7;  // nobody tells of these
  std::map<PartitionKey, apppartsctl::KeyView> keys{
      {test_key(), HandMade::key_view(Phase::running, 1, 1)}};
  h.ghost.compare(h.vvm1, there, keys);
  BOOST_TEST(h.failed() == "");

  there.apps[0].partitions[0].leaked = 1;
  h.ghost.compare(h.vvm1, there, keys);
  BOOST_TEST(h.failed() == "self-test");
}

BOOST_AUTO_TEST_CASE(only_the_first_violation_is_kept) {
  HandMade h;
  h.call(h.vvm1, "ctl.call", 2);
  h.call(h.vvm1, "ctl.call", 1);
  BOOST_TEST(h.failed() == "I-S14");
  BOOST_TEST(h.ghost.ledger().violation()->subject == "acme/pos/0 at vvm1");
  BOOST_TEST((h.ghost.ledger().violation()->at == h.now));
}

}  // namespace
}  // namespace vvm::ghost
