// Tests of whole runs: what a scenario does to a simulated cluster, and that it does it again.
//
// Method: tiny scenarios in the text; each run is one call of run().
#define BOOST_TEST_MODULE wiring
#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "sim/wiring/testing/tiny.hpp"

namespace vvm::wiring {
namespace {

using testing::files;
using testing::read;
using testing::tiny_text;

constexpr const char* deploy = R"toml(
[load.shop]
app = "acme/pos"
kind = "borrows"
rate = "60/min"
hold = "1ms..200ms"

[timeline]
steps = [
  { at = "1s", do = "upload", image = "pos1" },
  { at = "2m", do = "upload", image = "pos2" },
]

[expect]
always = ["I-S*"]
never = ["two_executors(acme/pos/*)"]
at = [{ t = "100s", that = "running(acme/pos/*, version=1)" }]
eventually = [
  { that = "running(acme/pos/*, version=2)", within = "4m", after = "start", stable_for = "20s" },
]
)toml";

RunResult run_text(const std::string& rest, std::uint64_t seed = 1, RunOptions options = {}) {
  const Bundle bundle = files();
  options.files = &bundle;
  return run(read(tiny_text(rest)), seed, options);
}

std::string why(const RunResult& result) {
  std::string text;
  if (result.violation.has_value()) {
    text = result.violation->property + " " + result.violation->subject + ": expected " +
           result.violation->expected + ", seen " + result.violation->seen;
  }
  for (const std::string& doubt : result.doubts) {
    text += "\n" + doubt;
  }
  return text;
}

BOOST_AUTO_TEST_CASE(a_first_deployment_and_an_upgrade_hold) {
  const RunResult result = run_text(deploy);
  BOOST_TEST((result.verdict == ghost::Verdict::held), why(result));
  BOOST_TEST((result.figures.virtual_time == Instant{} + minutes(5)));
  BOOST_TEST(result.figures.full_checks > 0U);
  BOOST_TEST_REQUIRE(result.loads.size() == 1U);
  BOOST_TEST(result.loads[0].served > 100U);
  BOOST_TEST(result.loads[0].failed == 0U);
}

}  // namespace
}  // namespace vvm::wiring
