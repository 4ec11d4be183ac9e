// Tests of what runs when, on the pure core (docs/spec/vvm.md 7.2, 7.3).
#include "ctrlloop/loop_core.hpp"

#include <map>
#include <set>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "ctrlloop/test_types.hpp"

namespace vvm::ctrlloop {
namespace {

// 2024-02-28T00:00:00Z, when the monotonic clock shows 1000 s.
constexpr std::int64_t midnight = 1'709'078'400'000;
constexpr Instant epoch{seconds(1000).ns};

struct Loop {
  explicit Loop(int workers = 4) : core({.workers = workers}) {}

  LoopCore<Numbers> core;
  Rng rng{1};
  Instant now = epoch;

  Taken in(int key, std::uint64_t sp, std::uint64_t order = 0, const std::string& cron = "") {
    const Message<Numbers> message{.key = key, .sp = sp, .order = order, .cron_schedule = cron};
    return core.in(message, now, {midnight + (now - epoch).ms()});
  }

  std::vector<Call<Numbers>> run() {
    core.tick(now);
    std::vector<Call<Numbers>> calls;
    while (auto call = core.start(now)) {
      calls.push_back(*call);
    }
    return calls;
  }

  // Makes the only call that is due.
  Call<Numbers> run_one() {
    const auto calls = run();
    BOOST_REQUIRE(calls.size() == 1U);
    return calls.front();
  }

  void done(int key, std::optional<int> state = {}, std::optional<Instant> again = {}) {
    core.done(key, state, again, now);
  }

