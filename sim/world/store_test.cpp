// The store's expiry and faults; what is common to both worlds is in runtime/contract.
#include <boost/test/unit_test.hpp>

#include "sim/world/test_script.hpp"

namespace vvm::sim {
namespace {

const RowKey lease{.partition = "leases", .clustering = "1"};

struct Seen {
  std::vector<std::string> lines;

  void add(Runtime rt, const std::string& what) {
    lines.push_back(std::to_string(rt.now().ns / 1'000'000) + " " + what);
  }

  template <class T>
  void add(Runtime rt, std::string_view verb, const Result<T>& result) {
    std::string what{verb};
    if (result.has_error()) {
      what.append(" ").append(code_name(result.error().code));
    } else if constexpr (std::is_same_v<T, bool>) {
      what += result.value() ? " yes" : " no";
    } else if constexpr (std::is_same_v<T, std::optional<Bytes>>) {
      what += " " + result.value().value_or("-");
    } else if constexpr (std::is_same_v<T, std::vector<Row>>) {
      for (const Row& row : result.value()) {
        what += " " + row.value;
      }
    }
    add(rt, what);
  }
};

using Lines = std::vector<std::string>;

Task<void> insert_and_read(Runtime rt, Seen* seen) {
  const auto inserted = co_await rt.store().insert_if_not_exists(lease, "mine", seconds(2));
  seen->add(rt, "insert", inserted);
  const auto read = co_await rt.store().get(lease);
  seen->add(rt, "get", read);
}

Task<void> watch_expiry(Runtime rt, Seen* seen) {
  const auto inserted = co_await rt.store().insert_if_not_exists(lease, "mine", seconds(2));
  BOOST_TEST_REQUIRE(inserted.value());
  for (;;) {
    const auto read = co_await rt.store().get(lease);
    if (!read.value().has_value()) {
      seen->add(rt, "gone");
      break;
    }
    co_await rt.clock().sleep_for(milliseconds(10));
  }
}

Task<void> swap_three_times(Runtime rt, Seen* seen) {
  for (const std::string next : {"1", "2", "3"}) {
    const Bytes before = std::to_string(std::stoi(next) - 1);
    const auto swapped = co_await rt.store().compare_and_swap(lease, before, next, Duration{});
    seen->add(rt, "swap", swapped);
  }
  const auto read = co_await rt.store().get(lease);
  seen->add(rt, "get", read);
  const auto range = co_await rt.store().read({.partition = "leases", .from = "", .to = ""});
  seen->add(rt, "read", range);
}

Task<void> write_batch(Runtime rt, Seen* seen) {
  std::vector<Row> rows;
  rows.reserve(32);
  for (int i = 0; i < 32; ++i) {
    rows.push_back({.key = {.partition = "b", .clustering = std::string(1, static_cast<char>(i))},
                    .value = "x"});
  }
  const auto written = co_await rt.store().put_batch(std::move(rows));
  seen->add(rt, "batch", written);
}

// The lease CAS that hangs while somebody else looks.
Task<void> put_once(Runtime rt, Seen* seen) {
  const auto put = co_await rt.store().put(lease, Bytes(rt.proc().name()));
  seen->add(rt, "put", put);
}

struct StoreTest {
  Seen seen;
  World world{1};

  StoreTest() {
    world.store().model().service = Latency::fixed(Duration{});
    world.network().set_link("*", "*", {.latency = Latency::fixed(milliseconds(5))});
    world.store().preset(lease, "0");
    world.store().name_keys([](const RowKey& key) { return "lease(" + key.clustering + ")"; });
  }

  RuleId add(const StoreRule& rule) { return world.store().rules().add(rule); }

  std::uint64_t fired(RuleId rule) { return world.store().rules().fired(rule); }

