// The table of goals, and figures from rows.
#include "bench/goals.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/check.hpp"

namespace vvm::bench {
namespace {

enum class Figure : std::uint8_t {
  speed,             // MB/s: counter `octets` over the time
  time,              // ns
  growth,            // time an octet over that of another row
  octets_per_alloc,  // counter `octets` over counter `allocs`
};

struct Goal {
  std::string_view what;
  std::string_view row;
  Figure figure;
  double value;
  std::string_view other{};  // with growth
};

// The VSQL compiler: docs/decisions.md, and bench/README.md with what each figure is.
constexpr std::array goals{
    Goal{"lexing, 1 MB", "schema/lex/1000000", Figure::speed, 500},
    Goal{"parsing to the tree, 1 MB", "schema/parse/1000000", Figure::speed, 150},
    Goal{"text to AppDef, 1 MB", "schema/compile/1000000", Figure::speed, 80},
    Goal{"an octet of 10 MB over one of 100 KB",
         "schema/compile/10000000",
         Figure::growth,
         1.5,
         "schema/compile/100000"},
    Goal{"octets an allocation, 1 MB", "schema/compile/1000000", Figure::octets_per_alloc, 200},
    Goal{"the sample application", "schema/compile/real/parser_example", Figure::time, 250'000},
};

const BenchmarkSamples* row_of(const BenchmarkRun& run, std::string_view name) {
  const auto found = std::ranges::find(run.benchmarks, name, &BenchmarkSamples::name);
  return found == run.benchmarks.end() ? nullptr : &*found;
}

std::optional<double> counter_of(const BenchmarkSamples& row, std::string_view name) {
  const auto found = std::ranges::find(row.counters, name, &CounterSamples::name);
  if (found == row.counters.end() || found->values.empty()) {
    return std::nullopt;
  }
  return found->values.front();  // the same in each round
}

// The lower one of the two in the middle.
double middle(std::vector<double> values) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::ranges::nth_element(values, at);
  return *at;
}

std::optional<GoalResult> result_of(const Goal& goal, const BenchmarkRun& run) {
  const BenchmarkSamples* row = row_of(run, goal.row);
  if (row == nullptr || row->ns.empty()) {
    return std::nullopt;
  }
  GoalResult out{
      .what = std::string{goal.what},
      .row = std::string{goal.row},
      .unit = "ns",
      .at_least = goal.figure == Figure::speed || goal.figure == Figure::octets_per_alloc,
      .goal = goal.value,
      .median = middle(row->ns),
      .best = *std::ranges::min_element(row->ns)};
  if (goal.figure == Figure::time) {
    return out;
  }
  const std::optional<double> octets = counter_of(*row, "octets");
  if (!octets.has_value()) {
    return std::nullopt;
  }
  switch (goal.figure) {
    case Figure::time:
      break;
    case Figure::speed: {
      constexpr double mb_per_s = 1e3;  // an octet a nanosecond
      out.unit = "MB/s";
      out.median = *octets / out.median * mb_per_s;
      out.best = *octets / out.best * mb_per_s;
      return out;
    }
    case Figure::growth: {
      const BenchmarkSamples* other = row_of(run, goal.other);
      const std::optional<double> others =
          other == nullptr ? std::nullopt : counter_of(*other, "octets");
      if (!others.has_value()) {
        return std::nullopt;
      }
      out.unit = "times";
      out.median = out.median / *octets / (middle(other->ns) / *others);
      out.best = out.best / *octets / (*std::ranges::min_element(other->ns) / *others);
      return out;
    }
    case Figure::octets_per_alloc: {
      const std::optional<double> allocs = counter_of(*row, "allocs");
      if (!allocs.has_value()) {
        return std::nullopt;
      }
      out.unit = "octets";
      out.median = *octets / std::max(*allocs, 1.0);
      out.best = out.median;
      return out;
    }
  }
  UNREACHABLE();
}

}  // namespace

std::vector<GoalResult> goals_of(const BenchmarkRun& run) {
  std::vector<GoalResult> out;
  for (const Goal& goal : goals) {
    if (std::optional<GoalResult> result = result_of(goal, run); result.has_value()) {
      out.push_back(*std::move(result));
    }
  }
  return out;
}

}  // namespace vvm::bench
