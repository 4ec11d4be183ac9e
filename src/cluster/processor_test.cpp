// Durability: what was answered is there after a restart, what was refused is not, whatever the
// store does in between.
#include "cluster/processor.hpp"

#include <set>

#include <boost/test/unit_test.hpp>

#include "cluster/test_stores.hpp"
#include "cluster/testing.hpp"
#include "http/test_world.hpp"

namespace vvm::cluster {
namespace {

struct World : http::TestWorld {
  World() : store(rt()) {
    seams.store = &store;
    seams.blobs = &blobs;
  }

  MemoryStore store;
  MemoryBlobs blobs;
};

// A processor, from its start to an orderly end. A new one on the same store is a restart.
struct Life {
  explicit Life(World& w, JournalOptions journal = {}, bool auto_place = false)
      : world(w), processor(w.rt(), {.auto_place = auto_place}, journal), scope(w.rt()) {
    world.run(loaded(&processor));
    scope.spawn("processor", processor.run());
  }

  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  ~Life() { world.run(closed(&scope)); }

  static Task<bool> loaded(Processor* processor) {
    co_await processor->load();
    co_return true;
  }

  static Task<bool> closed(TaskScope* scope) {
    co_await scope->close();
    co_return true;
  }

  Result<boost::json::object> run(Processor::Decide decide) {
    return world.run(processor.submit(std::move(decide)));
  }

  Result<boost::json::object> deploy(std::string name) {
    return run([name](const Tables& tables, WallMs) {
      return decide(tables,
                    DeployApp{.name = {.owner = "acme", .name = name},
                              .num_partitions = 1,
                              .num_app_workspaces = 1});
    });
  }

  bool has(const std::string& name) {
    return processor.tables().apps.contains({.owner = "acme", .name = name});
  }

