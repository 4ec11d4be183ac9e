// Latency: how long something takes, as a distribution in integers.
//
// Network links, disks, store and BLOB servers have one each; scenarios give them.
#pragma once

#include <algorithm>

#include "base/check.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"

namespace vvm::sim {

struct Latency {
  enum class Shape : std::uint8_t {
    fixed,        // always `mean`
    uniform,      // between `min` and `max`
    exponential,  // with this mean, clamped to [min, max]
  };

  Shape shape = Shape::fixed;
  Duration mean{};
  Duration min{};
  Duration max{};

  static constexpr Latency fixed(Duration value) { return {.mean = value}; }

  static constexpr Latency uniform(Duration low, Duration high) {
    return {.shape = Shape::uniform, .min = low, .max = high};
  }

  static constexpr Latency exponential(Duration mean, Duration low, Duration high) {
    return {.shape = Shape::exponential, .mean = mean, .min = low, .max = high};
  }

  Duration draw(Rng& rng) const {
    switch (shape) {
      case Shape::fixed:
        return mean;
      case Shape::uniform:
        return rng.between(min, max);
      case Shape::exponential:
        return std::clamp(rng.exponential(mean), min, max);
    }
    UNREACHABLE();
  }
};

}  // namespace vvm::sim
