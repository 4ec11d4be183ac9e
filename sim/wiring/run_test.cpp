// Tests of whole runs: what a scenario does to a simulated cluster, and that it does it again.
//
// Method: tiny scenarios in the text; each run is one call of run().
#define BOOST_TEST_MODULE wiring
#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "sim/kernel/perturbed_memory.hpp"
#include "sim/wiring/memo.hpp"
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

// Crashes, cuts and a store that does not answer, while version 2 is rolled out.
constexpr const char* trouble = R"toml(
[load.shop]
app = "acme/pos"
kind = "borrows"
rate = "120/min"
hold = { exp = "300ms", max = "9s" }

[timeline]
steps = [
  { at = "1s", do = "upload", image = "pos1" },
  { at = "1m", do = "upload", image = "pos2" },
  { at = "5s..20s", fault = "crash", who = "vvm1", restart_after = "1s..9s" },
  { at = "61s", fault = "cut", from = "vvm2", to = "cluster", for = "9s..20s" },
  { at = "60s..65s", fault = "crash", who = "cluster", restart_after = "1s..5s" },
  { at = "70s", fault = "store", outcome = "timeout-applied", times = 2, optional = true },
  { on = "effect(vvm1, disk.rename, tmp/**)", nth = 2, )toml"
                                R"toml(fault = "crash", who = "vvm1", restart_after = "2s" },
]

[expect]
always = ["I-S*"]
eventually = [{ that = "converged()", within = "3m", after = "heal" }]
)toml";

std::string with_heal(const char* rest) {
  std::string text = tiny_text(rest);
  const std::string horizon = "horizon = \"5m\"\n";
  return text.replace(text.find(horizon), horizon.size(), horizon + "heal_at = \"2m\"\n");
}

RunResult trouble_with(std::uint64_t seed, Memo* memo = nullptr) {
  const Bundle bundle = files();
  RunOptions options{.files = &bundle, .memo = memo, .keep_history = true};
  return run(read(with_heal(trouble)), seed, options);
}

BOOST_AUTO_TEST_CASE(a_run_is_a_function_of_its_seed) {
  const RunResult first = trouble_with(3);
  BOOST_TEST((first.verdict == ghost::Verdict::held), why(first));
  const RunResult second = trouble_with(3);
  BOOST_TEST((first == second));
  const RunResult other = trouble_with(4);
  BOOST_TEST(first.trace_hash != other.trace_hash);
}

BOOST_AUTO_TEST_CASE(where_memory_lies_changes_nothing) {
  const RunResult plain = trouble_with(5);
  for (const std::uint64_t layout : {1U, 2U, 3U}) {
    const sim::PerturbedMemory perturbed(layout);
    const RunResult again = trouble_with(5);
    BOOST_TEST(again.trace_hash == plain.trace_hash);
    BOOST_TEST((again == plain));
  }
}

BOOST_AUTO_TEST_CASE(what_ran_before_with_the_same_memo_changes_nothing) {
  Memo memo;
  const RunResult first = trouble_with(6, &memo);
  for (int i = 0; i < 3; ++i) {
    const RunResult again = trouble_with(6, &memo);
    BOOST_TEST((first == again));
  }
  BOOST_TEST(trouble_with(6).trace_hash == first.trace_hash);
}

BOOST_AUTO_TEST_CASE(the_whole_state_after_every_step_shows_what_its_changes_show) {
  const Bundle bundle = files();
  const RunResult result = run(read(with_heal(trouble)), 3, {.files = &bundle, .compare_every = 1});
  BOOST_TEST((result.verdict == ghost::Verdict::held), why(result));
  BOOST_TEST(result.figures.full_checks > result.figures.steps / 2);
  BOOST_TEST(result.trace_hash == trouble_with(3).trace_hash);
}

