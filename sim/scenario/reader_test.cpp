// The reader: what it makes of a file, and how it refuses one.
#include "sim/scenario/reader.hpp"

#define BOOST_TEST_MODULE scenario
#include <boost/test/unit_test.hpp>

#include "sim/scenario/testing/files.hpp"

using namespace vvm;
using namespace vvm::scenario;
using namespace vvm::scenario::testing;

namespace {

// A file with a topology of two VVMs, an application, images, and these lines behind it.
std::string file_with(std::string_view lines) {
  return std::string{R"t(format = 1
[scenario]
name = "t"
horizon = "20m"
heal_at = "12m"
[topology]
nodes = ["n1", "n2"]
[apps."acme/pos"]
partitions = 4
[images.pos1]
app = "acme/pos"
schema = "../apps/pos-v1"
[images.torn]
from = "pos1"
break = { truncate_at = 4_000 }
)t"} + std::string{lines};
}

// Where the lines of file_with() begin.
constexpr std::uint32_t first_line = 16;

std::string errors_of(std::string_view text) {
  const auto result = read(text, test_vocabulary());
  const auto* found = std::get_if<Diagnostics>(&result);
  std::string out;
  for (const Diagnostic& one : found == nullptr ? Diagnostics{} : *found) {
    out += (out.empty() ? "" : "\n") + std::to_string(one.place.line) + ":" +
           std::to_string(one.place.column) + "+" + std::to_string(one.width) + " " + one.text;
  }
  return out;
}

std::string errors_with(std::string_view lines) { return errors_of(file_with(lines)); }

std::string step_error(std::string_view step) {
  return errors_with("[timeline]\nsteps = [\n" + std::string{step} + "\n]\n");
}

constexpr std::uint32_t step_line = first_line + 2;

std::string at_step(std::string_view place, std::string_view text) {
  return std::to_string(step_line) + ":" + std::string{place} + " " + std::string{text};
}

std::string expect_error(std::string_view line) {
  return errors_with("[expect]\n" + std::string{line} + "\n");
}

Scenario scenario_of(std::string_view text) {
  auto result = read(text, test_vocabulary());
  BOOST_REQUIRE_MESSAGE(std::holds_alternative<Scenario>(result), errors_of(text));
  return std::get<Scenario>(std::move(result));
}

Step step_of(std::string_view step) {
  const Scenario scenario =
      scenario_of(file_with("[timeline]\nsteps = [\n" + std::string{step} + "\n]\n"));
  BOOST_REQUIRE(scenario.steps.size() == 1);
  return scenario.steps.front();
}

template <class Action>
Action fault_of(std::string_view step) {
  return std::get<Action>(std::get<faults::Fault>(step_of(step).what).action);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_small_file_becomes_values_with_the_places_they_stand_at) {
  const Scenario s = scenario_of(file_with(R"t([constants]
SPPollInterval = "2s"
LoopWorkers = 8
DiskQuota = "64MiB"
[net.default]
latency = { exp = "2ms", max = "80ms" }
[load.readers]
kind = "borrows"
app = "acme/pos"
rate = "50/s"
hold = "1ms..30ms"
)t"));
  BOOST_TEST(s.name == "t");
  BOOST_TEST(s.horizon.ns == minutes(20).ns);
  BOOST_TEST(s.heal_at.value().ns == minutes(12).ns);
  BOOST_TEST(vvm_names(s.topology).size() == 2U);
  BOOST_TEST(node_of_vvms(s.topology).at(1) == "n2");
  BOOST_TEST(s.apps.at(0).partitions == 4);
  BOOST_TEST(s.images.at(1).app == "acme/pos");
  BOOST_TEST(s.images.at(1).breakage.value().argument.value() == 4000U);
  BOOST_TEST(s.images.at(1).breakage.value().place.line == 15U);
  BOOST_TEST(s.constants.at(0).value == seconds(2).ns);
  BOOST_TEST(s.constants.at(1).value == 8);
  BOOST_TEST(s.constants.at(2).value == 64 << 20);
  BOOST_TEST((s.net.at(0).latency.value().shape == Spread::Shape::exponential));
  BOOST_TEST(s.load.at(0).per_minute == 3000U);
  BOOST_TEST((s.load.at(0).hold.shape == Spread::Shape::uniform));
}

BOOST_AUTO_TEST_CASE(a_step_has_a_moment_a_deed_and_a_place) {
  const Step step = step_of(R"t(  { on = "phase(vvm2, acme/pos/*, Switching)", nth = 2, )t"
                            R"t(after = "1s..3s", fault = "cut", from = "vvm2", to = "cluster", )t"
                            R"t(dir = "->", for = "35s", as = "cut1", optional = true })t");
  BOOST_TEST(step.place.line == step_line);
  BOOST_TEST(step.place.column == 3U);
  BOOST_TEST(step.name == "cut1");
  BOOST_TEST(step.optional);
  const auto& on = std::get<faults::On>(step.when);
  BOOST_TEST(on.nth == 2U);
  BOOST_TEST(on.after.value().high.ns == seconds(3).ns);
  const auto& phase = std::get<faults::PhaseTrigger>(on.trigger);
  BOOST_TEST(phase.partition.app == "acme/pos");
  BOOST_TEST(phase.partition.partition == "*");
  const auto& fault = std::get<faults::Fault>(step.what);
  BOOST_TEST(fault.lasts.value().low.ns == seconds(35).ns);
  BOOST_TEST((std::get<faults::Cut>(fault.action).link.direction == faults::Direction::forward));
}

BOOST_AUTO_TEST_CASE(every_word_of_the_vocabulary_of_faults_is_read) {
  BOOST_TEST(fault_of<faults::Hold>(R"t({ at = "1s", fault = "hold", from = "vvm1" })t").link.to ==
             "*");
  BOOST_TEST(
      fault_of<faults::Loss>(R"t({ at = "1s", fault = "loss", to = "vvm1", rate = "2.5%" })t")
          .rate.num == 25'000U);
  BOOST_TEST(
      fault_of<faults::Delay>(R"t({ at = "1s", fault = "delay", from = "vvm1", by = "1s" })t")
          .by.mean.ns == seconds(1).ns);
  BOOST_TEST(
      fault_of<faults::Late>(
          R"t({ at = "1s", fault = "delay", path = "POST **/q.cluster.SPList", by = "1s..9s" })t")
          .on.request == "POST **/q.cluster.SPList");
  BOOST_TEST(
      fault_of<faults::Replay>(
          R"t({ at = "1s", fault = "replay", path = "POST /api", rate = "50%", for = "9s" })t")
          .rate.num == 500'000U);
  BOOST_TEST(fault_of<faults::Bandwidth>(
                 R"t({ at = "1s", fault = "bandwidth", from = "vvm1", rate = "10KiB/s" })t")
                 .octets_per_second == 10'240U);
  for (const std::string_view word : {"reset", "truncate", "flip", "dup", "stall"}) {
    const Step step =
        step_of(R"t({ at = "1s", fault = ")t" + std::string{word} +
                R"t(", path = "GET /blob/**", peer = "vvm1", at_byte = "10..1KiB" })t");
    BOOST_TEST(faults::word_of(std::get<faults::Fault>(step.what).action) == word);
    BOOST_TEST(std::get<faults::Fault>(step.what).times.value() == 1U);
  }
  BOOST_TEST(
      fault_of<faults::Drip>(
          R"t({ at = "1s", fault = "drip", path = "GET /blob/**", at_byte = 5, rate = "1KiB/s" })t")
          .at.low == 5U);
  BOOST_TEST(
      (fault_of<faults::Crash>(
           R"t({ at = "1s", fault = "crash", who = "vvm1", disk = "torn", restart_after = "8s" })t")
           .disk == faults::Loses::torn));
  BOOST_TEST(fault_of<faults::Wipe>(R"t({ at = "1s", fault = "wipe", who = "vvm*" })t").who ==
             "vvm*");
  BOOST_TEST(
      fault_of<faults::Pause>(R"t({ at = "1s", fault = "pause", who = "cluster", for = "1m" })t")
          .who == "cluster");
  BOOST_TEST(
      fault_of<faults::Reboot>(R"t({ at = "1s", fault = "reboot", who = "n1", down = "9s" })t")
          .down.low.ns == seconds(9).ns);
  BOOST_TEST(
      fault_of<faults::ClockFault>(
          R"t({ at = "1s", fault = "clock", who = "vvm1", wall_jump = "-1h", rate = "-2%" })t")
          .rate_ppm.value() == -20'000);
  BOOST_TEST(
      (fault_of<faults::DiskFault>(R"t({ at = "1s", fault = "disk", who = "vvm1", mode = "eio", )t"
                                   R"t(path = "img/**", times = 3 })t")
           .mode == faults::DiskMode::eio));
  BOOST_TEST((
      fault_of<faults::StoreFault>(
          R"t({ at = "1s", fault = "store", op = "Put", outcome = "timeout-applied", by = "5s" })t")
          .outcome == faults::StoreOutcome::timeout_applied));
  BOOST_TEST(fault_of<faults::ExpireEarly>(
                 R"t({ at = "1s", fault = "expire_early", key = "lease(1)", by = "5s" })t")
                 .key == "lease(1)");
  BOOST_TEST(
      fault_of<faults::BlobFault>(
          R"t({ at = "1s", fault = "blob", image = "pos1", outcome = "corrupt", for = "1m" })t")
          .image == "pos1");
  BOOST_TEST(fault_of<faults::EngineFault>(R"t({ at = "1s", fault = "engine", who = "vvm1", )t"
                                           R"t(outcome = "create-fails", at_engine = 3 })t")
                 .at_engine == 3U);
}

BOOST_AUTO_TEST_CASE(expectations_are_typed) {
  const Scenario s = scenario_of(file_with(R"t([timeline]
steps = [{ at = "0s", do = "upload", image = "pos1", as = "up" }]
[expect]
always = ["I-S*", "up(cluster)"]
never = ["blocked(acme/pos/*, error=PathEscape)"]
at = [{ t = "59s", that = "running(acme/pos/*, version=1)" }]
eventually = [{that = "blocked(acme/pos/3, vvm=vvm1)", within="9m", after = "up", stable_for="9s"}]
budget = [{ count = "call(q.cluster.SPList)", per = "vvm, 1m", max = 40 }]
)t"));
  BOOST_TEST(std::get<Invariants>(s.expect.always.at(0)).glob == "I-S*");
  BOOST_TEST((std::get<scenario::Condition>(s.expect.always.at(1)).predicate == Predicate::up));
  BOOST_TEST(s.expect.at.at(0).that.version.value() == 1);
  const EventuallyExpectation& blocked = s.expect.eventually.at(0);
  BOOST_TEST((s.expect.never.at(0).error == Code::path_escape));
  BOOST_TEST(blocked.that.who == "vvm1");
  BOOST_TEST((blocked.after == Since::step));
  BOOST_TEST(blocked.stable_for.ns == seconds(9).ns);
  BOOST_TEST(s.expect.budget.at(0).per_process);
  BOOST_TEST(s.expect.budget.at(0).per_window.value().ns == minutes(1).ns);
  BOOST_TEST(s.expect.budget.at(0).count.query == "q.cluster.SPList");
}

BOOST_AUTO_TEST_CASE(the_format_comes_first_and_is_ours) {
  BOOST_TEST(errors_of("[scenario]\nname = \"t\"\nhorizon = \"1m\"\n") ==
             "1:1+1 the first key is `format = 1`");
  BOOST_TEST(errors_of("format = 2\n[scenario]\nnonsense = 1\n") ==
             "1:10+1 format 2: this program reads format 1");
  BOOST_TEST(errors_of("format = 1\n") == "1:1+1 there is no [scenario]");
}

BOOST_AUTO_TEST_CASE(unknown_keys_and_words_come_with_a_suggestion) {
  BOOST_TEST(errors_with("[topologie]\nnodes = []\n") ==
             "16:2+9 unknown section `topologie` (did you mean `topology`?)");
  BOOST_TEST(step_error(R"t({ at = "1s", fault = "clok", who = "vvm1" })t") ==
             at_step("22+6", "unknown fault `clok` (did you mean `clock`?)"));
  BOOST_TEST(step_error(R"t({ at = "1s", fault = "pause", woh = "vvm1", who = "vvm1" })t") ==
             at_step("31+3", "unknown key `woh` (did you mean `who`?) of step"));
  BOOST_TEST(step_error(R"t({ at = "1s", do = "uplaod", image = "pos1" })t") ==
             at_step("19+8", "unknown operation `uplaod` (did you mean `upload`?)"));
  BOOST_TEST(errors_with("[constants]\nSPPolInterval = \"1s\"\n") ==
             "17:1+13 unknown constant `SPPolInterval` (did you mean `SPPollInterval`?)");
  BOOST_TEST(errors_with("[images.bad]\nfrom = \"pos1\"\nbreak = { zipslip = true }\n") ==
             "18:11+7 unknown key `zipslip` (did you mean `zip_slip`?) of break");
  BOOST_TEST(expect_error(R"t(never = ["runing(acme/pos/*)"])t") ==
             "17:11+6 unknown predicate `runing` (did you mean `running`?)");
  BOOST_TEST(expect_error(R"t(never = ["phase(*, acme/pos/*, Runing)"])t") ==
             "17:32+6 unknown phase `Runing` (did you mean `Running`?)");
  BOOST_TEST(expect_error(R"t(never = ["blocked(acme/pos/*, error=PathEscap)"])t") ==
             "17:37+9 unknown error `PathEscap` (did you mean `PathEscape`?)");
  BOOST_TEST(step_error(R"t({ on = "call(q.cluster.SPLst)", fault = "pause", who = "vvm1" })t") ==
             at_step("14+15",
                     "unknown command or query `q.cluster.SPLst` (did you mean "
                     "`q.cluster.SPList`?)"));
}

BOOST_AUTO_TEST_CASE(a_bare_number_where_a_unit_is_needed_is_refused) {
  BOOST_TEST(step_error(R"t({ at = "1s", fault = "pause", who = "vvm1", for = 30 })t") ==
             at_step("51+2",
                     "for is 30: a duration or range of durations needs a unit, for example "
                     "\"1s..40s\""));
  BOOST_TEST(errors_with("[constants]\nSPPollInterval = 5\n") ==
             "17:18+1 SPPollInterval is 5: a duration needs a unit, for example \"30s\"");
  BOOST_TEST(errors_with("[net.default]\nbandwidth = 10\n") ==
             "17:13+2 bandwidth is 10: a bandwidth needs a unit, for example \"10MiB/s\"");
  BOOST_TEST(step_error(R"t({ at = "5 minutes", fault = "pause", who = "vvm1" })t") ==
             at_step("8+11",
                     "`5 minutes` is no duration or range of durations; one looks like "
                     "\"1s..40s\""));
}

BOOST_AUTO_TEST_CASE(a_step_has_exactly_one_moment_and_one_deed) {
  BOOST_TEST(step_error(R"t({ at = "1s", nth = 2, fault = "pause", who = "vvm1" })t") ==
             at_step("14+3", "`nth` needs `on`; this step has `at`"));
  BOOST_TEST(
      step_error(
          R"t({ at = "1s", on = "call(q.cluster.SPList)", fault = "pause", who = "vvm1" })t") ==
      at_step("3+2", "a step has one moment: `at`, `on` or `after`"));
  BOOST_TEST(step_error(R"t({ fault = "pause", who = "vvm1" })t") ==
             at_step("1+1", "a step needs a moment: `at`, `on` or `after`"));
  BOOST_TEST(step_error(R"t({ at = "1s", who = "vvm1" })t") ==
             at_step("1+1", "a step does one thing: `do` or `fault`"));
  BOOST_TEST(step_error(R"t({ after = "3s", fault = "pause", who = "vvm1" })t") ==
             at_step("11+4", "after = 3s is a delay and needs `on`, what it is counted from"));
  BOOST_TEST(step_error(R"t({ at = "13m", fault = "pause", who = "vvm1" })t") ==
             at_step("8+5", "a fault after heal_at, 12m: it would do nothing"));
  BOOST_TEST(step_error(R"t({ at = "1h", do = "upload", image = "pos1" })t") ==
             at_step("8+4", "a step after the horizon, 20m"));
}

BOOST_AUTO_TEST_CASE(what_belongs_to_another_fault_is_refused) {
  BOOST_TEST(step_error(R"t({ at = "1s", fault = "crash", who = "vvm1", for = "3s" })t") ==
             at_step("45+3", "`crash` is over at once; it takes no `for`"));
  BOOST_TEST(
      step_error(R"t({ at = "1s", fault = "disk", who = "vvm1", mode = "eio", by = "3s" })t") ==
      at_step("58+2", "`by` belongs to what is late or slow"));
  BOOST_TEST(step_error(R"t({ at = "1s", fault = "cut", for = "3s" })t") ==
             at_step("1+40", "step needs `from`"));
  BOOST_TEST(step_error(R"t({ at = "1s", fault = "clock", who = "vvm1" })t") ==
             at_step("1+1", "a clock fault needs `wall_jump` or `rate`"));
}

BOOST_AUTO_TEST_CASE(globs_and_names_that_mean_nothing_are_refused) {
  BOOST_TEST(step_error(R"t({ at = "1s", fault = "pause", who = "vvm9" })t") ==
             at_step("37+6", "`vvm9` matches no process (vvm1, vvm2, cluster)"));
  BOOST_TEST(
      step_error(R"t({ at = "1s", fault = "cut", from = "vvm1", to = "stor" })t") ==
      at_step("49+6", "`stor` matches no process or service (vvm1..blobs); did you mean `store`?"));
  BOOST_TEST(step_error(R"t({ at = "1s", fault = "reboot", who = "vvm1", down = "1s" })t") ==
             at_step("38+6", "`vvm1` matches no node (n1, n2)"));
  BOOST_TEST(step_error(R"t({ at = "1s", do = "upload", image = "pos2" })t") ==
             at_step("37+6", "unknown image `pos2` (did you mean `pos1`?)"));
  BOOST_TEST(
      step_error(
          R"t({ on = "phase(vvm1, acme/pos/4, Running)", fault = "pause", who = "vvm1" })t") ==
      at_step("21+10", "`acme/pos/4` matches no partition; they are numbered from 0"));
  BOOST_TEST(step_error(R"t({ on = "up2", do = "upload", image = "pos1" })t") ==
             at_step("9+3", "unknown step `up2`"));
  BOOST_TEST(expect_error(R"t(always = ["I-S77"])t") ==
             "17:11+7 `I-S77` names no invariant; there are I-S1..I-S40 and I-L1..I-L16");
  BOOST_TEST(errors_with("[images.bad]\nfrom = \"torn\"\n") ==
             "17:8+6 `torn` has no `schema` of its own");
}

BOOST_AUTO_TEST_CASE(calls_have_their_arity_and_the_kinds_of_their_arguments) {
  BOOST_TEST(expect_error(R"t(never = ["running()"])t") ==
             "17:11+7 `running` needs its argument `partition`: running(partition)");
  BOOST_TEST(expect_error(R"t(never = ["running(acme/pos/*, 1)"])t") ==
             "17:31+1 `running` takes 1 arguments by position");
  BOOST_TEST(expect_error(R"t(never = ["running(acme/pos/*, version=one)"])t") ==
             "17:39+3 `one` is no version; they are numbered from 1");
  BOOST_TEST(expect_error(R"t(never = ["running(acme/pos/*, versoin=1)"])t") ==
             "17:31+7 unknown argument `versoin` (did you mean `version`?) of `running`");
  BOOST_TEST(expect_error(R"t(never = ["running(acme/pos/*"])t") == "17:18+1 `(` is never closed");
  BOOST_TEST(expect_error(R"t(never = ["running(acme/pos/*) twice"])t") ==
             "17:30+1 nothing may follow `)`");
  BOOST_TEST(expect_error(R"t(never = ["phase(vvm1,, Running)"])t") ==
             "17:22+1 an argument is empty");
  BOOST_TEST(expect_error(R"t(budget = [{ count = "download(pos1)", per = "node", max = 1 }])t") ==
             "17:45+6 `node` is neither `vvm` nor a duration");
}

BOOST_AUTO_TEST_CASE(what_this_version_cannot_execute_is_said_and_not_ignored) {
  BOOST_TEST(errors_with("[random]\nswarm = true\n[random.crash]\nweight = 3\n") ==
             "16:2+6 this version cannot execute [random]; write the steps out");
  BOOST_TEST(
      step_error(R"t({ on = "lease(1, held)", fault = "pause", who = "vvm1" })t") ==
      at_step("9+5", "this version cannot evaluate `lease`: leases come with a later version"));
  BOOST_TEST(expect_error(R"t(never = ["routed(acme/pos/*)"])t") ==
             "17:11+6 this version cannot evaluate `routed`: routers come with a later version");
  BOOST_TEST(step_error(R"t({ at = "1s", do = "scale", app = "acme/pos" })t") ==
             at_step("19+7", "this version cannot do `scale`: counts of partitions are fixed"));
}

BOOST_AUTO_TEST_CASE(a_list_under_another_header_is_reported_by_name) {
  BOOST_TEST(errors_with("[load.l]\nkind = \"borrows\"\napp = \"acme/pos\"\nrate = \"1/s\"\n"
                         "steps = [\n  { at = \"0s\", do = \"upload\", image = \"pos1\" },\n]\n") ==
             "20:1+5 this list stands in [load.l]; it belongs to [timeline] steps");
  BOOST_TEST(errors_with("[constants]\nsteps = []\n") ==
             "17:1+5 this list stands in [constants]; it belongs to [timeline] steps");
}

BOOST_AUTO_TEST_CASE(steps_that_wait_for_each_other_are_refused) {
  BOOST_TEST(step_error("{ on = \"b\", do = \"start\", who = \"vvm1\", as = \"a\" },\n"
                        "{ after = \"a\", do = \"start\", who = \"vvm1\", as = \"b\" }") ==
             "18:1+1 step `a` waits for itself\n19:1+1 step `b` waits for itself");
  BOOST_TEST(step_error("{ at = \"1s\", do = \"start\", who = \"vvm1\", as = \"a\" },\n"
                        "{ at = \"1s\", do = \"start\", who = \"vvm1\", as = \"a\" }") ==
             "19:47+3 two steps are called `a`");
}

BOOST_AUTO_TEST_CASE(all_errors_come_at_once_in_the_order_of_the_file) {
  const std::string text = file_with(R"t([expect]
never = ["runing(acme/pos/*)"]
[timeline]
steps = [
  { at = "1s", fault = "pause", who = "vvm9" },
  { at = 3, fault = "clok" },
]
)t");
  BOOST_TEST(errors_of(text) ==
             "17:11+6 unknown predicate `runing` (did you mean `running`?)\n"
             "20:39+6 `vvm9` matches no process (vvm1, vvm2, cluster)\n"
             "21:10+1 at is 3: a duration or range of durations needs a unit, for example "
             "\"1s..40s\"\n"
             "21:21+6 unknown fault `clok` (did you mean `clock`?)");
}

BOOST_AUTO_TEST_CASE(several_syntax_errors_are_reported_at_once) {
  const std::string found = errors_with(
      "[constants]\nA == 1\n[timeline]\nsteps = [\n"
      "  { at = \"1s\" fault = \"pause\" },\n"
      "  { at = \"1s\", do = \"start\", who = \"vvm1\" },\n]\n");
  BOOST_TEST(found.find("17:") == 0U);
  BOOST_TEST(found.find("\n20:") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_syntax_error_in_the_first_or_behind_the_last_line_is_one) {
  BOOST_TEST(errors_of("}format = 1\n").starts_with("1:1+1 "));
  BOOST_TEST(!errors_of("").empty());
  BOOST_TEST(!errors_of("a = \"\"\"").empty());
}

BOOST_AUTO_TEST_CASE(an_error_is_shown_with_its_line_and_carets_below) {
  const std::string text =
      file_with("[timeline]\nsteps = [\n  { at = \"1s\", fault = \"clok\" },\n]\n");
  const auto result = read(text, test_vocabulary());
  BOOST_TEST(render(std::get<Diagnostics>(result), "draft.toml", text) ==
             "draft.toml:18:24: error: unknown fault `clok` (did you mean `clock`?)\n"
             "   18 |   { at = \"1s\", fault = \"clok\" },\n"
             "      |                        ^^^^^^\n");
}

BOOST_AUTO_TEST_CASE(carets_stand_under_their_characters_behind_tabs_and_wide_letters) {
  const std::string text =
      file_with("[expect]\n\tnever = [\"up(cluster)\", \"\xC3\xBC(x)\", \"upp(cluster)\"]\n");
  const auto result = read(text, test_vocabulary());
  const std::string shown = render(std::get<Diagnostics>(result), "f", text);
  BOOST_TEST(shown.find("      | \t                         ^\n") != std::string::npos);
  BOOST_TEST(shown.find("      | \t                                 ^^^\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reproducer_as_in_the_specification_is_read) {
  BOOST_TEST(errors_of(R"t(format = 1
[scenario]
name    = "found: I-S5 lease uniqueness"
seed    = 7
horizon = "31s"

[origin]
explorer = "swarm seed 48211, shrunk 1,204 runs, 38 s"
trace    = "9f0c6a1be2d74c55"

[topology]
nodes = ["n1", "n2"]
vvms  = { per_node = 1 }

[timeline]
steps = [
  { on = "effect(vvm1, CompareAndSwap, lease(1))", fault = "store", outcome = "timeout-applied" },
  { at = "16s", fault = "cut", from = "vvm1", to = "store", dir = "->", for = "12s" },
]

[expect]
always = ["I-S5"]
)t") == "");
}
