// The rules of each class, and the exit code that follows from the verdicts.
#include "sim/report/perf/compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "base/check.hpp"

namespace vvm::report {
namespace {

constexpr std::uint64_t bootstrap_seed = 0x76766d;  // fixed: the same files, the same interval
// More than this is not a number of runs but "never on this machine".
constexpr double samples_needed_max = 100'000;

struct RowPair {
  const PerfRow& base;
  const PerfRow& head;
};

bool same_key(const PerfRow& a, const PerfRow& b) {
  return a.id == b.id && a.cls == b.cls && a.unit == b.unit && a.better == b.better;
}

const PerfRow* find_row(const std::vector<PerfRow>& rows, const PerfRow& key) {
  const auto found = std::find_if(
      rows.begin(), rows.end(), [&](const PerfRow& row) { return same_key(row, key); });
  return found == rows.end() ? nullptr : &*found;
}

// Above 0 if head is worse by that much, whichever way is better.
double worse_by(Better better, double head_minus_base) {
  return better == Better::less ? head_minus_base : -head_minus_base;
}

Verdict verdict_of(double worse) {
  if (worse == 0) {
    return Verdict::same;
  }
  return worse > 0 ? Verdict::worse : Verdict::better;
}

RowComparison start(const RowPair& pair, double base, double head) {
  RowComparison out{.id = pair.base.id,
                    .cls = pair.base.cls,
                    .unit = pair.base.unit,
                    .better = pair.base.better,
                    .base = base,
                    .head = head};
  if (base != 0) {
    out.change = head / base - 1;
  }
  return out;
}

// ------------------------------------------------------------------------------------- class A

struct CommonSeeds {
  Samples base;
  Samples head;
  std::size_t one_side_only = 0;
};

CommonSeeds common_seeds(const RowPair& pair) {
  CommonSeeds out;
  auto head = pair.head.by_seed.begin();
  const auto head_end = pair.head.by_seed.end();
  for (const SeedValue& base : pair.base.by_seed) {
    head =
        std::lower_bound(head, head_end, base.seed, [](const SeedValue& value, std::int64_t seed) {
          return value.seed < seed;
        });
    if (head != head_end && head->seed == base.seed) {
      out.base.push_back(base.value);
      out.head.push_back(head->value);
    }
  }
  out.one_side_only = pair.base.by_seed.size() + pair.head.by_seed.size() - 2 * out.base.size();
  return out;
}

// By the majority of the seeds, which is also the sign of the median of the differences.
Verdict class_a_verdict(const SeedSummary& seeds) {
  if (seeds.better + seeds.worse == 0) {
    return Verdict::same;
  }
  if (seeds.better == seeds.worse) {
    return Verdict::unclear;
  }
  return seeds.worse > seeds.better ? Verdict::worse : Verdict::better;
}

// A declared budget decides alone: a change within it is listed, and is no regression.
void apply_budget(RowComparison& row, double budget) {
  row.in_budget = worse_by(row.better, row.head - budget) <= 0;
  if (!row.in_budget) {
    row.verdict = Verdict::worse;
  }
  row.reason = fmt::format("{} the budget of {}", row.in_budget ? "within" : "beyond", budget);
}

RowComparison compare_a(const RowPair& pair) {
  const CommonSeeds common = common_seeds(pair);
  if (common.base.empty()) {
    RowComparison out = start(pair, 0, 0);
    out.seeds = SeedSummary{.one_side_only = common.one_side_only};
    out.reason = "no seed in common";
    return out;
  }
  RowComparison out = start(pair, median(common.base), median(common.head));
  SeedSummary seeds{.common = common.base.size(), .one_side_only = common.one_side_only};
  Samples differences;
  for (std::size_t i = 0; i < common.base.size(); ++i) {
    differences.push_back(common.head[i] - common.base[i]);
    const double worse = worse_by(pair.base.better, differences.back());
    seeds.worse += worse > 0 ? 1 : 0;
    seeds.better += worse < 0 ? 1 : 0;
  }
  seeds.median_difference = median(differences);
  out.verdict = class_a_verdict(seeds);
  if (out.verdict == Verdict::unclear) {
    out.reason = "as many seeds better as worse";
  }
  out.seeds = seeds;
  if (pair.head.budget) {
    apply_budget(out, *pair.head.budget);
  }
  return out;
}

// ------------------------------------------------------------------------------------- class B

// What makes counted cost differ without any change of the program; empty if nothing does.
std::string class_b_refusal(const PerfReport& base, const PerfReport& head) {
  const BuildInfo& a = base.program.build;
  const BuildInfo& b = head.program.build;
  const auto differ = [](std::string_view what, std::string_view left, std::string_view right) {
    return left == right ? std::string{}
                         : fmt::format("another {}: `{}` and `{}`", what, left, right);
  };
  for (std::string text : {differ("compiler", a.compiler, b.compiler),
                           differ("build type", a.type, b.type),
                           differ("set of compiler flags", a.flags, b.flags),
                           differ("C library", base.machine.libc, head.machine.libc),
                           differ("CPU", base.machine.cpu, head.machine.cpu)}) {
    if (!text.empty()) {
      return text;
    }
  }
  return a.lto == b.lto ? std::string{} : std::string{"one of them with link-time optimization"};
}

RowComparison compare_b(const RowPair& pair, const std::string& refusal) {
  RowComparison out = start(pair, median(pair.base.samples), median(pair.head.samples));
  if (!refusal.empty()) {
    out.reason = refusal;
    return out;
  }
  const double worse = worse_by(out.better, out.head - out.base);
  const double spread = out.base == 0 ? 0 : relative_spread(pair.base.samples);
  const double limit = std::max(class_b_threshold, class_b_spreads * spread) * out.base;
  out.verdict = std::abs(worse) > limit ? verdict_of(worse) : Verdict::same;
  return out;
}

// ------------------------------------------------------------------------------------- class C

Pairing pairing_of(const RowPair& pair, const PerfReport& base, const PerfReport& head) {
  const bool paired = pair.base.order == "ABBA" && pair.head.order == "ABBA" &&
                      !base.protocol.session.empty() &&
                      base.protocol.session == head.protocol.session &&
                      pair.base.samples.size() == pair.head.samples.size();
  return paired ? Pairing::paired : Pairing::independent;
}

// How many samples a side would bring the interval to one side of the nearest edge, if its width
// shrinks with the root of their number and the middle stays where it is.
std::optional<std::size_t> needed(double samples, double factor) {
  const double count = std::ceil(samples * factor * factor);
  if (!(count < samples_needed_max)) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(std::max(count, samples + 1));
}

std::optional<std::size_t> needed_by_interval(const RowComparison& row,
                                              double samples,
                                              double threshold) {
  const double change = *row.change;
  const double below = change - row.interval->low;
  const double above = row.interval->high - change;
  if (change > threshold) {
    return needed(samples, below / (change - threshold));
  }
  if (change < -threshold) {
    return needed(samples, above / (-threshold - change));
  }
  return needed(samples, std::max(above / (threshold - change), below / (change + threshold)));
}

// pre: interval and p are known.
void judge_c(RowComparison& row, double samples, const CompareOptions& options) {
  const Interval& change = *row.interval;
  const bool beyond = change.low > options.threshold || change.high < -options.threshold;
  if (beyond && *row.p < options.alpha) {
    row.verdict = verdict_of(worse_by(row.better, *row.change));
  } else if (change.low >= -options.threshold && change.high <= options.threshold) {
    row.verdict = Verdict::same;
  } else if (beyond) {
    // The statistic grows with the root of the number of samples.
    row.reason = "the U test does not confirm it";
    row.samples_needed =
        needed(samples, z_of_two_sided_p(options.alpha) / std::max(0.01, z_of_two_sided_p(*row.p)));
  } else {
    row.samples_needed = needed_by_interval(row, samples, options.threshold);
  }
}

struct ClassC {
  const PerfReport& base;
  const PerfReport& head;
  const CompareOptions& options;
  std::string refusal;  // of all rows: another machine, or not a quiet one
};

std::string class_c_refusal(const PerfReport& base,
                            const PerfReport& head,
                            std::optional<double> drift) {
  if (base.machine.fingerprint != head.machine.fingerprint) {
    return "taken on another machine";
  }
  if (!drift) {
    return "no noise probe";
  }
  return *drift > probe_drift_max ? "the machine was not quiet" : "";
}

// Judged in two steps, as Holm's adjustment needs the p of all rows.
std::vector<RowComparison> compare_c(const std::vector<RowPair>& pairs, const ClassC& context) {
  std::vector<RowComparison> out;
  std::vector<double> p_values;
  for (const RowPair& pair : pairs) {
    out.push_back(start(pair, median(pair.base.samples), median(pair.head.samples)));
    RowComparison& row = out.back();
    if (context.base.machine.fingerprint != context.head.machine.fingerprint) {
      continue;
    }
    const RatioEstimate estimate = bootstrap_ratio(pair.base.samples,
                                                   pair.head.samples,
                                                   pairing_of(pair, context.base, context.head),
                                                   Rng{bootstrap_seed}.fork(row.id));
    row.interval = Interval{.low = estimate.interval.low - 1, .high = estimate.interval.high - 1};
    p_values.push_back(mann_whitney_p(pair.base.samples, pair.head.samples));
  }
  const std::vector<double> adjusted = holm(p_values);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i < adjusted.size()) {
      out[i].p = adjusted[i];
    }
    const std::size_t samples =
        std::min(pairs[i].base.samples.size(), pairs[i].head.samples.size());
    if (!context.refusal.empty()) {
      out[i].reason = context.refusal;
    } else if (samples < class_c_samples_min) {
      out[i].reason = fmt::format("{} samples", samples);
      out[i].samples_needed = class_c_samples_min;
    } else {
      judge_c(out[i], static_cast<double>(samples), context.options);
    }
  }
  return out;
}