BOOST_AUTO_TEST_CASE(faults_are_in_the_result_with_their_effects) {
  const RunResult result = trouble_with(3);
  BOOST_TEST_REQUIRE(result.faults.size() == 5U);
  for (const ghost::FaultOutcome& fault : result.faults) {
    BOOST_TEST(fault.planned == 1U);
    if (!fault.optional) {
      BOOST_TEST(fault.applied == 1U, fault.text);
      BOOST_TEST(fault.effects > 0U, fault.text);
    }
    BOOST_TEST(fault.line > 0);
  }
  BOOST_TEST(result.history.faults.size() == 5U);
  const auto vvm1 =
      std::ranges::find(result.history.processes, "vvm1", &ghost::ProcessHistory::name);
  BOOST_TEST_REQUIRE((vvm1 != result.history.processes.end()));
  BOOST_TEST(vvm1->lives.size() == 3U);
  BOOST_TEST(result.history.partitions.size() >= 4U);
}

BOOST_AUTO_TEST_CASE(a_fault_that_touches_nothing_leaves_the_run_in_doubt) {
  const char* text = R"toml(
[timeline]
steps = [
  { at = "1s", do = "upload", image = "pos1" },
  { at = "2m", fault = "reset", path = "GET /nothing/**", at_byte = 1 },
  { on = "phase(vvm1, acme/pos/*, Draining)", fault = "crash", who = "vvm2" },
]

[expect]
always = ["I-S*"]
)toml";
  const RunResult result = run_text(text);
  BOOST_TEST((result.verdict == ghost::Verdict::unknown), why(result));
  BOOST_TEST_REQUIRE(result.doubts.size() == 2U);
  BOOST_TEST(result.doubts[0].starts_with("a fault that touched nothing"));
  BOOST_TEST(result.doubts[1].starts_with("a fault that was never fired"));
}

BOOST_AUTO_TEST_CASE(an_expectation_that_is_not_met_is_a_violation_with_its_line) {
  const char* at = R"toml(
[timeline]
steps = [{ at = "1s", do = "upload", image = "pos1" }]

[expect]
at = [{ t = "100s", that = "running(acme/pos/*, version=2)" }]
)toml";
  const RunResult result = run_text(at);
  BOOST_TEST((result.verdict == ghost::Verdict::violated));
  BOOST_TEST_REQUIRE(result.violation.has_value());
  BOOST_TEST(result.violation->property == "expect");
  BOOST_TEST((result.violation->at >= Instant{} + seconds(100)));
  BOOST_TEST(result.violation->line > 0);
  BOOST_TEST(result.violation->seen.find("Running, serving 1") != std::string::npos,
             result.violation->seen);

  const char* never = R"toml(
[timeline]
steps = [{ at = "1s", do = "upload", image = "pos1" }]

[expect]
never = ["serving(acme/pos/3)"]
)toml";
  BOOST_TEST((run_text(never).verdict == ghost::Verdict::violated));

  const char* budget = R"toml(
[timeline]
steps = [{ at = "1s", do = "upload", image = "pos1" }]

[expect]
budget = [{ count = "download(pos1)", max = 1 }]
)toml";
  BOOST_TEST((run_text(budget).verdict == ghost::Verdict::violated));
}

