// JSON: what is written is read back as the same, and nothing else is taken.
#include "sim/report/run_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "base/testing/golden.hpp"
#include "sim/report/testing/sample_runs.hpp"

namespace vvm::report {
namespace {

template <class T>
std::string error_text(const Result<T>& result) {
  return result.has_value() ? std::string{} : result.error().what;
}

RunCase there_and_back(const RunCase& run) {
  const std::string text = boost::json::serialize(run_json(run));
  const Result<RunCase> back = read_run(boost::json::parse(text));
  BOOST_REQUIRE_MESSAGE(back.has_value(), error_text(back));
  return back.value();
}

std::string error_of(const boost::json::value& value) { return error_text(read_run(value)); }

BOOST_AUTO_TEST_SUITE(run_json_text)

BOOST_AUTO_TEST_CASE(every_kind_of_run_comes_back_the_same) {
  for (const RunCase& run : {held_run(), failed_run(), unknown_run()}) {
    BOOST_TEST((there_and_back(run) == run));
  }
  RunCase broken = broken_run();
  broken.result.scenario = broken.scenario;
  broken.result.seed = broken.seed;
  BOOST_TEST((there_and_back(broken) == broken));
}

BOOST_AUTO_TEST_CASE(numbers_keep_all_their_digits) {
  RunCase run = held_run(0xFFFF'FFFF'FFFF'FFFFU);
  run.result.trace_hash = 0xFFFF'FFFF'FFFF'FFFFU;
  run.result.figures.steps = 0x8000'0000'0000'0001U;
  BOOST_TEST((there_and_back(run) == run));
}

BOOST_AUTO_TEST_CASE(texts_that_are_no_utf8_are_written_as_escapes) {
  const RunCase back = there_and_back(hostile_run());
  BOOST_TEST(back.scenario.find("\\xff") != std::string::npos);
  BOOST_TEST(back.scenario.find("\x1b[31m") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(errors_name_the_place) {
  boost::json::value value = run_json(failed_run());
  BOOST_TEST(error_of(boost::json::parse("[]")) == "run: is no object");
  boost::json::value missing = value;
  missing.as_object().erase("seed");
  BOOST_TEST(error_of(missing) == "run.seed: is missing");
  boost::json::value wrong = value;
  wrong.at("history").at("partitions").at(3).at("phases").at(1).at("phase") = "Flying";
  BOOST_TEST(error_of(wrong) == "run.history.partitions[3].phases[1].phase: has no such value");
  boost::json::value number = value;
  number.at("figures").at("steps") = -1;
  BOOST_TEST(error_of(number) == "run.figures.steps: is no integer that fits");
  boost::json::value hash = value;
  hash.at("trace_hash") = "12";
  BOOST_TEST(error_of(hash) == "run.trace_hash: has no such value");
}

BOOST_AUTO_TEST_CASE(a_campaign_is_read_back_and_another_format_is_not) {
  const Campaign campaign = sample_campaign();
  const std::string text = campaign_json(campaign);
  const Result<Campaign> back = read_campaign(text);
  BOOST_REQUIRE_MESSAGE(back.has_value(), error_text(back));
  BOOST_TEST(back.value().runs.size() == campaign.runs.size());
  BOOST_TEST((back.value().runs.front() == campaign.runs.front()));
  BOOST_TEST(back.value().jobs == 2);
  BOOST_TEST(error_text(read_campaign("{\"format\": \"other/1\"}")) ==
             "format is `other/1`, not `vvm-runs/1`");
  BOOST_TEST(read_campaign("{").has_error());
}

BOOST_AUTO_TEST_CASE(the_file_is_what_its_documentation_shows) {
  Campaign small{.runs = {failed_run()}, .elapsed_ns = 41'000'000, .jobs = 1};
  ghost::History& history = small.runs.front().result.history;
  history.partitions.erase(history.partitions.begin() + 1, history.partitions.end());
  vvm::testing::check_golden(SIM_REPORT_TESTDATA "/run.json", campaign_json(small));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::report
