// The arithmetic of stats.hpp.
#include "sim/report/perf/stats.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <tuple>

#include "base/check.hpp"

namespace vvm::report {
namespace {

// Percentiles of 4,000 resamples: the level of an end is off by 0.25 % (one sigma), which is less
// than what the bootstrap itself is off by at ten samples.
constexpr std::size_t resamples = 4'000;
// 40 values: 20 runs a side. The counts stay below C(40, 20) = 1.4e11, exact in a double.
constexpr std::size_t exact_values_max = 40;

// Rearranges the values.
double median_of(Samples& values) {
  CHECK(!values.empty(), "median of nothing");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) {
    return *middle;
  }
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

void check_positive(const Samples& values) {
  CHECK(!values.empty(), "ratio of no samples");
  for (const double value : values) {
    CHECK(value > 0, "ratio of a sample that is not above 0");
  }
}

double percentile(const Samples& sorted, double part) {
  const auto last = static_cast<double>(sorted.size() - 1);
  const double place = part * last;
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double rest = place - static_cast<double>(below);
  return sorted[below] + (sorted[above] - sorted[below]) * rest;
}

// Both samples in one order, with doubled midranks: integers, also where values are tied.
struct Ranks {
  std::vector<std::uint32_t> doubled;  // of all values, in ascending order of the values
  std::uint64_t base_sum = 0;          // of those that belong to the base
  double tie_term = 0;                 // sum of t^3 - t over groups of t equal values
};

Ranks rank(const Samples& base, const Samples& head) {
  struct Entry {
    double value;
    bool is_base;
  };

  std::vector<Entry> all;
  for (const double value : base) {
    all.push_back({value, true});
  }
  for (const double value : head) {
    all.push_back({value, false});
  }
  std::sort(
      all.begin(), all.end(), [](const Entry& a, const Entry& b) { return a.value < b.value; });
  Ranks out;
  for (std::size_t first = 0; first < all.size();) {
    std::size_t end = first + 1;
    while (end < all.size() && all[end].value == all[first].value) {
      ++end;
    }
    // Ranks first+1 .. end, whose mean is (first + 1 + end) / 2.
    const auto doubled = static_cast<std::uint32_t>(first + 1 + end);
    const auto equal = static_cast<double>(end - first);
    out.tie_term += equal * equal * equal - equal;
    for (; first < end; ++first) {
      out.doubled.push_back(doubled);
      out.base_sum += all[first].is_base ? doubled : 0;
    }
  }
  return out;
}

// Of all ways to pick the base's values out of all, the part with a rank sum at least this extreme.
double exact_p(const Ranks& ranks, std::size_t base_count) {
  const auto width = std::accumulate(ranks.doubled.begin(), ranks.doubled.end(), std::size_t{1});
  // ways[k][s]: subsets of k of the values seen so far whose doubled ranks sum to s.
  std::vector<std::vector<double>> ways(base_count + 1, std::vector<double>(width, 0));
  ways[0][0] = 1;
  for (const std::uint32_t value : ranks.doubled) {
    for (std::size_t k = base_count; k >= 1; --k) {
      for (std::size_t sum = value; sum < width; ++sum) {
        ways[k][sum] += ways[k - 1][sum - value];
      }
    }
  }
  const std::vector<double>& all = ways[base_count];
  const auto seen = all.begin() + static_cast<std::ptrdiff_t>(ranks.base_sum);
  const double low = std::accumulate(all.begin(), seen + 1, 0.0);
  const double high = std::accumulate(seen, all.end(), 0.0);
  const double total = low + high - *seen;
  return std::min(1.0, 2 * std::min(low, high) / total);
}

double normal_p(const Ranks& ranks, double base_count, double head_count) {
  const double n = base_count + head_count;
  const double u = static_cast<double>(ranks.base_sum) / 2 - base_count * (base_count + 1) / 2;
  const double mean = base_count * head_count / 2;
  const double variance = base_count * head_count / 12 * (n + 1 - ranks.tie_term / (n * (n - 1)));
  if (variance <= 0) {
    return 1;
  }
  const double z = std::max(0.0, std::abs(u - mean) - 0.5) / std::sqrt(variance);
  return std::erfc(z / std::sqrt(2.0));
}

}  // namespace

double median(Samples values) { return median_of(values); }

double relative_spread(const Samples& values) {
  const double middle = median(values);
  CHECK(middle > 0, "spread around 0");
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return (*high - *low) / middle;
}

RatioEstimate bootstrap_ratio(const Samples& base, const Samples& head, Pairing pairing, Rng rng) {
  check_positive(base);
  check_positive(head);
  const bool paired = pairing == Pairing::paired;
  CHECK(!paired || base.size() == head.size(), "pairs of unequal sides");
  Samples drawn_base(base.size());
  Samples drawn_head(head.size());
  Samples ratios(resamples);
  for (double& ratio : ratios) {
    if (paired) {
      for (std::size_t i = 0; i < base.size(); ++i) {
        const std::uint64_t pair = rng.below(base.size());
        drawn_base[i] = base[pair];
        drawn_head[i] = head[pair];
      }
    } else {
      for (double& value : drawn_base) {
        value = base[rng.below(base.size())];
      }
      for (double& value : drawn_head) {
        value = head[rng.below(head.size())];
      }
    }
    ratio = median_of(drawn_head) / median_of(drawn_base);
  }
  std::sort(ratios.begin(), ratios.end());
  return {.ratio = median(head) / median(base),
          .interval = {.low = percentile(ratios, 0.025), .high = percentile(ratios, 0.975)}};
}

double mann_whitney_p(const Samples& base, const Samples& head) {
  CHECK(!base.empty(), "test without base samples");
  CHECK(!head.empty(), "test without head samples");
  const Ranks ranks = rank(base, head);
  if (base.size() + head.size() <= exact_values_max) {
    return exact_p(ranks, base.size());
  }
  return normal_p(ranks, static_cast<double>(base.size()), static_cast<double>(head.size()));
}

std::vector<double> holm(const std::vector<double>& p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(p_values[a], a) < std::tie(p_values[b], b);
  });
  std::vector<double> out(p_values.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double factor = static_cast<double>(order.size() - i);
    largest = std::max(largest, std::min(1.0, factor * p_values[order[i]]));
    out[order[i]] = largest;
  }
  return out;
}

double z_of_two_sided_p(double p) {
  CHECK(p > 0, "p of 0");
  CHECK(p <= 1, "p above 1");
  double low = 0;
  double high = 40;
  for (int step = 0; step < 80; ++step) {
    const double middle = (low + high) / 2;
    (std::erfc(middle / std::sqrt(2.0)) > p ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace vvm::report
