// Acquire, admit, drain and undeploy: order, limits, and that nothing is left behind.
#include <boost/test/unit_test.hpp>

#include "appparts/testing/fixture.hpp"

using namespace vvm;
using namespace vvm::appparts;
using namespace vvm::testing;

namespace {

constexpr ProcessorKind command = ProcessorKind::command;
constexpr ProcessorKind query = ProcessorKind::query;

Task<void> draining(AppPartitions* parts, std::vector<Result<DrainReport>>* into) {
  into->push_back(co_await parts->drain(PartsFixture::key()));
}

Task<void> invoking(Borrowed* borrowed,
                    engines::ExtensionIo* io,
                    std::vector<Result<Bytes>>* into) {
  into->push_back(co_await borrowed->invoke(QName{"pos", "Menu"}, io));
  borrowed->release();
}

Task<void> hold(Borrowed borrowed, Runtime rt, Duration how_long) {
  co_await rt.clock().sleep_for(how_long);
  borrowed.release();
}

Task<void> switching(AppPartitions* parts, VersionRef to, std::vector<Status>* into) {
  into->push_back(co_await parts->switch_version(PartsFixture::key(), std::move(to)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_partition_is_acquired_closed_and_admitted_later) {
  PartsFixture f;
  BOOST_TEST(f.parts->acquire(f.key(), f.fence(), f.version(1)).has_value());
  BOOST_TEST(f.workers.log->lines.empty());
  BOOST_TEST(f.parts->admit(f.key()).has_value());
  BOOST_TEST(f.parts->admit(f.key()).has_value());
  BOOST_TEST(f.workers.log->lines.size() == 1U);
  BOOST_TEST(f.machine.events.count(
                 "part.acquired app=acme/pos part=0 version=1 pepoch=1 vepoch=1") == 1U);
  BOOST_TEST(f.machine.events.count("part.admitted app=acme/pos part=0 version=1") == 1U);
  for (const Admission admission : f.view().admission) {
    BOOST_TEST((admission == Admission::open));
  }
}

BOOST_AUTO_TEST_CASE(acquire_refuses_older_fences_second_runtimes_and_foreign_partitions) {
  PartsFixture f;
  const VersionRef v1 = f.version(1);
  BOOST_TEST(code_of(f.parts->acquire(f.key(10), f.fence(), v1)) == "InvalidSP");
  BOOST_TEST(code_of(f.parts->acquire({{"acme", "other"}, PartitionId{0}}, f.fence(), v1)) ==
             "InvalidSP");
  BOOST_TEST(code_of(f.parts->acquire(f.key(), f.fence(), VersionRef())) == "InvalidSP");
  BOOST_TEST(f.parts->acquire(f.key(), f.fence(5), v1).has_value());
  BOOST_TEST(code_of(f.parts->acquire(f.key(), f.fence(4), v1)) == "FencedOut");
  BOOST_TEST(code_of(f.parts->acquire(f.key(), f.fence(5), v1)) == "Conflict");
  BOOST_TEST(code_of(f.parts->acquire(f.key(), f.fence(6), v1)) == "Conflict");
  BOOST_TEST(f.parts->undeploy(f.key()).has_value());
  BOOST_TEST(code_of(f.parts->acquire(f.key(), f.fence(4), v1)) == "FencedOut");
  BOOST_TEST(f.parts->acquire(f.key(), f.fence(5), v1).has_value());
  const Instant now = f.machine.clock.now();
  f.term.extend(now, now + seconds(5));
  BOOST_TEST(code_of(f.parts->acquire(f.key(1), f.fence(), v1)) == "Suspect");
  BOOST_TEST(code_of(f.parts->admit(f.key())) == "Suspect");
}

BOOST_AUTO_TEST_CASE(a_drain_waits_for_borrows_and_workers_and_lets_nobody_in) {
  PartsFixture f;
  f.workers.log->stop_takes = seconds(3);
  f.serve(1);
  Borrowed b = f.borrow(query).value();
  std::vector<Result<DrainReport>> done;
  f.machine.spawn("drain", draining(f.parts.get(), &done));
  f.machine.run_for(seconds(2));
  for (const ProcessorKind kind : engines::all_processor_kinds) {
    BOOST_TEST(code_of(f.borrow(kind)) == "Draining");
  }
  BOOST_TEST(b.check(f.machine.clock.now()).has_value());
  b.release();
  f.machine.run_for(milliseconds(999));
  BOOST_TEST(done.empty());
  f.machine.run_for(milliseconds(1));
  BOOST_REQUIRE(done.size() == 1U);
  BOOST_TEST(done.front().value().revoked == 0U);
  BOOST_TEST(f.workers.log->running == 0U);
  BOOST_TEST(f.parts->undeploy(f.key()).has_value());
  BOOST_TEST(!f.view().present);
  BOOST_TEST(f.script->created == f.script->closed);
  BOOST_TEST(f.machine.events.count("part.draining app=acme/pos part=0 version=1") == 1U);
  BOOST_TEST(f.machine.events.count("part.undeployed app=acme/pos part=0 revoked=0") == 1U);
}

BOOST_AUTO_TEST_CASE(invocations_are_cancelled_after_the_drain_timeout) {
  PartsFixture f;
  f.serve(1);
  f.script->ends = {engines::ScriptedEnd::never_ends};
  engines::ArgumentIo io("42");
  Borrowed b = f.borrow(query).value();
  std::vector<Result<Bytes>> result;
  f.machine.spawn("query", invoking(&b, &io, &result));
  std::vector<Result<DrainReport>> done;
  f.machine.spawn("drain", draining(f.parts.get(), &done));
  f.machine.run_for(seconds(10) - milliseconds(1));
  BOOST_TEST(result.empty());
  f.machine.run_for(milliseconds(1));
  BOOST_REQUIRE(result.size() == 1U);
  BOOST_TEST(code_of(result.front()) == "Cancelled");
  BOOST_REQUIRE(done.size() == 1U);
  BOOST_TEST(done.front().value().revoked == 0U);
}

BOOST_AUTO_TEST_CASE(a_stuck_borrow_is_revoked_at_the_hard_stop_and_owns_nothing_afterwards) {
  PartsFixture f;
  f.serve(1);
  f.machine.spawn("stuck", hold(f.borrow(query).value(), f.machine.rt(), seconds(50)));
  std::vector<Result<DrainReport>> done;
  f.machine.spawn("drain", draining(f.parts.get(), &done));
  f.machine.run_for(seconds(30) - milliseconds(1));
  BOOST_TEST(done.empty());
  BOOST_TEST(f.view().gate_open);
  f.machine.run_for(milliseconds(1));
  BOOST_REQUIRE(done.size() == 1U);
  BOOST_TEST(done.front().value().revoked == 1U);
  BOOST_TEST(!f.view().gate_open);
  BOOST_TEST(f.view().borrows.empty());
  BOOST_TEST(f.view().leaked == 1U);
  BOOST_TEST(f.parts->undeploy(f.key()).has_value());
  BOOST_TEST(f.script->created == f.script->closed);
  BOOST_TEST(f.parts->inspect().apps.at(0).versions.empty());
  BOOST_TEST(f.parts->inspect().apps.at(0).partitions.size() == 1U);  // because of the leak
  f.machine.run_for(seconds(30));
  BOOST_TEST(f.parts->inspect().apps.at(0).partitions.empty());
}

BOOST_AUTO_TEST_CASE(a_late_release_does_not_touch_the_next_tenure) {
  PartsFixture f({.pools = {1, 1, 1, 1}});
  f.serve(1);
  Borrowed late = f.borrow(query).value();
  BOOST_TEST(f.parts->undeploy(f.key()).has_value());
  BOOST_TEST(f.parts->acquire(f.key(), f.fence(2), f.version(1)).has_value());
  BOOST_TEST(f.parts->admit(f.key()).has_value());
  const Borrowed fresh = f.borrow(query).value();
  BOOST_TEST(code_of(late.check(f.machine.clock.now())) == "Revoked");
  BOOST_TEST(code_of(late.gate()) == "Revoked");
  late.release();
  BOOST_TEST(fresh.check(f.machine.clock.now()).has_value());
  BOOST_TEST(f.view().leaked == 0U);
  BOOST_TEST(f.view().borrows.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_hard_stop_repairs_the_pools_for_the_other_partitions) {
  PartsFixture f({.pools = {1, 1, 1, 1}});
  f.serve(1, 0);
  f.serve(1, 1);
  f.machine.spawn("stuck", hold(f.borrow(query, 0).value(), f.machine.rt(), seconds(50)));
  std::vector<Result<DrainReport>> done;
  f.machine.spawn("drain", draining(f.parts.get(), &done));
  BOOST_TEST(code_of(f.borrow(query, 1)) == "NoEngines");
  f.machine.run_for(seconds(31));
  BOOST_TEST(f.borrow(query, 1).has_value());
  BOOST_TEST(f.parts->accounts_balance());
}

BOOST_AUTO_TEST_CASE(a_drain_ends_the_old_version_of_an_earlier_switch_too) {
  PartsFixture f;
  f.serve(1);
  Borrowed old_query = f.borrow(query).value();
  BOOST_TEST(f.switch_to(2).has_value());
  std::vector<Result<DrainReport>> done;
  f.machine.spawn("drain", draining(f.parts.get(), &done));
  f.machine.run_for(seconds(1));
  BOOST_TEST(done.empty());
  old_query.release();
  f.machine.settle();
  BOOST_TEST(done.size() == 1U);
  BOOST_TEST(!f.view().old.has_value());
}

BOOST_AUTO_TEST_CASE(who_still_holds_the_gate_of_a_dropped_tenure_finds_it_closed) {
  PartsFixture f;
  f.serve(1);
  const std::shared_ptr<const lease::Gate> gate = f.borrow(query).value().gate().value();
  BOOST_TEST(f.machine.await(f.parts->drain(f.key())).has_value());
  BOOST_TEST(gate->open(f.machine.clock.now()));
  BOOST_TEST(f.parts->undeploy(f.key()).has_value());
  BOOST_TEST(!gate->open(f.machine.clock.now()));
  f.parts->acquire(f.key(), f.fence(2), f.version(1)).value();
  BOOST_TEST(!gate->open(f.machine.clock.now()));
}

BOOST_AUTO_TEST_CASE(undeploy_without_drain_tears_down_at_once) {
  PartsFixture f;
  f.workers.log->stop_takes = seconds(5);
  f.serve(1);
  const Borrowed b = f.borrow(command).value();
  f.parts->revoke_all();
  BOOST_TEST(f.parts->undeploy(f.key()).has_value());
  BOOST_TEST(f.parts->undeploy(f.key()).has_value());
  BOOST_TEST(!f.view().present);
  BOOST_TEST(f.script->created == f.script->closed);
  BOOST_TEST(f.workers.log->running == 1U);  // behind a closed gate
  f.machine.run_for(seconds(5));
  BOOST_TEST(f.workers.log->running == 0U);
  BOOST_TEST(f.machine.events.count("part.undeployed app=acme/pos part=0 revoked=1") == 1U);
}

BOOST_AUTO_TEST_CASE(a_crash_during_any_operation_takes_everything_apart_in_silence) {
  for (const bool drained : {true, false}) {
    for (const Duration when : {seconds(0), seconds(1), seconds(11), seconds(14)}) {
      PartsFixture f;
      f.workers.log->stop_takes = seconds(5);
      f.serve(1);
      const VersionRef v2 = f.version(2);
      f.machine.spawn("stuck", hold(f.borrow(query).value(), f.machine.rt(), hours(5)));
      f.machine.spawn("busy", hold(f.borrow(command).value(), f.machine.rt(), seconds(8)));
      std::vector<Result<DrainReport>> drains;
      std::vector<Status> switches;
      if (drained) {
        f.machine.spawn("drain", draining(f.parts.get(), &drains));
      } else {
        f.machine.spawn("switch", switching(f.parts.get(), v2, &switches));
      }
      f.machine.run_for(when);
      const std::size_t events = f.machine.events.lines.size();
      f.machine.crash();
      BOOST_TEST(f.machine.events.lines.size() == events);
    }
  }
}
