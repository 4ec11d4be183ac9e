// Noise probe: the time of a fixed integer kernel, which no change of this project can move.
//
// Runs of benchmarks take readings before, between and after; what moves between them is the
// machine (docs/spec/reports.md 6.4). Reads the wall clock: bench and the program may.
#pragma once

#include <cstdint>

namespace vvm::bench {

// Mean microseconds of the kernel over about 50 ms. Not the median: that would not see what comes
// in bursts, such as another process on this core, and benchmarks do.
double probe_reading_us();

// The kernel: 4,096 * `rounds` steps of SplitMix64 in six chains. The same result for the same
// input.
std::uint64_t probe_kernel(std::uint64_t input, int rounds);

}  // namespace vvm::bench