BOOST_AUTO_TEST_CASE(budgets_count_per_process_and_in_windows) {
  const auto with_max = [](int max) {
    return run_text(R"toml(
[timeline]
steps = [{ at = "1s", do = "upload", image = "pos1" }]

[expect]
budget = [{ count = "call(q.cluster.SPList)", per = "vvm, 1m", max = )toml" +
                    std::to_string(max) + " }]\n");
  };
  // A read every 5 s, and one more at a notification.
  BOOST_TEST((with_max(40).verdict == ghost::Verdict::held), why(with_max(40)));
  const RunResult few = with_max(5);
  BOOST_TEST((few.verdict == ghost::Verdict::violated));
  BOOST_TEST_REQUIRE(few.violation.has_value());
  BOOST_TEST(few.violation->title == "a budget of the scenario");
}

BOOST_AUTO_TEST_CASE(a_cluster_in_which_nothing_can_happen_any_more_is_a_deadlock) {
  std::string text = tiny_text(R"toml(
[timeline]
steps = [
  { at = "9s", fault = "crash", who = "vvm1" },
  { at = "9s", fault = "crash", who = "vvm2" },
  { at = "9s", fault = "crash", who = "cluster" },
]
)toml");
  const std::string horizon = "horizon = \"5m\"\n";
  text.replace(text.find(horizon), horizon.size(), horizon + "heal_at = \"5m\"\n");
  const Bundle bundle = files();
  const RunResult result = run(read(text), 1, {.files = &bundle});
  BOOST_TEST_REQUIRE(result.violation.has_value());
  BOOST_TEST(result.violation->property == "deadlock");
}

BOOST_AUTO_TEST_CASE(work_that_gives_another_result_the_second_time_is_noticed) {
  Memo memo;
  MemoUnpack& unpack = memo.parts().unpack;
  const Sha256 sha = sha256("image");
  unpack.keep(sha, std::make_shared<const Result<image::Unpacked>>(Error{Code::not_a_zip, "1"}));
  std::size_t again = 0;
  for (int i = 0; i < 200; ++i) {
    again += unpack.find(sha) == nullptr ? 1U : 0U;
  }
  BOOST_TEST(again == 2U);
  BOOST_TEST(memo.parts().figures.proofs == 2U);
  BOOST_TEST(memo.parts().figures.difference == "");
  unpack.keep(sha, std::make_shared<const Result<image::Unpacked>>(Error{Code::not_a_zip, "2"}));
  BOOST_TEST(memo.parts().figures.difference.starts_with("unpacking"));
  const Bundle bundle = files();
  const RunResult result = run(read(tiny_text(deploy)), 1, {.files = &bundle, .memo = &memo});
  BOOST_TEST_REQUIRE(result.violation.has_value());
  BOOST_TEST(result.violation->property == "self-test");
}

BOOST_AUTO_TEST_CASE(an_expectation_whose_clock_never_starts_leaves_the_run_in_doubt) {
  const char* text = R"toml(
[timeline]
steps = [
  { at = "1s", do = "upload", image = "pos1" },
  { on = "phase(vvm1, acme/pos/*, Draining)", do = "upload", image = "pos2", as = "second" },
]

[expect]
eventually = [{ that = "up(cluster)", within = "1m", after = "second" }]
)toml";
  const RunResult result = run_text(text);
  BOOST_TEST((result.verdict == ghost::Verdict::unknown), why(result));
}

BOOST_AUTO_TEST_CASE(a_run_is_given_up_when_its_steps_are_spent) {
  const Bundle bundle = files();
  const RunResult result = run(read(tiny_text(deploy)), 1, {.files = &bundle, .steps_max = 1000});
  BOOST_TEST((result.verdict == ghost::Verdict::unknown));
  BOOST_TEST_REQUIRE(result.doubts.size() == 1U);
  BOOST_TEST(result.doubts[0] == "given up after 1000 steps");
}

BOOST_AUTO_TEST_CASE(an_image_that_cannot_be_packed_is_said_before_the_run) {
  const RunResult result = run(read(tiny_text("")), 1, {});
  BOOST_TEST((result.verdict == ghost::Verdict::unknown));
  BOOST_TEST_REQUIRE(result.doubts.size() == 1U);
  BOOST_TEST(result.doubts[0].find("image `pos1`") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_trace_is_given_line_by_line_and_costs_no_step) {
  const Bundle bundle = files();
  std::size_t lines = 0;
  const RunResult quiet = run(read(tiny_text(deploy)), 1, {.files = &bundle});
  const RunResult told = run(read(tiny_text(deploy)),
                             1,
                             {.files = &bundle,
                              .keep_trace = true,
                              .keep_hashes = true,
                              .on_trace = [&lines](std::string_view) { ++lines; }});
  BOOST_TEST(told.trace_hash == quiet.trace_hash);
  BOOST_TEST(told.trace.size() == lines);
  BOOST_TEST(told.hashes.size() == told.figures.records);
  BOOST_TEST(told.hashes.back() == told.trace_hash);
}

}  // namespace
}  // namespace vvm::wiring
