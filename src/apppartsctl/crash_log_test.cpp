// Tests of the crash-loop rule (docs/spec/vvm.md 8.11): what counts, and what a file may hold.
//
// Unit tests of apppartsctl; the pure part. Files are tested with the controller.
#include "apppartsctl/crash_log.hpp"

#include <boost/test/unit_test.hpp>

namespace vvm::apppartsctl {
namespace {

CrashMark mark_of(int partition, std::int64_t version, std::int64_t life, std::int64_t at_s) {
  const AppQName app{.owner = "acme", .name = "pos"};
  return {.key = {.app = app, .partition = PartitionId{static_cast<std::uint16_t>(partition)}},
          .version = {.app = app, .version = AppVersion{version}, .sha = sha256("x")},
          .generation = Generation{1},
          .step = Step::build,
          .life = VvmEpoch{life},
          .at = WallMs{at_s * 1000}};
}

std::int64_t count(const std::vector<CrashMark>& marks, const CrashMark& candidate) {
  return crashes_of(marks, candidate, seconds(600));
}

BOOST_AUTO_TEST_CASE(a_mark_survives_its_line) {
  const CrashMark mark = mark_of(3, 4, 5, 6);
  BOOST_TEST((mark_from_line(to_line(mark)) == mark));
  CrashMark built_in = mark;
  built_in.version.sha = Sha256{};
  built_in.version.built_in_rev = "rev1";
  built_in.step = Step::switch_version;
  BOOST_TEST((mark_from_line(to_line(built_in)) == built_in));
}

BOOST_AUTO_TEST_CASE(a_line_cut_anywhere_is_no_mark) {
  const std::string line = to_line(mark_of(3, 4, 5, 6));
  for (std::size_t size = 0; size + 1 < line.size(); ++size) {
    BOOST_TEST(!mark_from_line(line.substr(0, size)).has_value());
  }
}

BOOST_AUTO_TEST_CASE(three_lives_that_ended_in_the_build_of_a_version_are_three_crashes) {
  const std::vector<CrashMark> marks{
      mark_of(0, 1, 1, 10), mark_of(0, 1, 2, 20), mark_of(0, 1, 3, 30)};
  BOOST_TEST(count(marks, mark_of(0, 1, 4, 40)) == 3);
  BOOST_TEST(count(marks, mark_of(7, 1, 4, 40)) == 3);  // another partition would crash, too
  BOOST_TEST(count(marks, mark_of(0, 2, 4, 40)) == 0);
}

BOOST_AUTO_TEST_CASE(marks_of_one_life_are_one_crash_and_those_of_this_life_are_none) {
  const std::vector<CrashMark> marks{
      mark_of(0, 1, 1, 10), mark_of(0, 1, 1, 11), mark_of(1, 1, 1, 12)};
  BOOST_TEST(count(marks, mark_of(0, 1, 2, 20)) == 1);
  BOOST_TEST(count(marks, mark_of(0, 1, 1, 20)) == 0);
}

BOOST_AUTO_TEST_CASE(what_is_older_than_the_window_does_not_count) {
  const std::vector<CrashMark> marks{mark_of(0, 1, 1, 10), mark_of(0, 1, 2, 500)};
  BOOST_TEST(count(marks, mark_of(0, 1, 3, 610)) == 2);
  BOOST_TEST(count(marks, mark_of(0, 1, 3, 611)) == 1);
}

BOOST_AUTO_TEST_CASE(a_newer_set_point_of_the_key_is_another_chance) {
  const std::vector<CrashMark> marks{mark_of(0, 1, 1, 10)};
  CrashMark newer = mark_of(0, 1, 2, 20);
  newer.generation = Generation{2};
  BOOST_TEST(count(marks, newer) == 0);
}

BOOST_AUTO_TEST_CASE(a_switch_counts_for_its_own_partition_only) {
  CrashMark mark = mark_of(0, 1, 1, 10);
  mark.step = Step::switch_version;
  BOOST_TEST(count({mark}, mark_of(0, 1, 2, 20)) == 1);
  BOOST_TEST(count({mark}, mark_of(1, 1, 2, 20)) == 0);
}

}  // namespace
}  // namespace vvm::apppartsctl
