// next_epoch: strictly greater each time, whatever happens to the writes in between.
#include "lease/epoch.hpp"

#include <boost/test/unit_test.hpp>

#include "runtime/testing/test_machine.hpp"

using namespace vvm;
using namespace vvm::lease;
using vvm::testing::TestMachine;

namespace {

std::int64_t epoch_of(const Result<VvmEpoch>& result) {
  return result.has_value() ? raw(result.value()) : -1;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_counter_lives_where_the_specification_says) {
  const RowKey row = epoch_row(VvmId{258});
  BOOST_TEST(to_hex(row.partition) == "00000005");
  BOOST_TEST(to_hex(row.clustering) == "00000102");
  TestMachine m;
  BOOST_TEST(epoch_of(m.await(next_epoch(m.rt(), VvmId{258}))) == 1);
  BOOST_TEST(to_hex(m.store.rows.at(row)) == "0000000000000001");
}

BOOST_AUTO_TEST_CASE(each_call_gives_the_next_epoch_and_each_vvm_has_its_own) {
  TestMachine m;
  for (std::int64_t want = 1; want <= 3; ++want) {
    BOOST_TEST(epoch_of(m.await(next_epoch(m.rt(), VvmId{1}))) == want);
  }
  BOOST_TEST(epoch_of(m.await(next_epoch(m.rt(), VvmId{2}))) == 1);
}

BOOST_AUTO_TEST_CASE(a_write_with_unknown_outcome_is_never_taken_for_ones_own) {
  TestMachine m;
  int unknown = 2;  // the insert and the first swap take effect, and nobody is told
  m.store.after = [&](std::string_view) -> Status {
    if (unknown-- > 0) {
      return Error{Code::unknown_outcome};
    }
    return ok();
  };
  BOOST_TEST(epoch_of(m.await(next_epoch(m.rt(), VvmId{1}))) == 3);
}

BOOST_AUTO_TEST_CASE(a_lost_race_is_run_again_from_the_new_value) {
  TestMachine m;
  int rivals = 2;
  m.store.before = [&](std::string_view verb) {
    if (verb != "get" && rivals-- > 0) {
      Bytes counter;
      append_be64(counter, static_cast<std::uint64_t>(10 - rivals));
      m.store.rows[epoch_row(VvmId{1})] = counter;
    }
    return ok();
  };
  BOOST_TEST(epoch_of(m.await(next_epoch(m.rt(), VvmId{1}))) == 11);
}

BOOST_AUTO_TEST_CASE(an_unreachable_store_is_tried_again_and_then_reported) {
  TestMachine m;
  int asked = 0;
  m.store.before = [&](std::string_view) -> Status {
    ++asked;
    return Error{Code::store_unavailable};
  };
  const auto result = m.await(next_epoch(m.rt(), VvmId{1}, 4));
  BOOST_REQUIRE(result.has_error());
  BOOST_TEST((result.error().code == Code::store_unavailable));
  BOOST_TEST(asked == 4);
  m.store.before = nullptr;
  BOOST_TEST(epoch_of(m.await(next_epoch(m.rt(), VvmId{1}, 4))) == 1);
}

BOOST_AUTO_TEST_CASE(a_row_that_is_no_counter_is_reported_at_once) {
  TestMachine m;
  m.store.rows[epoch_row(VvmId{1})] = "xyz";
  const auto result = m.await(next_epoch(m.rt(), VvmId{1}));
  BOOST_REQUIRE(result.has_error());
  BOOST_TEST((result.error().code == Code::bad_input));
}
