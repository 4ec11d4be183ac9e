// Contract of Clock (runtime/clock.hpp): waits, wake-ups, cancellation, and the end of a process.
//
// Upper bounds of a wait are not tested: nobody promises them on a real machine.
#include <limits>

#include <boost/test/unit_test.hpp>

#include "runtime/contract/fixture.hpp"
#include "runtime/signal.hpp"
#include "runtime/timeout.hpp"

namespace vvm::contract {
namespace {

const std::string me = "clock";

// What one wait did.
struct Waited {
  bool ended = false;
  bool woken = false;
  bool cancelled = false;
  Instant at{};
};

struct ClockTest {
  std::unique_ptr<Fixture> fixture = new_fixture();

  Runtime rt() { return fixture->process(me); }

  bool sleep(Duration duration) { return fixture->await<bool>(me, sleep_once(rt(), duration)); }

  static Task<bool> sleep_once(Runtime rt, Duration duration) {
    const Instant before = rt.now();
    co_await rt.clock().sleep_for(duration);
    co_return rt.now() >= before + duration;
  }
};

Task<void> wait(Runtime rt, Instant deadline, ParkKey* key, std::shared_ptr<Waited> out) {
  try {
    out->woken = co_await rt.clock().park_until(deadline, key);
  } catch (const boost::system::system_error& e) {
    out->cancelled = is_cancellation(e);
  }
  out->ended = true;
  out->at = rt.now();
}

Task<void> append_after(Runtime rt,
                        Duration delay,
                        int number,
                        std::shared_ptr<std::vector<int>> out) {
  co_await rt.clock().sleep_for(delay);
  out->push_back(number);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(clock_contract, ClockTest)

BOOST_AUTO_TEST_CASE(time_passes_and_never_goes_back) {
  Instant last = rt().now();
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST(sleep(milliseconds(1)));
    const Instant now = rt().now();
    BOOST_TEST((now > last));
    last = now;
  }
}

BOOST_AUTO_TEST_CASE(the_wall_clock_shows_a_date) {
  const WallMs year_2020{1'577'836'800'000};
  const WallMs year_2200{7'258'118'400'000};
  BOOST_TEST((rt().clock().wall() > year_2020));
  BOOST_TEST((rt().clock().wall() < year_2200));
}

BOOST_AUTO_TEST_CASE(a_sleep_is_never_shorter_than_asked) {
  BOOST_TEST(sleep(milliseconds(20)));
  BOOST_TEST(sleep(microseconds(1)));
}

BOOST_AUTO_TEST_CASE(a_deadline_that_has_passed_ends_at_once) {
  BOOST_TEST(sleep(Duration{}));
  BOOST_TEST(sleep(-seconds(5)));
}

BOOST_AUTO_TEST_CASE(sleeps_end_in_the_order_of_their_deadlines) {
  const auto order = std::make_shared<std::vector<int>>();
  for (const int number : {3, 1, 4, 2}) {
    fixture->spawn(me, append_after(rt(), milliseconds(20) * number, number, order));
  }
  BOOST_TEST_REQUIRE(fixture->run_until([order] { return order->size() == 4; }));
  const std::vector<int> expected{1, 2, 3, 4};
  BOOST_TEST(*order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_earlier_sleep_overtakes_one_that_began_before) {
  const auto order = std::make_shared<std::vector<int>>();
  fixture->spawn(me, append_after(rt(), seconds(3'000), 2, order));
  fixture->spawn(me, append_after(rt(), milliseconds(5), 1, order));
  BOOST_TEST(fixture->run_until([order] { return order->size() == 1; }));
  BOOST_TEST(order->front() == 1);
}

BOOST_AUTO_TEST_CASE(unpark_ends_a_wait_that_would_last_for_ever) {
  const auto waited = std::make_shared<Waited>();
  ParkKey key{};
  fixture->spawn(me, wait(rt(), Instant::max(), &key, waited));
  BOOST_TEST_REQUIRE(fixture->run_until([&key] { return key != ParkKey{}; }));
  rt().clock().unpark(key);
  BOOST_TEST(!waited->ended);  // later, never inside the call
  BOOST_TEST_REQUIRE(fixture->run_until([waited] { return waited->ended; }));
  BOOST_TEST(waited->woken);
}

BOOST_AUTO_TEST_CASE(unpark_of_what_has_ended_does_nothing) {
  const auto first = std::make_shared<Waited>();
  ParkKey key{};
  fixture->spawn(me, wait(rt(), rt().now(), &key, first));
  BOOST_TEST_REQUIRE(fixture->run_until([first] { return first->ended; }));
  BOOST_TEST(!first->woken);
  const auto second = std::make_shared<Waited>();
  ParkKey other{};
  fixture->spawn(me, wait(rt(), rt().now() + milliseconds(20), &other, second));
  BOOST_TEST_REQUIRE(fixture->run_until([&other] { return other != ParkKey{}; }));
  rt().clock().unpark(key);
  rt().clock().unpark(ParkKey{});
  BOOST_TEST_REQUIRE(fixture->run_until([second] { return second->ended; }));
  BOOST_TEST(!second->woken);
  BOOST_TEST((key != other));
}

BOOST_AUTO_TEST_CASE(the_first_unpark_counts) {
  const auto waited = std::make_shared<Waited>();
  ParkKey key{};
  fixture->spawn(me, wait(rt(), Instant::max(), &key, waited));
  BOOST_TEST_REQUIRE(fixture->run_until([&key] { return key != ParkKey{}; }));
  rt().clock().unpark(key);
  rt().clock().unpark(key);
  BOOST_TEST_REQUIRE(fixture->run_until([waited] { return waited->ended; }));
  BOOST_TEST(waited->woken);
  BOOST_TEST(sleep(milliseconds(1)));
}

BOOST_AUTO_TEST_CASE(cancellation_ends_a_wait_with_an_exception) {
  const auto waited = std::make_shared<Waited>();
  ParkKey key{};
  fixture->spawn(me, wait(rt(), Instant::max(), &key, waited));
  BOOST_TEST_REQUIRE(fixture->run_until([&key] { return key != ParkKey{}; }));
  fixture->cancel(me);
  BOOST_TEST_REQUIRE(fixture->run_until([waited] { return waited->ended; }));
  BOOST_TEST(waited->cancelled);
}

BOOST_AUTO_TEST_CASE(a_killed_process_does_not_go_on_waiting) {
  const auto waited = std::make_shared<Waited>();
  fixture->spawn(me, wait(rt(), rt().now() + milliseconds(10), nullptr, waited));
  fixture->kill(me);
  BOOST_TEST(sleep(milliseconds(30)));
  BOOST_TEST(!waited->ended);
  BOOST_TEST(waited.use_count() == 1);  // its frame is gone
}

namespace {

Task<Result<int>> answer_after(Runtime rt, Duration delay) {
  co_await rt.clock().sleep_for(delay);
  co_return 42;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_time_limit_ends_the_task_that_exceeds_it) {
  const auto late = fixture->await<Result<int>>(
      me, with_timeout(rt(), milliseconds(10), answer_after(rt(), seconds(3'000))));
  BOOST_TEST_REQUIRE(late.has_error());
  BOOST_TEST((late.error().code == Code::timed_out));
  const auto good = fixture->await<Result<int>>(
      me, with_timeout(rt(), seconds(3'000), answer_after(rt(), milliseconds(1))));
  BOOST_TEST(good.value() == 42);
}

namespace {

Task<void> count_wakeup(std::shared_ptr<Signal> signal, std::shared_ptr<int> count) {
  co_await signal->wait();
  ++*count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_signal_wakes_whom_it_should) {
  const auto signal = std::make_shared<Signal>(rt());
  const auto count = std::make_shared<int>(0);
  for (int i = 0; i < 3; ++i) {
    fixture->spawn(me, count_wakeup(signal, count));
  }
  BOOST_TEST(sleep(milliseconds(1)));
  signal->notify_one();
  BOOST_TEST(sleep(milliseconds(1)));
  BOOST_TEST(*count == 1);
  signal->notify_all();
  BOOST_TEST_REQUIRE(fixture->run_until([count] { return *count == 3; }));
  BOOST_TEST(!signal->has_waiters());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::contract
