// Tests of what the reader makes of lists (docs/spec/vvm.md 8.2).
//
// Unit tests of apppartsctl; the core alone, lists are handed to it at chosen times.
#include "apppartsctl/sp_reader.hpp"

#include <boost/test/unit_test.hpp>

namespace vvm::apppartsctl {
namespace {

SetPoint sp_of(int partition, std::int64_t generation, Desired desired = Desired::present) {
  SetPoint sp;
  sp.key = {.app = {.owner = "acme", .name = "pos"},
            .partition = PartitionId{static_cast<std::uint16_t>(partition)}};
  sp.vvm = VvmId{1};
  sp.generation = Generation{generation};
  sp.partition_epoch = PartitionEpoch{1};
  sp.desired = desired;
  return sp;
}

SpList list_of(std::int64_t revision, std::vector<SetPoint> sps) {
  return {.revision = revision, .complete = true, .sps = std::move(sps)};
}

SpReaderCore make_core() { return {VvmId{1}, seconds(10), hours(24)}; }

Instant at(std::int64_t s) { return Instant{} + seconds(s); }

Ignored only_reason(const SpNews& news) {
  BOOST_TEST_REQUIRE(news.ignored.size() == 1U);
  return news.ignored[0].reason;
}

BOOST_AUTO_TEST_CASE(a_new_generation_is_emitted_once) {
  SpReaderCore core = make_core();
  BOOST_TEST(core.on_list(list_of(1, {sp_of(0, 1), sp_of(1, 1)}), at(0)).targets.size() == 2U);
  const SpNews again = core.on_list(list_of(1, {sp_of(0, 1), sp_of(1, 1)}), at(5));
  BOOST_TEST(again.accepted);
  BOOST_TEST(again.targets.empty());
  BOOST_TEST(again.duplicates == 2U);
  const SpNews newer = core.on_list(list_of(2, {sp_of(0, 2), sp_of(1, 1)}), at(10));
  BOOST_TEST_REQUIRE(newer.targets.size() == 1U);
  BOOST_TEST((newer.targets[0].sp == sp_of(0, 2)));
  BOOST_TEST((newer.targets[0].cause == Cause::listed));
}

BOOST_AUTO_TEST_CASE(an_incomplete_or_older_list_is_discarded_as_a_whole) {
  SpReaderCore core = make_core();
  core.on_list(list_of(5, {sp_of(0, 1)}), at(0));
  SpList incomplete = list_of(6, {sp_of(0, 2)});
  incomplete.complete = false;
  SpNews news = core.on_list(incomplete, at(5));
  BOOST_TEST(!news.accepted);
  BOOST_TEST(news.targets.empty());
  BOOST_TEST((only_reason(news) == Ignored::incomplete_list));
  news = core.on_list(list_of(4, {sp_of(0, 3)}), at(10));
  BOOST_TEST(!news.accepted);
  BOOST_TEST(news.targets.empty());
  BOOST_TEST((only_reason(news) == Ignored::stale_list));
  BOOST_TEST(core.on_list(list_of(5, {sp_of(0, 4)}), at(15)).targets.size() == 1U);
}

BOOST_AUTO_TEST_CASE(wrong_mutated_and_reordered_set_points_are_ignored_and_named) {
  SpReaderCore core = make_core();
  core.on_list(list_of(1, {sp_of(0, 5)}), at(0));
  SetPoint wrong = sp_of(1, 1);
  wrong.vvm = VvmId{2};
  SpNews news = core.on_list(list_of(2, {sp_of(0, 5), wrong}), at(1));
  BOOST_TEST((only_reason(news) == Ignored::wrong_vvm));
  SetPoint mutated = sp_of(0, 5);
  mutated.pool_query = 9;
  news = core.on_list(list_of(3, {mutated}), at(2));
  BOOST_TEST((only_reason(news) == Ignored::mutated));
  news = core.on_list(list_of(4, {sp_of(0, 4)}), at(3));
  BOOST_TEST((only_reason(news) == Ignored::reordered));
  BOOST_TEST(news.targets.empty());
  BOOST_TEST((only_reason(core.on_list(list_of(5, {sp_of(0, 5), sp_of(2, 0)}), at(4))) ==
              Ignored::reordered));
}

BOOST_AUTO_TEST_CASE(when_it_was_written_makes_no_other_content) {
  SpReaderCore core = make_core();
  core.on_list(list_of(1, {sp_of(0, 5)}), at(0));
  SetPoint later = sp_of(0, 5);
  later.updated_at = WallMs{99};
  const SpNews news = core.on_list(list_of(2, {later}), at(1));
  BOOST_TEST(news.ignored.empty());
  BOOST_TEST(news.duplicates == 1U);
}

BOOST_AUTO_TEST_CASE(missing_for_10_s_in_two_lists_is_absent_under_the_last_generation) {
  SpReaderCore core = make_core();
  core.on_list(list_of(1, {sp_of(0, 5)}), at(0));
  BOOST_TEST(core.on_list(list_of(2, {}), at(100)).targets.empty());
  BOOST_TEST(core.on_list(list_of(2, {}), at(105)).targets.empty());
  const SpNews news = core.on_list(list_of(2, {}), at(110));
  BOOST_TEST_REQUIRE(news.targets.size() == 1U);
  BOOST_TEST((news.targets[0].cause == Cause::missing));
  BOOST_TEST((news.targets[0].sp.generation == Generation{5}));
  BOOST_TEST(news.targets[0].wants_absent());
  BOOST_TEST(news.targets[0].number() > Target{.sp = sp_of(0, 5)}.number());
  BOOST_TEST(news.targets[0].number() < Target{.sp = sp_of(0, 6)}.number());
}

BOOST_AUTO_TEST_CASE(one_list_without_a_key_or_lists_that_are_not_consecutive_remove_nothing) {
  SpReaderCore core = make_core();
  core.on_list(list_of(1, {sp_of(0, 5)}), at(0));
  BOOST_TEST(core.on_list(list_of(2, {}), at(100)).targets.empty());
  BOOST_TEST(core.on_list(list_of(2, {sp_of(0, 5)}), at(105)).targets.empty());
  BOOST_TEST(core.on_list(list_of(2, {}), at(110)).targets.empty());
  BOOST_TEST(core.on_list(list_of(2, {sp_of(0, 5)}), at(115)).targets.empty());
  SpList incomplete = list_of(2, {});
  incomplete.complete = false;
  for (int i = 0; i < 100; ++i) {
    BOOST_TEST(core.on_list(incomplete, at(120 + i)).targets.empty());
  }
  // One accepted list, however late, is one list.
  BOOST_TEST(core.on_list(list_of(2, {}), at(1000)).targets.empty());
}

BOOST_AUTO_TEST_CASE(a_tombstone_that_disappears_is_forgotten_and_its_generation_is_not) {
  SpReaderCore core = make_core();
  core.on_list(list_of(1, {sp_of(0, 5, Desired::absent)}), at(0));
  const SpNews news = core.on_list(list_of(2, {}), at(5));
  BOOST_TEST(news.targets.empty());
  BOOST_TEST(news.forgotten.size() == 1U);
  BOOST_TEST(core.on_list(list_of(2, {}), at(10)).forgotten.empty());
  BOOST_TEST(core.on_list(list_of(3, {sp_of(0, 5)}), at(15)).targets.empty());
  BOOST_TEST(core.on_list(list_of(4, {sp_of(0, 6)}), at(20)).targets.size() == 1U);
}

BOOST_AUTO_TEST_CASE(after_missing_the_same_generation_does_not_come_back) {
  SpReaderCore core = make_core();
  core.on_list(list_of(1, {sp_of(0, 5)}), at(0));
  core.on_list(list_of(2, {}), at(5));
  BOOST_TEST(core.on_list(list_of(2, {}), at(20)).targets.size() == 1U);
  BOOST_TEST(core.on_list(list_of(2, {}), at(30)).targets.empty());
  BOOST_TEST(core.on_list(list_of(3, {sp_of(0, 5)}), at(40)).targets.empty());
  BOOST_TEST(core.on_list(list_of(3, {sp_of(0, 6)}), at(50)).targets.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_listed_is_known_for_the_disk_gc) {
  SpReaderCore core = make_core();
  BOOST_TEST(!core.has_list());
  core.on_list(list_of(1, {sp_of(0, 5), sp_of(1, 2)}), at(0));
  core.on_list(list_of(2, {sp_of(1, 2)}), at(5));
  BOOST_TEST(core.has_list());
  BOOST_TEST(core.listed().size() == 1U);
}

}  // namespace
}  // namespace vvm::apppartsctl
