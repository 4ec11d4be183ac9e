// The writer: canonical text, and that the reader takes it for the same scenario.
#include "sim/scenario/writer.hpp"

#include <fstream>
#include <iterator>

#include <boost/test/unit_test.hpp>

#include "sim/scenario/reader.hpp"
#include "sim/scenario/testing/files.hpp"
#include "sim/scenario/write_calls.hpp"

using namespace vvm;
using namespace vvm::scenario;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  BOOST_REQUIRE_MESSAGE(in, path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(canonical_text_comes_back_as_it_is) {
  const std::string canonical = text_of(SCENARIO_TESTDATA "/canonical.toml");
  const auto first = read(canonical, testing::test_vocabulary());
  if (const auto* errors = std::get_if<Diagnostics>(&first)) {
    BOOST_FAIL(render(*errors, "canonical.toml", canonical));
  }
  BOOST_TEST(write(std::get<Scenario>(first)) == canonical);
}

BOOST_AUTO_TEST_CASE(strings_are_escaped_as_toml_wants_it) {
  BOOST_TEST(quoted("a\"b\\c\nd\te\x01") == R"t("a\"b\\c\nd\te\u0001")t");
  BOOST_TEST(key_text("pos-1_x") == "pos-1_x");
  BOOST_TEST(key_text("acme/pos") == "\"acme/pos\"");
  BOOST_TEST(key_text("") == "\"\"");
}

BOOST_AUTO_TEST_CASE(places_are_no_part_of_what_a_scenario_says) {
  Scenario a{.name = "x"};
  Scenario b = a;
  a.steps.push_back({.place = {.line = 3, .column = 4}});
  b.steps.push_back({.place = {.line = 30, .column = 1}});
  BOOST_TEST((a == b));
  b.steps.front().optional = true;
  BOOST_TEST((a != b));
}
