// Comparison: two reports, row by row, under the rules of docs/spec/reports.md 6.3.
//
// `vvm report compare` and `vvm report pair` rely on it; render.hpp makes text of it. A pure
// function of the two reports and the options: nothing is read, nothing drawn from outside.
//
// Class A is exact and paired by seed: every difference is listed. Class B is worse beyond 0.5 %
// and three times the spread of the base, on one compiler and C library. Class C needs ten samples
// a side, one machine, a quiet one, an interval wholly beyond the threshold and a U test below
// alpha after Holm over all rows of the class; whatever is neither that nor `same` is `unclear`.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/report/perf/report_file.hpp"
#include "sim/report/perf/stats.hpp"

namespace vvm::report {

struct CompareOptions {
  double threshold = 0.03;  // of class C, as a part of 1
  double alpha = 0.01;      // of class C, after Holm
  std::set<MetricClass> gate{MetricClass::a, MetricClass::b, MetricClass::c};
};

inline constexpr double class_b_threshold = 0.005;
inline constexpr double class_b_spreads = 3;
inline constexpr double probe_drift_max = 0.05;
inline constexpr std::size_t class_c_samples_min = 10;

enum class Verdict { better, worse, same, unclear };

// Class A: seeds that both sides ran, and on how many of them head differs.
struct SeedSummary {
  std::size_t common = 0;
  std::size_t better = 0;
  std::size_t worse = 0;
  std::size_t one_side_only = 0;
  double median_difference = 0;  // head - base, of the pairs

  friend bool operator==(const SeedSummary&, const SeedSummary&) = default;
};

struct RowComparison {
  std::string id{};
  MetricClass cls = MetricClass::c;
  std::string unit{};
  Better better = Better::less;
  double base = 0;  // medians
  double head = 0;
  std::optional<double> change{};      // head / base - 1; none if base is 0
  std::optional<Interval> interval{};  // class C: of the change, 95 %
  std::optional<double> p{};           // class C: after Holm
  std::optional<SeedSummary> seeds{};  // class A
  bool in_budget = false;  // class A: head keeps a declared budget, so it is no regression
  Verdict verdict = Verdict::unclear;
  std::string reason{};  // why unclear, or what else the reader must know; may be empty
  std::optional<std::size_t> samples_needed{};  // where more of them would settle it, roughly
};

struct MissingRow {
  std::string id{};
  MetricClass cls = MetricClass::c;
  std::string unit{};
  bool in_base = false;  // and not in head; else the other way round
};

struct Comparison {
  CompareOptions options{};
  std::vector<RowComparison> rows{};  // class A, B, C; within a class as in base
  std::vector<MissingRow> missing{};
  std::optional<double> probe_drift{};  // none without probes
  std::vector<std::string> notes{};     // about the whole: refusals, and how far to trust it
  int exit_code = 0;  // 0 no regression in the gate; 1 regression; 2 inconclusive, not comparable
};

std::string_view verdict_name(Verdict verdict);

// Exit 2, unless a row of the gate is worse: a row of the gate is unclear, or base has one that
// head lacks, or no row of the gate stands in both. Rows that only head has are listed.
Comparison compare_reports(const PerfReport& base,
                           const PerfReport& head,
                           const CompareOptions& options);

// Largest over smallest of: before, after, and the median of the readings between, of all reports
// given; minus 1. None if one of them has no probe.
std::optional<double> probe_drift(const std::vector<const PerfReport*>& reports);

}  // namespace vvm::report
