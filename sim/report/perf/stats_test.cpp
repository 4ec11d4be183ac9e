// Statistics against values computed by hand (binomials, small permutations).
#define BOOST_TEST_MODULE report_perf
#include "sim/report/perf/stats.hpp"

#include <boost/test/unit_test.hpp>

namespace vvm::report {
namespace {

namespace utf = boost::unit_test;

Samples range(int first, int count) {
  Samples out;
  for (int i = 0; i < count; ++i) {
    out.push_back(first + i);
  }
  return out;
}

BOOST_AUTO_TEST_SUITE(stats)

BOOST_AUTO_TEST_CASE(median_is_the_middle_or_the_mean_of_the_two_middle_values) {
  BOOST_TEST(median({7}) == 7);
  BOOST_TEST(median({9, 1, 4}) == 4);
  BOOST_TEST(median({10, 1, 4, 2}) == 3);
  BOOST_TEST(median({5, 5, 1, 9}) == 5);
}

BOOST_AUTO_TEST_CASE(spread_is_range_over_median) {
  BOOST_TEST(relative_spread({100}) == 0);
  BOOST_TEST(relative_spread({100, 90, 120}) == 0.3);
}

// p = 2 / C(2n, n) when one side lies wholly above the other.
BOOST_AUTO_TEST_CASE(u_test_of_separated_samples_is_two_over_the_binomial, *utf::tolerance(1e-12)) {
  BOOST_TEST(mann_whitney_p(range(0, 1), range(10, 1)) == 1.0);
  BOOST_TEST(mann_whitney_p(range(0, 3), range(10, 3)) == 2.0 / 20);
  BOOST_TEST(mann_whitney_p(range(0, 4), range(10, 4)) == 2.0 / 70);  // 0.029
  BOOST_TEST(mann_whitney_p(range(10, 4), range(0, 4)) == 2.0 / 70);
  BOOST_TEST(mann_whitney_p(range(0, 5), range(10, 5)) == 2.0 / 252);  // 0.0079
  BOOST_TEST(mann_whitney_p(range(0, 10), range(10, 10)) == 2.0 / 184'756);
}

// {1, 3} against {2, 4}: rank sum 4; of the six pairs of ranks two sum to 4 or less.
BOOST_AUTO_TEST_CASE(u_test_counts_every_arrangement, *utf::tolerance(1e-12)) {
  BOOST_TEST(mann_whitney_p({1, 3}, {2, 4}) == 2 * 2.0 / 6);
  BOOST_TEST(mann_whitney_p({1, 4}, {2, 3}) == 1.0);
}

// Midranks of 1, 1, 1 | 2: the 2 is one of four equally likely places of the base.
BOOST_AUTO_TEST_CASE(u_test_takes_ties_as_midranks, *utf::tolerance(1e-12)) {
  BOOST_TEST(mann_whitney_p({2}, {1, 1, 1}) == 2 * 1.0 / 4);
  BOOST_TEST(mann_whitney_p({5, 5, 5}, {5, 5, 5}) == 1.0);
}

// n = 21 a side: U = 0, mean 220.5, variance 21 * 21 * 43 / 12 = 1580.25, z = 220 / 39.752.
BOOST_AUTO_TEST_CASE(u_test_of_many_values_is_the_normal_approximation, *utf::tolerance(1e-3)) {
  BOOST_TEST(mann_whitney_p(range(0, 21), range(100, 21)) == 3.124e-8);
  BOOST_TEST(mann_whitney_p(Samples(30, 1.0), Samples(30, 1.0)) == 1.0);
}

// Half of each side tied: 11 ones and 10 twos against the reverse. Groups of 21: tie term
// 2 * (21^3 - 21) = 18480; variance 441 / 12 * (43 - 18480 / 1722) = 1185.87; U differs from its
// mean by 10.5; z = 10 / 34.44.
BOOST_AUTO_TEST_CASE(normal_approximation_corrects_for_ties, *utf::tolerance(1e-3)) {
  Samples base(11, 1.0);
  base.insert(base.end(), 10, 2.0);
  Samples head(10, 1.0);
  head.insert(head.end(), 11, 2.0);
  BOOST_TEST(mann_whitney_p(base, head) == 0.7715);
}

BOOST_AUTO_TEST_CASE(exact_and_normal_agree_where_they_meet, *utf::tolerance(0.05)) {
  Samples base = range(0, 20);
  Samples head = range(6, 20);
  for (double& value : head) {
    value += 0.5;
  }
  const double exact = mann_whitney_p(base, head);
  base.push_back(10);
  head.push_back(16.5);
  BOOST_TEST(exact > 0.001);
  BOOST_TEST(mann_whitney_p(base, head) / exact > 0.4);
  BOOST_TEST(mann_whitney_p(base, head) / exact < 1.2);
}

BOOST_AUTO_TEST_CASE(holm_multiplies_the_smallest_by_all_and_never_decreases,
                     *utf::tolerance(1e-12)) {
  const auto adjusted = holm({0.01, 0.04, 0.03, 0.005});
  BOOST_REQUIRE(adjusted.size() == 4U);
  BOOST_TEST(adjusted[3] == 0.02);  // 4 * 0.005
  BOOST_TEST(adjusted[0] == 0.03);  // 3 * 0.01
  BOOST_TEST(adjusted[2] == 0.06);  // 2 * 0.03
  BOOST_TEST(adjusted[1] == 0.06);  // 1 * 0.04, raised to the one before
  BOOST_TEST(holm({0.6, 0.7})[0] == 1.0);
  BOOST_TEST(holm({}).empty());
}

BOOST_AUTO_TEST_CASE(z_inverts_the_two_sided_p, *utf::tolerance(1e-4)) {
  BOOST_TEST(z_of_two_sided_p(0.05) == 1.95996);
  BOOST_TEST(z_of_two_sided_p(0.01) == 2.57583);
  BOOST_TEST(z_of_two_sided_p(1) + 1 == 1.0);
}

BOOST_AUTO_TEST_CASE(bootstrap_repeats_itself_bit_for_bit) {
  Rng values{7};
  Samples base;
  Samples head;
  for (int i = 0; i < 31; ++i) {
    base.push_back(static_cast<double>(values.between(1'000'000, 2'000'000)));
    head.push_back(static_cast<double>(values.between(1'000'000, 2'000'000)));
  }
  const auto first = bootstrap_ratio(base, head, Pairing::paired, Rng{1});
  BOOST_CHECK(first == bootstrap_ratio(base, head, Pairing::paired, Rng{1}));
  BOOST_CHECK(first != bootstrap_ratio(base, head, Pairing::paired, Rng{2}));
}

BOOST_AUTO_TEST_CASE(bootstrap_interval_holds_the_ratio_of_the_medians, *utf::tolerance(1e-12)) {
  const Samples base{100, 104, 99, 101, 102, 98, 100, 103, 97, 100};
  const Samples head{110, 113, 108, 112, 111, 109, 110, 112, 107, 111};
  for (const Pairing pairing : {Pairing::paired, Pairing::independent}) {
    const auto estimate = bootstrap_ratio(base, head, pairing, Rng{1});
    BOOST_TEST(estimate.ratio == 110.5 / 100);
    BOOST_TEST(estimate.interval.low <= estimate.ratio);
    BOOST_TEST(estimate.interval.high >= estimate.ratio);
    BOOST_TEST(estimate.interval.low > 1.05);
    BOOST_TEST(estimate.interval.high < 1.16);
  }
}

// The machine slows down threefold halfway; each pair still says that head is 10 % slower.
BOOST_AUTO_TEST_CASE(pairs_cancel_what_both_sides_share, *utf::tolerance(1e-12)) {
  Samples base = range(100, 9);
  Samples head;
  for (double& value : base) {
    value *= value > 104 ? 3 : 1;
    head.push_back(value * 1.1);
  }
  const auto paired = bootstrap_ratio(base, head, Pairing::paired, Rng{1});
  BOOST_TEST(paired.interval.low == 1.1);
  BOOST_TEST(paired.interval.high == 1.1);
  const auto apart = bootstrap_ratio(base, head, Pairing::independent, Rng{1});
  BOOST_TEST(apart.interval.low < 0.5);
  BOOST_TEST(apart.interval.high > 2);
}

// A bootstrap of one pair knows nothing of the spread: its interval has no width.
BOOST_AUTO_TEST_CASE(one_pair_has_an_interval_without_width) {
  const auto estimate = bootstrap_ratio({2}, {3}, Pairing::paired, Rng{1});
  BOOST_CHECK((estimate == RatioEstimate{.ratio = 1.5, .interval = {.low = 1.5, .high = 1.5}}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::report
