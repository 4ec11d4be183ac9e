// Time scale: order is kept, idle stretches shrink, nothing is lost.
#include "sim/report/time_scale.hpp"

#include <boost/test/unit_test.hpp>

#include "sim/report/testing/sample_runs.hpp"

namespace vvm::report {
namespace {

std::vector<Instant> at_seconds(std::initializer_list<std::int64_t> values) {
  std::vector<Instant> out;
  for (const std::int64_t value : values) {
    out.push_back(Instant{} + seconds(value));
  }
  return out;
}

BOOST_AUTO_TEST_SUITE(time_scale)

BOOST_AUTO_TEST_CASE(moments_are_sorted_unique_and_reach_from_begin_to_end) {
  const ghost::History history = held_run().result.history;
  const std::vector<Instant> moments = active_moments(history);
  BOOST_TEST((moments.front() == Instant{}));
  BOOST_TEST((moments.back() == history.end));
  for (std::size_t i = 1; i < moments.size(); ++i) {
    BOOST_TEST((moments[i - 1] < moments[i]));
  }
}

BOOST_AUTO_TEST_CASE(places_grow_strictly_from_0_to_1) {
  const std::vector<Knot> knots = squeezed_scale(active_moments(held_run().result.history));
  BOOST_TEST(knots.front().place == 0.0);
  BOOST_TEST(knots.back().place == 1.0);
  for (std::size_t i = 1; i < knots.size(); ++i) {
    BOOST_TEST(knots[i - 1].place < knots[i].place);
    BOOST_TEST((knots[i - 1].at < knots[i].at));
  }
}

BOOST_AUTO_TEST_CASE(even_activity_keeps_its_proportions) {
  const std::vector<Knot> knots = squeezed_scale(at_seconds({0, 1, 2, 3, 4}));
  BOOST_REQUIRE(knots.size() == 5U);
  BOOST_TEST(knots[2].place == 0.5, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(an_idle_hour_takes_less_room_than_its_share) {
  const std::vector<Knot> knots = squeezed_scale(at_seconds({0, 1, 2, 3, 3603, 3604, 3605}));
  const double idle = knots[4].place - knots[3].place;
  BOOST_TEST(idle < 0.7);
  BOOST_TEST(idle > knots[1].place);
}

BOOST_AUTO_TEST_CASE(a_long_run_is_thinned_and_keeps_its_end) {
  std::vector<Instant> moments;
  moments.reserve(10'001);
  for (std::int64_t i = 0; i <= 10'000; ++i) {
    moments.push_back(Instant{i * 1'000});
  }
  const std::vector<Knot> knots = squeezed_scale(moments, 100);
  BOOST_TEST(knots.size() <= 102U);
  BOOST_TEST((knots.back().at == moments.back()));
}

BOOST_AUTO_TEST_CASE(no_time_has_no_scale) {
  BOOST_TEST(squeezed_scale({}).empty());
  BOOST_TEST(squeezed_scale({Instant{}}).empty());
  BOOST_TEST(!worth_squeezing({}));
}

BOOST_AUTO_TEST_CASE(runs_that_idle_are_worth_squeezing_and_busy_ones_are_not) {
  BOOST_TEST(worth_squeezing(squeezed_scale(active_moments(held_run().result.history))));
  BOOST_TEST(!worth_squeezing(squeezed_scale(at_seconds({0, 1, 2, 3, 4, 5, 6, 7}))));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::report
