// Tests of the bookkeeping of shared work (docs/spec/vvm.md 8.1; seeded bugs M24 and M25).
//
// Unit tests of apppartsctl; the table alone. That it runs right under a clock is tested with the
// controller.
#include "apppartsctl/shared_work.hpp"

#include <boost/test/unit_test.hpp>

namespace vvm::apppartsctl {
namespace {

using Table = WorkTable<int>;

WorkKey parse_of(std::int64_t version) {
  return {.step = Step::parse,
          .version = {.app = {.owner = "acme", .name = "pos"},
                      .version = AppVersion{version},
                      .sha = sha256(std::to_string(version))}};
}

bool all(const WorkKey&) { return true; }

bool none(const WorkKey&) { return false; }

BOOST_AUTO_TEST_CASE(who_comes_second_gets_the_flight_of_the_first_and_its_result) {
  Table table;
  BOOST_TEST(table.find(parse_of(1)) == nullptr);
  const Table::Ticket first = table.open(parse_of(1));
  const Table::Ticket second = table.find(parse_of(1));
  BOOST_TEST(first == second);
  BOOST_TEST(table.find(parse_of(2)) == nullptr);
  table.end(first, 7, true);
  BOOST_TEST(second->result->value() == 7);
  BOOST_TEST(table.find(parse_of(1))->result->value() == 7);
}

BOOST_AUTO_TEST_CASE(a_success_that_is_not_kept_is_still_seen_by_those_who_wait) {
  Table table;
  const Table::Ticket flight = table.open(parse_of(1));
  table.end(flight, 7, false);
  BOOST_TEST(flight->result->value() == 7);
  BOOST_TEST(table.find(parse_of(1)) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_transient_failure_is_shared_and_not_remembered) {
  for (const Code code : {Code::blob_store_unreachable,
                          Code::blob_not_found,
                          Code::truncated,
                          Code::timed_out,
                          Code::bad_input}) {
    Table table;
    const Table::Ticket flight = table.open(parse_of(1));
    table.end(flight, Error{code, ""}, true);
    BOOST_TEST((flight->result->error().code == code));
    BOOST_TEST(table.find(parse_of(1)) == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(a_permanent_failure_is_remembered_until_another_try_is_asked_for) {
  Table table;
  table.end(table.open(parse_of(1)), Error{Code::syntax_error, ""}, true);
  BOOST_TEST_REQUIRE(table.find(parse_of(1)) != nullptr);
  table.retain(all);
  table.forget_failures(none);
  BOOST_TEST(table.find(parse_of(1)) != nullptr);
  table.forget_failures(all);
  BOOST_TEST(table.find(parse_of(1)) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_success_is_not_forgotten_by_another_try) {
  Table table;
  table.end(table.open(parse_of(1)), 7, true);
  table.forget_failures(all);
  BOOST_TEST(table.find(parse_of(1)) != nullptr);
}

BOOST_AUTO_TEST_CASE(what_nobody_needs_is_forgotten_and_stopped) {
  Table table;
  table.end(table.open(parse_of(1)), 7, true);
  table.end(table.open(parse_of(2)), Error{Code::syntax_error, ""}, true);
  const Table::Ticket flight = table.open(parse_of(3));
  BOOST_TEST(table.retain(none));
  BOOST_TEST(table.size() == 1U);
  BOOST_TEST(flight->stop_wanted);
  table.end(flight, Error{Code::cancelled, ""}, true);
  BOOST_TEST(flight->stopped());
  BOOST_TEST(table.size() == 0U);
  BOOST_TEST(!table.retain(none));
}

BOOST_AUTO_TEST_CASE(what_is_needed_again_goes_on_if_it_has_not_stopped_yet) {
  Table table;
  const Table::Ticket flight = table.open(parse_of(1));
  table.retain(none);
  table.retain(all);
  BOOST_TEST(!flight->stop_wanted);
  table.end(flight, 7, true);
  BOOST_TEST(!flight->stopped());
  BOOST_TEST(table.find(parse_of(1)) != nullptr);
}

BOOST_AUTO_TEST_CASE(an_end_that_comes_after_the_stop_is_not_kept) {
  Table table;
  const Table::Ticket flight = table.open(parse_of(1));
  table.retain(none);
  table.end(flight, 7, true);
  BOOST_TEST(table.size() == 0U);
}

}  // namespace
}  // namespace vvm::apppartsctl
