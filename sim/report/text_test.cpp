// Text: what people read, and what must not reach their terminal.
#include "sim/report/text.hpp"

#include <boost/test/unit_test.hpp>

namespace vvm::report {
namespace {

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(columns_count_code_points_and_not_octets) {
  BOOST_TEST(columns("") == 0U);
  BOOST_TEST(columns("abc") == 3U);
  BOOST_TEST(columns("\u00e9\u20ac") == 2U);
  BOOST_TEST(columns("\xff\xfe") == 2U);
}

BOOST_AUTO_TEST_CASE(what_could_act_on_a_terminal_is_shown_as_an_escape) {
  BOOST_TEST(printable("plain caf\u00e9") == "plain caf\u00e9");
  BOOST_TEST(printable("\x1b[31mred") == "\\x1b[31mred");
  BOOST_TEST(printable("a\nb\tc\r") == "a\\nb\\tc\\x0d");
  BOOST_TEST(printable("\u202eevil") == "\\u202eevil");
  BOOST_TEST(printable("\u009b31m") == "\\x9b31m");
  BOOST_TEST(printable("\xff") == "\\xff");
}

BOOST_AUTO_TEST_CASE(octets_that_are_no_utf8_are_never_passed_on) {
  // Overlong, a surrogate, beyond the last code point, cut short.
  for (const std::string_view bad : {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    const std::string shown = printable(bad);
    for (const char c : shown) {
      BOOST_TEST((c >= 0x20 && c < 0x7f), "of " << shown);
    }
  }
}

BOOST_AUTO_TEST_CASE(clipping_cuts_between_code_points) {
  BOOST_TEST(clipped("abcdef", 6) == "abcdef");
  BOOST_TEST(clipped("abcdefg", 6) == "abcd..");
  BOOST_TEST(clipped("\u00e9\u00e9\u00e9\u00e9\u00e9", 4) == "\u00e9\u00e9..");
}

BOOST_AUTO_TEST_CASE(wrapping_breaks_at_spaces_and_only_there_where_it_can) {
  BOOST_TEST(wrapped("", 10, "  ") == "");
  BOOST_TEST(wrapped("one two three", 7, "  ") == "one two\n  three");
  BOOST_TEST(wrapped("one two three", 8, "") == "one two\nthree");
  BOOST_TEST(wrapped("abcdefghij k", 4, "") == "abcd\nefgh\nij k");
  BOOST_TEST(wrapped("exact fit", 9, "") == "exact fit");
}

BOOST_AUTO_TEST_CASE(markup_stays_text) {
  BOOST_TEST(markup_escaped("<a b=\"c\" d='e'>&") ==
             "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
  BOOST_TEST(markup_escaped("\x01") == "\\x01");
}

BOOST_AUTO_TEST_CASE(lines_end_at_line_feeds) {
  BOOST_TEST(lines_of("").empty());
  BOOST_TEST((lines_of("a\n\nb\n") == std::vector<std::string_view>{"a", "", "b"}));
}

BOOST_AUTO_TEST_CASE(counts_are_grouped_or_rounded) {
  BOOST_TEST(thousands(0) == "0");
  BOOST_TEST(thousands(999) == "999");
  BOOST_TEST(thousands(1'234'567) == "1,234,567");
  BOOST_TEST(short_count(0) == "0");
  BOOST_TEST(short_count(999) == "999");
  BOOST_TEST(short_count(999.7) == "1.0 k");
  BOOST_TEST(short_count(12'345) == "12.3 k");
  BOOST_TEST(short_count(999'960) == "1.0 M");
  BOOST_TEST(short_count(2.5e9) == "2.5 G");
}

BOOST_AUTO_TEST_CASE(durations_are_shown_in_the_unit_that_fits) {
  BOOST_TEST(short_duration({0}) == "0 ns");
  BOOST_TEST(short_duration(microseconds(12)) == "12.0 us");
  BOOST_TEST(short_duration(milliseconds(850)) == "850 ms");
  BOOST_TEST(short_duration({999'600'000}) == "1.00 s");
  BOOST_TEST(short_duration({4'213'000'000}) == "4.21 s");
  BOOST_TEST(short_duration(seconds(123)) == "2m 03s");
  BOOST_TEST(short_duration(minutes(64)) == "1h 04m");
  BOOST_TEST(short_duration(hours(74)) == "3d 02h");
  BOOST_TEST(short_duration(-seconds(2)) == "-2.00 s");
}

BOOST_AUTO_TEST_CASE(moments_are_rounded_down_so_that_their_order_shows) {
  BOOST_TEST(moment_text(Instant{41'203'999'999}) == "41.203 s");
  BOOST_TEST(moment_text(Instant{}) == "0.000 s");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::report
