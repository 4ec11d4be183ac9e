// The version switch: order of its steps, what goes on meanwhile, and attempts that are given up.
#include <boost/test/unit_test.hpp>

#include "appparts/testing/fixture.hpp"

using namespace vvm;
using namespace vvm::appparts;
using namespace vvm::testing;

namespace {

constexpr ProcessorKind command = ProcessorKind::command;
constexpr ProcessorKind query = ProcessorKind::query;

Task<void> switching(AppPartitions* parts, VersionRef to, std::vector<Status>* into) {
  into->push_back(co_await parts->switch_version(PartsFixture::key(), std::move(to)));
}

using Lines = std::vector<std::string>;

std::int64_t current(PartsFixture& f) { return raw(f.view().current->version); }

}  // namespace

BOOST_AUTO_TEST_CASE(a_switch_stops_the_old_workers_before_the_swap_and_starts_the_new_after_it) {
  PartsFixture f;
  f.workers.log->stop_takes = seconds(2);
  f.serve(1);
  std::vector<Status> done;
  f.machine.spawn("switch", switching(f.parts.get(), f.version(2), &done));
  f.machine.run_for(seconds(1));
  BOOST_TEST(current(f) == 1);
  BOOST_TEST((f.view().admission[0] == Admission::held));
  BOOST_TEST((f.view().admission[1] == Admission::open));
  BOOST_TEST(code_of(f.borrow(command)) == "Held");
  BOOST_TEST(raw(f.borrow(query).value().version().value()) == 1);
  f.machine.run_for(seconds(1));
  BOOST_REQUIRE(done.size() == 1U);
  BOOST_TEST(done.front().has_value());
  BOOST_TEST(current(f) == 2);
  BOOST_TEST(raw(f.borrow(command).value().version().value()) == 2);
  BOOST_TEST((f.workers.log->lines == Lines{"start 1", "stop 1", "stopped 1", "start 2"}));
  BOOST_TEST(f.workers.log->running_most == 1U);
  BOOST_TEST(!f.view().old.has_value());
  BOOST_TEST(f.machine.events.count("part.switch.begin app=acme/pos part=0 from=1 to=2") == 1U);
  BOOST_TEST(f.machine.events.count("part.switch.end app=acme/pos part=0 from=1 to=2") == 1U);
}

BOOST_AUTO_TEST_CASE(a_switch_waits_for_the_command_in_progress_and_for_no_query) {
  PartsFixture f;
  f.serve(1);
  Borrowed in_progress = f.borrow(command).value();
  Borrowed old_query = f.borrow(query).value();
  std::vector<Status> done;
  f.machine.spawn("switch", switching(f.parts.get(), f.version(2), &done));
  f.machine.run_for(seconds(3));
  BOOST_TEST(done.empty());
  in_progress.release();
  f.machine.settle();
  BOOST_REQUIRE(done.size() == 1U);
  BOOST_TEST(done.front().has_value());
  // The query goes on with what it began with, and new ones get the new version.
  BOOST_TEST(raw(old_query.version().value()) == 1);
  BOOST_TEST(raw(f.borrow(query).value().version().value()) == 2);
  BOOST_TEST(f.view().old.has_value());
  BOOST_TEST(f.script->closed == 0U);
  old_query.release();
  f.machine.settle();
  BOOST_TEST(!f.view().old.has_value());
  BOOST_TEST(f.script->closed == 6U);
  BOOST_TEST(f.machine.events.count("version.closed app=acme/pos version=1") == 1U);
}

BOOST_AUTO_TEST_CASE(every_open_borrow_uses_one_version_only) {
  PartsFixture f;
  f.serve(1);
  const Borrowed old_query = f.borrow(query).value();
  BOOST_TEST(f.switch_to(2).has_value());
  const Borrowed new_query = f.borrow(query).value();
  const PartitionView view = f.view();
  BOOST_REQUIRE(view.borrows.size() == 2U);
  for (const BorrowView& b : view.borrows) {
    BOOST_TEST(b.app_def_holder == b.engine_holder);
    BOOST_TEST((b.part_version == (b.current ? view.current : view.old)->id));
  }
}

