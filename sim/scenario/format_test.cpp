// The formatter: what it changes, what it leaves alone, and that it changes no meaning.
#include "sim/scenario/format.hpp"

#include <boost/test/unit_test.hpp>

#include "sim/scenario/reader.hpp"
#include "sim/scenario/testing/files.hpp"

using namespace vvm::scenario;

namespace {

Scenario scenario_of(const std::string& text) {
  auto result = read(text, testing::test_vocabulary());
  if (const auto* errors = std::get_if<Diagnostics>(&result)) {
    BOOST_FAIL(render(*errors, "text", text));
  }
  return std::get<Scenario>(std::move(result));
}

std::string formatted(const std::string& text) { return format(text, scenario_of(text)); }

}  // namespace

BOOST_AUTO_TEST_CASE(comments_stay_and_items_get_their_usual_shape) {
  const std::string text = R"t(# what this is about
format = 1
[scenario]
name = "t"   
doc = """
a  
key = not a key"""
horizon = "120s"  # virtual

# machines
[topology]
nodes = ["n1"]

[timeline]
steps = [
  # first
    { who="vvm1", fault = "pause",   at = "60s", for="90s" },   # a comment with } and "
  { at = "0s", fault = "pause", who = "vvm1" }, { at = "1s", fault = "pause", who = "vvm1" },
]

[expect]
eventually = [
{ within = "60s", that = "up( vvm1 )" }
]
)t";
  const std::string want = R"t(# what this is about
format = 1
[scenario]
name    = "t"
doc     = """
a  
key = not a key"""
horizon = "120s"  # virtual

# machines
[topology]
nodes = ["n1"]

[timeline]
steps = [
  # first
  { at = "1m", fault = "pause", who = "vvm1", for = "1m30s" },  # a comment with } and "
  { at = "0s", fault = "pause", who = "vvm1" }, { at = "1s", fault = "pause", who = "vvm1" },
]

[expect]
eventually = [
  { that = "up(vvm1)", within = "1m" },
]
)t";
  BOOST_TEST(formatted(text) == want);
  BOOST_TEST((scenario_of(want) == scenario_of(text)));
  BOOST_TEST(formatted(want) == want);
}

BOOST_AUTO_TEST_CASE(a_table_among_other_things_on_its_line_is_left_alone) {
  const std::string text =
      "format = 1\n[scenario]\nname = \"t\"\nhorizon = \"1m\"\n[timeline]\n"
      "steps = [{ who = \"vvm1\", at = \"1s\", fault = \"pause\" }]\n";
  BOOST_TEST(formatted(text).find("steps = [{ who") != std::string::npos);
}
