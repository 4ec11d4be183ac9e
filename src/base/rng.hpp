// Rng: random numbers specified bit for bit, so that a seed means the same everywhere.
//
// Every layer that needs chance relies on it; the sim hands one out per named purpose. The
// generator is xoshiro256** 1.0 (Blackman and Vigna, 2018) seeded through SplitMix64; bounded draws
// use Lemire's method with rejection (2019). Integers and ratios only. Copyable, not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/time.hpp"

namespace vvm {

// num out of den; 0 <= num <= den, den >= 1.
struct Ratio {
  std::uint32_t num = 0;
  std::uint32_t den = 1;
};

class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  std::uint64_t next();
  // Uniform in [0, bound); bound >= 1.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [low, high], both ends included; low <= high.
  std::int64_t between(std::int64_t low, std::int64_t high);
  Duration between(Duration low, Duration high);
  bool chance(Ratio ratio);
  // `value` times a uniform factor in [1 - permille/1000, 1 + permille/1000].
  Duration jittered(Duration value, std::int64_t permille);
  // Exponentially distributed with this mean, to within 1/65536 of it; integers only.
  Duration exponential(Duration mean);

  // An independent stream for one purpose: depends on this generator's seed and the name, not on
  // how much has been drawn, so one more draw here moves nothing there.
  Rng fork(std::string_view purpose) const;

 private:
  std::uint64_t seed_;
  std::array<std::uint64_t, 4> s_;
};

// FNV-1a of the text, finished by SplitMix64: names to seeds.
std::uint64_t stable_hash(std::string_view text);

}  // namespace vvm
