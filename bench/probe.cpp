// The kernel and its clock.
#include "bench/probe.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include <benchmark/benchmark.h>

namespace vvm::bench {
namespace {

// Odd, so that the median is a reading.
constexpr std::size_t runs = 101;
// About 150 us at 2.6 GHz: longer than a timer interrupt, far shorter than a time slice.
constexpr int kernel_rounds = 10;

}  // namespace

std::uint64_t probe_kernel(std::uint64_t input, int rounds) {
  std::uint64_t state = input;
  for (int step = 0; step < rounds * 4096; ++step) {
    state += 0x9e3779b97f4a7c15;
    state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
    state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
    state ^= state >> 31;
  }
  return state;
}

double probe_reading_us() {
  using Clock = std::chrono::steady_clock;
  std::array<double, runs> times{};
  for (double& time : times) {
    const auto begin = Clock::now();
    benchmark::DoNotOptimize(probe_kernel(1, kernel_rounds));
    time = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
  }
  const auto middle = times.begin() + runs / 2;
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

}  // namespace vvm::bench