BOOST_AUTO_TEST_CASE(a_third_version_is_refused_while_the_first_is_in_use) {
  PartsFixture f;
  f.serve(1);
  Borrowed old_query = f.borrow(query).value();
  BOOST_TEST(f.switch_to(2).has_value());
  BOOST_TEST(code_of(f.switch_to(3)) == "DrainTimeout");
  BOOST_TEST(current(f) == 2);
  old_query.release();
  f.machine.settle();
  BOOST_TEST(f.switch_to(3).has_value());
  BOOST_TEST(current(f) == 3);
}

BOOST_AUTO_TEST_CASE(borrows_of_the_old_version_are_revoked_30_seconds_after_the_swap) {
  PartsFixture f;
  f.serve(1);
  Borrowed stuck = f.borrow(query).value();
  BOOST_TEST(f.switch_to(2).has_value());
  f.machine.run_for(seconds(30) - milliseconds(1));
  BOOST_TEST(stuck.check(f.machine.clock.now()).has_value());
  f.machine.run_for(milliseconds(1));
  BOOST_TEST(code_of(stuck.check(f.machine.clock.now())) == "Revoked");
  BOOST_TEST(code_of(stuck.app_def()) == "Revoked");
  BOOST_TEST(!f.view().old.has_value());
  BOOST_TEST(f.view().leaked == 1U);
  BOOST_TEST(f.script->closed == 6U);  // the engine of the stuck borrow, too
  stuck.release();
  BOOST_TEST(f.view().leaked == 0U);
  BOOST_TEST(f.parts->accounts_balance());
}

BOOST_AUTO_TEST_CASE(a_switch_is_abandoned_when_a_command_does_not_end_in_time) {
  PartsFixture f;
  f.serve(1);
  const Borrowed stuck = f.borrow(command).value();
  const Instant begin = f.machine.clock.now();
  BOOST_TEST(code_of(f.switch_to(2)) == "DrainTimeout");
  BOOST_TEST((f.machine.clock.now() - begin == seconds(10)));
  BOOST_TEST(current(f) == 1);
  BOOST_TEST((f.view().admission[0] == Admission::open));
  BOOST_TEST(stuck.check(f.machine.clock.now()).has_value());
  BOOST_TEST(f.workers.log->running == 1U);
  BOOST_TEST(f.machine.events.count("part.switch.abandoned") == 1U);
  BOOST_TEST(f.machine.events.count("version.closed app=acme/pos version=2") == 1U);
}

// M36: the actualizers that were asked to stop run again.
BOOST_AUTO_TEST_CASE(a_switch_is_abandoned_when_workers_do_not_stop_and_they_run_again) {
  PartsFixture f;
  f.serve(1);
  f.workers.log->stop_takes = hours(10);
  BOOST_TEST(code_of(f.switch_to(2)) == "DrainTimeout");
  BOOST_TEST(current(f) == 1);
  BOOST_TEST((f.workers.log->lines == Lines{"start 1", "stop 1", "start 1"}));
  BOOST_TEST(f.view().current->workers == 1U);
  BOOST_TEST(f.borrow(command).has_value());
  f.workers.log->stop_takes = {};
  BOOST_TEST(f.switch_to(2).has_value());
  BOOST_TEST(f.workers.log->running_most == 1U);
}

