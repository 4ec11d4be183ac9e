// Tests of the driver: calls, reports and the close, under virtual time (docs/spec/vvm.md 7.3).
#include "ctrlloop/control_loop.hpp"

#include <functional>
#include <map>
#include <stdexcept>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "ctrlloop/test_types.hpp"
#include "runtime/testing/test_machine.hpp"

namespace vvm::ctrlloop {
namespace {

using NumberCall = Call<Numbers>;
using NumberAnswer = Answer<Numbers>;

struct Seen {
  NumberCall call;
  Instant at;
};

// A controller that does what the test says, and remembers what it was asked.
class TestController final : public Controller<Numbers> {
 public:
  explicit TestController(Runtime rt) : rt_(rt), gate(rt) {}

  Task<NumberAnswer> call(NumberCall call) override {
    seen.push_back({call, rt_.now()});
    ++in_progress;
    most = std::max(most, in_progress);
    if (stubborn) {
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    }
    if (takes > Duration{}) {
      co_await rt_.clock().sleep_for(takes);
    }
    while (gated) {
      co_await gate.wait();
    }
    --in_progress;
    co_return answer ? answer(call) : NumberAnswer{};
  }

 private:
  Runtime rt_;

 public:
  std::function<NumberAnswer(const NumberCall&)> answer;
  Duration takes{};
  Signal gate;
  bool gated = false;
  bool stubborn = false;  // does not listen to cancellation
  int in_progress = 0;
  int most = 0;
  std::vector<Seen> seen;
};

class TestSink final : public ReportSink<Numbers> {
 public:
  explicit TestSink(Runtime rt) : rt_(rt) {}

  Task<Status> report(int key, int pv) override {
    sent.push_back(pv);
    ++in_flight;
    most = std::max(most, in_flight);
    if (takes > Duration{}) {
      co_await rt_.clock().sleep_for(takes);
    }
    --in_flight;
    if (throws) {
      throw std::runtime_error("the sink broke");
    }
    if (failures > 0) {
      --failures;
      co_return Error{Code::unavailable, "cluster"};
    }
    stored[key].push_back(pv);
    co_return ok();
  }

 private:
  Runtime rt_;

 public:
  Duration takes{};
  int failures = 0;
  bool throws = false;
  int in_flight = 0;
  int most = 0;
  std::vector<int> sent;
  std::map<int, std::vector<int>> stored;
};

struct Fixture {
  explicit Fixture(LoopOptions options = {})
      : controller(machine.rt()),
        sink(machine.rt()),
        loop(std::make_unique<ControlLoop<Numbers>>(machine.rt(), options, &controller, &sink)) {
    loop->start();
    machine.settle();
  }

  ~Fixture() { machine.crash(); }

  testing::TestMachine machine;
  TestController controller;
  TestSink sink;
  std::unique_ptr<ControlLoop<Numbers>> loop;

  Taken in(int key, std::uint64_t sp, std::uint64_t order = 0) {
    return loop->submit({.key = key, .sp = sp, .order = order}).value();
  }

  Duration since_start() const { return machine.clock.now() - Instant{seconds(1000).ns}; }

