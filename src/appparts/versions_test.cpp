// Versions: built once, shared, all or nothing, closed with their last hold, repaired while
// serving.
#define BOOST_TEST_MODULE appparts
#include <boost/test/unit_test.hpp>

#include "appparts/testing/fixture.hpp"

using namespace vvm;
using namespace vvm::appparts;
using namespace vvm::testing;

namespace {

Task<void> keep(AppPartitions* parts, VersionSpec spec, std::vector<Result<VersionRef>>* into) {
  into->push_back(co_await parts->ensure_version(std::move(spec)));
}

Task<void> pay(Borrowed* borrowed, engines::ExtensionIo* io, Result<Bytes>* into) {
  *into = co_await borrowed->invoke(QName{"pos", "Pay"}, io);
}

std::size_t versions_of(const PartsFixture& f) {
  return f.parts->inspect().apps.at(0).versions.size();
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_same_version_sha_and_pools_give_the_same_handle) {
  PartsFixture f;
  const VersionRef a = f.version(1);
  const VersionRef b = f.version(1);
  BOOST_TEST((a == b));
  BOOST_TEST(f.script->created == 6U);
  VersionSpec resized = f.spec(1);
  resized.pools = {3, 2, 1, 1};
  const VersionRef c = f.machine.await(f.parts->ensure_version(resized)).value();
  BOOST_TEST(!(c == a));
  BOOST_TEST(f.script->created == 13U);
  BOOST_TEST(f.machine.events.count("version.ready") == 2U);
}

BOOST_AUTO_TEST_CASE(a_ready_version_is_found_without_work_and_nothing_else_is) {
  PartsFixture f;
  BOOST_TEST(!f.parts->ready_version(f.spec(1)));
  f.machine.proc.charge_cost = seconds(2);
  std::vector<Result<VersionRef>> got;
  f.machine.spawn("ensure", keep(f.parts.get(), f.spec(1), &got));
  f.machine.settle();
  BOOST_TEST(!f.parts->ready_version(f.spec(1)));  // still building
  f.machine.run();
  BOOST_TEST((f.parts->ready_version(f.spec(1)) == got.at(0).value()));
  VersionSpec other = f.spec(1);
  other.pools = {3, 2, 1, 1};
  BOOST_TEST(!f.parts->ready_version(other));
  other = f.spec(1);
  other.partitions = 11;
  BOOST_TEST(!f.parts->ready_version(other));
  got.clear();
  BOOST_TEST(!f.parts->ready_version(f.spec(1)));  // closed with its last hold
}

BOOST_AUTO_TEST_CASE(concurrent_builds_of_one_version_share_the_work) {
  PartsFixture f;
  f.machine.proc.charge_cost = seconds(2);
  std::vector<Result<VersionRef>> got;
  for (int i = 0; i < 4; ++i) {
    f.machine.spawn("ensure", keep(f.parts.get(), f.spec(1), &got));
  }
  f.machine.run();
  BOOST_REQUIRE(got.size() == 4U);
  for (const auto& each : got) {
    BOOST_TEST((each.value() == got.front().value()));
  }
  BOOST_TEST(f.script->created == 6U);
}

BOOST_AUTO_TEST_CASE(those_who_wait_for_a_build_that_is_cancelled_build_themselves) {
  PartsFixture f;
  f.machine.proc.charge_cost = seconds(2);
  std::vector<Result<VersionRef>> got;
  {
    TaskScope first(f.machine.rt());
    first.spawn("ensure", keep(f.parts.get(), f.spec(1), &got));
    f.machine.run_for(seconds(1));
    f.machine.spawn("ensure", keep(f.parts.get(), f.spec(1), &got));
    f.machine.run_for(milliseconds(1));
    first.cancel();
    f.machine.run();
  }
  BOOST_REQUIRE(got.size() == 1U);
  BOOST_TEST(got.front().has_value());
  BOOST_TEST(versions_of(f) == 1U);
}

BOOST_AUTO_TEST_CASE(a_failed_build_is_reported_to_all_and_leaves_no_version_and_no_engine) {
  PartsFixture f;
  f.machine.proc.charge_cost = seconds(2);
  f.script->fail_creation_at = 4;
  std::vector<Result<VersionRef>> got;
  for (int i = 0; i < 3; ++i) {
    f.machine.spawn("ensure", keep(f.parts.get(), f.spec(1), &got));
  }
  f.machine.run();
  BOOST_REQUIRE(got.size() == 3U);
  for (const auto& each : got) {
    BOOST_TEST(code_of(each) == "EngineInit");
  }
  BOOST_TEST(f.script->created == f.script->closed);
  BOOST_TEST(versions_of(f) == 0U);
  BOOST_TEST(f.try_version(1).has_value());
}

BOOST_AUTO_TEST_CASE(partitions_and_workspaces_of_an_application_never_change) {
  PartsFixture f;
  const VersionRef hold = f.version(1);
  VersionSpec other = f.spec(2);
  other.partitions = 11;
  BOOST_TEST(code_of(f.machine.await(f.parts->ensure_version(other))) == "NumPartitionsChanged");
  other = f.spec(2);
  other.app_workspaces = 11;
  BOOST_TEST(code_of(f.machine.await(f.parts->ensure_version(other))) == "NumAppWorkspacesChanged");
  other = f.spec(2);
  other.partitions = 0;
  BOOST_TEST(code_of(f.machine.await(f.parts->ensure_version(other))) == "InvalidSP");
}

BOOST_AUTO_TEST_CASE(a_version_closes_all_engines_when_its_last_hold_goes) {
  PartsFixture f;
  VersionRef hold = f.version(1);
  VersionRef second = hold;
  hold.reset();
  BOOST_TEST(f.script->closed == 0U);
  second.reset();
  BOOST_TEST(f.script->closed == 6U);
  BOOST_TEST(versions_of(f) == 0U);
  const std::string& line = f.machine.events.lines.back();
  BOOST_TEST(line.starts_with("version.closed app=acme/pos version=1"));
  BOOST_TEST(line.ends_with("created=6 closed=6"));
}

// T-EF-3, T-RT-5.
BOOST_AUTO_TEST_CASE(an_element_is_rebuilt_after_each_way_of_ending_badly) {
  struct Case {
    engines::ScriptedEnd end;
    std::string_view code;
    bool rebuilt;
  };

  const std::vector<Case> cases{{engines::ScriptedEnd::answer, "", false},
                                {engines::ScriptedEnd::fail, "BadRequest", false},
                                {engines::ScriptedEnd::trap, "InternalError", true},
                                {engines::ScriptedEnd::exhaust, "OutOfMemory", true},
                                {engines::ScriptedEnd::never_ends, "Timeout", true}};
  for (const Case& c : cases) {
    PartsFixture f;
    f.serve(1);
    f.script->ends = {c.end};
    engines::ArgumentIo io("42");
    {
      Borrowed b = f.borrow(ProcessorKind::command).value();
      BOOST_TEST(code_of(f.machine.await(b.invoke(QName{"pos", "Pay"}, &io))) == c.code);
    }
    f.machine.settle();
    const VersionView version = f.parts->inspect().apps.at(0).versions.at(0);
    const engines::PoolAccount pool = version.pools.at(0);
    BOOST_TEST(pool.free == 2U);
    BOOST_TEST(pool.closed == (c.rebuilt ? 1U : 0U));
    BOOST_TEST(f.parts->accounts_balance());
    BOOST_TEST(f.script->invoked_when_broken == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_rebuild_that_fails_is_tried_again_every_5_seconds) {
  PartsFixture f({.workers = false, .pools = {1, 1, 1, 1}});
  f.serve(1);
  f.script->ends = {engines::ScriptedEnd::trap};
  f.script->fail_creation_at = 5;
  f.script->keep_failing = true;
  engines::ArgumentIo io("42");
  Borrowed b = f.borrow(ProcessorKind::command).value();
  BOOST_TEST(code_of(f.machine.await(b.invoke(QName{"pos", "Pay"}, &io))) == "InternalError");
  b.release();
  f.machine.run_for(seconds(12));
  BOOST_TEST(f.script->creations == 4U + 3U);  // at 0, 5 and 10 s
  const VersionRef hold = f.version(1);
  BOOST_TEST(!hold.engines_ready());
  BOOST_TEST(code_of(f.borrow(ProcessorKind::command)) == "NoEngines");
  f.script->fail_creation_at.reset();
  f.machine.run_for(seconds(4));
  BOOST_TEST(hold.engines_ready());
  BOOST_TEST(f.borrow(ProcessorKind::command).has_value());
}

BOOST_AUTO_TEST_CASE(a_version_with_a_failing_rebuild_closes_without_waiting_for_it) {
  PartsFixture f;
  f.serve(1);
  f.script->ends = {engines::ScriptedEnd::trap};
  f.script->fail_creation_at = 7;
  f.script->keep_failing = true;
  engines::ArgumentIo io("42");
  {
    Borrowed b = f.borrow(ProcessorKind::command).value();
    (void)f.machine.await(b.invoke(QName{"pos", "Pay"}, &io));
  }
  f.machine.run_for(seconds(1));
  BOOST_TEST(f.machine.await(f.parts->drain(f.key())).has_value());
  BOOST_TEST(f.parts->undeploy(f.key()).has_value());
  BOOST_TEST(f.script->created == f.script->closed);
  BOOST_TEST(versions_of(f) == 0U);
}

BOOST_AUTO_TEST_CASE(an_invocation_whose_caller_is_cancelled_taints_the_element) {
  PartsFixture f;
  f.serve(1);
  f.script->ends = {engines::ScriptedEnd::never_ends};
  engines::ArgumentIo io("42");
  Borrowed b = f.borrow(ProcessorKind::command).value();
  Result<Bytes> result = Bytes("none");
  {
    TaskScope caller(f.machine.rt());
    caller.spawn("pay", pay(&b, &io, &result));
    f.machine.run_for(seconds(1));
    BOOST_TEST(caller.size() == 1U);
    caller.cancel();
    f.machine.run_for(seconds(1));
    BOOST_TEST(caller.size() == 0U);
  }
  BOOST_TEST(result.value() == "none");
  b.release();
  f.machine.settle();
  BOOST_TEST(f.script->closed == 1U);
  BOOST_TEST(f.script->created == 7U);
}
