// Values as text: what is taken, what is refused, and that formatting comes back.
#include "sim/faults/value_text.hpp"

#include <boost/test/unit_test.hpp>

using namespace vvm;
using namespace vvm::faults;

namespace {

std::int64_t ns_of(std::string_view text) {
  const auto value = parse_duration(text);
  BOOST_REQUIRE_MESSAGE(value.has_value(), text);
  return value->ns;
}

}  // namespace

BOOST_AUTO_TEST_CASE(durations_are_numbers_with_units_in_falling_order) {
  BOOST_TEST(ns_of("10ms") == 10'000'000);
  BOOST_TEST(ns_of("2m30s") == 150'000'000'000);
  BOOST_TEST(ns_of("5.5s") == 5'500'000'000);
  BOOST_TEST(ns_of("0.25us") == 250);
  BOOST_TEST(ns_of("-3s") == -3'000'000'000);
  BOOST_TEST(ns_of("+1h") == 3'600'000'000'000);
  BOOST_TEST(ns_of("0s") == 0);
  for (const std::string_view bad : {"",
                                     "3",
                                     "s",
                                     "3 s",
                                     "30s2m",
                                     "3s3s",
                                     "1.s",
                                     ".5s",
                                     "0.3ns",
                                     "--3s",
                                     "3sec",
                                     "99999999h",
                                     "1e3s",
                                     "3d"}) {
    BOOST_TEST(!parse_duration(bad).has_value(), bad);
  }
}

BOOST_AUTO_TEST_CASE(sizes_rates_and_percentages_have_their_units) {
  BOOST_TEST(parse_size("64KiB").value() == 65'536U);
  BOOST_TEST(parse_size("1.5MiB").value() == 1'572'864U);
  BOOST_TEST(!parse_size("64KB").has_value());
  BOOST_TEST(!parse_size("0.3B").has_value());
  BOOST_TEST(parse_rate("50/s").value() == 3'000U);
  BOOST_TEST(parse_rate("0.5/s").value() == 30U);
  BOOST_TEST(parse_rate("3/min").value() == 3U);
  BOOST_TEST(parse_rate("120/h").value() == 2U);
  BOOST_TEST(!parse_rate("1/h").has_value());
  BOOST_TEST(!parse_rate("50").has_value());
  BOOST_TEST(!parse_rate("50/d").has_value());
  BOOST_TEST(parse_bandwidth("100MiB/s").value() == 104'857'600U);
  BOOST_TEST(parse_percent_ppm("2.5%").value() == 25'000);
  BOOST_TEST(parse_percent_ppm("-0.0001%").value() == -1);
  BOOST_TEST(!parse_percent_ppm("0.00001%").has_value());
  BOOST_TEST(!parse_percent_ppm("2").has_value());
}

BOOST_AUTO_TEST_CASE(ranges_are_two_values_in_order_or_one) {
  BOOST_TEST(parse_duration_range("1s..40s").value().high.ns == seconds(40).ns);
  BOOST_TEST(parse_duration_range("-3s..3s").value().low.ns == -seconds(3).ns);
  BOOST_TEST(parse_duration_range("5s").value().high.ns == seconds(5).ns);
  BOOST_TEST(!parse_duration_range("5s..1s").has_value());
  BOOST_TEST(!parse_duration_range("5s..").has_value());
  BOOST_TEST(parse_octet_range("0..4KiB").value().high == 4'096U);
  BOOST_TEST(parse_octet_range("17408").value().low == 17'408U);
  BOOST_TEST(!parse_octet_range("-1").has_value());
}

BOOST_AUTO_TEST_CASE(formatting_comes_back) {
  for (const std::int64_t ns : {std::int64_t{0},
                                std::int64_t{1},
                                std::int64_t{-1},
                                std::int64_t{999},
                                std::int64_t{1'500'000'000},
                                std::int64_t{3'723'004'005'006},
                                std::int64_t{-90'000'000'000}}) {
    BOOST_TEST(parse_duration(format_duration({ns})).value().ns == ns);
  }
  BOOST_TEST(format_duration(seconds(150)) == "2m30s");
  BOOST_TEST(format_size(1'572'864) == "1MiB512KiB");
  BOOST_TEST(parse_size(format_size(1'572'865)).value() == 1'572'865U);
  BOOST_TEST(format_rate(3'000) == "50/s");
  BOOST_TEST(format_rate(3) == "3/min");
  BOOST_TEST(format_percent_ppm(25'000) == "2.5%");
  BOOST_TEST(format_percent_ppm(-1) == "-0.0001%");
  BOOST_TEST(format_percent_ppm(20'000) == "2%");
  BOOST_TEST(format_octet_range({.low = 0, .high = 9}) == "0..9");
}
