// The kernel and its clock.
#include "bench/probe.hpp"

#include <array>
#include <chrono>
#include <cstddef>

#include <benchmark/benchmark.h>

namespace vvm::bench {
namespace {

// One kernel takes about 250 us at 2.6 GHz, a reading 50 ms: as long as a benchmark runs in a
// round.
constexpr int runs = 200;
constexpr int kernel_rounds = 10;
// Independent chains keep the multiplier busy: a neighbour on the same core shows. One chain would
// only wait for itself, and see nothing but the clock rate.
constexpr std::size_t lanes = 6;

}  // namespace

std::uint64_t probe_kernel(std::uint64_t input, int rounds) {
  std::array<std::uint64_t, lanes> states{};
  for (std::uint64_t& state : states) {
    state = ++input;
  }
  for (int step = 0; step < rounds * 4096; ++step) {
    for (std::uint64_t& state : states) {
      state += 0x9e3779b97f4a7c15;
      state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
      state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
      state ^= state >> 31;
    }
  }
  std::uint64_t out = 0;
  for (const std::uint64_t state : states) {
    out ^= state;
  }
  return out;
}

double probe_reading_us() {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  for (std::uint64_t run = 0; run < runs; ++run) {
    benchmark::DoNotOptimize(probe_kernel(run, kernel_rounds));
  }
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count() / runs;
}

}  // namespace vvm::bench
