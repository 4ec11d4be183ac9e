// Pools: exact accounting at every step, all-or-nothing builds, taint and rebuild, recycled memory.
#include "engines/pool.hpp"

#include <boost/test/unit_test.hpp>

#include "engines/scripted.hpp"
#include "engines/testing/app_def.hpp"
#include "runtime/testing/test_machine.hpp"

using namespace vvm;
using namespace vvm::engines;
using vvm::testing::TestMachine;

namespace {

constexpr ProcessorKind command = ProcessorKind::command;

// A factory per engine kind, all with one script.
struct Fixture {
  TestMachine machine;
  std::shared_ptr<EngineScript> script = std::make_shared<EngineScript>();
  EngineFactories factories;
  PoolShelf shelf;

  Fixture() {
    const auto factory = std::make_shared<ScriptedFactory>(machine.rt(), script);
    factories.add(EngineKind::builtin, factory);
    factories.add(EngineKind::wasm, factory);
  }

  std::unique_ptr<EnginePools> pools(PoolSizes sizes, bool with_wasm = false) {
    std::vector<testing::TestExtension> extensions{{"p", "C", ExtensionKind::command}};
    if (with_wasm) {
      extensions.push_back({"p", "W", ExtensionKind::command, EngineKind::wasm});
    }
    EngineRequest request{
        .app = {"acme", "pos"}, .app_def = testing::app_def_of(extensions), .modules = {}};
    return std::make_unique<EnginePools>(std::move(request), sizes, &factories, &shelf);
  }
};

void expect(const PoolAccount& got, const PoolAccount& want) {
  BOOST_TEST((got == want));
  BOOST_TEST(got.balanced());
}

}  // namespace

BOOST_AUTO_TEST_CASE(four_pools_are_filled_with_one_engine_of_each_kind_per_element) {
  Fixture f;
  const auto pools = f.pools({2, 3, 1, 0}, true);
  BOOST_REQUIRE(pools->build().has_value());
  BOOST_TEST(f.script->created == 12U);  // (2 + 3 + 1 + 0) elements x 2 engine kinds
  expect(pools->account(ProcessorKind::query), {.created = 3, .free = 3});
  expect(pools->account(ProcessorKind::scheduler), {});
  BOOST_TEST(pools->pool(ProcessorKind::scheduler)->take(1, 0).slot == nullptr);
  BOOST_TEST(pools->ready());
  pools->close();
  BOOST_TEST(f.script->closed == 12U);
  expect(pools->account(ProcessorKind::query), {.created = 3, .closed = 3});
}

