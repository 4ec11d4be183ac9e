// Tests of the index of keys, the lists of slots and the queue of due times, against slow twins.
#include "ctrlloop/key_table.hpp"

#include <map>
#include <set>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/rng.hpp"
#include "ctrlloop/due_queue.hpp"
#include "ctrlloop/test_types.hpp"

namespace vvm::ctrlloop {
namespace {

struct Slot {
  int key = 0;
  int value = 0;
  SlotId before = no_slot;
  SlotId after = no_slot;
};

using Table = KeyTable<Numbers, Slot>;

BOOST_AUTO_TEST_CASE(a_table_finds_what_a_map_finds) {
  Rng rng(1);
  Table table;
  std::map<int, int> twin;
  for (int i = 0; i < 100'000; ++i) {
    const int key = static_cast<int>(rng.below(i < 50'000 ? 300 : 5000));
    const SlotId found = table.find(key);
    const auto at = twin.find(key);
    BOOST_REQUIRE((found != no_slot) == (at != twin.end()));
    if (found != no_slot) {
      BOOST_REQUIRE(table[found].value == at->second);
      if (rng.chance({1, 2})) {
        table.erase(found);
        twin.erase(at);
      }
    } else {
      const SlotId added = table.find_or_add(key);
      BOOST_REQUIRE(table[added].value == 0);
      table[added].value = i;
      twin[key] = i;
      BOOST_REQUIRE(table.find_or_add(key) == added);
    }
    BOOST_REQUIRE(table.size() == twin.size());
  }
  for (int key = 0; key < 5000; ++key) {
    BOOST_REQUIRE((table.find(key) != no_slot) == twin.contains(key));
  }
}

BOOST_AUTO_TEST_CASE(erased_slots_are_used_again) {
  Table table;
  for (int i = 0; i < 1000; ++i) {
    table.erase(table.find_or_add(i));
  }
  BOOST_TEST(table.end() == 1U);
}

BOOST_AUTO_TEST_CASE(a_list_keeps_its_order_whatever_is_taken_out) {
  Rng rng(2);
  Table table;
  SlotList<Table> list;
  std::vector<SlotId> twin;
  std::vector<SlotId> outside;
  for (int key = 0; key < 50; ++key) {
    outside.push_back(table.find_or_add(key));
  }
  for (int i = 0; i < 10'000; ++i) {
    std::vector<SlotId>& from = rng.chance({1, 2}) ? twin : outside;
    if (from.empty()) {
      continue;
    }
    const auto at = from.begin() + static_cast<std::ptrdiff_t>(rng.below(from.size()));
    const SlotId id = *at;
    from.erase(at);
    if (&from == &twin) {
      list.erase(table, id);
      outside.push_back(id);
    } else {
      list.push_back(table, id);
      twin.push_back(id);
    }
    BOOST_REQUIRE(list.size() == twin.size());
    BOOST_REQUIRE(list.front() == (twin.empty() ? no_slot : twin.front()));
  }
  for (const SlotId id : twin) {
    BOOST_REQUIRE(list.front() == id);
    list.erase(table, id);
  }
  BOOST_TEST(list.empty());
}

BOOST_AUTO_TEST_CASE(a_queue_pops_by_time_then_by_insertion) {
  Rng rng(3);
  DueQueue queue;
  std::set<std::tuple<Instant, int, SlotId>> twin;
  std::map<SlotId, std::pair<Instant, int>> where;
  for (int i = 0; i < 100'000; ++i) {
    const auto id = static_cast<SlotId>(rng.below(500));
    const Instant now{static_cast<std::int64_t>(rng.below(50))};
    const auto at = where.find(id);
    if (at != where.end()) {
      queue.erase(id);
      twin.erase({at->second.first, at->second.second, id});
      where.erase(at);
    } else {
      const Instant due{static_cast<std::int64_t>(rng.below(50))};
      queue.push(id, due, now);
      twin.insert({due, i, id});
      where[id] = {due, i};
    }
    if (!twin.empty() && rng.chance({1, 3})) {
      const SlotId first = std::get<2>(*twin.begin());
      BOOST_REQUIRE((queue.next() == std::get<0>(*twin.begin())));
      BOOST_REQUIRE(queue.pop() == first);
      twin.erase(twin.begin());
      where.erase(first);
    }
    BOOST_REQUIRE(queue.size() == twin.size());
  }
}

BOOST_AUTO_TEST_CASE(waits_double_up_to_the_cap) {
  BOOST_TEST(doubled(milliseconds(10), seconds(5), 1).ms() == 10);
  BOOST_TEST(doubled(milliseconds(10), seconds(5), 2).ms() == 20);
  BOOST_TEST(doubled(milliseconds(10), seconds(5), 9).ms() == 2560);
  BOOST_TEST(doubled(milliseconds(10), seconds(5), 10).ms() == 5000);
  BOOST_TEST(doubled(milliseconds(10), seconds(5), 2'000'000'000).ms() == 5000);
}

}  // namespace
}  // namespace vvm::ctrlloop
