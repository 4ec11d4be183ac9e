// Time, choices, cancellation and the end of a lane.
#include "sim/kernel/kernel.hpp"

#include <algorithm>
#include <set>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include "sim/kernel/spawn.hpp"

namespace vvm::sim {
namespace {

using Order = std::vector<int>;

constexpr Instant at_ms(std::int64_t ms) { return Instant{} + milliseconds(ms); }

void run_all(Kernel& kernel) {
  while (kernel.step(Instant::max())) {
  }
}

// Awaitable: the wait of a lane until `when`, or until somebody finishes `*op`.
auto wait_until(Lane* lane,
                Instant when,
                OpId* op = nullptr,
                Instant local = Kernel::no_local_time) {
  return asio::async_initiate<const asio::deferred_t, void(ErrorCode, bool)>(
      [lane, when, op, local](auto handler) {
        const OpId id = lane->kernel().park(*lane, when, Kernel::Wait(std::move(handler)), local);
        if (op != nullptr) {
          *op = id;
        }
      },
      asio::deferred);
}

Task<void> note_at(Lane* lane, Instant when, int number, Order* order) {
  co_await wait_until(lane, when);
  order->push_back(number);
}

void spawn_note(Lane& lane, Instant when, int number, Order* order) {
  spawn(lane, {}, note_at(&lane, when, number, order), [](const std::exception_ptr&) {});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kernel)

BOOST_AUTO_TEST_CASE(events_run_by_time_and_equal_times_in_the_order_in_which_they_came) {
  Kernel kernel(1);
  Order order;
  const auto note = [&](Instant when, int number) {
    kernel.at(when, Action([&order, number] { order.push_back(number); }));
  };
  note(at_ms(3), 30);
  note(at_ms(1), 10);
  note(at_ms(3), 31);
  note(at_ms(2), 20);
  note(at_ms(1), 11);
  note(at_ms(3), 32);
  run_all(kernel);
  BOOST_TEST((order == Order{10, 11, 20, 30, 31, 32}));
  BOOST_TEST(kernel.now().ns == at_ms(3).ns);
}

BOOST_AUTO_TEST_CASE(time_stands_still_while_handlers_are_ready) {
  Kernel kernel(1);
  Lane& lane = kernel.add_lane("p");
  std::vector<std::int64_t> times;
  kernel.at(at_ms(5), Action([&] { times.push_back(kernel.now().ns); }));
  for (int i = 0; i < 3; ++i) {
    asio::post(lane.executor(), [&] { times.push_back(kernel.now().ns); });
  }
  run_all(kernel);
  BOOST_TEST((times == std::vector<std::int64_t>{0, 0, 0, at_ms(5).ns}));
}

BOOST_AUTO_TEST_CASE(nothing_runs_beyond_the_horizon) {
  Kernel kernel(1);
  bool ran = false;
  kernel.at(at_ms(5), Action([&] { ran = true; }));
  BOOST_TEST(!kernel.step(at_ms(4)));
  BOOST_TEST(!ran);
  kernel.advance_to(at_ms(4));
  BOOST_TEST(kernel.now().ns == at_ms(4).ns);
  BOOST_TEST(kernel.step(at_ms(5)));
  BOOST_TEST(ran);
}

BOOST_AUTO_TEST_CASE(which_lane_runs_next_is_a_draw) {
  std::set<Order> seen;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    Kernel kernel(seed);
    Order order;
    for (int i = 0; i < 3; ++i) {
      asio::post(kernel.add_lane("p").executor(), [&order, i] { order.push_back(i); });
    }
    run_all(kernel);
    seen.insert(order);
  }
  BOOST_TEST(seen.size() == 6U);
}

BOOST_AUTO_TEST_CASE(which_ready_handler_of_a_lane_runs_next_is_a_draw_among_the_first) {
  std::set<Order> seen;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    Kernel kernel(seed);
    Lane& lane = kernel.add_lane("p");
    Order order;
    for (int i = 0; i < 40; ++i) {
      asio::post(lane.executor(), [&order, i] { order.push_back(i); });
    }
    run_all(kernel);
    for (std::size_t i = 0; i < order.size(); ++i) {
      BOOST_TEST(order[i] < static_cast<int>(i) + 8);
    }
    seen.insert(std::move(order));
  }
  BOOST_TEST(seen.size() == 64U);
}