BOOST_AUTO_TEST_CASE(a_switch_whose_task_is_cancelled_leaves_the_partition_as_it_was) {
  PartsFixture f;
  f.serve(1);
  for (const Duration stop_takes : {seconds(5), Duration{}}) {
    f.workers.log->stop_takes = stop_takes;
    Borrowed busy;
    if (stop_takes == Duration{}) {
      busy = f.borrow(command).value();
    }
    std::vector<Status> done;
    TaskScope scope(f.machine.rt());
    scope.spawn("switch", switching(f.parts.get(), f.version(2), &done));
    f.machine.run_for(seconds(1));
    scope.cancel();
    f.machine.run_for(seconds(1));
    BOOST_TEST(scope.size() == 0U);
    BOOST_TEST(done.empty());
    BOOST_TEST((f.view().admission[0] == Admission::open));
    BOOST_TEST(current(f) == 1);
    BOOST_TEST(f.view().current->workers == 1U);
    BOOST_TEST(!f.view().old.has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_gate_that_closes_during_a_switch_ends_it_without_restart) {
  PartsFixture f;
  f.workers.log->stop_takes = seconds(5);
  f.serve(1);
  std::vector<Status> done;
  f.machine.spawn("switch", switching(f.parts.get(), f.version(2), &done));
  f.machine.run_for(seconds(1));
  f.parts->revoke(f.key());
  BOOST_TEST(f.parts->undeploy(f.key()).has_value());
  f.machine.run_for(seconds(10));
  BOOST_REQUIRE(done.size() == 1U);
  BOOST_TEST(code_of(done.front()) == "LeaseLost");
  BOOST_TEST(!f.view().present);
  BOOST_TEST(f.workers.log->running == 0U);
  BOOST_TEST((f.workers.log->lines.front() == "start 1"));
  BOOST_TEST(std::count(f.workers.log->lines.begin(), f.workers.log->lines.end(), "start 1") == 1);
  BOOST_TEST(f.script->created == f.script->closed);
}

BOOST_AUTO_TEST_CASE(versions_only_grow_and_the_same_one_is_no_switch) {
  PartsFixture f;
  f.serve(2);
  BOOST_TEST(code_of(f.switch_to(1)) == "InvalidSP");
  BOOST_TEST(f.switch_to(2).has_value());
  BOOST_TEST(f.machine.events.count("part.switch") == 0U);
  VersionSpec resized = f.spec(2);
  resized.pools = {5, 5, 5, 5};
  VersionRef bigger = f.machine.await(f.parts->ensure_version(resized)).value();
  BOOST_TEST(f.machine.await(f.parts->switch_version(f.key(), bigger)).has_value());
  BOOST_TEST((f.view().current->version == AppVersion{2}));
  BOOST_TEST((f.parts->inspect().apps.at(0).versions.size() == 1U));
}

BOOST_AUTO_TEST_CASE(partitions_of_one_application_may_be_on_different_versions) {
  PartsFixture f;
  f.serve(1, 0);
  f.serve(1, 1);
  BOOST_TEST(f.switch_to(2, 1).has_value());
  BOOST_TEST(raw(f.borrow(query, 0).value().version().value()) == 1);
  BOOST_TEST(raw(f.borrow(query, 1).value().version().value()) == 2);
  BOOST_TEST(f.switch_to(2, 0).has_value());
  BOOST_TEST(f.machine.events.count("version.closed app=acme/pos version=1") == 1U);
}

BOOST_AUTO_TEST_CASE(a_partition_that_is_not_admitted_switches_and_stays_closed) {
  PartsFixture f;
  BOOST_TEST(f.parts->acquire(f.key(), f.fence(), f.version(1)).has_value());
  BOOST_TEST(f.switch_to(2).has_value());
  BOOST_TEST(current(f) == 2);
  BOOST_TEST(code_of(f.borrow(query)) == "Draining");
  BOOST_TEST(f.workers.log->lines.empty());
  BOOST_TEST(f.parts->admit(f.key()).has_value());
  BOOST_TEST((f.workers.log->lines == Lines{"start 2"}));
}

BOOST_AUTO_TEST_CASE(a_switch_in_one_step_changes_nothing_when_something_must_be_waited_for) {
  PartsFixture f({.workers = false});
  const PartitionRef ref = f.serve(1);
  Borrowed busy = f.borrow(command).value();
  BOOST_TEST(!f.parts->try_switch(ref, f.version(2)).has_value());
  BOOST_TEST(f.machine.events.count("part.switch") == 0U);
  BOOST_TEST((f.view().admission[0] == Admission::open));
  busy.release();
  const auto done = f.parts->try_switch(ref, f.version(2));
  BOOST_REQUIRE(done.has_value());
  BOOST_TEST(done->has_value());
  BOOST_TEST(current(f) == 2);
}
