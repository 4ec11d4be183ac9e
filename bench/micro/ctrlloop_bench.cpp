// Costs of the control loop: one message, its call and the call's end, with many keys waiting; one
// report, with many keys waiting to send; and the driver with its coroutines, under virtual time.
//
// Keys are those of app partitions. The cores of the large sizes are built once and go on from
// round to round.
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/check.hpp"
#include "bench/micro/register.hpp"
#include "ctrlloop/control_loop.hpp"
#include "ids/names.hpp"
#include "runtime/testing/test_machine.hpp"

namespace vvm::bench {
namespace {

using ctrlloop::LoopCore;
using ctrlloop::ReportCore;

struct Parts {
  using Key = PartitionKey;
  using Sp = std::uint64_t;
  using State = std::uint64_t;
  using Pv = std::uint64_t;

  static std::uint64_t hash(const Key& key) {
    return (stable_hash(key.app.owner) * 31 + stable_hash(key.app.name)) * 31 + raw(key.partition);
  }

  static std::string text(const Key& key) { return key.str(); }
};

constexpr Instant start_of_time{seconds(1000).ns};

// `count` keys: applications of a thousand partitions.
std::vector<PartitionKey> make_keys(std::int64_t count) {
  std::vector<PartitionKey> keys;
  keys.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    keys.push_back({.app = {.owner = "acme", .name = "app" + std::to_string(i / 1000)},
                    .partition = PartitionId{static_cast<std::uint16_t>(i % 1000)}});
  }
  return keys;
}

// Every key waits for its time. A step takes one of them: a newer set-point comes, is due, called,
// and the call ends by asking for another one later, so that all wait again. The keys take turns in
// an order that has nothing to do with where they lie.
class Loop {
 public:
  explicit Loop(std::int64_t count)
      : keys_(make_keys(count)), core_(ctrlloop::LoopOptions{.workers = 1}) {
    for (const PartitionKey& key : keys_) {
      step(key);
    }
    for (std::size_t i = keys_.size(); i > 1; --i) {
      std::swap(keys_[i - 1], keys_[rng_.below(i)]);
    }
    CHECK(core_.metrics().scheduled == keys_.size(), "not every key waits");
  }

  // A function of its own, so that its instructions can be counted (bench/README.md).
  [[gnu::noinline]] void step() {
    step(keys_[at_]);
    at_ = at_ + 1 < keys_.size() ? at_ + 1 : 0;
  }

 private:
  void step(const PartitionKey& key) {
    now_ = now_ + nanoseconds(1);
    core_.in({.key = key, .sp = ++order_, .order = order_}, now_, {});
    core_.tick(now_);
    const auto call = core_.start(now_);
    CHECK(call.has_value() && call->sp == order_ && call->key == key, "another call was due");
    core_.done(key, order_, now_ + hours(1) + nanoseconds(rng_.between(0, 1'000'000)), now_);
  }

  std::vector<PartitionKey> keys_;
  LoopCore<Parts> core_;
  Rng rng_{1};
  std::size_t at_ = 0;
  Instant now_ = start_of_time;
  std::uint64_t order_ = 0;
};

// Every key has a report that waits for another try. A step hands a newer one to a key at random,
// and the earliest of all is sent in vain.
class Reporter {
 public:
  explicit Reporter(std::int64_t count)
      : keys_(make_keys(count)),
        core_(ctrlloop::LoopOptions{.reports_parallel = 1, .report_base = seconds(5)}) {
    for (const PartitionKey& key : keys_) {
      core_.put(key, {.pv = ++pv_});
      fail();
    }
  }

  [[gnu::noinline]] void step() {
    core_.put(keys_[rng_.below(keys_.size())], {.pv = ++pv_});
    now_ = core_.next();
    fail();
  }

 private:
  void fail() {
    const auto send = core_.start(now_);
    CHECK(send.has_value() && send->pv <= pv_, "no report is due");
    core_.sent(send->key, false, now_, rng_);
  }

  std::vector<PartitionKey> keys_;
  ReportCore<Parts> core_;
  Rng rng_{1};
  Instant now_ = start_of_time;
  std::uint64_t pv_ = 0;
};

// Built when it first runs, kept for the rounds to come.
template <class Subject>
auto steps_of() {
  return [subject = std::shared_ptr<Subject>()](benchmark::State& state) mutable {
    if (subject == nullptr) {
      subject = std::make_shared<Subject>(state.range(0));
    }
    for (auto round : state) {
      static_cast<void>(round);
      subject->step();
    }
  };
}

class Echo final : public ctrlloop::Controller<Parts>, public ctrlloop::ReportSink<Parts> {
 public:
  Task<ctrlloop::Answer<Parts>> call(ctrlloop::Call<Parts> call) override {
    co_return ctrlloop::Answer<Parts>{.state = call.sp,
                                      .pv = ctrlloop::Report<Parts>{.pv = call.sp}};
  }

  Task<Status> report(PartitionKey /*key*/, std::uint64_t pv) override {
    last = pv;
    ++reports;
    co_return ok();
  }

  std::uint64_t last = 0;
  std::uint64_t reports = 0;
};

// An iteration is one message, its call and the report, through the driver; as many as the argument
// says are under way together.
void through_the_driver(benchmark::State& state) {
  testing::TestMachine machine;
  machine.events.keep = false;
  Echo echo;
  ctrlloop::ControlLoop<Parts> loop(machine.rt(), {}, &echo, &echo);
  loop.start();
  const std::vector<PartitionKey> keys = make_keys(state.range(0));
  std::uint64_t sp = 0;
  while (state.KeepRunningBatch(state.range(0))) {
    for (const PartitionKey& key : keys) {
      static_cast<void>(loop.submit({.key = key, .sp = ++sp}).value());
    }
    machine.settle();
  }
  CHECK(echo.reports == sp && echo.last == sp, "a set-point was not reported", echo.reports);
  machine.await(loop.close());
}

}  // namespace

void register_ctrlloop_benchmarks() {
  for (const std::int64_t n : {100, 1000, 10'000, 100'000, 1'000'000}) {
    benchmark::RegisterBenchmark("ctrlloop/in_tick_done", steps_of<Loop>())->Arg(n);
  }
  for (const std::int64_t n : {100, 1000, 10'000, 100'000, 1'000'000}) {
    benchmark::RegisterBenchmark("ctrlloop/report_retry", steps_of<Reporter>())->Arg(n);
  }
  for (const std::int64_t n : {1, 10, 100, 1000}) {
    benchmark::RegisterBenchmark("ctrlloop/driver", through_the_driver)->Arg(n);
  }
}

}  // namespace vvm::bench