  std::vector<int> keys_run() {
    std::vector<int> keys;
    for (const auto& call : run()) {
      keys.push_back(call.key);
    }
    return keys;
  }
};

BOOST_AUTO_TEST_CASE(three_keys_are_called_once_each_in_the_order_of_arrival) {
  Loop loop;
  for (const int key : {7, 3, 5}) {
    BOOST_TEST((loop.in(key, 1) == Taken::scheduled));
  }
  const std::vector<int> expected{7, 3, 5};
  BOOST_TEST(loop.keys_run() == expected, boost::test_tools::per_element());
  for (const int key : expected) {
    loop.done(key);
  }
  BOOST_TEST(loop.run().empty());
  BOOST_TEST((loop.core.next() == Instant::max()));
}

BOOST_AUTO_TEST_CASE(calls_are_made_in_the_order_of_their_start_times) {
  Loop loop;
  loop.in(1, 1, 0, "30 0 * * *");
  loop.in(2, 1, 0, "10 0 * * *");
  loop.in(3, 1, 0, "20 0 * * *");
  loop.in(4, 1, 0, "10 0 * * *");
  BOOST_TEST(loop.run().empty());
  BOOST_TEST(((loop.core.next() - epoch) == minutes(10)));
  loop.now = epoch + hours(1);
  const std::vector<int> expected{2, 4, 3, 1};
  BOOST_TEST(loop.keys_run() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_schedule_is_for_the_first_start_only) {
  Loop loop;
  loop.in(1, 1, 0, "10 0 * * *");
  loop.now = epoch + minutes(10);
  loop.run_one();
  loop.done(1, {}, loop.now + seconds(1));
  BOOST_TEST((loop.core.next() == loop.now + seconds(1)));
}

BOOST_AUTO_TEST_CASE(an_invalid_schedule_begins_at_once_and_the_controller_is_told) {
  Loop loop;
  loop.in(1, 1, 0, "nonsense");
  loop.in(2, 1, 0, "");
  const auto calls = loop.run();
  BOOST_REQUIRE(calls.size() == 2U);
  BOOST_TEST(!calls[0].schedule_valid);
  BOOST_TEST(calls[1].schedule_valid);
  BOOST_TEST(loop.core.metrics().invalid_schedules == 1U);
  // The next set-point of the key is judged by its own schedule.
  loop.in(1, 2);
  loop.done(1);
  BOOST_TEST(loop.run_one().schedule_valid);
}

BOOST_AUTO_TEST_CASE(a_newer_set_point_replaces_one_that_has_not_begun) {
  Loop loop;
  loop.in(1, 100, 5, "10 0 * * *");
  BOOST_TEST((loop.in(1, 101, 6) == Taken::replaced));
  BOOST_TEST(loop.run_one().sp == 101U);
  loop.now = epoch + hours(1);
  BOOST_TEST(loop.run().empty());
  BOOST_TEST(loop.core.metrics().replaced == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_not_newer_is_dropped) {
  Loop loop;
  loop.in(1, 100, 5, "10 0 * * *");
  BOOST_TEST((loop.in(1, 101, 5) == Taken::stale));
  BOOST_TEST((loop.in(1, 102, 4) == Taken::stale));
  BOOST_TEST(loop.run().empty());
  loop.now = epoch + minutes(10);
  BOOST_TEST(loop.run_one().sp == 100U);
  BOOST_TEST(loop.core.metrics().stale == 2U);
}

BOOST_AUTO_TEST_CASE(without_an_order_the_later_arrival_is_the_newer) {
  Loop loop;
  BOOST_TEST((loop.in(1, 100) == Taken::scheduled));
  BOOST_TEST((loop.in(2, 200) == Taken::scheduled));
  BOOST_TEST((loop.in(1, 101) == Taken::replaced));
  const auto calls = loop.run();
  BOOST_REQUIRE(calls.size() == 2U);
  BOOST_TEST(calls[0].sp == 200U);
  BOOST_TEST(calls[1].sp == 101U);
}

BOOST_AUTO_TEST_CASE(a_set_point_that_waits_for_a_worker_is_replaced_and_goes_to_the_end) {
  Loop loop(1);
  for (const int key : {1, 2, 3}) {
    loop.in(key, 1);
  }
  BOOST_TEST(loop.run_one().key == 1);
  BOOST_TEST(loop.core.metrics().ready == 2U);
  BOOST_TEST((loop.in(2, 2) == Taken::replaced));
  BOOST_TEST(loop.core.metrics().ready == 1U);
  loop.done(1);
  BOOST_TEST(loop.run_one().key == 3);
  loop.done(3);
  BOOST_TEST(loop.run_one().sp == 2U);
}

BOOST_AUTO_TEST_CASE(calls_in_progress_never_exceed_the_workers) {
  Loop loop(3);
  for (int key = 0; key < 10; ++key) {
    loop.in(key, 1);
  }
  BOOST_TEST(loop.run().size() == 3U);
  loop.done(1);
  BOOST_TEST(loop.run_one().key == 3);
  const Metrics metrics = loop.core.metrics();
  BOOST_TEST(metrics.running == 3U);
  BOOST_TEST(metrics.ready == 6U);
  BOOST_TEST(metrics.calls == 4U);
}

// T-CL-2.
BOOST_AUTO_TEST_CASE(after_a_newer_set_point_the_controller_never_sees_an_older_one) {
  Loop loop;
  loop.in(1, 9, 9);
  BOOST_TEST(loop.run_one().sp == 9U);
  BOOST_TEST((loop.in(1, 8, 8) == Taken::stale));
  loop.done(1, {}, loop.now + seconds(1));  // a repeat of 9
  BOOST_TEST((loop.in(1, 10, 10) == Taken::replaced));
  BOOST_TEST(loop.run_one().sp == 10U);
  loop.done(1);
  BOOST_TEST((loop.in(1, 9, 9) == Taken::stale));
  loop.now = epoch + hours(1);
  BOOST_TEST(loop.run().empty());
}

// T-CL-3.
BOOST_AUTO_TEST_CASE(a_newer_set_point_starts_right_after_the_call_in_progress) {
  Loop loop;
  loop.in(1, 1);
  loop.run_one();
  BOOST_TEST((loop.in(1, 2) == Taken::pending));
  BOOST_TEST((loop.in(1, 3) == Taken::pending));
  BOOST_TEST(loop.run().empty());
  loop.now = epoch + seconds(5);
  loop.done(1, 7, loop.now + seconds(60));  // the time it asks for is the older one's
  const Call<Numbers> call = loop.run_one();
  BOOST_TEST(call.sp == 3U);
  BOOST_TEST((call.state == 7));
  BOOST_TEST(loop.core.metrics().replaced == 1U);
  loop.done(1);
  BOOST_TEST((loop.core.next() == Instant::max()));
}

BOOST_AUTO_TEST_CASE(a_pending_set_point_keeps_its_own_start_time) {
  Loop loop;
  loop.in(1, 1);
  loop.run_one();
  loop.in(1, 2, 0, "10 0 * * *");
  loop.done(1, {}, loop.now);
  BOOST_TEST(loop.run().empty());
  BOOST_TEST(((loop.core.next() - epoch) == minutes(10)));
}

// T-CL-4.
BOOST_AUTO_TEST_CASE(ten_thousand_keys_that_are_due_at_once_are_all_called_at_once) {
  Loop loop(10'000);
  for (int key = 0; key < 10'000; ++key) {
    loop.in(key, 1, 0, "10 0 * * *");
  }
  loop.now = epoch + minutes(10);
  const auto calls = loop.run();
  BOOST_REQUIRE(calls.size() == 10'000U);
  for (int key = 0; key < 10'000; ++key) {
    BOOST_REQUIRE(calls[static_cast<std::size_t>(key)].key == key);
  }
  BOOST_TEST(loop.core.metrics().key_latency_max.ns == 0);
}

// T-CL-7.
BOOST_AUTO_TEST_CASE(a_controller_that_throws_is_called_again_after_ever_longer_waits) {
  Loop loop;
  loop.in(1, 1);
  loop.in(2, 1);
  loop.run();
  loop.done(1, 5, loop.now);
  loop.done(2);
  for (std::int32_t faults = 0; faults < 20; ++faults) {
    const Call<Numbers> call = loop.run_one();
    BOOST_TEST(call.faults == faults);
    BOOST_TEST((call.state == 5));
    loop.core.threw(1, loop.now, loop.rng);
    const Duration wait = loop.core.next() - loop.now;
    const std::int64_t unjittered = faults < 6 ? 1000LL << faults : 60'000;
    BOOST_TEST(wait.ms() >= unjittered * 8 / 10);
    BOOST_TEST(wait.ms() <= unjittered * 12 / 10);
    // Others are not affected.
    loop.in(2, 2);
    BOOST_TEST(loop.run_one().key == 2);
    loop.done(2);
    loop.now = loop.core.next();
  }
  BOOST_TEST(loop.core.metrics().panics == 20U);
  loop.run_one();
  loop.done(1, 6, loop.now);
  const Call<Numbers> call = loop.run_one();
  BOOST_TEST(call.faults == 0);
  BOOST_TEST((call.state == 6));
}

BOOST_AUTO_TEST_CASE(a_newer_set_point_does_not_wait_for_the_back_off_of_a_fault) {
  Loop loop;
  loop.in(1, 1);
  loop.run_one();
  loop.in(1, 2);
  loop.core.threw(1, loop.now, loop.rng);
  const Call<Numbers> call = loop.run_one();
  BOOST_TEST(call.sp == 2U);
  BOOST_TEST(call.faults == 1);
}

// T-CL-8.
BOOST_AUTO_TEST_CASE(the_state_of_a_call_is_what_the_next_call_gets) {
  Loop loop;
  loop.in(1, 1);
  std::optional<int> last;
  for (int i = 0; i < 100; ++i) {
    const Call<Numbers> call = loop.run_one();
    BOOST_TEST((call.state == last));
    last = i % 10 == 9 ? std::nullopt : std::optional(i);
    if (i % 7 == 0) {
      loop.in(1, static_cast<std::uint64_t>(i) + 2);
      loop.done(1, last);
    } else {
      loop.done(1, last, loop.now);
    }
  }
}

BOOST_AUTO_TEST_CASE(only_a_key_at_rest_is_forgotten) {
  Loop loop;
  BOOST_TEST(loop.core.forget(1, loop.now));
  loop.in(1, 1, 0, "10 0 * * *");
  BOOST_TEST(!loop.core.forget(1, loop.now));
  loop.in(1, 2);
  loop.core.tick(loop.now);
  BOOST_TEST(!loop.core.forget(1, loop.now));
  loop.run_one();
  BOOST_TEST(!loop.core.forget(1, loop.now));
  loop.done(1, 5);
  BOOST_TEST(loop.core.metrics().keys == 1U);
  BOOST_TEST(loop.core.forget(1, loop.now));
  BOOST_TEST(loop.core.forget(1, loop.now));
  BOOST_TEST(loop.core.metrics().keys == 0U);
}

BOOST_AUTO_TEST_CASE(a_forgotten_key_comes_back_without_state_and_only_with_a_newer_order) {
  Loop loop;
  loop.in(1, 10, 10);
  loop.run_one();
  loop.core.threw(1, loop.now, loop.rng);
  loop.now = loop.core.next();
  loop.run_one();
  loop.done(1, 5);
  loop.core.forget(1, loop.now);
  loop.now = loop.now + hours(24) - nanoseconds(1);
  BOOST_TEST((loop.in(1, 10, 10) == Taken::stale));
  BOOST_TEST((loop.in(1, 11, 11) == Taken::scheduled));
  const Call<Numbers> call = loop.run_one();
  BOOST_TEST(!call.state.has_value());
  BOOST_TEST(call.faults == 0);
  // It is not erased a day after it had been forgotten.
  loop.done(1, 6);
  loop.now = loop.now + hours(48);
  loop.in(2, 1);
  BOOST_TEST((loop.in(1, 11, 11) == Taken::stale));
}

BOOST_AUTO_TEST_CASE(after_a_day_the_order_of_a_forgotten_key_is_gone) {
  for (const int others : {0, 1, 1000}) {
    Loop loop(5000);
    for (int key = 0; key <= others; ++key) {
      loop.in(key, 1, 10);
    }
    loop.run();
    for (int key = 0; key <= others; ++key) {
      loop.done(key);
      BOOST_TEST(loop.core.forget(key, loop.now));
    }
    loop.now = loop.now + hours(24);
    // Erased or not yet: the last of them is the last to be.
    BOOST_TEST((loop.in(others, 1, 1) == Taken::scheduled));
    BOOST_TEST(loop.core.metrics().keys == 1U);
  }
}

BOOST_AUTO_TEST_CASE(closing_drops_all_that_has_not_begun) {
  Loop loop(2);
  for (const int key : {1, 2, 3}) {
    loop.in(key, 1);
  }
  loop.in(4, 1, 0, "10 0 * * *");
  loop.run();
  loop.in(1, 2);
  loop.core.close();
  const std::vector<int> running{1, 2};
  BOOST_TEST(loop.core.running_keys() == running, boost::test_tools::per_element());
  loop.done(1, 5, loop.now);
  loop.core.cancelled(2);
  loop.now = epoch + hours(1);
  BOOST_TEST(loop.run().empty());
  BOOST_TEST(loop.core.running() == 0U);
  const Metrics metrics = loop.core.metrics();
  BOOST_TEST(metrics.scheduled + metrics.ready + metrics.running == 0U);
}

BOOST_AUTO_TEST_CASE(the_latency_of_a_key_runs_from_when_it_was_due) {
  Loop loop(1);
  loop.in(1, 1);
  loop.in(2, 1, 0, "0 1 * * *");
  loop.run_one();
  loop.now = epoch + hours(1) + seconds(3);
  loop.done(1);
  loop.run_one();
  BOOST_TEST((loop.core.metrics().key_latency_max == seconds(3)));
}

// T-CL-1: 10^5 random messages, 8 workers; what a call sees is checked as it starts and ends.
BOOST_AUTO_TEST_CASE(calls_of_a_key_do_not_overlap_under_a_hundred_thousand_messages) {
  Loop loop(8);
  Rng rng(42);
  std::map<int, std::uint64_t> in_progress;
  std::map<int, std::uint64_t> newest_called;
  std::map<int, std::uint64_t> newest_sent;
  const auto begin = [&] {
    for (const Call<Numbers>& call : loop.run()) {
      BOOST_REQUIRE(in_progress.emplace(call.key, call.sp).second);
      BOOST_REQUIRE(call.sp >= newest_called[call.key]);
      newest_called[call.key] = call.sp;
    }
    BOOST_REQUIRE(in_progress.size() <= 8U);
  };
  const auto end_one = [&] {
    const auto nth = static_cast<std::ptrdiff_t>(rng.below(in_progress.size()));
    const int key = std::next(in_progress.begin(), nth)->first;
    in_progress.erase(key);
    if (rng.chance({1, 20})) {
      loop.core.threw(key, loop.now, loop.rng);
    } else if (rng.chance({1, 3})) {
      loop.done(key, 1, loop.now + milliseconds(rng.between(0, 50)));
    } else {
      loop.done(key, 1);
    }
  };
  for (int i = 0; i < 100'000; ++i) {
    const auto key = static_cast<int>(rng.below(200));
    const std::uint64_t order = rng.below(static_cast<std::uint64_t>(i) + 100) + 1;
    loop.in(key, order, order);
    newest_sent[key] = std::max(newest_sent[key], order);
    loop.now = loop.now + milliseconds(rng.between(0, 2));
    begin();
    while (!in_progress.empty() && rng.chance({2, 3})) {
      end_one();
    }
  }
  while (!in_progress.empty() || loop.core.next() != Instant::max()) {
    if (in_progress.empty()) {
      loop.now = loop.core.next();
    } else {
      end_one();
    }
    begin();
  }
  BOOST_TEST((newest_called == newest_sent));
}

}  // namespace
}  // namespace vvm::ctrlloop