  World& world;
  Processor processor;
  TaskScope scope;
};

BOOST_AUTO_TEST_CASE(what_was_answered_is_there_after_a_restart) {
  World world;
  Tables before;
  {
    Life life(world);
    BOOST_TEST(life.deploy("a").has_value());
    BOOST_TEST(life.deploy("b").has_value());
    before = life.processor.tables();
  }
  Life life(world);
  BOOST_TEST((life.processor.tables() == before));
  BOOST_TEST(before.revision == 2);
}

BOOST_AUTO_TEST_CASE(a_store_that_is_not_available_refuses_and_changes_nothing) {
  World world;
  Life life(world);
  life.deploy("a").value();
  const Tables before = life.processor.tables();
  world.store.plan = {Fault::before};
  const auto refused = life.deploy("b");
  BOOST_TEST((refused.error().code == Code::store_unavailable));
  BOOST_TEST((life.processor.tables() == before));
  BOOST_TEST(life.deploy("c").has_value());
  BOOST_TEST(!life.has("b"));
}

BOOST_AUTO_TEST_CASE(an_unknown_outcome_is_found_out_before_the_answer) {
  for (const Fault fault : {Fault::unknown_not, Fault::unknown_done}) {
    World world;
    Life life(world);
    world.store.plan = {fault, Fault::before, fault};
    BOOST_TEST(life.deploy("a").has_value());
    BOOST_TEST(life.has("a"));
    BOOST_TEST(life.processor.tables().revision == 1);
  }
}

BOOST_AUTO_TEST_CASE(an_outcome_that_stays_unknown_is_said_and_settled_later) {
  for (const Fault fault : {Fault::unknown_not, Fault::unknown_done}) {
    World world;
    Life life(world, {.tries = 2});
    world.store.plan = {fault, fault, Fault::before, Fault::before};
    BOOST_TEST((life.deploy("a").error().code == Code::unknown_outcome));
    // While it is in doubt nothing else is done.
    BOOST_TEST((life.deploy("b").error().code == Code::store_unavailable));
    BOOST_TEST((life.deploy("c").error().code == Code::store_unavailable));
    BOOST_TEST(life.deploy("d").has_value());
    BOOST_TEST((!life.has("b") && !life.has("c")));
    BOOST_TEST(life.has("a"));  // it was sent, so it is done in the end
    const Tables before = life.processor.tables();
    Tables read;
    Journal journal(world.rt(), {});
    const Status loaded = world.run(journal.load(&read, [](const Entry&) {}));
    BOOST_TEST(loaded.has_value());
    BOOST_TEST((read == before));
  }
}

// Every plan of faults over the first six writes: what was answered stays, and the tables in memory
// are those that a restart reads.
BOOST_AUTO_TEST_CASE(memory_and_store_agree_under_every_short_plan_of_faults) {
  constexpr int depth = 6;
  for (int plan = 0; plan < 4096; ++plan) {
    World world;
    for (int i = 0, rest = plan; i < depth; ++i, rest /= 4) {
      world.store.plan.push_back(static_cast<Fault>(rest % 4));
    }
    std::vector<std::string> answered;
    std::vector<std::string> refused;  // for certain
    Tables before;
    {
      Life life(world, {.tries = 2, .snapshot_every = 2});
      for (const char* name : {"a", "b", "c", "d"}) {
        const auto answer = life.deploy(name);
        if (answer.has_value()) {
          answered.emplace_back(name);
        } else if (answer.error().code != Code::unknown_outcome) {
          refused.emplace_back(name);
        }
      }
      world.run(Life::closed(&life.scope));
      before = life.processor.tables();
    }
    world.store.plan.clear();
    Life life(world);
    for (const std::string& name : answered) {
      BOOST_TEST(life.has(name));
    }
    for (const std::string& name : refused) {
      BOOST_TEST(!life.has(name));
    }
    // What was in doubt at the end may have been stored; all else is equal.
    BOOST_TEST(life.processor.tables().revision - before.revision <= 1);
    BOOST_TEST(life.processor.tables().revision >= before.revision);
  }
}

BOOST_AUTO_TEST_CASE(snapshots_bound_what_a_start_reads_and_lose_nothing) {
  World world;
  Tables before;
  {
    Life life(world, {.snapshot_every = 8});
    life.run([](const Tables& tables, WallMs now) {
          return decide(tables, vvm_command(1, 1), LeaseCheck::unchecked, now);
        })
        .value();
    // A workspace that nothing touches behind the snapshot keeps its revision, too.
    life.run([](const Tables& tables, WallMs now) {
          return decide(tables, vvm_command(2, 1), LeaseCheck::unchecked, now);
        })
        .value();
    life.run([](const Tables& tables, WallMs) { return report_pv(tables, pv_of(2, 0, 1, 1)); })
        .value();
    for (int i = 1; i <= 40; ++i) {
      life.run([i](const Tables& tables, WallMs) {
            return report_pv(tables, pv_of(1, i % 4, 1, i));
          })
          .value();
    }
    before = life.processor.tables();
  }
  const RowKey head{.partition = "cluster/head", .clustering = "head"};
  BOOST_TEST_REQUIRE(world.store.rows.contains(head));
  // The entries before the snapshot are not needed any more.
  Bytes first;
  append_be64(first, 1);
  world.store.rows.erase({.partition = "cluster/log", .clustering = first});
  Life life(world);
  BOOST_TEST((life.processor.tables() == before));
}

BOOST_AUTO_TEST_CASE(of_two_processes_one_sees_what_the_other_has_written_and_goes_on) {
  World world;
  Life one(world);
  Life two(world);
  one.deploy("a").value();
  BOOST_TEST(!two.has("a"));
  BOOST_TEST(two.deploy("b").has_value());
  BOOST_TEST(two.has("a"));
  BOOST_TEST(two.processor.tables().revision == 2);
  // A command is decided again over what came first: the same name is no second application.
  one.deploy("b").value();
  BOOST_TEST((one.processor.tables() == two.processor.tables()));
}

Task<bool> submit_all(Runtime rt, Processor* processor, int count) {
  TaskScope scope(rt);
  std::vector<Result<boost::json::object>> answers;
  const auto one =
      [](Processor* p, int i, std::vector<Result<boost::json::object>>* into) -> Task<void> {
    into->push_back(co_await p->submit([i](const Tables& tables, WallMs) {
      return decide(tables,
                    DeployApp{.name = {.owner = "acme", .name = "app" + std::to_string(i)},
                              .num_partitions = 1,
                              .num_app_workspaces = 1});
    }));
  };
  for (int i = 0; i < count; ++i) {
    scope.spawn("one", one(processor, i, &answers));
  }
  co_await scope.join();
  bool all = true;
  for (const auto& answer : answers) {
    all = all && answer.has_value();
  }
  co_return all;
}

BOOST_AUTO_TEST_CASE(commands_that_wait_together_share_an_entry_and_see_each_other) {
  World world;
  Life life(world);
  BOOST_TEST(world.run(submit_all(world.rt(), &life.processor, 20)));
  BOOST_TEST(life.processor.tables().apps.size() == 20U);
  BOOST_TEST(life.processor.tables().revision <= 3);
  std::set<std::uint32_t> ids;
  for (const auto& [name, app] : life.processor.tables().apps) {
    ids.insert(raw(app.id));
  }
  BOOST_TEST(ids.size() == 20U);
}

BOOST_AUTO_TEST_CASE(a_batch_that_fails_leaves_every_table_as_it_was) {
  World world;
  Life life(world);
  life.deploy("a").value();
  const Tables before = life.processor.tables();
  world.store.plan = {Fault::before, Fault::before, Fault::before};
  BOOST_TEST(!world.run(submit_all(world.rt(), &life.processor, 20)));
  BOOST_TEST((life.processor.tables() == before));
}

BOOST_AUTO_TEST_CASE(a_start_waits_until_the_store_can_be_read) {
  World world;
  {
    Life(world).deploy("a").value();
  }
  world.store.reads_fail = true;
  Processor processor(world.rt(), {}, {});
  TaskScope scope(world.rt());
  scope.spawn("load", processor.load());
  world.run(Life::closed(&scope));
  BOOST_TEST(processor.tables().apps.empty());
  world.store.reads_fail = false;
  BOOST_TEST(world.run(Life::loaded(&processor)));
  BOOST_TEST(processor.tables().apps.size() == 1U);
}

BOOST_AUTO_TEST_CASE(durable_changes_are_told_once_and_the_newest_again_after_a_restart) {
  World world;
  const auto told = [&world](std::string_view name) {
    return std::ranges::count_if(world.events.seen, [name](const std::string& line) {
      return line.starts_with("cluster.app app=" + std::string{name});
    });
  };
  {
    Life life(world);
    life.deploy("acme1").value();
    world.store.plan = {Fault::before};
    BOOST_TEST(!life.deploy("acme2").has_value());
    life.deploy("acme3").value();
  }
  BOOST_TEST(told("acme/acme1") == 1);
  BOOST_TEST(told("acme/acme2") == 0);
  BOOST_TEST(told("acme/acme3") == 1);
  const Life life(world);
  BOOST_TEST(told("acme/acme1") == 1);
  BOOST_TEST(told("acme/acme3") == 2);
}

}  // namespace
}  // namespace vvm::cluster
