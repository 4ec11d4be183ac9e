// The runner over benchmarks made for the test: order of rounds, samples, counters, errors.
#define BOOST_TEST_MODULE bench
#include "bench/runner.hpp"

#include <benchmark/benchmark.h>
#include <boost/test/unit_test.hpp>

#include "bench/micro/register.hpp"
#include "bench/probe.hpp"

namespace vvm::bench {
namespace {

void little(benchmark::State& state) {
  int value = 1;
  for (auto round : state) {
    static_cast<void>(round);
    benchmark::DoNotOptimize(value);
  }
}

void with_counter(benchmark::State& state) {
  little(state);
  state.counters["allocs"] = 3;
  state.counters["rate"] = benchmark::Counter(5, benchmark::Counter::kIsRate);
}

void failing(benchmark::State& state) { state.SkipWithError("wrong result"); }

struct Registered {
  Registered() {
    benchmark::ClearRegisteredBenchmarks();
    benchmark::RegisterBenchmark("t/a", little);
    benchmark::RegisterBenchmark("t/b", with_counter);
    benchmark::RegisterBenchmark("u/c", little)->Unit(benchmark::kMillisecond);
  }

  ~Registered() { benchmark::ClearRegisteredBenchmarks(); }

  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
};

RunOptions short_run(std::string filter) {
  return {.filter = std::move(filter), .rounds = 3, .round_seconds = 1e-5};
}

BOOST_FIXTURE_TEST_CASE(each_round_runs_every_benchmark_once_in_turn, Registered) {
  RunOptions options = short_run("^t/");
  std::string seen;
  options.progress = [&](int round, std::string_view name) {
    seen.append(std::to_string(round)).append(name.substr(2)).append(" ");
  };
  const auto run = run_benchmarks(options);
  BOOST_REQUIRE(run);
  BOOST_TEST(seen == "1a 1b 2a 2b 3a 3b ");
  BOOST_REQUIRE(run.value().benchmarks.size() == 2U);
  BOOST_TEST(run.value().benchmarks[0].name == "t/a");
  BOOST_TEST(run.value().benchmarks[0].ns.size() == 3U);
  BOOST_TEST(run.value().probe.between_us.size() == 2U);
  BOOST_TEST(run.value().probe.before_us > 0);
  BOOST_TEST(run.value().probe.after_us > 0);
}

BOOST_FIXTURE_TEST_CASE(counters_are_samples_and_rates_are_not, Registered) {
  const auto run = run_benchmarks(short_run("t/b"));
  BOOST_REQUIRE(run);
  const auto& counters = run.value().benchmarks.at(0).counters;
  BOOST_REQUIRE(counters.size() == 1U);
  BOOST_TEST(counters[0].name == "allocs");
  BOOST_TEST((counters[0].values == std::vector<double>{3, 3, 3}));
}

// A load takes about a nanosecond; read as milliseconds it would be a millionth of that.
BOOST_FIXTURE_TEST_CASE(times_are_nanoseconds_whatever_unit_a_benchmark_prefers, Registered) {
  const auto run = run_benchmarks(short_run("."));
  BOOST_REQUIRE(run);
  BOOST_TEST(run.value().benchmarks.at(2).ns.at(0) > 1e-3);
}

BOOST_FIXTURE_TEST_CASE(a_filter_without_match_is_an_error, Registered) {
  const auto run = run_benchmarks(short_run("nowhere"));
  BOOST_REQUIRE(!run);
  BOOST_CHECK(run.error().code == Code::not_found);
  BOOST_TEST(run.error().what == "no benchmark matches `nowhere`");
  BOOST_CHECK(list_benchmarks("nowhere").error().code == Code::not_found);
}

BOOST_FIXTURE_TEST_CASE(a_filter_that_is_no_expression_is_an_error, Registered) {
  BOOST_CHECK(run_benchmarks(short_run("(")).error().code == Code::bad_input);
  BOOST_CHECK(list_benchmarks("(").error().code == Code::bad_input);
}

BOOST_FIXTURE_TEST_CASE(a_benchmark_that_reports_an_error_fails_the_run, Registered) {
  benchmark::RegisterBenchmark("u/d", failing);
  const auto run = run_benchmarks(short_run("u/"));
  BOOST_REQUIRE(!run);
  BOOST_TEST(run.error().what == "u/d: wrong result");
}

BOOST_FIXTURE_TEST_CASE(the_list_names_what_would_run_and_runs_nothing, Registered) {
  const auto names = list_benchmarks("t/");
  BOOST_REQUIRE(names);
  BOOST_TEST((names.value() == std::vector<std::string>{"t/a", "t/b"}));
  // The flag of the listing does not stay.
  const auto run = run_benchmarks(short_run("t/a"));
  BOOST_REQUIRE(run);
  BOOST_TEST(run.value().benchmarks.size() == 1U);
}

BOOST_AUTO_TEST_CASE(registering_twice_registers_once) {
  register_benchmarks();
  const auto once = list_benchmarks("");
  register_benchmarks();
  const auto twice = list_benchmarks("");
  BOOST_REQUIRE(once);
  BOOST_REQUIRE(twice);
  BOOST_TEST(!once.value().empty());
  BOOST_TEST((once.value() == twice.value()));
}

BOOST_AUTO_TEST_CASE(every_registered_benchmark_runs) {
  register_benchmarks();
  RunOptions options = short_run("");
  options.rounds = 1;
  const auto run = run_benchmarks(options);
  BOOST_TEST_INFO((run ? std::string{} : run.error().what));
  BOOST_TEST(run.has_value());
}

// The kernel must stay what it is, or readings of two versions would not compare.
BOOST_AUTO_TEST_CASE(the_probe_computes_what_it_always_did) {
  BOOST_TEST(probe_kernel(1, 0) == (2U ^ 3U ^ 4U ^ 5U ^ 6U ^ 7U));
  BOOST_TEST(probe_kernel(1, 1) == 0x804ad4f7705eab47U);
  BOOST_TEST(probe_kernel(1, 1) != probe_kernel(2, 1));
}

}  // namespace
}  // namespace vvm::bench
