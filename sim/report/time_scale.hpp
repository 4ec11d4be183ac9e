// Time scale: where on the page of a run its moments stand when idle stretches are squeezed.
//
// A run idles most of its time: an upgrade of three seconds in a horizon of twenty minutes is three
// pixels. The page uses it. Strictly monotonic, so order is kept and a place leads back to one
// time; lengths are comparable only between two knots. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/ghost/history.hpp"

namespace vvm::report {

struct Knot {
  Instant at{};
  double place = 0;  // 0 is the beginning, 1 the end

  friend bool operator==(const Knot&, const Knot&) = default;
};

// When something begins or ends: sorted, each once, from 0 to the end of the run.
std::vector<Instant> active_moments(const ghost::History& history);

// Between two moments of activity time runs evenly; a gap counts in proportion up to a limit that
// most gaps keep, and beyond it by its logarithm. At most `knots_max` moments are looked at.
// pre: sorted, each once
std::vector<Knot> squeezed_scale(const std::vector<Instant>& moments,
                                 std::size_t knots_max = 2'000);

// True where a scale in proportion would leave most of the activity in a small part of the page.
bool worth_squeezing(const std::vector<Knot>& knots);

}  // namespace vvm::report
