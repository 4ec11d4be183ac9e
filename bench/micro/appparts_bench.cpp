// Costs of partitions: a switch to a built version, and a borrow with its release, alone and beside
// a second thread that switches versions or borrows, too.
//
// Two handles of one version number stand for old and new, so that the partitions can go back and
// forth; the engines answer at once. The second thread is the executor of the process, as it may
// be: borrows and releases come from any thread.
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "appparts/testing/fixture.hpp"
#include "base/check.hpp"
#include "bench/micro/register.hpp"

namespace vvm::bench {
namespace {

using appparts::AppPartitions;
using appparts::Borrowed;
using appparts::PartitionRef;
using appparts::VersionRef;
using engines::ProcessorKind;
using vvm::testing::PartsFixture;

constexpr engines::PoolSizes pool_sizes{10, 10, 10, 10};
// The partition that a benchmark's own thread borrows from, and that of the second thread.
constexpr std::uint16_t mine = 0;
constexpr std::uint16_t other = 5;

class Bench {
 public:
  explicit Bench(std::uint16_t partitions)
      : fixture_({.workers = false,
                  .count_borrows = false,
                  .partitions = partitions,
                  .pools = pool_sizes}) {
    fixture_.machine.events.keep = false;
    for (std::uint16_t i = 0; i < partitions; ++i) {
      refs_.push_back(fixture_.serve(1, i));
    }
    versions_[0] = fixture_.version(1);
    appparts::VersionSpec spec = fixture_.spec(1);
    spec.sha = sha256("the other one");
    versions_[1] = fixture_.machine.await(parts().ensure_version(spec)).value();
  }

  AppPartitions& parts() { return *fixture_.parts; }

  testing::TestMachine& machine() { return fixture_.machine; }

  PartitionRef ref(std::size_t i) const { return refs_[i]; }

  std::size_t size() const { return refs_.size(); }

  Instant now() const { return fixture_.machine.clock.now(); }

  // Takes turns through the partitions; every second round goes back to the first version.
  std::pair<PartitionRef, const VersionRef&> next() {
    if (at_ == refs_.size()) {
      at_ = 0;
      to_ = 1 - to_;
    }
    return {refs_[at_++], versions_[to_]};
  }

  void switch_one() {
    const auto [ref, to] = next();
    const std::optional<Status> done = parts().try_switch(ref, to);
    if (done.has_value()) {
      // An old version that is still borrowed refuses the next switch: that is no failure here.
      CHECK(done->has_value() || done->error().code == Code::drain_timeout, "a switch failed");
    }
  }

  bool all_on(std::size_t version) {
    for (const PartitionRef ref : refs_) {
      const Result<Borrowed> b = parts().borrow(ref, ProcessorKind::query, now());
      if (b.value().app_def().value() != versions_[version].app_def()) {
        return false;
      }
    }
    return true;
  }

  // No borrow is open, nothing was revoked, no old version is left, every element is free.
  bool all_given_back() {
    const appparts::AppView app = parts().inspect().apps.at(0);
    for (const appparts::PartitionView& partition : app.partitions) {
      if (partition.old || partition.leaked != 0 || !partition.borrows.empty()) {
        return false;
      }
    }
    for (const appparts::VersionView& version : app.versions) {
      for (std::size_t i = 0; i < pool_sizes.size(); ++i) {
        if (version.pools[i].free != pool_sizes[i]) {
          return false;
        }
      }
    }
    return parts().accounts_balance();
  }

