// Contract of Store (runtime/store.hpp, docs/spec/vvm.md 4.1).
#include <boost/test/unit_test.hpp>

#include "runtime/contract/fixture.hpp"

namespace vvm::contract {
namespace {

const std::string me = "store";

struct StoreTest {
  std::unique_ptr<Fixture> fixture = new_fixture();

  Store& store() { return fixture->process(me).store(); }

  template <class T>
  T await(Task<T> task) {
    return fixture->await<T>(me, std::move(task));
  }

  std::optional<Bytes> get(const RowKey& key) { return await(store().get(key)).value(); }

  bool put(const RowKey& key, const Bytes& value) {
    return await(store().put(key, value)).has_value();
  }

  bool insert(const RowKey& key, const Bytes& value, Duration ttl = {}) {
    return await(store().insert_if_not_exists(key, value, ttl)).value();
  }

  bool swap(const RowKey& key, const Bytes& expected, const Bytes& value, Duration ttl = {}) {
    return await(store().compare_and_swap(key, expected, value, ttl)).value();
  }

  bool remove(const RowKey& key, const Bytes& expected) {
    return await(store().compare_and_delete(key, expected)).value();
  }

  std::vector<Bytes> range(const Bytes& partition, const Bytes& from, const Bytes& to) {
    std::vector<Bytes> found;
    const auto rows = await(store().read({partition, from, to}));
    for (const Row& row : rows.value()) {
      BOOST_TEST(row.key.partition == partition);
      BOOST_TEST(row.value == "value of " + row.key.clustering);
      found.push_back(row.key.clustering);
    }
    return found;
  }

  void sleep(Duration duration) { BOOST_TEST(await(slept(fixture->process(me), duration))); }

