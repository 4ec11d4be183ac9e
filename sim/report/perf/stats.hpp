// Statistics of performance reports: medians, intervals, tests, all of them deterministic.
//
// sim/report/perf/compare relies on them; nobody owns them, they are functions of their arguments.
// They do not decide anything: thresholds and verdicts are in compare.hpp. Chance comes in as an
// Rng, so the same samples give the same interval on every machine. Floating point is for reports
// only; no decision of the simulator reads it. docs/spec/reports.md 6.1 and 6.3 say why these.
#pragma once

#include <vector>

#include "base/rng.hpp"

namespace vvm::report {

using Samples = std::vector<double>;

// The middle value, or the mean of the two middle ones. pre: not empty.
double median(Samples values);

// (largest - smallest) / median, as a part of 1; 0 for one sample. pre: not empty, median > 0.
double relative_spread(const Samples& values);

struct Interval {
  double low = 0;
  double high = 0;

  friend bool operator==(const Interval&, const Interval&) = default;
};

struct RatioEstimate {
  double ratio = 1;     // median(head) / median(base)
  Interval interval{};  // 95 %, percentile bootstrap

  friend bool operator==(const RatioEstimate&, const RatioEstimate&) = default;
};

enum class Pairing {
  paired,       // sample i of both sides was taken side by side: they are drawn together
  independent,  // the sides were taken apart: each is drawn on its own
};

// Ratio of the medians with its bootstrap interval.
// pre: all samples > 0, none of the sides empty, and equally many where they are paired.
RatioEstimate bootstrap_ratio(const Samples& base, const Samples& head, Pairing pairing, Rng rng);

// Two-sided p of the Mann-Whitney U test. Up to 40 values together it is the exact permutation
// distribution (of the midranks, where values are tied); above, the normal approximation with
// corrections for ties and continuity. 1 if all values are equal. pre: none of the sides empty.
double mann_whitney_p(const Samples& base, const Samples& head);

// Holm's adjustment: the i-th result is compared with alpha as if it were the only test made.
std::vector<double> holm(const std::vector<double>& p_values);

// |z| of a standard normal variable with this two-sided p; p in (0, 1], at most 40.
double z_of_two_sided_p(double p);

}  // namespace vvm::report