// --------------------------------------------------------------------------------------- whole

int exit_code_of(const Comparison& all) {
  const auto gated = [&](MetricClass cls) { return all.options.gate.contains(cls); };
  bool any = false;
  bool inconclusive = false;
  for (const RowComparison& row : all.rows) {
    if (!gated(row.cls)) {
      continue;
    }
    any = true;
    if (row.in_budget) {
      continue;
    }
    if (row.verdict == Verdict::worse) {
      return 1;
    }
    inconclusive = inconclusive || row.verdict == Verdict::unclear;
  }
  for (const MissingRow& row : all.missing) {
    inconclusive = inconclusive || (row.in_base && gated(row.cls));
  }
  return inconclusive || !any ? 2 : 0;
}

void add_missing(const PerfReport& from, const PerfReport& other, bool in_base, Comparison& out) {
  for (const PerfRow& row : from.rows) {
    if (find_row(other.rows, row) == nullptr) {
      out.missing.push_back({.id = row.id, .cls = row.cls, .unit = row.unit, .in_base = in_base});
    }
  }
}

void add_notes(const ClassC& c, const std::string& b_refusal, Comparison& out) {
  const auto has = [&](MetricClass cls) {
    return std::any_of(
        out.rows.begin(), out.rows.end(), [&](const RowComparison& row) { return row.cls == cls; });
  };
  if (has(MetricClass::b) && !b_refusal.empty()) {
    out.notes.push_back("class B is not compared: " + b_refusal);
  }
  if (!has(MetricClass::c)) {
    return;
  }
  if (c.base.machine.fingerprint != c.head.machine.fingerprint) {
    out.notes.push_back(
        fmt::format("class C is not compared: the machines differ: {} ({}) and {} ({})",
                    c.base.machine.fingerprint,
                    c.base.machine.cpu,
                    c.head.machine.fingerprint,
                    c.head.machine.cpu));
  } else if (c.base.protocol.session.empty() ||
             c.base.protocol.session != c.head.protocol.session) {
    out.notes.push_back(
        "class C was taken in two sessions, not in turns: `vvm report pair` is more certain");
  }
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::better:
      return "better";
    case Verdict::worse:
      return "worse";
    case Verdict::same:
      return "same";
    case Verdict::unclear:
      return "unclear";
  }
  UNREACHABLE();
}