// T-EF-1, at every engine of the build.
BOOST_AUTO_TEST_CASE(a_build_that_fails_at_any_engine_leaves_none_open) {
  const PoolSizes sizes{2, 2, 1, 1};
  for (std::uint64_t fail_at = 1; fail_at <= 12; ++fail_at) {
    Fixture f;
    f.script->fail_creation_at = fail_at;
    const auto pools = f.pools(sizes, true);
    const Status built = pools->build();
    BOOST_REQUIRE(built.has_error());
    BOOST_TEST((built.error().code == Code::engine_init));
    BOOST_TEST(f.script->created == fail_at - 1);
    BOOST_TEST(f.script->closed == fail_at - 1);
    BOOST_TEST(pools->ledger().created == pools->ledger().closed);
    BOOST_TEST(pools->pool(command) == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(validation_comes_before_any_engine_is_made) {
  Fixture f;
  f.script->validation_error = Error{Code::extension_in_schema_not_in_code, "p.C"};
  const auto pools = f.pools({1, 1, 1, 1});
  BOOST_TEST((pools->build().error().code == Code::extension_in_schema_not_in_code));
  BOOST_TEST(f.script->creations == 0U);
}

BOOST_AUTO_TEST_CASE(a_kind_of_engine_without_factory_is_an_error) {
  Fixture f;
  EngineFactories none;
  EngineRequest request{.app = {"acme", "pos"},
                        .app_def = testing::app_def_of({{"p", "C", ExtensionKind::command}}),
                        .modules = {}};
  EnginePools pools(request, {1, 1, 1, 1}, &none, &f.shelf);
  BOOST_TEST((pools.build().error().code == Code::no_engine_factory));
}

BOOST_AUTO_TEST_CASE(an_element_is_in_one_borrow_at_a_time) {
  Fixture f;
  const auto pools = f.pools({2, 0, 0, 0});
  BOOST_REQUIRE(pools->build().has_value());
  Pool& pool = *pools->pool(command);
  const Pool::Taken a = pool.take(7, 0);
  const Pool::Taken b = pool.take(8, 0);
  BOOST_REQUIRE(a.slot != nullptr);
  BOOST_REQUIRE(b.slot != nullptr);
  BOOST_TEST(a.slot != b.slot);
  BOOST_TEST(pool.take(9, 0).slot == nullptr);
  BOOST_TEST(pool.held_by(7) == 1U);
  expect(pool.account(), {.created = 2, .borrowed = 2});
  BOOST_TEST(Pool::give_back(*a.slot, a.word, false));
  expect(pool.account(), {.created = 2, .free = 1, .borrowed = 1});
  BOOST_TEST(pool.held_by(7) == 0U);
}

// T-RT-2 at the level of the pool: a late second return does not touch the next borrower.
BOOST_AUTO_TEST_CASE(giving_back_twice_is_noticed) {
  Fixture f;
  const auto pools = f.pools({1, 0, 0, 0});
  BOOST_REQUIRE(pools->build().has_value());
  Pool& pool = *pools->pool(command);
  const Pool::Taken first = pool.take(7, 0);
  BOOST_TEST(Pool::give_back(*first.slot, first.word, false));
  const Pool::Taken second = pool.take(7, 0);
  BOOST_TEST(!Pool::give_back(*first.slot, first.word, false));
  BOOST_TEST(second.slot->load().bits() == second.word.bits());
}

// T-RT-5.
BOOST_AUTO_TEST_CASE(a_tainted_element_is_rebuilt_and_the_pool_keeps_its_size) {
  Fixture f;
  const auto pools = f.pools({3, 0, 0, 0});
  BOOST_REQUIRE(pools->build().has_value());
  Pool& pool = *pools->pool(command);
  const Pool::Taken taken = pool.take(7, 0);
  BOOST_TEST(Pool::give_back(*taken.slot, taken.word, true));
  expect(pool.account(), {.created = 3, .free = 2, .tainted = 1});
  BOOST_TEST(pools->damaged());
  BOOST_TEST(pools->repair());
  BOOST_TEST(!pools->damaged());
  expect(pool.account(), {.created = 4, .free = 3, .closed = 1});
  pools->close();
  BOOST_TEST(f.script->created == 4U);
  BOOST_TEST(f.script->closed == 4U);
}

BOOST_AUTO_TEST_CASE(a_failed_rebuild_shrinks_the_pool_until_a_later_one_succeeds) {
  Fixture f;
  const auto pools = f.pools({1, 1, 0, 0});
  BOOST_REQUIRE(pools->build().has_value());
  Pool& pool = *pools->pool(command);
  const Pool::Taken taken = pool.take(7, 0);
  BOOST_TEST(Pool::give_back(*taken.slot, taken.word, true));
  f.script->fail_creation_at = 3;
  f.script->keep_failing = true;
  BOOST_TEST(!pools->repair());
  expect(pool.account(), {.created = 1, .closed = 1});
  BOOST_TEST(!pools->ready());
  BOOST_TEST(!pools->repair());
  expect(pool.account(), {.created = 1, .closed = 1});
  f.script->fail_creation_at.reset();
  BOOST_TEST(pools->repair());
  expect(pool.account(), {.created = 2, .free = 1, .closed = 1});
  BOOST_TEST(pools->ready());
}

BOOST_AUTO_TEST_CASE(what_is_taken_away_from_an_owner_is_tainted_and_its_return_does_nothing) {
  Fixture f;
  const auto pools = f.pools({3, 0, 0, 0});
  BOOST_REQUIRE(pools->build().has_value());
  Pool& pool = *pools->pool(command);
  const Pool::Taken mine = pool.take(7, 0);
  const Pool::Taken other = pool.take(8, 0);
  BOOST_TEST(pool.take_away(7) == 1U);
  expect(pool.account(), {.created = 3, .free = 1, .borrowed = 1, .tainted = 1});
  BOOST_TEST(!Pool::give_back(*mine.slot, mine.word, false));
  BOOST_TEST(Pool::give_back(*other.slot, other.word, false));
  expect(pool.account(), {.created = 3, .free = 2, .tainted = 1});
}

BOOST_AUTO_TEST_CASE(memory_of_closed_pools_is_used_again_and_old_words_mean_nothing_in_it) {
  Fixture f;
  auto first = f.pools({2, 1, 1, 1});
  BOOST_REQUIRE(first->build().has_value());
  const Pool::Taken old = first->pool(command)->take(7, 0);
  first->close();
  BOOST_TEST(!Pool::give_back(*old.slot, old.word, false));
  const std::size_t pools_before = f.shelf.pools();
  auto second = f.pools({2, 1, 1, 1});
  BOOST_REQUIRE(second->build().has_value());
  BOOST_TEST(f.shelf.pools() == pools_before);
  BOOST_TEST(!Pool::give_back(*old.slot, old.word, false));
  expect(second->account(command), {.created = 2, .free = 2});
}

BOOST_AUTO_TEST_CASE(the_lane_says_where_to_look_first_and_every_slot_is_looked_at) {
  Fixture f;
  const auto pools = f.pools({4, 0, 0, 0});
  BOOST_REQUIRE(pools->build().has_value());
  Pool& pool = *pools->pool(command);
  BOOST_TEST(pool.take(1, 0).slot == pool.slots().data());
  BOOST_TEST(pool.take(1, 7).slot == &pool.slots()[3]);
  BOOST_TEST(pool.take(1, 3).slot == &pool.slots()[1]);
  BOOST_TEST(pool.take(1, 1).slot == &pool.slots()[2]);
  BOOST_TEST(pool.take(1, 2).slot == nullptr);
}
