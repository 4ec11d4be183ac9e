// Borrowing: what is refused and why, what a handle offers, and releases that come twice or late.
#include <boost/test/unit_test.hpp>

#include "appparts/testing/fixture.hpp"

using namespace vvm;
using namespace vvm::appparts;
using namespace vvm::testing;

namespace {

constexpr ProcessorKind command = ProcessorKind::command;
constexpr ProcessorKind query = ProcessorKind::query;

Task<void> wait_for(AppPartitions* parts, std::vector<Result<Borrowed>>* into) {
  into->push_back(co_await parts->wait_for_borrow(PartsFixture::key(), command));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_handle_offers_the_version_that_serves) {
  PartsFixture f;
  f.serve(1);
  const Borrowed b = f.borrow(query).value();
  BOOST_TEST(raw(b.version().value()) == 1);
  BOOST_TEST((b.app_def().value() == f.version(1).app_def()));
  BOOST_TEST((b.gate().value()->fence() == f.fence()));
  BOOST_TEST(b.check(f.machine.clock.now()).has_value());
}

BOOST_AUTO_TEST_CASE(each_refusal_has_its_own_error) {
  PartsFixture f;
  BOOST_TEST(code_of(f.borrow(command)) == "NotFound");
  const VersionRef v1 = f.version(1);
  BOOST_TEST(f.parts->acquire(f.key(), f.fence(), v1).has_value());
  BOOST_TEST(code_of(f.borrow(command)) == "Draining");  // admission Closed while a runtime exists
  BOOST_TEST(f.parts->admit(f.key()).has_value());
  const Borrowed a = f.borrow(command).value();
  const Borrowed b = f.borrow(command).value();
  BOOST_TEST(code_of(f.borrow(command)) == "NoEngines");
  BOOST_TEST(f.borrow(query).has_value());
  const Instant now = f.machine.clock.now();
  f.term.extend(now, now + seconds(5));
  BOOST_TEST(code_of(f.borrow(command)) == "Suspect");
  BOOST_TEST(f.borrow(query).has_value());
  f.term.extend(now, now);
  BOOST_TEST(code_of(f.borrow(query)) == "LeaseLost");
  BOOST_TEST(code_of(a.check(now)) == "LeaseLost");
  BOOST_TEST(code_of(f.borrow(command, 9)) == "NotFound");
}

BOOST_AUTO_TEST_CASE(a_lost_lease_is_noticed_without_any_timer) {
  PartsFixture f;
  f.serve(1);
  const Instant now = f.machine.clock.now();
  f.term.extend(now + seconds(10), now + seconds(15));
  f.machine.clock.set(now + seconds(15));  // as after a pause: nothing has run
  BOOST_TEST(code_of(f.borrow(query)) == "LeaseLost");
  BOOST_TEST(code_of(f.parts->admit(f.key())) == "LeaseLost");
  BOOST_TEST(code_of(f.parts->acquire(f.key(3), f.fence(), f.version(1))) == "LeaseLost");
}

// T-RT-2.
BOOST_AUTO_TEST_CASE(releasing_twice_is_harmless) {
  PartsFixture f;
  f.serve(1);
  Borrowed first = f.borrow(command).value();
  first.release();
  const Borrowed second = f.borrow(command).value();
  first.release();
  BOOST_TEST(second.check(f.machine.clock.now()).has_value());
  BOOST_TEST(f.view().borrows.size() == 1U);
  BOOST_TEST(!first);
  BOOST_TEST(code_of(first.version()) == "Revoked");
}

BOOST_AUTO_TEST_CASE(a_moved_handle_is_released_once) {
  PartsFixture f;
  f.serve(1);
  {
    Borrowed a = f.borrow(command).value();
    Borrowed b = std::move(a);
    Borrowed c;
    c = std::move(b);
    BOOST_TEST(f.view().borrows.size() == 1U);
  }
  BOOST_TEST(f.view().borrows.empty());
}

// T-RT-4: all 16 pairs of kinds, projectors in both their forms.
BOOST_AUTO_TEST_CASE(an_extension_of_an_incompatible_kind_is_refused) {
  PartsFixture f;
  f.serve(1);
  const std::vector<std::pair<std::string, ProcessorKind>> extensions{
      {"Pay", command},
      {"Print", command},
      {"Menu", query},
      {"Sum", ProcessorKind::actualizer},
      {"Close", ProcessorKind::scheduler}};
  for (const ProcessorKind kind : engines::all_processor_kinds) {
    for (const auto& [name, home] : extensions) {
      Borrowed b = f.borrow(kind).value();
      engines::ArgumentIo io("42");
      const Result<Bytes> result = f.machine.await(b.invoke(QName{"pos", name}, &io));
      BOOST_TEST(code_of(result) == (kind == home ? "" : "IncompatibleKind"));
    }
  }
  BOOST_TEST(f.script->invocations.size() == 5U);
}

BOOST_AUTO_TEST_CASE(an_undefined_extension_is_not_found) {
  PartsFixture f;
  f.serve(1);
  Borrowed b = f.borrow(command).value();
  engines::ArgumentIo io("42");
  BOOST_TEST(code_of(f.machine.await(b.invoke(QName{"pos", "Nope"}, &io))) == "NotFound");
  BOOST_TEST(code_of(f.machine.await(b.invoke(QName{"other", "Pay"}, &io))) == "NotFound");
}

BOOST_AUTO_TEST_CASE(an_extension_is_invoked_under_its_full_name_with_its_argument) {
  PartsFixture f;
  f.serve(1);
  Borrowed b = f.borrow(command).value();
  engines::ArgumentIo io("42");
  BOOST_TEST(f.machine.await(b.invoke(QName{"pos", "Pay"}, &io)).value() == "42");
  BOOST_REQUIRE(f.script->invocations.size() == 1U);
  BOOST_TEST(f.script->invocations.front() == "p.Pay");
}

BOOST_AUTO_TEST_CASE(waiting_goes_on_while_engines_are_missing_and_ends_with_one) {
  PartsFixture f;
  f.serve(1);
  Borrowed a = f.borrow(command).value();
  const Borrowed b = f.borrow(command).value();
  std::vector<Result<Borrowed>> got;
  f.machine.spawn("wait", wait_for(f.parts.get(), &got));
  f.machine.run_for(seconds(1));
  BOOST_TEST(got.empty());
  a.release();
  f.machine.run_for(milliseconds(60));
  BOOST_REQUIRE(got.size() == 1U);
  BOOST_TEST(got.front().has_value());
}

// D33: the built server retries "not found" for ever.
BOOST_AUTO_TEST_CASE(waiting_ends_at_once_with_an_error_that_waiting_does_not_cure) {
  PartsFixture f;
  std::vector<Result<Borrowed>> got;
  f.machine.spawn("wait", wait_for(f.parts.get(), &got));
  f.machine.settle();
  BOOST_REQUIRE(got.size() == 1U);
  BOOST_TEST(code_of(got.front()) == "NotFound");
}

BOOST_AUTO_TEST_CASE(waiting_can_be_cancelled) {
  PartsFixture f({.pools = {0, 1, 1, 1}});
  f.serve(1);
  std::vector<Result<Borrowed>> got;
  f.machine.spawn("wait", wait_for(f.parts.get(), &got));
  f.machine.run_for(seconds(1));
  BOOST_TEST(f.machine.running() == 1U);
  f.machine.cancel();
  f.machine.run_for(seconds(1));
  BOOST_TEST(f.machine.running() == 0U);
  BOOST_TEST(got.empty());
}

BOOST_AUTO_TEST_CASE(a_revoked_partition_fails_every_handle_and_every_borrow) {
  PartsFixture f;
  f.serve(1);
  Borrowed b = f.borrow(command).value();
  f.parts->revoke(f.key());
  BOOST_TEST(code_of(b.check(f.machine.clock.now())) == "LeaseLost");
  engines::ArgumentIo io("42");
  BOOST_TEST(code_of(f.machine.await(b.invoke(QName{"pos", "Pay"}, &io))) == "LeaseLost");
  BOOST_TEST(code_of(f.borrow(query)) == "LeaseLost");
  BOOST_TEST(code_of(f.switch_to(2)) == "LeaseLost");
  BOOST_TEST(!f.view().gate_open);
  BOOST_TEST(f.machine.events.count("part.revoked") == 1U);
}

BOOST_AUTO_TEST_CASE(borrows_and_releases_count_as_changes) {
  PartsFixture f;
  f.serve(1);
  const std::uint64_t before = f.parts->change_count();
  Borrowed b = f.borrow(command).value();
  BOOST_TEST(f.parts->change_count() == before + 1);
  b.release();
  BOOST_TEST(f.parts->change_count() == before + 2);
  b.release();
  (void)f.parts->inspect();
  BOOST_TEST(f.parts->change_count() == before + 2);
}
