// Timeline: lines in order, merged, and the right ones around a moment.
#include "sim/report/timeline.hpp"

#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "sim/report/testing/sample_runs.hpp"

namespace vvm::report {
namespace {

PartitionKey key(int partition, std::string name = "pos") {
  return {{"acme", std::move(name)}, static_cast<PartitionId>(partition)};
}

bool has(const std::vector<TimelineLine>& lines, std::string_view what) {
  return std::any_of(
      lines.begin(), lines.end(), [&](const TimelineLine& line) { return line.what == what; });
}

BOOST_AUTO_TEST_SUITE(timeline_lines)

BOOST_AUTO_TEST_CASE(keys_are_listed_as_ranges) {
  BOOST_TEST(keys_text({key(3)}) == "acme/pos/3");
  BOOST_TEST(keys_text({key(2), key(0), key(1), key(7), key(7)}) == "acme/pos/0-2,7");
  BOOST_TEST(keys_text({key(1, "crm"), key(0), key(1)}) == "acme/crm/1 acme/pos/0-1");
}

BOOST_AUTO_TEST_CASE(lines_come_in_the_order_of_time) {
  const std::vector<TimelineLine> lines = timeline(held_run().result.history);
  BOOST_TEST(std::is_sorted(
      lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.at < b.at; }));
}

BOOST_AUTO_TEST_CASE(the_same_of_several_partitions_at_one_instant_is_one_line) {
  const std::vector<TimelineLine> lines = timeline(held_run().result.history);
  BOOST_TEST(has(lines, "acme/pos/0-3 Pending -> Downloading"));
  BOOST_TEST(has(lines, "acme/pos/0-3 Downloading -> Backoff: BlobStoreUnreachable, attempt 1"));
  // These are 4 ms apart.
  BOOST_TEST(has(lines, "acme/pos/0 Switching -> Running"));
}

BOOST_AUTO_TEST_CASE(lives_pauses_and_faults_begin_and_end) {
  const std::vector<TimelineLine> lines = timeline(held_run().result.history);
  BOOST_TEST(has(lines, "crashes"));
  BOOST_TEST(has(lines, "starts, life 2, epoch 2"));
  BOOST_TEST(has(lines, "is paused"));
  BOOST_TEST(has(lines, "goes on"));
  BOOST_TEST(has(lines, "cut vvm2 -> store for 35s"));
  BOOST_TEST(has(lines, "over: cut vvm2 -> store for 35s"));
  BOOST_TEST(has(lines, "reset GET /blob/** of vvm1 at byte 17408 (touches nothing)"));
}

BOOST_AUTO_TEST_CASE(around_a_violation_stands_what_concerns_it) {
  const RunCase run = failed_run();
  const std::vector<TimelineLine> lines = around(run.result.history, *run.result.violation);
  BOOST_TEST(lines.size() <= 14U + 1U + 3U);
  BOOST_TEST(has(lines, "acme/pos/7 serves v1"));
  BOOST_TEST(has(lines, "cut vvm2 -> store for 35s"));
  const auto moment = std::find_if(lines.begin(), lines.end(), [](const TimelineLine& line) {
    return line.mark == Mark::moment;
  });
  BOOST_REQUIRE((moment != lines.end()));
  BOOST_TEST(moment->what == "I-S12 no over-claim");
  for (const TimelineLine& line : lines) {
    BOOST_TEST(line.what.find("pos/6") == std::string::npos, line.what);
  }
}

BOOST_AUTO_TEST_CASE(where_little_concerns_the_violation_other_lines_fill_up) {
  RunCase run = failed_run();
  run.result.history.faults.clear();
  run.result.history.notes.clear();
  run.result.violation->subject = "deadlock";
  run.result.violation->expected.clear();
  run.result.violation->seen.clear();
  const std::vector<TimelineLine> lines = around(run.result.history, *run.result.violation);
  BOOST_TEST(lines.size() == 15U);
  BOOST_TEST(lines.front().who == "vvm2");
}

BOOST_AUTO_TEST_CASE(an_empty_history_has_only_the_moment) {
  const ghost::Violation violation{.property = "I-L1", .title = "convergence"};
  BOOST_TEST(timeline({}).empty());
  BOOST_TEST(around({}, violation).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::report