 private:
  PartsFixture fixture_;
  std::vector<PartitionRef> refs_;
  std::array<VersionRef, 2> versions_;
  std::size_t at_ = 0;
  std::size_t to_ = 1;
};

// An iteration is the switch of one partition.
void switch_at_once(benchmark::State& state) {
  Bench bench(static_cast<std::uint16_t>(state.range(0)));
  for (std::size_t i = 0; i < bench.size(); ++i) {
    bench.switch_one();
  }
  CHECK(bench.all_on(1), "a partition is not on the new version");
  for (auto round : state) {
    static_cast<void>(round);
    bench.switch_one();
  }
}

Task<void> switch_all(benchmark::State* state, Bench* bench) {
  while (state->KeepRunning()) {
    const auto [ref, to] = bench->next();
    const Status done = co_await bench->parts().switch_version(ref, to);
    CHECK(done.has_value(), "a switch failed");
  }
}

void switch_as_a_task(benchmark::State& state) {
  Bench bench(static_cast<std::uint16_t>(state.range(0)));
  bench.machine().spawn("switch", switch_all(&state, &bench));
  bench.machine().run();
}

void borrow_once(benchmark::State& state, Bench& bench, std::uint16_t partition) {
  const Result<Borrowed> borrowed =
      bench.parts().borrow(bench.ref(partition), ProcessorKind::query, bench.now());
  if (borrowed.has_error()) {
    state.SkipWithError("a borrow was refused");
  }
}

void borrow_alone(benchmark::State& state) {
  Bench bench(10);
  const PartitionRef ref = bench.ref(mine);
  const Instant now = bench.now();
  borrow_once(state, bench, mine);
  for (auto round : state) {
    static_cast<void>(round);
    benchmark::DoNotOptimize(bench.parts().borrow(ref, ProcessorKind::query, now));
  }
}

void borrow_by_key(benchmark::State& state) {
  Bench bench(10);
  const PartitionKey key = PartsFixture::key(mine);
  for (auto round : state) {
    static_cast<void>(round);
    benchmark::DoNotOptimize(bench.parts().borrow(key, ProcessorKind::query));
  }
}

enum class Beside : std::uint8_t { switching, borrowing_elsewhere, borrowing_the_same };

// What the second thread does until it is told to stop.
void work_beside(Bench& bench, Beside what, const std::atomic<bool>& stop) {
  const PartitionRef ref = bench.ref(what == Beside::borrowing_the_same ? mine : other);
  const Instant now = bench.now();
  for (std::uint64_t n = 0; !stop.load(std::memory_order_relaxed); ++n) {
    if (what != Beside::switching) {
      benchmark::DoNotOptimize(bench.parts().borrow(ref, ProcessorKind::query, now, 1));
    }
    // Versions switch in any case: all the time, or a hundred thousand times a second.
    if (what == Beside::switching || n % 1024 == 0) {
      bench.switch_one();
    }
    if (n % 16'384 == 0) {
      bench.machine().settle();
    }
  }
  bench.machine().settle();
}

void borrow_beside(benchmark::State& state, Beside what) {
  Bench bench(10);
  const PartitionRef ref = bench.ref(mine);
  const Instant now = bench.now();
  std::atomic<bool> stop = false;
  std::thread second([&] { work_beside(bench, what, stop); });
  std::uint64_t refused = 0;
  for (auto round : state) {
    static_cast<void>(round);
    const Result<Borrowed> b = bench.parts().borrow(ref, ProcessorKind::query, now);
    refused += b.has_error() ? 1 : 0;
  }
  stop = true;
  second.join();
  bench.machine().settle();
  CHECK(bench.all_given_back(), "an engine is missing");
  if (refused > 0) {
    state.SkipWithError("a borrow was refused");
  }
}

}  // namespace

void register_appparts_benchmarks() {
  for (const std::int64_t n : {1, 100, 1000, 10'000}) {
    benchmark::RegisterBenchmark("appparts/switch", switch_at_once)->Arg(n);
    benchmark::RegisterBenchmark("appparts/switch_task", switch_as_a_task)->Arg(n);
  }
  benchmark::RegisterBenchmark("appparts/borrow/alone", borrow_alone);
  benchmark::RegisterBenchmark("appparts/borrow/by_key", borrow_by_key);
  benchmark::RegisterBenchmark("appparts/borrow/while_switching", borrow_beside, Beside::switching)
      ->UseRealTime();
  benchmark::RegisterBenchmark(
      "appparts/borrow/two_threads", borrow_beside, Beside::borrowing_elsewhere)
      ->UseRealTime();
  benchmark::RegisterBenchmark(
      "appparts/borrow/two_threads_one_partition", borrow_beside, Beside::borrowing_the_same)
      ->UseRealTime();
}

}  // namespace vvm::bench
