// Goals against runs made for the test.
#include "bench/goals.hpp"

#include <boost/test/unit_test.hpp>

namespace vvm::bench {
namespace {

BenchmarkSamples row(std::string name, std::vector<double> ns, double octets, double allocs = 0) {
  BenchmarkSamples out{.name = std::move(name), .ns = std::move(ns), .counters = {}};
  out.counters.push_back({.name = "octets", .values = {octets}});
  if (allocs > 0) {
    out.counters.push_back({.name = "allocs", .values = {allocs}});
  }
  return out;
}

BOOST_AUTO_TEST_CASE(goals_are_figures_of_rows_by_median_and_by_the_best_round) {
  BenchmarkRun run;
  run.benchmarks.push_back(row("schema/lex/1000000", {4e6, 1e6, 2e6}, 1e6));
  run.benchmarks.push_back(row("schema/compile/100000", {1e6, 2e6}, 1e5));
  run.benchmarks.push_back(row("schema/compile/1000000", {1e7}, 1e6, 5000));
  run.benchmarks.push_back(row("schema/compile/10000000", {3e8, 2e8}, 1e7));
  run.benchmarks.push_back(row("schema/compile/real/parser_example", {2e5, 3e5}, 2e4));
  const std::vector<GoalResult> goals = goals_of(run);
  BOOST_TEST_REQUIRE(goals.size() == 5U);
  BOOST_TEST(goals[0].what == "lexing, 1 MB");
  BOOST_TEST(goals[0].row == "schema/lex/1000000");
  BOOST_TEST(goals[0].unit == "MB/s");
  BOOST_TEST(goals[0].at_least);
  BOOST_TEST(goals[0].goal == 500.0);
  BOOST_TEST(goals[0].median == 500.0);
  BOOST_TEST(goals[0].best == 1000.0);
  BOOST_TEST(goals[1].median == 100.0);  // MB/s
  BOOST_TEST(!goals[2].at_least);
  BOOST_TEST(goals[2].median == 2.0);  // 20 ns an octet over 10 ns
  BOOST_TEST(goals[2].best == 2.0);
  BOOST_TEST(goals[3].median == 200.0);  // octets an allocation
  BOOST_TEST(goals[4].unit == "ns");
  BOOST_TEST(goals[4].median == 2e5);
}

BOOST_AUTO_TEST_CASE(a_goal_whose_figures_are_not_there_is_left_out) {
  BOOST_TEST(goals_of({}).empty());
  BenchmarkRun run;
  run.benchmarks.push_back(row("schema/compile/10000000", {3e8}, 1e7));  // and nothing to compare
  run.benchmarks.push_back({.name = "schema/lex/1000000", .ns = {1e6}, .counters = {}});
  run.benchmarks.push_back(row("schema/compile/1000000", {1e7}, 1e6));  // allocations not counted
  const std::vector<GoalResult> goals = goals_of(run);
  BOOST_TEST_REQUIRE(goals.size() == 1U);
  BOOST_TEST(goals[0].what == "text to AppDef, 1 MB");
}

}  // namespace
}  // namespace vvm::bench
