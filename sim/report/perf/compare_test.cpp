// Verdicts and exit codes on synthetic reports whose truth is known.
#include "sim/report/perf/compare.hpp"

#include <boost/test/unit_test.hpp>

#include "sim/report/perf/test_reports.hpp"

namespace vvm::report {
namespace {

struct Two {
  PerfReport base = quiet_report("base");
  PerfReport head = quiet_report("head");

  Two& row(const PerfRow& base_row, const PerfRow& head_row) {
    base.rows.push_back(base_row);
    head.rows.push_back(head_row);
    return *this;
  }

  Comparison compare(const CompareOptions& options = {}) const {
    return compare_reports(base, head, options);
  }
};

Two wall(Samples base, Samples head) {
  return Two{}.row(wall_row("w", std::move(base)), wall_row("w", std::move(head)));
}

std::string verdict(const Comparison& comparison) {
  BOOST_REQUIRE(!comparison.rows.empty());
  return std::string{verdict_name(comparison.rows[0].verdict)};
}

Samples scaled(Samples values, double factor) {
  for (double& value : values) {
    value *= factor;
  }
  return values;
}

BOOST_AUTO_TEST_SUITE(compare)

// The four verdicts of class C, end to end: files in, verdict and exit code out.
BOOST_AUTO_TEST_CASE(wall_time_clearly_worse_fails) {
  const Two two = wall(noisy(1000, 10, 12, 1), noisy(1100, 10, 12, 2));
  const auto base = parse_report(write_report(two.base), "base");
  const auto head = parse_report(write_report(two.head), "head");
  BOOST_REQUIRE(base);
  BOOST_REQUIRE(head);
  const Comparison out = compare_reports(base.value(), head.value(), {});
  BOOST_TEST(verdict(out) == "worse");
  BOOST_TEST(out.exit_code == 1);
  BOOST_TEST(out.rows[0].interval.value().low > 0.03);
  BOOST_TEST(out.rows[0].p.value() < 0.01);
}

BOOST_AUTO_TEST_CASE(wall_time_clearly_better_passes) {
  const Comparison out = wall(noisy(1000, 10, 12, 1), noisy(900, 10, 12, 2)).compare();
  BOOST_TEST(verdict(out) == "better");
  BOOST_TEST(out.exit_code == 0);
}

BOOST_AUTO_TEST_CASE(wall_time_within_the_threshold_is_the_same) {
  const Comparison out = wall(noisy(1000, 10, 12, 1), noisy(1005, 10, 12, 2)).compare();
  BOOST_TEST(verdict(out) == "same");
  BOOST_TEST(out.exit_code == 0);
}

BOOST_AUTO_TEST_CASE(noisy_wall_time_is_unclear_and_says_how_many_pairs_it_needs) {
  const Comparison out = wall(noisy(1000, 200, 12, 1), noisy(1050, 200, 12, 2)).compare();
  BOOST_TEST(verdict(out) == "unclear");
  BOOST_TEST(out.exit_code == 2);
  BOOST_TEST(out.rows[0].samples_needed.value() > 12U);
}

// Narrow: 2 % slower without doubt is within 3 %, and beyond 1 %.
BOOST_AUTO_TEST_CASE(the_threshold_decides_between_same_and_worse) {
  const Two two = wall(noisy(1000, 2, 12, 1), noisy(1020, 2, 12, 2));
  BOOST_TEST(verdict(two.compare()) == "same");
  BOOST_TEST(verdict(two.compare({.threshold = 0.01})) == "worse");
  BOOST_TEST(verdict(wall(noisy(1000, 2, 12, 1), noisy(1035, 2, 12, 2)).compare()) == "worse");
}

BOOST_AUTO_TEST_CASE(across_the_threshold_is_unclear_with_few_pairs_needed) {
  const Comparison out = wall(noisy(1000, 20, 12, 1), noisy(1020, 20, 12, 2)).compare();
  BOOST_TEST(verdict(out) == "unclear");
  BOOST_TEST(out.rows[0].samples_needed.value() > 12U);
  BOOST_TEST(out.rows[0].samples_needed.value() < 200U);
  const Comparison faster = wall(noisy(1000, 20, 12, 1), noisy(975, 20, 12, 2)).compare();
  BOOST_TEST(verdict(faster) == "unclear");
  BOOST_TEST(faster.rows[0].samples_needed.value() > 12U);
}

// Ten pairs a side give p = 1.1e-5 at the least: below 0.01 for one row, not for 1e-6 as alpha.
BOOST_AUTO_TEST_CASE(a_regression_needs_the_test_as_well_as_the_interval) {
  const Two two = wall(noisy(1000, 5, 10, 1), noisy(1200, 5, 10, 2));
  BOOST_TEST(verdict(two.compare()) == "worse");
  const Comparison strict = two.compare({.alpha = 1e-6});
  BOOST_TEST(verdict(strict) == "unclear");
  BOOST_TEST(strict.rows[0].reason == "the U test does not confirm it");
  BOOST_TEST(strict.rows[0].samples_needed.value() > 10U);
}

BOOST_AUTO_TEST_CASE(p_is_adjusted_over_all_rows_of_the_class, *boost::unit_test::tolerance(1e-9)) {
  Two two = wall(noisy(1000, 5, 10, 1), noisy(1200, 5, 10, 2));
  const double alone = two.compare().rows[0].p.value();
  two.row(wall_row("v", noisy(10, 9, 10, 3)), wall_row("v", noisy(10, 9, 10, 4)));
  two.row(wall_row("u", noisy(10, 9, 10, 5)), wall_row("u", noisy(10, 9, 10, 6)));
  BOOST_TEST(two.compare().rows[0].p.value() == 3 * alone);
  // A class B row is no test and costs nothing.
  two.row(cost_row("b", {5}), cost_row("b", {5}));
  BOOST_TEST(two.compare().rows[1].p.value() == 3 * alone);
}

BOOST_AUTO_TEST_CASE(below_ten_samples_nothing_is_said) {
  const Comparison out = wall(noisy(1000, 1, 9, 1), noisy(2000, 1, 9, 2)).compare();
  BOOST_TEST(verdict(out) == "unclear");
  BOOST_TEST(out.rows[0].samples_needed.value() == 10U);
  BOOST_TEST(verdict(wall(noisy(1000, 1, 10, 1), noisy(2000, 1, 10, 2)).compare()) == "worse");
}

BOOST_AUTO_TEST_CASE(where_more_is_better_less_is_worse) {
  Two two = wall(noisy(1000, 10, 12, 1), noisy(900, 10, 12, 2));
  two.base.rows[0].better = Better::more;
  two.head.rows[0].better = Better::more;
  BOOST_TEST(verdict(two.compare()) == "worse");
  BOOST_TEST(two.compare().exit_code == 1);
}

// The machine becomes three times slower halfway: apart nothing can be said, in pairs it can be
// said that nothing changed.
BOOST_AUTO_TEST_CASE(pairs_of_one_session_are_compared_as_pairs) {
  Samples base = noisy(1000, 3, 13, 1);
  for (std::size_t i = 6; i < base.size(); ++i) {
    base[i] *= 3;
  }
  Two two = wall(base, scaled(base, 1.001));
  BOOST_TEST(verdict(two.compare()) == "same");
  two.head.protocol.session = "s2";
  BOOST_TEST(verdict(two.compare()) == "unclear");
  two.head.protocol.session = "s1";
  two.head.rows[0].order = "rounds";
  BOOST_TEST(verdict(two.compare()) == "unclear");
}

BOOST_AUTO_TEST_CASE(another_machine_is_refused_for_wall_time_only) {
  Two two = wall(noisy(1000, 10, 12, 1), noisy(2000, 10, 12, 2));
  two.head.machine.fingerprint = "f2";
  const Comparison out = two.compare();
  BOOST_TEST(verdict(out) == "unclear");
  BOOST_TEST(out.rows[0].reason == "taken on another machine");
  BOOST_TEST(!out.rows[0].interval.has_value());
  BOOST_TEST(out.exit_code == 2);
  BOOST_REQUIRE(out.notes.size() == 1U);
  BOOST_TEST(out.notes[0].starts_with("class C is not compared: the machines differ"));
  two.row(seeds_row("s", {5, 5}), seeds_row("s", {5, 5}));
  BOOST_TEST(two.compare({.gate = {MetricClass::a}}).exit_code == 0);
}

BOOST_AUTO_TEST_CASE(a_machine_that_was_not_quiet_makes_wall_time_unclear) {
  Two two = wall(noisy(1000, 10, 12, 1), noisy(2000, 10, 12, 2));
  two.head.self.noise_probe->after_us = 104.9;
  BOOST_TEST(verdict(two.compare()) == "worse");
  two.head.self.noise_probe->after_us = 105.1;
  const Comparison out = two.compare();
  BOOST_TEST(verdict(out) == "unclear");
  BOOST_TEST(out.rows[0].reason == "the machine was not quiet");
  BOOST_TEST(out.exit_code == 2);
  // Quiet each, but one of them on a slower day.
  two.head.self.noise_probe = NoiseProbe{.before_us = 120, .after_us = 120};
  BOOST_TEST(verdict(two.compare()) == "unclear");
  two.head.self.noise_probe.reset();
  BOOST_TEST(two.compare().rows[0].reason == "no noise probe");
}

BOOST_AUTO_TEST_CASE(drift_is_over_before_between_and_after, *boost::unit_test::tolerance(1e-9)) {
  PerfReport report = quiet_report("x");
  report.self.noise_probe =
      NoiseProbe{.before_us = 100, .after_us = 102, .between_us = {110, 90, 104, 300, 104}};
  BOOST_TEST(probe_drift({&report}).value() == 0.04);
  report.self.noise_probe->before_us = 80;
  BOOST_TEST(probe_drift({&report}).value() == 0.3);
}

BOOST_AUTO_TEST_CASE(cost_is_worse_beyond_half_a_percent) {
  const auto cost = [](Samples base, Samples head) {
    const Two two = Two{}.row(cost_row("b", std::move(base)), cost_row("b", std::move(head)));
    return verdict(two.compare());
  };
  BOOST_TEST(cost({100'000}, {100'501}) == "worse");
  BOOST_TEST(cost({100'000}, {100'500}) == "same");
  BOOST_TEST(cost({100'000}, {99'499}) == "better");
  // Spread of the base 0.4 %: beyond 1.2 % only.
  BOOST_TEST(cost({99'800, 100'000, 100'200}, {101'190}) == "same");
  BOOST_TEST(cost({99'800, 100'000, 100'200}, {101'210}) == "worse");
  BOOST_TEST(cost({0}, {0}) == "same");
  BOOST_TEST(cost({0}, {1}) == "worse");
}

BOOST_AUTO_TEST_CASE(cost_of_another_compiler_or_library_is_refused) {
  const Two same = Two{}.row(cost_row("b", {5}), cost_row("b", {9}));
  BOOST_TEST(same.compare().exit_code == 1);
  Two two = same;
  two.head.program.build.compiler = "clang 20";
  BOOST_TEST(verdict(two.compare()) == "unclear");
  BOOST_TEST(two.compare().exit_code == 2);
  BOOST_TEST(two.compare().rows[0].reason == "another compiler: `clang 19.1.7` and `clang 20`");
  two = same;
  two.head.machine.libc = "musl";
  BOOST_TEST(verdict(two.compare()) == "unclear");
  two = same;
  two.head.program.build.flags = "-O0";
  BOOST_TEST(verdict(two.compare()) == "unclear");
}

BOOST_AUTO_TEST_CASE(virtual_figures_are_exact_and_paired_by_seed) {
  const auto seeds = [](const std::vector<double>& base, const std::vector<double>& head) {
    return Two{}.row(seeds_row("s", base), seeds_row("s", head)).compare();
  };
  BOOST_TEST(verdict(seeds({10, 20, 30}, {10, 20, 30})) == "same");
  const Comparison worse = seeds({10, 20, 30}, {11, 21, 30});
  BOOST_TEST(verdict(worse) == "worse");
  BOOST_TEST(worse.exit_code == 1);
  BOOST_CHECK((worse.rows[0].seeds.value() ==
               SeedSummary{.common = 3, .worse = 2, .median_difference = 1}));
  BOOST_TEST(verdict(seeds({10, 20, 30}, {9, 19, 31})) == "better");
  // One seed of three: the median of the differences is 0, and it is still a difference.
  BOOST_TEST(verdict(seeds({10, 20, 30}, {10, 20, 31})) == "worse");
  BOOST_TEST(verdict(seeds({10, 20, 30}, {9, 20, 31})) == "unclear");
}

BOOST_AUTO_TEST_CASE(seeds_of_one_side_are_counted_and_not_compared) {
  Two two = Two{}.row(seeds_row("s", {10, 20, 30}), seeds_row("s", {10, 20}));
  two.head.rows[0].by_seed.push_back({.seed = 9, .value = 99});
  const Comparison out = two.compare();
  BOOST_TEST(verdict(out) == "same");
  BOOST_CHECK((out.rows[0].seeds.value() == SeedSummary{.common = 2, .one_side_only = 2}));
  two.head.rows[0].by_seed = {{.seed = 9, .value = 99}};
  BOOST_TEST(verdict(two.compare()) == "unclear");
  BOOST_TEST(two.compare().rows[0].reason == "no seed in common");
}

BOOST_AUTO_TEST_CASE(a_declared_budget_gates_a_virtual_figure) {
  Two two = Two{}.row(seeds_row("s", {10, 10, 10}), seeds_row("s", {12, 12, 12}));
  two.head.rows[0].budget = 12;
  BOOST_TEST(verdict(two.compare()) == "worse");
  BOOST_TEST(two.compare().rows[0].reason == "within the budget of 12");
  BOOST_TEST(two.compare().exit_code == 0);
  two.head.rows[0].budget = 11;
  BOOST_TEST(two.compare().rows[0].reason == "beyond the budget of 11");
  BOOST_TEST(two.compare().exit_code == 1);
}

BOOST_AUTO_TEST_CASE(rows_of_one_side_are_listed) {
  Two two = wall(noisy(1000, 10, 12, 1), noisy(1000, 10, 12, 2));
  two.head.rows.push_back(wall_row("new", {5}));
  Comparison out = two.compare();
  BOOST_REQUIRE(out.missing.size() == 1U);
  BOOST_TEST(out.missing[0].id == "new");
  BOOST_TEST(!out.missing[0].in_base);
  BOOST_TEST(out.exit_code == 0);
  two.base.rows.push_back(wall_row("gone", {5}));
  out = two.compare();
  BOOST_REQUIRE(out.missing.size() == 2U);
  BOOST_TEST(out.missing[0].id == "gone");
  BOOST_TEST(out.missing[0].in_base);
  BOOST_TEST(out.exit_code == 2);
  BOOST_TEST(two.compare({.gate = {MetricClass::a}}).exit_code == 2);  // nothing to gate
}

BOOST_AUTO_TEST_CASE(rows_in_another_unit_or_direction_are_other_rows) {
  Two two = wall({5}, {5});
  two.head.rows[0].unit = "us";
  BOOST_TEST(two.compare().missing.size() == 2U);
  two.head.rows[0].unit = "ns";
  two.head.rows[0].better = Better::more;
  BOOST_TEST(two.compare().missing.size() == 2U);
}

BOOST_AUTO_TEST_CASE(only_classes_of_the_gate_decide_the_exit_code) {
  Two two = wall(noisy(1000, 10, 12, 1), noisy(2000, 10, 12, 2));
  two.row(cost_row("b", {5}), cost_row("b", {5}));
  BOOST_TEST(two.compare().exit_code == 1);
  BOOST_TEST(two.compare({.gate = {MetricClass::a, MetricClass::b}}).exit_code == 0);
  two.head.rows[1].samples = {6};
  BOOST_TEST(two.compare({.gate = {MetricClass::a, MetricClass::b}}).exit_code == 1);
}

BOOST_AUTO_TEST_CASE(a_regression_outweighs_what_is_unclear) {
  Two two = wall(noisy(1000, 10, 5, 1), noisy(2000, 10, 5, 2));
  BOOST_TEST(two.compare().exit_code == 2);
  two.row(cost_row("b", {5}), cost_row("b", {6}));
  BOOST_TEST(two.compare().exit_code == 1);
}

BOOST_AUTO_TEST_CASE(the_order_of_rows_changes_no_figure) {
  Two two = wall(noisy(1000, 30, 12, 1), noisy(1010, 30, 12, 2));
  const auto first = two.compare().rows[0].interval;
  two.base.rows.insert(two.base.rows.begin(), wall_row("before", noisy(10, 30, 12, 3)));
  two.head.rows.push_back(wall_row("before", noisy(10, 30, 12, 4)));
  BOOST_CHECK(two.compare().rows[1].interval == first);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::report