std::optional<double> probe_drift(const std::vector<const PerfReport*>& reports) {
  Samples readings;
  for (const PerfReport* report : reports) {
    if (!report->self.noise_probe) {
      return std::nullopt;
    }
    const NoiseProbe& probe = *report->self.noise_probe;
    readings.push_back(probe.before_us);
    readings.push_back(probe.after_us);
    if (!probe.between_us.empty()) {
      readings.push_back(median(probe.between_us));
    }
  }
  if (readings.empty()) {
    return std::nullopt;
  }
  const auto [low, high] = std::minmax_element(readings.begin(), readings.end());
  return *high / *low - 1;
}

Comparison compare_reports(const PerfReport& base,
                           const PerfReport& head,
                           const CompareOptions& options) {
  Comparison out{.options = options, .probe_drift = probe_drift({&base, &head})};
  const std::string b_refusal = class_b_refusal(base, head);
  const ClassC c{.base = base,
                 .head = head,
                 .options = options,
                 .refusal = class_c_refusal(base, head, out.probe_drift)};
  std::vector<RowComparison> of_b;
  std::vector<RowPair> of_c;
  for (const PerfRow& row : base.rows) {
    const PerfRow* other = find_row(head.rows, row);
    if (other == nullptr) {
      continue;
    }
    const RowPair pair{.base = row, .head = *other};
    switch (row.cls) {
      case MetricClass::a:
        out.rows.push_back(compare_a(pair));
        break;
      case MetricClass::b:
        of_b.push_back(compare_b(pair, b_refusal));
        break;
      case MetricClass::c:
        of_c.push_back(pair);
        break;
    }
  }
  out.rows.insert(out.rows.end(), of_b.begin(), of_b.end());
  const std::vector<RowComparison> wall = compare_c(of_c, c);
  out.rows.insert(out.rows.end(), wall.begin(), wall.end());
  add_missing(base, head, true, out);
  add_missing(head, base, false, out);
  add_notes(c, b_refusal, out);
  out.exit_code = exit_code_of(out);
  return out;
}

}  // namespace vvm::report