BOOST_AUTO_TEST_CASE(the_same_seed_makes_the_same_choices) {
  const auto run = [](std::uint64_t seed) {
    Kernel kernel(seed);
    Order order;
    for (int i = 0; i < 10; ++i) {
      spawn_note(kernel.add_lane("p"), at_ms(i % 3), i, &order);
    }
    run_all(kernel);
    return std::pair(order, kernel.trace().hash());
  };
  BOOST_TEST((run(7) == run(7)));
  BOOST_TEST((run(7) != run(8)));
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_ends_at_once_and_once) {
  Kernel kernel(1);
  Lane& lane = kernel.add_lane("p");
  asio::cancellation_signal cancel;
  Order order;
  std::exception_ptr failure;
  spawn(lane, cancel.slot(), note_at(&lane, at_ms(5), 1, &order), [&](const auto& f) {
    failure = f;
  });
  kernel.at(at_ms(2), Action([&] { cancel.emit(asio::cancellation_type::terminal); }));
  run_all(kernel);
  BOOST_TEST(order.empty());
  BOOST_TEST(kernel.now().ns == at_ms(2).ns);
  BOOST_TEST_REQUIRE((failure != nullptr));
  BOOST_CHECK_THROW(std::rethrow_exception(failure), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(an_operation_is_finished_once_and_its_name_is_not_used_again) {
  Kernel kernel(1);
  Lane& lane = kernel.add_lane("p");
  int calls = 0;
  const OpId op =
      kernel.park(lane, Instant::max(), Kernel::Wait([&](ErrorCode, bool) { ++calls; }));
  BOOST_TEST(kernel.pending(op));
  BOOST_TEST(kernel.finish(op, ErrorCode{}, 1));
  BOOST_TEST(!kernel.finish(op, ErrorCode{}, 1));
  BOOST_TEST(calls == 0);  // later, never inside
  run_all(kernel);
  BOOST_TEST(calls == 1);
  const OpId next =
      kernel.park(lane, Instant::max(), Kernel::Wait([&](ErrorCode, bool) { ++calls; }));
  BOOST_TEST(!kernel.pending(op));
  BOOST_TEST(!kernel.finish(op, ErrorCode{}, 1));
  BOOST_TEST(kernel.pending(next));
  kernel.drop(next);
  BOOST_TEST(!kernel.pending(next));
  run_all(kernel);
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(a_dropped_event_does_not_run) {
  Kernel kernel(1);
  bool ran = false;
  const OpId op = kernel.at(at_ms(1), Action([&] { ran = true; }));
  kernel.drop(op);
  kernel.drop(op);
  run_all(kernel);
  BOOST_TEST(!ran);
}

BOOST_AUTO_TEST_CASE(a_paused_lane_runs_nothing_and_its_deadlines_come_late) {
  Kernel kernel(1);
  Lane& lane = kernel.add_lane("p");
  Order order;
  spawn_note(lane, at_ms(1), 1, &order);
  spawn_note(lane, at_ms(9), 9, &order);
  while (kernel.step(Instant{})) {
  }
  kernel.pause(lane);
  kernel.at(at_ms(5), Action([&] {
              BOOST_TEST(order.empty());
              kernel.resume(lane);
            }));
  kernel.at(at_ms(6), Action([&] { BOOST_TEST((order == Order{1})); }));
  run_all(kernel);
  BOOST_TEST((order == Order{1, 9}));
}

BOOST_AUTO_TEST_CASE(local_deadlines_move_when_the_clock_changes) {
  Kernel kernel(1);
  Lane& lane = kernel.add_lane("p");
  Order order;
  const auto wait = [&](Instant local, int number) {
    kernel.park(lane,
                local,
                Kernel::Wait([&order, number](ErrorCode, bool) { order.push_back(number); }),
                local);
  };
  wait(at_ms(10), 10);
  wait(at_ms(20), 20);
  wait(Instant::max(), 99);
  kernel.park(lane, at_ms(12), Kernel::Wait([&](ErrorCode, bool) { order.push_back(12); }));
  kernel.at(at_ms(4), Action([&] {
              // Twice as slow from here on: 10 is shown at 16, 20 at 36.
              kernel.rekey(lane, [](Instant local) {
                return local == Instant::max() ? local : at_ms(4) + (local - at_ms(4)) * 2;
              });
            }));
  std::vector<std::int64_t> times;
  kernel.after_step([&] {
    if (order.size() > times.size()) {
      times.push_back(kernel.now().ns / 1'000'000);
    }
  });
  run_all(kernel);
  BOOST_TEST((order == Order{12, 10, 20}));
  BOOST_TEST((times == std::vector<std::int64_t>{12, 16, 36}));
}

BOOST_AUTO_TEST_CASE(every_step_is_followed_by_the_hook) {
  Kernel kernel(1);
  Lane& lane = kernel.add_lane("p");
  std::uint64_t calls = 0;
  kernel.after_step([&] { ++calls; });
  Order order;
  spawn_note(lane, at_ms(1), 1, &order);
  run_all(kernel);
  BOOST_TEST(calls == kernel.steps());
  BOOST_TEST(calls >= 2U);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

// What a frame does when it is destroyed: posts to its own lane, which is what asio does with
// frames that are taken apart, and notes that it went.
class Dying {
 public:
  Dying(Lane* lane, int number, Order* order) : lane_(lane), number_(number), order_(order) {}

  Dying(const Dying&) = delete;
  Dying& operator=(const Dying&) = delete;

  ~Dying() {
    asio::post(lane_->executor(), [order = order_] { order->push_back(-1); });
    order_->push_back(number_);
  }

 private:
  Lane* lane_;
  int number_;
  Order* order_;
};

Task<void> wait_for_ever(Lane* lane, int number, Order* order) {
  const Dying dying(lane, number, order);
  co_await wait_until(lane, Instant::max());
  order->push_back(-2);
}

Task<void> kill_oneself(Lane* lane, Order* order) {
  const Dying dying(lane, 50, order);
  co_await wait_until(lane, at_ms(1));
  lane->kernel().kill(*lane, [order] { order->push_back(99); });
  BOOST_TEST(!lane->alive());
  order->push_back(1);  // the handler goes on to its next await
  co_await wait_until(lane, lane->kernel().now());
  order->push_back(-3);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_end_of_a_lane)

BOOST_AUTO_TEST_CASE(all_frames_are_destroyed_newest_first_and_nothing_runs) {
  Kernel kernel(1);
  Lane& lane = kernel.add_lane("p");
  Order order;
  for (int i = 1; i <= 3; ++i) {
    spawn(lane, {}, wait_for_ever(&lane, i, &order), [&](const auto&) { order.push_back(-4); });
    while (kernel.step(Instant{})) {
    }
  }
  asio::post(lane.executor(), [&] { order.push_back(-5); });
  kernel.kill(lane, [&] { order.push_back(99); });
  BOOST_TEST((order == Order{3, 2, 1, 99}));
  run_all(kernel);
  BOOST_TEST((order == Order{3, 2, 1, 99}));
}

BOOST_AUTO_TEST_CASE(a_lane_that_ends_itself_finishes_its_handler_and_no_other) {
  Kernel kernel(1);
  Lane& lane = kernel.add_lane("p");
  Order order;
  spawn(lane, {}, wait_for_ever(&lane, 40, &order), [](const auto&) {});
  spawn(lane, {}, kill_oneself(&lane, &order), [&](const auto&) { order.push_back(-4); });
  run_all(kernel);
  BOOST_TEST_REQUIRE(order.size() == 4U);
  BOOST_TEST(order.front() == 1);
  BOOST_TEST(order.back() == 99);
  BOOST_TEST(std::ranges::count(order, 40) == 1);
  BOOST_TEST(std::ranges::count(order, 50) == 1);
}

BOOST_AUTO_TEST_CASE(one_lane_may_end_another_while_it_runs) {
  Kernel kernel(1);
  Lane& victim = kernel.add_lane("victim");
  Lane& killer = kernel.add_lane("killer");
  Order order;
  spawn(victim, {}, wait_for_ever(&victim, 1, &order), [](const auto&) {});
  while (kernel.step(Instant{})) {
  }
  asio::post(killer.executor(), [&] {
    kernel.kill(victim);
    order.push_back(2);
  });
  run_all(kernel);
  BOOST_TEST((order == Order{1, 2}));
}

BOOST_AUTO_TEST_CASE(a_dead_lane_takes_no_work) {
  Kernel kernel(1);
  Lane& lane = kernel.add_lane("p");
  kernel.kill(lane);
  auto owned = std::make_shared<int>(0);
  asio::post(lane.executor(), [owned] { ++*owned; });
  kernel.park(lane, at_ms(1), Kernel::Wait([owned](ErrorCode, bool) { ++*owned; }));
  BOOST_TEST(owned.use_count() == 1);
  BOOST_TEST(!kernel.step(Instant::max()));
}

BOOST_AUTO_TEST_CASE(a_kernel_may_go_with_everything_in_progress) {
  Order order;
  {
    Kernel kernel(1);
    Lane& lane = kernel.add_lane("p");
    spawn(lane, {}, wait_for_ever(&lane, 1, &order), [](const auto&) {});
    kernel.at(at_ms(1), Action([&] { order.push_back(-6); }));
    kernel.step(Instant{});
  }
  BOOST_TEST((order == Order{1}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::sim
