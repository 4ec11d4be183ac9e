// Tests of what is sent when, on the pure core (docs/spec/vvm.md 7.2, Reporter).
#include "ctrlloop/report_core.hpp"

#include <map>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "ctrlloop/test_types.hpp"

namespace vvm::ctrlloop {
namespace {

using Core = ReportCore<Numbers>;

struct Reporter {
  explicit Reporter(int parallel = 16) : core({.reports_parallel = parallel}) {}

  Core core;
  Rng rng{1};
  Instant now{seconds(1000).ns};

  Core::Ticket put(int key, int pv) { return core.put(key, {.pv = pv}); }

  Core::Ticket must(int key, int pv) { return core.put(key, {.pv = pv, .must_be_stored = true}); }

  // The next send, as its PV; 0 for none.
  int send() {
    const auto send = core.start(now);
    return send.has_value() ? send->pv : 0;
  }

  void stored(int key) { core.sent(key, true, now, rng); }

  void failed(int key) { core.sent(key, false, now, rng); }

  bool adds_up() const {
    const Metrics& m = core.metrics();
    return m.reports_handed == m.reports_sent + m.reports_superseded + m.reports_dropped;
  }
};

BOOST_AUTO_TEST_CASE(a_report_is_sent_once_and_then_nothing_is_outstanding) {
  Reporter r;
  r.put(1, 10);
  BOOST_TEST(!r.core.empty());
  BOOST_TEST(r.send() == 10);
  BOOST_TEST(r.send() == 0);
  r.stored(1);
  BOOST_TEST(r.core.empty());
  BOOST_TEST(r.send() == 0);
  BOOST_TEST(r.adds_up());
}

BOOST_AUTO_TEST_CASE(a_newer_report_takes_the_place_of_one_that_was_not_sent) {
  Reporter r;
  r.put(1, 10);
  r.put(1, 11);
  BOOST_TEST(r.send() == 11);
  r.stored(1);
  BOOST_TEST(r.core.metrics().reports_superseded == 1U);
  BOOST_TEST(r.adds_up());
}

BOOST_AUTO_TEST_CASE(sends_of_a_key_do_not_overlap_those_of_others_do) {
  Reporter r;
  r.put(1, 10);
  BOOST_TEST(r.send() == 10);
  r.put(1, 11);
  r.put(2, 20);
  BOOST_TEST(r.send() == 20);
  BOOST_TEST(r.send() == 0);
  r.stored(1);
  BOOST_TEST(r.send() == 11);
}

BOOST_AUTO_TEST_CASE(what_must_be_stored_is_sent_in_order_and_before_the_latest) {
  Reporter r;
  r.must(1, 10);
  r.must(1, 11);
  r.put(1, 12);
  r.put(1, 13);
  for (const int pv : {10, 11, 13}) {
    BOOST_TEST(r.send() == pv);
    r.stored(1);
  }
  BOOST_TEST(r.core.empty());
  BOOST_TEST(r.adds_up());
}

BOOST_AUTO_TEST_CASE(what_must_be_stored_supersedes_an_earlier_latest) {
  Reporter r;
  r.put(1, 10);
  r.must(1, 11);
  BOOST_TEST(r.send() == 11);
  r.stored(1);
  BOOST_TEST(r.core.empty());
  BOOST_TEST(r.adds_up());
}

BOOST_AUTO_TEST_CASE(a_latest_that_fails_gives_way_to_a_newer_one) {
  for (const bool must : {false, true}) {
    Reporter r;
    r.put(1, 10);
    BOOST_TEST(r.send() == 10);
    must ? r.must(1, 11) : r.put(1, 11);
    BOOST_TEST(r.core.metrics().reports_superseded == 0U);
    r.failed(1);
    BOOST_TEST(r.core.metrics().reports_superseded == 1U);
    r.now = r.core.next();
    BOOST_TEST(r.send() == 11);
    r.stored(1);
    BOOST_TEST(r.core.empty());
    BOOST_TEST(r.adds_up());
  }
}

BOOST_AUTO_TEST_CASE(a_latest_that_was_in_flight_when_a_newer_one_came_may_still_be_stored) {
  Reporter r;
  r.put(1, 10);
  BOOST_TEST(r.send() == 10);
  r.put(1, 11);
  r.stored(1);
  BOOST_TEST(r.core.metrics().reports_sent == 1U);
  BOOST_TEST(r.core.metrics().reports_superseded == 0U);
  BOOST_TEST(r.send() == 11);
  r.stored(1);
  BOOST_TEST(r.adds_up());
}

BOOST_AUTO_TEST_CASE(what_must_be_stored_is_sent_again_however_often_it_fails) {
  Reporter r;
  r.must(1, 10);
  r.put(1, 11);
  for (int i = 0; i < 1000; ++i) {
    BOOST_REQUIRE(r.send() == 10);
    r.failed(1);
    BOOST_REQUIRE(r.send() == 0);
    const std::int64_t unjittered = i < 9 ? 10LL << i : 5000;
    const Duration wait = r.core.next() - r.now;
    BOOST_REQUIRE(wait.ns >= unjittered * 800'000);
    BOOST_REQUIRE(wait.ns <= unjittered * 1'200'000);
    r.now = r.core.next();
  }
  BOOST_TEST(r.send() == 10);
  r.stored(1);
  BOOST_TEST(r.core.metrics().reports_retried == 1000U);
  // A success ends the row of failures.
  BOOST_TEST(r.send() == 11);
  r.failed(1);
  BOOST_TEST((r.core.next() - r.now).ns <= 12'000'000);
}

BOOST_AUTO_TEST_CASE(a_newer_report_does_not_cut_the_wait_of_its_key_short) {
  Reporter r;
  r.put(1, 10);
  r.send();
  r.failed(1);
  r.put(1, 11);
  BOOST_TEST(r.send() == 0);
  r.now = r.core.next();
  BOOST_TEST(r.send() == 11);
}

BOOST_AUTO_TEST_CASE(no_more_sends_than_allowed_are_in_flight_and_the_rest_take_turns) {
  Reporter r(2);
  for (const int key : {1, 2, 3}) {
    r.put(key, key * 10);
  }
  BOOST_TEST(r.send() == 10);
  BOOST_TEST(r.send() == 20);
  BOOST_TEST(r.send() == 0);
  r.put(1, 11);
  r.stored(1);
  BOOST_TEST(r.send() == 30);
  BOOST_TEST(r.send() == 0);
  r.failed(2);
  BOOST_TEST(r.send() == 11);
}

BOOST_AUTO_TEST_CASE(a_ticket_is_settled_once_its_report_is_stored) {
  Reporter r;
  const auto first = r.must(1, 10);
  const auto second = r.must(1, 11);
  r.put(1, 12);
  BOOST_TEST(!r.core.settled(1, first));
  r.send();
  r.failed(1);
  BOOST_TEST(!r.core.settled(1, first));
  r.now = r.core.next();
  r.send();
  r.stored(1);
  BOOST_TEST(r.core.settled(1, first));
  BOOST_TEST(!r.core.settled(1, second));
  r.send();
  r.stored(1);
  BOOST_TEST(r.core.settled(1, second));
}

BOOST_AUTO_TEST_CASE(hurry_makes_all_that_waits_due) {
  Reporter r;
  r.put(1, 10);
  r.put(2, 20);
  for (int i = 0; i < 12; ++i) {
    if (const auto send = r.core.start(r.now)) {
      r.failed(send->key);
    } else {
      r.now = r.core.next();
    }
  }
  BOOST_TEST(r.send() == 0);
  r.core.hurry();
  BOOST_TEST(r.send() != 0);
  BOOST_TEST(r.send() != 0);
  r.failed(1);
  BOOST_TEST((r.core.next() - r.now).ns <= 12'000'000);
}

BOOST_AUTO_TEST_CASE(at_the_end_everything_outstanding_is_dropped_and_counted) {
  Reporter r;
  r.must(1, 10);
  r.must(1, 11);
  r.put(1, 12);
  r.put(2, 20);
  r.put(3, 30);
  r.send();
  r.send();
  r.put(2, 21);
  BOOST_TEST(r.core.end() == 5U);
  BOOST_TEST(r.core.empty());
  BOOST_TEST(r.adds_up());
  r.stored(1);
  r.failed(2);
  BOOST_TEST(r.send() == 0);
  BOOST_TEST(r.adds_up());
}

// T-CL-5: a sink that fails a thousand times and then heals.
BOOST_AUTO_TEST_CASE(after_a_thousand_failures_the_last_report_of_every_key_is_stored_in_order) {
  Reporter r;
  Rng rng(5);
  std::map<int, std::vector<int>> stored;
  std::map<int, int> last;
  int failures = 0;
  for (int i = 1; failures < 1000; ++i) {
    const auto key = static_cast<int>(rng.below(40));
    rng.chance({1, 4}) ? r.must(key, i) : r.put(key, i);
    last[key] = i;
    r.now = r.now + milliseconds(rng.between(0, 10));
    while (const auto send = r.core.start(r.now)) {
      const bool fails = failures < 1000;
      failures += fails ? 1 : 0;
      if (!fails) {
        stored[send->key].push_back(send->pv);
      }
      r.core.sent(send->key, !fails, r.now, r.rng);
    }
  }
  while (!r.core.empty()) {
    if (const auto send = r.core.start(r.now)) {
      stored[send->key].push_back(send->pv);
      r.stored(send->key);
    } else {
      r.now = r.core.next();
    }
  }
  for (const auto& [key, pvs] : stored) {
    BOOST_TEST(std::ranges::is_sorted(pvs));
    BOOST_TEST(pvs.back() == last[key]);
  }
  BOOST_TEST(stored.size() == last.size());
  BOOST_TEST(r.adds_up());
}

}  // namespace
}  // namespace vvm::ctrlloop