  Closing<Numbers> close() { return machine.await(loop->close()); }
};

BOOST_AUTO_TEST_CASE(each_key_is_called_and_its_answer_reported) {
  Fixture f;
  f.controller.answer = [](const NumberCall& call) {
    return NumberAnswer{.pv = Report<Numbers>{.pv = call.key * 10}};
  };
  for (const int key : {1, 2, 3}) {
    f.in(key, 1);
  }
  f.machine.settle();
  BOOST_TEST(f.controller.seen.size() == 3U);
  const std::vector<int> expected{10, 20, 30};
  BOOST_TEST(f.sink.sent == expected, boost::test_tools::per_element());
  BOOST_TEST(f.since_start().ns == 0);
  BOOST_TEST(f.loop->metrics().reports_sent == 3U);
}

BOOST_AUTO_TEST_CASE(a_call_that_asks_for_another_is_called_again_at_that_time) {
  Fixture f;
  f.controller.answer = [&](const NumberCall& call) {
    const int n = call.state.value_or(0) + 1;
    return n < 3 ? NumberAnswer{.state = n, .start = f.machine.clock.now() + seconds(10)}
                 : NumberAnswer{.state = n};
  };
  f.in(1, 1);
  f.machine.run_for(minutes(5));
  BOOST_REQUIRE(f.controller.seen.size() == 3U);
  BOOST_TEST((f.controller.seen[2].at - f.controller.seen[0].at).ms() == 20'000);
}

BOOST_AUTO_TEST_CASE(a_schedule_is_obeyed) {
  Fixture f;
  // The machine's wall clock began at 22:13:20 and has run for 1000 s.
  BOOST_TEST(f.loop->submit({.key = 1, .sp = 1, .cron_schedule = "45 * * * *"}).has_value());
  f.machine.run_for(minutes(20));
  BOOST_REQUIRE(f.controller.seen.size() == 1U);
  BOOST_TEST((f.controller.seen[0].at == Instant{seconds(1900).ns}));
}

// T-CL-3.
BOOST_AUTO_TEST_CASE(a_newer_set_point_starts_when_the_call_in_progress_ends) {
  Fixture f;
  f.controller.takes = seconds(3);
  f.in(1, 1);
  f.machine.run_for(seconds(1));
  BOOST_TEST((f.in(1, 2) == Taken::pending));
  f.machine.run_for(seconds(10));
  BOOST_REQUIRE(f.controller.seen.size() == 2U);
  BOOST_TEST((f.controller.seen[1].at - f.controller.seen[0].at).ms() == 3000);
  BOOST_TEST(f.controller.most == 1);
}

// T-CL-4.
BOOST_AUTO_TEST_CASE(ten_thousand_keys_are_called_without_time_passing) {
  Fixture f({.workers = 10'000});
  f.machine.events.keep = false;
  f.controller.gated = true;
  for (int key = 0; key < 10'000; ++key) {
    f.in(key, 1);
  }
  f.machine.settle();
  BOOST_TEST(f.controller.in_progress == 10'000);
  BOOST_TEST(f.since_start().ns == 0);
  f.controller.gated = false;
  f.controller.gate.notify_all();
  f.machine.settle();
  BOOST_TEST(f.controller.in_progress == 0);
  BOOST_TEST(f.since_start().ns == 0);
}

BOOST_AUTO_TEST_CASE(no_more_calls_than_workers_are_in_progress) {
  Fixture f({.workers = 3});
  f.controller.takes = seconds(1);
  for (int key = 0; key < 9; ++key) {
    f.in(key, 1);
  }
  f.machine.run_for(seconds(10));
  BOOST_TEST(f.controller.most == 3);
  BOOST_REQUIRE(f.controller.seen.size() == 9U);
  BOOST_TEST((f.controller.seen[8].at - f.controller.seen[0].at).ms() == 2000);
  BOOST_TEST((f.loop->metrics().key_latency_max == seconds(2)));
}

// T-CL-7.
BOOST_AUTO_TEST_CASE(a_controller_that_throws_leaves_other_keys_alone_and_is_tried_again) {
  Fixture f;
  f.controller.answer = [](const NumberCall& call) -> NumberAnswer {
    if (call.key == 1 && call.faults < 3) {
      throw std::runtime_error("no such thing");
    }
    if (call.key == 2 && call.faults < 1) {
      throw 7;  // NOLINT: not even an exception
    }
    return {.pv = Report<Numbers>{.pv = call.key}};
  };
  for (const int key : {1, 2, 3}) {
    f.in(key, 1);
  }
  f.machine.settle();
  BOOST_TEST(f.sink.stored.contains(3));
  f.machine.run_for(seconds(12));
  BOOST_TEST(f.sink.stored.contains(1));
  BOOST_TEST(f.sink.stored.contains(2));
  BOOST_TEST(f.loop->metrics().panics == 4U);
  BOOST_TEST(f.machine.events.count("loop.threw key=1 what=\"no such thing\"") == 3U);
  BOOST_TEST(f.machine.proc.exit_code == -1);
}

// T-CL-5.
BOOST_AUTO_TEST_CASE(a_sink_that_heals_gets_the_last_report_of_every_key_in_order) {
  Fixture f;
  f.machine.events.keep = false;
  f.sink.failures = 1000;
  f.controller.answer = [](const NumberCall& call) {
    return NumberAnswer{
        .pv = Report<Numbers>{.pv = static_cast<int>(call.sp), .must_be_stored = call.sp % 3 == 0}};
  };
  std::map<int, int> last;
  for (int i = 1; i <= 500; ++i) {
    f.in(i % 20, static_cast<std::uint64_t>(i));
    last[i % 20] = i;
    f.machine.run_for(milliseconds(100));
  }
  f.machine.run_for(hours(1));
  BOOST_TEST(f.sink.failures == 0);
  for (const auto& [key, pv] : last) {
    BOOST_TEST(std::ranges::is_sorted(f.sink.stored[key]));
    BOOST_TEST(f.sink.stored[key].back() == pv);
  }
  const Metrics metrics = f.loop->metrics();
  BOOST_TEST(metrics.reports_handed == metrics.reports_sent + metrics.reports_superseded);
}

BOOST_AUTO_TEST_CASE(a_slow_sink_holds_no_worker_up) {
  Fixture f({.workers = 1, .reports_parallel = 2});
  f.sink.takes = seconds(60);
  f.controller.answer = [](const NumberCall& call) {
    return NumberAnswer{.pv = Report<Numbers>{.pv = call.key, .must_be_stored = true}};
  };
  for (int key = 1; key <= 100; ++key) {
    f.in(key, 1);
  }
  f.machine.settle();
  BOOST_TEST(f.controller.seen.size() == 100U);
  BOOST_TEST(f.since_start().ns == 0);
  f.machine.run_for(hours(2));
  BOOST_TEST(f.sink.stored.size() == 100U);
  BOOST_TEST(f.sink.most == 2);
}

BOOST_AUTO_TEST_CASE(a_sink_that_throws_is_tried_again) {
  Fixture f;
  f.sink.throws = true;
  BOOST_TEST(f.loop->hand_on(1, {.pv = 5}).has_value());
  f.machine.run_for(seconds(1));
  BOOST_TEST(f.machine.events.count("loop.report_threw key=1") > 3U);
  f.sink.throws = false;
  f.machine.run_for(seconds(5));
  BOOST_TEST(f.sink.stored[1].size() == 1U);
}

Task<void> await_into(ControlLoop<Numbers>* loop, int pv, std::optional<Status>* into) {
  into->emplace(co_await loop->await_stored(1, pv));
}

BOOST_AUTO_TEST_CASE(await_stored_returns_once_the_report_is_stored) {
  Fixture f;
  f.sink.failures = 3;
  std::optional<Status> first;
  std::optional<Status> second;
  f.machine.spawn("first", await_into(f.loop.get(), 10, &first));
  f.machine.spawn("second", await_into(f.loop.get(), 11, &second));
  f.machine.settle();
  BOOST_TEST(!first.has_value());
  f.machine.run_for(seconds(1));
  BOOST_REQUIRE(first.has_value());
  BOOST_REQUIRE(second.has_value());
  BOOST_TEST(first->has_value());
  const std::vector<int> expected{10, 11};
  BOOST_TEST(f.sink.stored[1] == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_end_of_the_epoch_stops_all_reports) {
  Fixture f;
  f.sink.failures = 1000;
  std::optional<Status> awaited;
  f.machine.spawn("wait", await_into(f.loop.get(), 10, &awaited));
  f.machine.run_for(seconds(3));
  f.loop->end_epoch();
  const std::size_t sent = f.sink.sent.size();
  f.machine.run_for(minutes(1));
  BOOST_TEST(f.sink.sent.size() == sent);
  BOOST_REQUIRE(awaited.has_value());
  BOOST_TEST((awaited->error().code == Code::closed));
  BOOST_TEST((f.loop->hand_on(1, {.pv = 5}).error().code == Code::closed));
  BOOST_TEST((f.machine.await(f.loop->await_stored(1, 5)).error().code == Code::closed));
  // The loop itself goes on; what calls report is dropped.
  f.controller.answer = [](const NumberCall&) {
    return NumberAnswer{.pv = Report<Numbers>{.pv = 1}};
  };
  f.in(1, 1);
  f.machine.run_for(seconds(1));
  BOOST_TEST(f.controller.seen.size() == 1U);
  BOOST_TEST(f.sink.sent.size() == sent);
  BOOST_TEST(f.close().reports_dropped == 1U);
}

BOOST_AUTO_TEST_CASE(after_close_nothing_is_taken_and_wait_returns_any_number_of_times) {
  Fixture f;
  f.in(1, 1);
  f.machine.settle();
  std::optional<bool> waited;
  const auto wait = [](ControlLoop<Numbers>* loop, std::optional<bool>* done) -> Task<void> {
    co_await loop->wait();
    *done = true;
  };
  f.machine.spawn("wait", wait(f.loop.get(), &waited));
  f.machine.run_for(minutes(1));
  BOOST_TEST(!waited.has_value());
  f.close();
  BOOST_TEST(waited.has_value());
  BOOST_TEST(f.loop->closed());
  f.machine.await(f.loop->close());
  for (int i = 0; i < 3; ++i) {
    waited.reset();
    f.machine.spawn("wait", wait(f.loop.get(), &waited));
    f.machine.settle();
    BOOST_TEST(waited.has_value());
  }
  BOOST_TEST((f.loop->submit({.key = 1, .sp = 2}).error().code == Code::closed));
  BOOST_TEST((f.loop->hand_on(1, {.pv = 5}).error().code == Code::closed));
  f.loop.reset();  // nothing of it is left
}

// T-CL-6.
BOOST_AUTO_TEST_CASE(a_close_with_a_hundred_repeats_outstanding_ends) {
  Fixture f({.workers = 100});
  f.controller.stubborn = true;
  f.controller.takes = seconds(1);
  f.controller.answer = [&](const NumberCall& call) {
    return NumberAnswer{.pv = Report<Numbers>{.pv = call.key}, .start = f.machine.clock.now()};
  };
  for (int key = 1; key <= 100; ++key) {
    f.in(key, 1);
  }
  f.machine.settle();
  for (int key = 1; key <= 50; ++key) {
    f.in(key, 2);
  }
  const Closing<Numbers> closing = f.close();
  BOOST_TEST(f.since_start().ms() == 1000);
  BOOST_TEST(closing.abandoned.empty());
  BOOST_TEST(closing.reports_dropped == 0U);
  BOOST_TEST(f.controller.seen.size() == 100U);
  // What the calls had left to report was flushed.
  BOOST_TEST(f.sink.stored.size() == 100U);
  f.machine.run_for(hours(1));
  BOOST_TEST(f.controller.seen.size() == 100U);
  f.loop.reset();
}

BOOST_AUTO_TEST_CASE(a_close_cancels_calls_in_progress) {
  Fixture f;
  f.controller.takes = hours(10);
  f.in(1, 1);
  f.in(2, 1);
  f.machine.settle();
  BOOST_TEST(f.close().abandoned.empty());
  BOOST_TEST(f.since_start().ns == 0);
  BOOST_TEST(f.loop->metrics().panics == 0U);
  BOOST_TEST(f.loop->metrics().running == 0U);
  f.loop.reset();
}

BOOST_AUTO_TEST_CASE(calls_that_do_not_end_are_abandoned_within_the_time_of_a_close) {
  Fixture f;
  f.controller.stubborn = true;
  f.controller.takes = minutes(2);
  f.sink.failures = 1'000'000;
  f.controller.answer = [](const NumberCall& call) {
    return NumberAnswer{.pv = Report<Numbers>{.pv = call.key}};
  };
  f.in(7, 1);
  BOOST_TEST(f.loop->hand_on(8, {.pv = 8}).has_value());
  f.machine.settle();
  const Closing<Numbers> closing = f.close();
  BOOST_TEST(f.since_start().ms() == 30'000);
  const std::vector<int> expected{7};
  BOOST_TEST(closing.abandoned == expected, boost::test_tools::per_element());
  BOOST_TEST(closing.reports_dropped == 1U);
  BOOST_TEST(f.machine.events.count("loop.abandoned key=7") == 1U);
  BOOST_TEST(f.loop->metrics().abandoned == 1U);
  // Its late answer comes to nothing.
  f.machine.run_for(minutes(5));
  BOOST_TEST(f.loop->metrics().running == 0U);
  BOOST_TEST(!f.sink.stored.contains(7));
  f.loop.reset();
}

// The reporter ends at the last moment, and with it whoever waits for a report.
BOOST_AUTO_TEST_CASE(a_call_that_waits_for_a_report_ends_with_the_reporter) {
  Fixture f;
  f.sink.takes = hours(1);
  std::optional<Status> awaited;
  f.controller.stubborn = true;
  f.controller.takes = seconds(28);
  f.in(1, 1);
  f.machine.spawn("wait", await_into(f.loop.get(), 10, &awaited));
  f.machine.settle();
  const Closing<Numbers> closing = f.close();
  BOOST_TEST(closing.abandoned.empty());
  BOOST_TEST(closing.sends_abandoned == 0U);
  BOOST_TEST(closing.reports_dropped == 1U);
  BOOST_TEST(f.since_start().ms() <= 30'000);
  f.loop.reset();
  f.machine.settle();
  BOOST_TEST(awaited.has_value());
}

BOOST_AUTO_TEST_CASE(a_flush_takes_two_seconds_at_most) {
  Fixture f;
  f.sink.failures = 1'000'000;
  BOOST_TEST(f.loop->hand_on(1, {.pv = 5}).has_value());
  f.machine.run_for(minutes(1));
  const Instant before = f.machine.clock.now();
  const std::size_t sent = f.sink.sent.size();
  BOOST_TEST(f.close().reports_dropped == 1U);
  BOOST_TEST((f.machine.clock.now() - before).ms() == 2000);
  BOOST_TEST(f.sink.sent.size() > sent + 3);  // it waited for no long back-off
  f.loop.reset();
}

BOOST_AUTO_TEST_CASE(a_flush_gives_what_waits_for_a_retry_another_try) {
  Fixture f;
  f.sink.failures = 20;
  BOOST_TEST(f.loop->hand_on(1, {.pv = 5}).has_value());
  while (f.sink.failures > 0) {
    f.machine.run_for(seconds(1));
  }
  BOOST_TEST(f.close().reports_dropped == 0U);
  BOOST_TEST(f.sink.stored[1].size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_close_whose_caller_is_cancelled_runs_to_its_end) {
  Fixture f;
  f.controller.stubborn = true;
  f.controller.takes = seconds(5);
  f.in(1, 1);
  f.machine.settle();
  const auto close = [](ControlLoop<Numbers>* loop) -> Task<void> { co_await loop->close(); };
  f.machine.spawn("close", close(f.loop.get()));
  f.machine.settle();
  f.machine.cancel();
  f.machine.run();
  BOOST_TEST(f.loop->closed());
  BOOST_TEST(f.since_start().ms() == 5000);
  f.loop.reset();
}

BOOST_AUTO_TEST_CASE(a_loop_that_was_never_started_closes) {
  testing::TestMachine machine;
  TestController controller(machine.rt());
  TestSink sink(machine.rt());
  ControlLoop<Numbers> loop(machine.rt(), {}, &controller, &sink);
  BOOST_TEST(loop.submit({.key = 1, .sp = 1}).has_value());
  BOOST_TEST(loop.hand_on(1, {.pv = 1}).has_value());
  BOOST_TEST(machine.await(loop.close()).reports_dropped == 1U);
  BOOST_TEST(controller.seen.empty());
}

BOOST_AUTO_TEST_CASE(a_crash_in_the_middle_of_everything_leaves_nothing_behind) {
  for (const int moments : {0, 1, 2, 3}) {
    Fixture f;
    f.controller.takes = seconds(1);
    f.sink.takes = seconds(1);
    f.controller.answer = [](const NumberCall& call) {
      return NumberAnswer{.pv = Report<Numbers>{.pv = call.key}, .start = Instant{}};
    };
    for (int key = 1; key <= 20; ++key) {
      f.in(key, 1);
    }
    f.machine.run_for(milliseconds(700) * moments);
    f.machine.crash();
    f.loop.reset();
  }
}

BOOST_AUTO_TEST_CASE(a_resting_key_can_be_forgotten) {
  Fixture f;
  f.controller.takes = seconds(1);
  f.in(1, 1, 5);
  f.machine.settle();
  BOOST_TEST(!f.loop->forget(1));
  f.machine.run_for(seconds(2));
  BOOST_TEST(f.loop->forget(1));
  BOOST_TEST((f.in(1, 1, 5) == Taken::stale));
  BOOST_TEST((f.in(1, 1, 6) == Taken::scheduled));
}

}  // namespace
}  // namespace vvm::ctrlloop