  static Task<bool> slept(Runtime rt, Duration duration) {
    co_await rt.clock().sleep_for(duration);
    co_return true;
  }
};

const RowKey key{"p", "c"};

// Counts up by conditional swaps, and how many of them succeeded.
Task<void> count_up(Runtime rt, int times, std::shared_ptr<int> done) {
  for (int i = 0; i < times;) {
    const auto row = co_await rt.store().get(key);
    const Bytes now = row.value().value();
    const Bytes next = std::to_string(std::stoi(now) + 1);
    const auto swapped = co_await rt.store().compare_and_swap(key, now, next, Duration{});
    i += swapped.value() ? 1 : 0;
  }
  ++*done;
}

Task<void> insert_mine(Runtime rt, std::shared_ptr<std::vector<bool>> won) {
  const auto inserted =
      co_await rt.store().insert_if_not_exists(key, Bytes(rt.proc().name()), Duration{});
  won->push_back(inserted.value());
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(store_contract, StoreTest)

BOOST_AUTO_TEST_CASE(a_row_is_what_was_put_last) {
  BOOST_TEST(!get(key).has_value());
  BOOST_TEST(put(key, "one"));
  BOOST_TEST(get(key).value() == "one");
  BOOST_TEST(put(key, "two"));
  BOOST_TEST(get(key).value() == "two");
}

BOOST_AUTO_TEST_CASE(keys_and_values_are_any_octets) {
  Bytes octets;
  for (int i = 0; i < 256; ++i) {
    octets.push_back(static_cast<char>(i));
  }
  const RowKey odd{octets, octets + octets};
  BOOST_TEST(put(odd, octets));
  BOOST_TEST(get(odd).value() == octets);
  const RowKey empty{"", ""};
  BOOST_TEST(put(empty, ""));
  BOOST_TEST(get(empty).value().empty());
  BOOST_TEST(!get({"", Bytes(1, '\0')}).has_value());
  const Bytes large(200'000, 'x');
  BOOST_TEST(put(key, large));
  BOOST_TEST(get(key).value() == large);
}

BOOST_AUTO_TEST_CASE(both_parts_of_the_key_count) {
  BOOST_TEST(put({"ab", "c"}, "1"));
  BOOST_TEST(put({"a", "bc"}, "2"));
  BOOST_TEST(get({"ab", "c"}).value() == "1");
  BOOST_TEST(get({"a", "bc"}).value() == "2");
}

BOOST_AUTO_TEST_CASE(a_range_is_half_open_and_ordered_by_unsigned_octets) {
  const std::vector<Bytes> all{"", "\x01", "a", "aa", "b", "\x7F", "\x80", "\xFF"};
  for (const Bytes& clustering : {all[6], all[2], all[7], all[0], all[4], all[1], all[3], all[5]}) {
    BOOST_TEST(put({"r", clustering}, "value of " + clustering));
  }
  BOOST_TEST(put({"q", "a"}, "of another partition"));
  BOOST_TEST(put({"s", "a"}, "of another partition"));
  BOOST_TEST((range("r", "", "") == all));
  BOOST_TEST((range("r", "a", "b") == std::vector<Bytes>{"a", "aa"}));
  BOOST_TEST((range("r", "b", "") == std::vector<Bytes>{"b", "\x7F", "\x80", "\xFF"}));
  BOOST_TEST((range("r", "\x80", "\xFF") == std::vector<Bytes>{"\x80"}));
  BOOST_TEST(range("r", "b", "a").empty());
  BOOST_TEST(range("t", "", "").empty());
}

BOOST_AUTO_TEST_CASE(a_batch_writes_every_row) {
  std::vector<Row> rows;
  for (int i = 0; i < 100; ++i) {
    const Bytes clustering(1, static_cast<char>(i));
    rows.push_back({{"b", clustering}, "value of " + clustering});
  }
  BOOST_TEST(await(store().put_batch(rows)).has_value());
  BOOST_TEST(range("b", "", "").size() == 100U);
  BOOST_TEST(await(store().put_batch({})).has_value());
}

BOOST_AUTO_TEST_CASE(insert_succeeds_once) {
  BOOST_TEST(insert(key, "first"));
  BOOST_TEST(!insert(key, "second"));
  BOOST_TEST(get(key).value() == "first");
}

BOOST_AUTO_TEST_CASE(swap_needs_the_expected_value) {
  BOOST_TEST(!swap(key, "", "new"));
  BOOST_TEST(!get(key).has_value());
  BOOST_TEST(put(key, "old"));
  BOOST_TEST(!swap(key, "other", "new"));
  BOOST_TEST(!swap(key, "", "new"));
  BOOST_TEST(get(key).value() == "old");
  BOOST_TEST(swap(key, "old", "new"));
  BOOST_TEST(get(key).value() == "new");
}

BOOST_AUTO_TEST_CASE(delete_needs_the_expected_value) {
  BOOST_TEST(!remove(key, ""));
  BOOST_TEST(put(key, "old"));
  BOOST_TEST(!remove(key, "other"));
  BOOST_TEST(get(key).value() == "old");
  BOOST_TEST(remove(key, "old"));
  BOOST_TEST(!get(key).has_value());
  BOOST_TEST(!remove(key, "old"));
  BOOST_TEST(insert(key, "again"));
}

BOOST_AUTO_TEST_CASE(an_expired_row_is_not_there) {
  BOOST_TEST(insert(key, "short", milliseconds(20)));
  BOOST_TEST(put({"p", "d"}, "value of d"));
  sleep(milliseconds(40));
  BOOST_TEST(!get(key).has_value());
  BOOST_TEST((range("p", "", "") == std::vector<Bytes>{"d"}));
  BOOST_TEST(!swap(key, "short", "other"));
  BOOST_TEST(!remove(key, "short"));
  BOOST_TEST(insert(key, "again"));
  BOOST_TEST(get(key).value() == "again");
}

BOOST_AUTO_TEST_CASE(a_row_lives_until_it_expires) {
  BOOST_TEST(insert(key, "long", hours(1)));
  BOOST_TEST(!insert(key, "other", hours(1)));
  BOOST_TEST(get(key).value() == "long");
}

BOOST_AUTO_TEST_CASE(a_swap_gives_a_fresh_ttl) {
  BOOST_TEST(insert(key, "a", hours(1)));
  BOOST_TEST(swap(key, "a", "b", milliseconds(20)));
  sleep(milliseconds(40));
  BOOST_TEST(!get(key).has_value());
  BOOST_TEST(insert(key, "a", milliseconds(200)));
  BOOST_TEST(swap(key, "a", "b"));
  sleep(milliseconds(250));
  BOOST_TEST(get(key).value() == "b");
}

BOOST_AUTO_TEST_CASE(a_put_ends_expiry) {
  BOOST_TEST(insert(key, "short", milliseconds(200)));
  BOOST_TEST(put(key, "stays"));
  sleep(milliseconds(250));
  BOOST_TEST(get(key).value() == "stays");
}

BOOST_AUTO_TEST_CASE(processes_see_each_others_rows) {
  BOOST_TEST(put(key, "mine"));
  const Runtime other = fixture->process("other");
  const auto row = fixture->await<Result<std::optional<Bytes>>>("other", other.store().get(key));
  BOOST_TEST(row.value().value() == "mine");
}

BOOST_AUTO_TEST_CASE(rows_outlive_the_process) {
  BOOST_TEST(put(key, "stays"));
  fixture->kill(me);
  BOOST_TEST(get(key).value() == "stays");
}

BOOST_AUTO_TEST_CASE(no_conditional_write_is_lost_between_processes) {
  BOOST_TEST(put(key, "0"));
  const auto done = std::make_shared<int>(0);
  for (const std::string name : {"a", "b", "c"}) {
    fixture->spawn(name, count_up(fixture->process(name), 10, done));
  }
  BOOST_TEST_REQUIRE(fixture->run_until([done] { return *done == 3; }));
  BOOST_TEST(get(key).value() == "30");
}

BOOST_AUTO_TEST_CASE(one_of_several_inserts_wins) {
  const auto won = std::make_shared<std::vector<bool>>();
  for (const std::string name : {"a", "b", "c", "d"}) {
    fixture->spawn(name, insert_mine(fixture->process(name), won));
  }
  BOOST_TEST_REQUIRE(fixture->run_until([won] { return won->size() == 4; }));
  BOOST_TEST(std::count(won->begin(), won->end(), true) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::contract