  void run(Task<void> (*main)(Runtime, Seen*), std::int64_t ms = 100'000) {
    run_script(world, "p", main, &seen);
    world.run_until(at_ms(ms));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(store, StoreTest)

BOOST_AUTO_TEST_CASE(an_operation_takes_two_ways_and_the_servers_time) {
  world.store().model().service = Latency::fixed(milliseconds(3));
  run(swap_three_times);
  BOOST_TEST(
      (seen.lines == Lines{"13 swap yes", "26 swap yes", "39 swap yes", "52 get 3", "65 read 3"}));
}

BOOST_AUTO_TEST_CASE(an_error_before_has_no_effect_and_one_after_has) {
  const RuleId before = add({.kind = StoreFault::error_before,
                             .op = "CompareAndSwap",
                             .key = "lease(1)",
                             .odds = {.times = 1}});
  const RuleId after =
      add({.kind = StoreFault::error_after, .op = "CompareAndSwap", .odds = {.times = 1}});
  world.store().preset(lease, "1");
  run(swap_three_times);
  BOOST_TEST((seen.lines == Lines{"10 swap StoreUnavailable",
                                  "20 swap UnknownOutcome",
                                  "30 swap yes",
                                  "40 get 3",
                                  "50 read 3"}));
  BOOST_TEST(fired(before) == 1U);
  BOOST_TEST(fired(after) == 1U);
}

BOOST_AUTO_TEST_CASE(a_timeout_tells_nothing_about_the_effect) {
  add({.kind = StoreFault::timeout_applied,
       .op = "CompareAndSwap",
       .odds = {.times = 1},
       .delay = seconds(1)});
  add({.kind = StoreFault::timeout_not_applied,
       .op = "CompareAndSwap",
       .odds = {.times = 1},
       .delay = seconds(2)});
  run(swap_three_times);
  // 0 -> 1 applied; 1 -> 2 not; 2 -> 3 therefore not either.
  BOOST_TEST((seen.lines == Lines{"1000 swap UnknownOutcome",
                                  "3000 swap UnknownOutcome",
                                  "3010 swap no",
                                  "3020 get 1",
                                  "3030 read 1"}));
}

BOOST_AUTO_TEST_CASE(an_unavailable_store_refuses_quickly_and_reads_fail_as_unavailable) {
  const RuleId rule = add({.kind = StoreFault::unavailable, .process = "p"});
  run(insert_and_read);
  BOOST_TEST((seen.lines == Lines{"1 insert StoreUnavailable", "2 get StoreUnavailable"}));
  BOOST_TEST(fired(rule) == 2U);
  BOOST_TEST(world.store().operations() == 0U);
}

BOOST_AUTO_TEST_CASE(a_slow_operation_takes_effect_late) {
  add({.kind = StoreFault::slow,
       .op = "CompareAndSwap",
       .odds = {.times = 1},
       .delay = seconds(1)});
  run(swap_three_times);
  BOOST_TEST(seen.lines.front() == "1010 swap yes");
}

BOOST_AUTO_TEST_CASE(a_stale_read_sees_the_rows_before_their_last_change) {
  const RuleId rule = add({.kind = StoreFault::stale});
  run(swap_three_times);
  BOOST_TEST(
      (seen.lines == Lines{"10 swap yes", "20 swap yes", "30 swap yes", "40 get 2", "50 read 2"}));
  BOOST_TEST(fired(rule) == 2U);
}

BOOST_AUTO_TEST_CASE(rules_of_other_keys_operations_and_processes_do_nothing) {
  const std::vector<RuleId> rules{add({.kind = StoreFault::unavailable, .process = "q"}),
                                  add({.kind = StoreFault::unavailable, .op = "Put"}),
                                  add({.kind = StoreFault::unavailable, .key = "lease(2)"})};
  run(swap_three_times);
  BOOST_TEST(seen.lines.size() == 5U);
  BOOST_TEST(seen.lines.front() == "10 swap yes");
  for (const RuleId rule : rules) {
    BOOST_TEST(fired(rule) == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_batch_of_unknown_outcome_has_written_some_of_its_rows) {
  add({.kind = StoreFault::timeout_applied, .op = "PutBatch", .delay = seconds(1)});
  run(write_batch);
  BOOST_TEST((seen.lines == Lines{"1000 batch UnknownOutcome"}));
  const std::size_t written = world.store().rows().size() - 1;
  BOOST_TEST(written > 0U);
  BOOST_TEST(written < 32U);
}

BOOST_AUTO_TEST_CASE(a_row_expires_when_its_time_is_over) {
  world.store().expire(lease);
  BOOST_TEST(!world.store().expire(lease));  // it has no expiry
  world.store().preset(lease, "");
  World fresh(1);
  fresh.store().model().service = Latency::fixed(Duration{});
  fresh.network().set_link("*", "*", {.latency = Latency::fixed(Duration{})});
  run_script(fresh, "p", watch_expiry, &seen);
  fresh.run_until(at_ms(10'000));
  BOOST_TEST((seen.lines == Lines{"2000 gone"}));
}

BOOST_AUTO_TEST_CASE(the_servers_clock_and_grain_decide_when) {
  const auto gone = [](std::int64_t rate_ppm, Duration grain) {
    Seen one;
    World w(1);
    w.store().model().service = Latency::fixed(Duration{});
    w.store().model().ttl_rate_ppm = rate_ppm;
    w.store().model().ttl_granularity = grain;
    w.network().set_link("*", "*", {.latency = Latency::fixed(milliseconds(150))});
    run_script(w, "p", watch_expiry, &one);
    w.run_until(at_ms(10'000));
    return one.lines.at(0);
  };
  // Inserted at 150; gone at 2,150, seen at the next of the reads, which end 310 ms apart.
  BOOST_TEST(gone(0, milliseconds(1)) == "2460 gone");
  BOOST_TEST(gone(1'000'000, milliseconds(1)) == "1530 gone");
  BOOST_TEST(gone(0, seconds(1)) == "2150 gone");
}

BOOST_AUTO_TEST_CASE(early_expiry_counts_only_when_somebody_finds_the_row_gone) {
  for (const bool watched : {false, true}) {
    Seen one;
    World w(3);
    w.store().model().service = Latency::fixed(Duration{});
    w.network().set_link("*", "*", {.latency = Latency::fixed(Duration{})});
    const RuleId rule =
        w.store().rules().add({.kind = StoreFault::expire_early, .delay = seconds(1)});
    run_script(w, "p", watched ? watch_expiry : insert_and_read, &one);
    w.run_until(at_ms(10'000));
    BOOST_TEST(w.store().rules().fired(rule) == (watched ? 1U : 0U));
    if (watched) {
      const int ms = std::stoi(one.lines.at(0));
      BOOST_TEST(ms >= 1'000);
      BOOST_TEST(ms < 2'000);
    }
  }
}

BOOST_AUTO_TEST_CASE(expiry_may_be_asked_for_and_forced) {
  world.store().preset({.partition = "x", .clustering = ""}, "y");
  BOOST_TEST((world.store().expiry({.partition = "x", .clustering = ""}) == Instant::max()));
  world.store().model().ttl_granularity = milliseconds(1);
  run_script(
      world,
      "p",
      +[](Runtime rt, Seen* s) -> Task<void> {
        const auto swapped = co_await rt.store().compare_and_swap(lease, "0", "mine", seconds(20));
        s->add(rt, "swap", swapped);
      },
      &seen);
  world.run_until(at_ms(100));
  BOOST_TEST(world.store().expiry(lease)->ns == at_ms(20'005).ns);
  BOOST_TEST(world.store().expire(lease));
  BOOST_TEST(!world.store().peek(lease).has_value());
  BOOST_TEST(!world.store().expiry(lease).has_value());
}

BOOST_AUTO_TEST_CASE(a_write_that_has_left_a_process_outlives_it) {
  run_script(world, "p", put_once, &seen);
  world.run_until(at_ms(2));
  world.crash("p", CrashKind::power_loss);
  BOOST_TEST(world.store().peek(lease).value() == "0");
  world.run_until(at_ms(100));
  BOOST_TEST(world.store().peek(lease).value() == "p");
  BOOST_TEST(seen.lines.empty());
}

BOOST_AUTO_TEST_CASE(a_write_before_which_a_process_crashes_does_not_happen) {
  EffectCounter counter(world, "store.Put");
  counter.crash_before(1);
  run(put_once);
  BOOST_TEST((counter.effects == Lines{"store.Put lease(1)"}));
  BOOST_TEST(world.store().peek(lease).value() == "0");
  BOOST_TEST(world.refused_effects() == 1U);
}

BOOST_AUTO_TEST_CASE(
    under_a_cut_an_operation_hangs_until_the_client_gives_up_and_may_happen_later) {
  const RuleId cut = world.network().add(Network::cut_one_way("p", "store"));
  world.store().model().client_timeout = seconds(3);
  run(put_once, 5'000);
  BOOST_TEST((seen.lines == Lines{"3000 put UnknownOutcome"}));
  BOOST_TEST(world.store().peek(lease).value() == "0");
  world.network().remove(cut);
  world.run_until(at_ms(10'000));
  BOOST_TEST(world.store().peek(lease).value() == "p");
  BOOST_TEST(world.network().fired(cut) > 0U);
}

BOOST_AUTO_TEST_CASE(power_loss_takes_what_had_not_left_and_a_crash_does_not) {
  for (const CrashKind kind : {CrashKind::process, CrashKind::power_loss}) {
    Seen one;
    World w(1);
    const RuleId cut = w.network().add(Network::isolate("p"));
    run_script(w, "p", put_once, &one);
    w.run_until(at_ms(100));
    w.crash("p", kind);
    w.network().remove(cut);
    w.run_until(at_ms(10'000));
    BOOST_TEST(w.store().peek(lease).has_value() == (kind == CrashKind::process));
  }
}

BOOST_AUTO_TEST_CASE(every_change_is_told_with_what_was_before) {
  std::vector<std::string> told;
  world.store().listen([&](const StoreChange& change) {
    told.push_back(std::string(change.process) + " " + std::string(change.op) + " " +
                   world.store().name_of(*change.key) + " " +
                   (change.before == nullptr ? "-" : *change.before) + ">" +
                   (change.after == nullptr ? "-" : *change.after));
  });
  run_script(
      world,
      "p",
      +[](Runtime rt, Seen* s) -> Task<void> {
        s->add(rt, "swap", co_await rt.store().compare_and_swap(lease, "0", "1", Duration{}));
        s->add(rt, "swap", co_await rt.store().compare_and_swap(lease, "0", "2", Duration{}));
        s->add(rt, "put", co_await rt.store().put(lease, "3"));
        s->add(rt, "delete", co_await rt.store().compare_and_delete(lease, "3"));
        s->add(rt, "insert", co_await rt.store().insert_if_not_exists(lease, "4", Duration{}));
      },
      &seen);
  world.run_until(at_ms(1'000));
  BOOST_TEST((told == Lines{"p CompareAndSwap lease(1) 0>1",
                            "p Put lease(1) 1>3",
                            "p CompareAndDelete lease(1) 3>-",
                            "p InsertIfNotExists lease(1) ->4"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::sim
