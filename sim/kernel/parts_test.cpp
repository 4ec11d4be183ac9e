// The kernel's parts against slow, obvious models: heap, ring, actions, trace.
#include <algorithm>
#include <deque>
#include <map>
#include <memory>

#include <boost/test/unit_test.hpp>

#include "base/rng.hpp"
#include "sim/kernel/action.hpp"
#include "sim/kernel/ring.hpp"
#include "sim/kernel/timer_heap.hpp"
#include "sim/kernel/trace.hpp"

namespace vvm::sim {

BOOST_AUTO_TEST_SUITE(kernel_parts)

BOOST_AUTO_TEST_CASE(the_heap_gives_what_a_sorted_list_gives) {
  Rng rng(1);
  for (int round = 0; round < 50; ++round) {
    TimerHeap heap;
    std::map<std::pair<std::int64_t, std::uint64_t>, std::uint32_t> model;
    std::vector<std::uint32_t> free;
    free.reserve(64);
    for (std::uint32_t slot = 0; slot < 64; ++slot) {
      free.push_back(slot);
    }
    for (std::uint64_t step = 0; step < 500; ++step) {
      const std::uint64_t what = rng.below(5);
      if (what < 2 && !free.empty()) {
        const std::uint32_t slot = free.back();
        free.pop_back();
        const std::int64_t at = rng.between(0, 20);
        heap.push({at}, slot);
        model.emplace(std::pair(at, step), slot);
      } else if (what == 2 && !model.empty()) {
        const auto victim = std::next(model.begin(), static_cast<long>(rng.below(model.size())));
        heap.erase(victim->second);
        heap.erase(victim->second);  // again: nothing
        free.push_back(victim->second);
        model.erase(victim);
      } else if (what > 2 && !model.empty()) {
        BOOST_TEST(heap.top_time().ns == model.begin()->first.first);
        const std::uint32_t slot = heap.pop();
        BOOST_TEST(slot == model.begin()->second);
        model.erase(model.begin());
        free.push_back(slot);
      }
      BOOST_TEST_REQUIRE(heap.size() == model.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(the_ring_gives_what_a_deque_gives) {
  Rng rng(2);
  Ring<std::unique_ptr<int>> ring;
  std::deque<int> model;
  for (int step = 0; step < 10'000; ++step) {
    switch (rng.below(5)) {
      case 0:
      case 1:
        ring.push(std::make_unique<int>(step));
        model.push_back(step);
        break;
      case 2:
        ring.push_front(std::make_unique<int>(step));
        model.push_front(step);
        break;
      case 3:
        if (!model.empty()) {
          const std::size_t index = rng.below(std::min<std::size_t>(model.size(), 8));
          BOOST_TEST_REQUIRE(*ring.take(index) == model[index]);
          model.erase(model.begin() + static_cast<std::ptrdiff_t>(index));
        }
        break;
      default:
        if (!model.empty()) {
          BOOST_TEST_REQUIRE(*ring.front() == model.front());
          BOOST_TEST_REQUIRE(*ring.take_newest() == model.back());
          model.pop_back();
        }
        break;
    }
    BOOST_TEST_REQUIRE(ring.size() == model.size());
  }
  ring.clear();
  BOOST_TEST(ring.empty());
}

BOOST_AUTO_TEST_CASE(an_action_runs_once_and_destroys_what_it_owns) {
  const auto owned = std::make_shared<int>(0);
  Action small([owned] { ++*owned; });
  BOOST_TEST(owned.use_count() == 2);
  small();
  BOOST_TEST(*owned == 1);
  BOOST_TEST(!small);
  BOOST_TEST(owned.use_count() == 1);
  std::array<char, 200> large_state{};
  Action large([owned, large_state] { *owned += 1 + large_state[0]; });
  Action moved(std::move(large));
  moved();
  BOOST_TEST(*owned == 2);
  BOOST_TEST(owned.use_count() == 1);
  Action uncalled([owned, large_state] { *owned += large_state[0]; });
  BOOST_TEST(owned.use_count() == 2);
  uncalled.reset();
  BOOST_TEST(owned.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(the_trace_is_the_same_whether_or_not_somebody_listens) {
  Trace quiet;
  Trace loud;
  std::vector<std::string> lines;
  loud.listen([&](std::string_view line) { lines.emplace_back(line); });
  for (Trace* trace : {&quiet, &loud}) {
    trace->step({1'500'000'000}, 3, 1);
    trace->note({2}, "vvm1", "store.Get", "lease(1)");
    trace->message({3}, {.from = "a", .to = "b", .what = "data", .content = "12345"});
  }
  BOOST_TEST(quiet.hash() == loud.hash());
  BOOST_TEST(quiet.records() == 3U);
  BOOST_TEST((lines == std::vector<std::string>{"1.500000000s #1 lane 3",
                                                "0.000000002s vvm1 store.Get lease(1)",
                                                "0.000000003s a -> b data 5"}));
}

BOOST_AUTO_TEST_CASE(every_part_of_a_record_is_in_the_hash) {
  std::vector<std::uint64_t> hashes;
  const auto note =
      [&](Instant now, std::string_view who, std::string_view what, std::string_view object) {
        Trace trace;
        trace.note(now, who, what, object);
        hashes.push_back(trace.hash());
      };
  note({1}, "a", "b", "c");
  note({2}, "a", "b", "c");
  note({1}, "x", "b", "c");
  note({1}, "a", "x", "c");
  note({1}, "a", "b", "x");
  note({1}, "ab", "", "c");
  std::ranges::sort(hashes);
  BOOST_TEST((std::ranges::adjacent_find(hashes) == hashes.end()));
}

BOOST_AUTO_TEST_CASE(the_first_record_that_differs_is_found) {
  const auto trace = [](int odd) {
    Trace t;
    t.keep_hashes(true);
    for (int i = 0; i < 10; ++i) {
      t.step({i}, i == odd ? 1U : 0U, 0);
    }
    return t.hashes();
  };
  BOOST_TEST(!first_difference(trace(-1), trace(-1)).has_value());
  BOOST_TEST(*first_difference(trace(-1), trace(4)) == 4U);
  const auto whole = trace(-1);
  BOOST_TEST(!first_difference(std::span(whole).first(5), whole).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::sim
