// Contract of Proc and Rand (runtime/proc.hpp).
#include <boost/test/unit_test.hpp>

#include "runtime/contract/fixture.hpp"

namespace vvm::contract {
namespace {

struct ProcTest {
  std::unique_ptr<Fixture> fixture = new_fixture();
};

// Each step says that it was reached.
Task<void> exit_and_go_on(Runtime rt, int code, std::shared_ptr<int> steps) {
  const auto before = co_await rt.store().put({"exit", "before"}, "x");
  *steps += before.has_value() ? 1 : 0;
  rt.proc().exit(code);
  *steps += rt.proc().alive() ? 100 : 1;
  const auto after = co_await rt.store().put({"exit", "after"}, "x");
  *steps += after.has_value() ? 100 : 1;
}

Task<bool> charge_all(Runtime rt) {
  for (const WorkKind kind : {WorkKind::hash,
                              WorkKind::inflate,
                              WorkKind::parse,
                              WorkKind::check,
                              WorkKind::build,
                              WorkKind::invoke}) {
    co_await rt.proc().charge({.kind = kind, .units = 1'000});
  }
  co_return true;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(proc_contract, ProcTest)

BOOST_AUTO_TEST_CASE(a_process_has_the_name_that_it_was_given) {
  BOOST_TEST(fixture->process("a").proc().name() == "a");
  BOOST_TEST(fixture->process("b").proc().name() == "b");
}

BOOST_AUTO_TEST_CASE(the_nonce_is_of_this_life_of_this_process) {
  const Bytes nonce(fixture->process("a").proc().nonce());
  BOOST_TEST(nonce.size() == 16U);
  BOOST_TEST(nonce == fixture->process("a").proc().nonce());
  BOOST_TEST(nonce != fixture->process("b").proc().nonce());
  fixture->kill("a");
  BOOST_TEST(nonce != fixture->process("a").proc().nonce());
}

BOOST_AUTO_TEST_CASE(exit_ends_the_process_with_its_code) {
  const auto steps = std::make_shared<int>(0);
  const Runtime rt = fixture->process("a");
  BOOST_TEST(rt.proc().alive());
  fixture->spawn("a", exit_and_go_on(rt, 7, steps));
  BOOST_TEST_REQUIRE(fixture->run_until([&] { return fixture->exit_code("a").has_value(); }));
  BOOST_TEST(*fixture->exit_code("a") == 7);
  BOOST_TEST(*steps < 100);
  const Runtime other = fixture->process("b");
  const auto before =
      fixture->await<Result<std::optional<Bytes>>>("b", other.store().get({"exit", "before"}));
  const auto after =
      fixture->await<Result<std::optional<Bytes>>>("b", other.store().get({"exit", "after"}));
  BOOST_TEST(before.value().has_value());
  BOOST_TEST(!after.value().has_value());
}

BOOST_AUTO_TEST_CASE(work_may_be_charged) {
  BOOST_TEST(fixture->await<bool>("a", charge_all(fixture->process("a"))));
}

BOOST_AUTO_TEST_CASE(streams_of_chance_differ_by_purpose_and_process) {
  Rng one = fixture->process("a").rng("one");
  Rng same = fixture->process("a").rng("one");
  Rng two = fixture->process("a").rng("two");
  Rng other = fixture->process("b").rng("one");
  const std::uint64_t first = one.next();
  BOOST_TEST(first == same.next());
  BOOST_TEST(first != two.next());
  BOOST_TEST(first != other.next());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::contract
