// Where partitions go, and which set-points follow.
#include <boost/test/unit_test.hpp>

#include "cluster/testing.hpp"

namespace vvm::cluster {
namespace {

struct Cluster {
  Tables tables;

  void must(const Result<Answer>& answer) {
    BOOST_TEST_REQUIRE(answer.has_value());
    settle(tables, answer.value().changes);
  }

  void join(std::uint32_t vvm, std::uint32_t node, std::int32_t partitions_max = 256) {
    RegisterVvm command = vvm_command(vvm, node);
    command.partitions_max = partitions_max;
    must(decide(tables, command, LeaseCheck::unchecked, noon));
  }

  void deploy(std::int32_t partitions, SettingsPatch settings = {}) {
    must(decide(tables,
                DeployApp{.name = pos,
                          .num_partitions = partitions,
                          .num_app_workspaces = 10,
                          .settings = std::move(settings)}));
  }

  void deploy_image(std::string_view text) {
    const ImagePolicy policy{.validate = false};
    must(decide(tables, image_command(text), std::optional{blob_of(text)}, policy, noon));
  }

  // The number of changes it made.
  std::size_t reconcile_once(WallMs now = noon) {
    auto changes = reconcile(tables, now);
    const std::size_t count = changes.size();
    settle(tables, std::move(changes));
    return count;
  }

  const Placement& placement(int partition) {
    return tables.placements.at({.app = pos, .partition = PartitionId(partition)});
  }

  const SetPoint& sp(int partition, std::uint32_t vvm) {
    return tables.sps.at(
        {.vvm = VvmId{vvm}, .partition = {.app = pos, .partition = PartitionId(partition)}});
  }

  // What the owner of a partition says once it has followed its set-point.
  void follow(int partition, std::int64_t seq) {
    const Placement& row = placement(partition);
    ProcessVariable pv = pv_of(raw(row.owner), partition, 1, seq);
    pv.observed_generation = row.generation;
    const bool present = row.state == PlacementState::assigned;
    pv.phase = present ? Phase::running : Phase::absent;
    pv.serving_version = present ? row.version : AppVersion{};
    must(report_pv(tables, pv));
  }
};

BOOST_AUTO_TEST_CASE(sixty_partitions_spread_evenly_over_three_nodes_of_two_vvms) {  // T-PL-3
  Cluster c;
  for (std::uint32_t k = 1; k <= 6; ++k) {
    c.join(k, (k + 1) / 2);
  }
  c.deploy(60);
  c.deploy_image("one");
  BOOST_TEST(c.reconcile_once() == 120U);
  std::map<VvmId, int> per_vvm;
  std::map<NodeId, int> per_node;
  for (const auto& [key, row] : c.tables.placements) {
    ++per_vvm[row.owner];
    ++per_node[c.tables.vvms.at(row.owner).node];
  }
  for (const auto& [node, count] : per_node) {
    BOOST_TEST(count == 20);
  }
  for (const auto& [vvm, count] : per_vvm) {
    BOOST_TEST(count >= 9);
    BOOST_TEST(count <= 11);
  }
  BOOST_TEST(per_vvm.size() == 6U);
  // Nothing is left to do, and doing it again changes nothing.
  BOOST_TEST(c.reconcile_once() == 0U);
}

BOOST_AUTO_TEST_CASE(nodes_are_compared_by_partitions_per_vvm) {
  // Node 1 has one VVM, node 2 three; another application fills both as far as it can.
  Cluster c;
  c.join(1, 1);
  for (std::uint32_t k = 2; k <= 4; ++k) {
    c.join(k, 2);
  }
  c.deploy(8);
  c.deploy_image("one");
  c.reconcile_once();
  Load load(c.tables);
  // 4 partitions on one VVM against 4 on three: the first of another application goes to node 2.
  const auto chosen = load.choose({.owner = "acme", .name = "other"}, VvmId{});
  BOOST_TEST((c.tables.vvms.at(chosen.value()).node == NodeId{2}));
}

BOOST_AUTO_TEST_CASE(a_full_a_leaving_or_a_cordoned_vvm_gets_nothing) {
  Cluster c;
  c.deploy(4);
  c.deploy_image("one");
  BOOST_TEST(c.reconcile_once() == 0U);  // nobody there
  c.join(1, 1, 1);
  c.join(2, 2);
  c.must(decide(c.tables, VvmGoingDown{.vvm = VvmId{2}, .epoch = VvmEpoch{1}}));
  c.reconcile_once();
  BOOST_TEST(c.tables.placements.size() == 1U);
  c.join(3, 3);
  VvmNode cordoned = c.tables.nodes.at(NodeId{3});
  cordoned.state = NodeState::cordoned;
  settle(c.tables, {put(cordoned)});
  BOOST_TEST(c.reconcile_once() == 0U);
  cordoned.state = NodeState::ready;
  settle(c.tables, {put(cordoned)});
  c.reconcile_once();
  BOOST_TEST(c.tables.placements.size() == 4U);
}

BOOST_AUTO_TEST_CASE(nothing_is_placed_before_an_image_is_wanted) {
  Cluster c;
  c.join(1, 1);
  c.deploy(4);
  BOOST_TEST(c.reconcile_once() == 0U);
}

BOOST_AUTO_TEST_CASE(a_set_point_says_what_to_run) {
  Cluster c;
  c.join(1, 1);
  c.deploy(2, {.pool_query = 7, .drain_timeout = seconds(3)});
  c.deploy_image("one");
  c.reconcile_once();
  const SetPoint& sp = c.sp(1, 1);
  BOOST_TEST((sp.desired == Desired::present));
  BOOST_TEST((sp.generation == Generation{1}));
  BOOST_TEST((sp.partition_epoch == PartitionEpoch{1}));
  BOOST_TEST((sp.app_version == AppVersion{1}));
}

BOOST_AUTO_TEST_CASE(a_new_version_goes_to_all_partitions_at_once_and_keeps_their_epochs) {  // R5
  Cluster c;
  c.join(1, 1);
  c.deploy(3);
  c.deploy_image("one");
  c.reconcile_once();
  for (int p = 0; p < 3; ++p) {
    c.follow(p, 1);
  }
  c.reconcile_once();
  BOOST_TEST((c.tables.apps.at(pos).rollout == RolloutState::idle));
  BOOST_TEST((c.tables.apps.at(pos).stable_version == AppVersion{1}));
  c.deploy_image("two");
  c.reconcile_once();
  for (int p = 0; p < 3; ++p) {
    BOOST_TEST((c.sp(p, 1).generation == Generation{2}));
    BOOST_TEST((c.sp(p, 1).app_version == AppVersion{2}));
    BOOST_TEST((c.sp(p, 1).partition_epoch == PartitionEpoch{1}));
  }
  c.follow(0, 2);
  c.follow(1, 2);
  c.reconcile_once();
  BOOST_TEST((c.tables.apps.at(pos).rollout == RolloutState::running));
  BOOST_TEST((c.tables.apps.at(pos).stable_version == AppVersion{1}));
  c.follow(2, 2);
  c.reconcile_once();
  BOOST_TEST((c.tables.apps.at(pos).stable_version == AppVersion{2}));
}

BOOST_AUTO_TEST_CASE(other_settings_make_a_new_generation_of_the_same_version) {  // R7
  Cluster c;
  c.join(1, 1);
  c.deploy(2);
  c.deploy_image("one");
  c.reconcile_once();
  c.deploy(2, {.pool_command = 5});
  c.reconcile_once();
  BOOST_TEST((c.sp(0, 1).generation == Generation{2}));
  BOOST_TEST((c.sp(0, 1).app_version == AppVersion{1}));
  BOOST_TEST(c.reconcile_once() == 0U);
}

BOOST_AUTO_TEST_CASE(a_deleted_application_is_taken_down_and_may_come_back_with_newer_epochs) {
  Cluster c;
  c.join(1, 1);
  c.deploy(1);
  c.deploy_image("one");
  c.reconcile_once();
  c.follow(0, 1);
  c.must(delete_app(c.tables, pos));
  c.reconcile_once();
  BOOST_TEST((c.sp(0, 1).desired == Desired::absent));
  BOOST_TEST((c.sp(0, 1).generation == Generation{2}));
  BOOST_TEST((c.placement(0).state == PlacementState::releasing));
  // Not before the owner says that nothing is left of it, and says so of this set-point.
  c.deploy(1);
  c.deploy_image("one");
  BOOST_TEST(c.reconcile_once() == 0U);
  ProcessVariable older = pv_of(1, 0, 1, 2);
  older.observed_generation = Generation{1};
  older.phase = Phase::absent;
  c.must(report_pv(c.tables, older));
  BOOST_TEST(c.reconcile_once() == 0U);
  c.follow(0, 3);
  c.reconcile_once();
  BOOST_TEST((c.sp(0, 1).desired == Desired::present));
  BOOST_TEST((c.sp(0, 1).generation == Generation{3}));
  BOOST_TEST((c.sp(0, 1).partition_epoch == PartitionEpoch{2}));
}

// R3, R4: graceful shutdown.
BOOST_AUTO_TEST_CASE(what_a_vvm_that_goes_down_has_left_is_placed_elsewhere) {
  Cluster c;
  c.join(1, 1);
  c.deploy(2);
  c.deploy_image("one");
  c.reconcile_once();
  c.follow(0, 1);
  c.follow(1, 2);
  c.join(2, 2);
  c.must(decide(c.tables, VvmGoingDown{.vvm = VvmId{1}, .epoch = VvmEpoch{1}}));
  c.reconcile_once();
  BOOST_TEST((c.sp(0, 1).desired == Desired::absent));
  BOOST_TEST((c.placement(0).state == PlacementState::releasing));
  BOOST_TEST(c.reconcile_once() == 0U);  // its PVs still say Running
  // It goes before it reads the tombstone of the first, and after it reads that of the second.
  ProcessVariable pv = pv_of(1, 0, 1, 3);
  pv.phase = Phase::absent;
  pv.observed_generation = Generation{1};
  c.must(report_pv(c.tables, pv));
  c.follow(1, 4);
  c.reconcile_once();
  for (int partition : {0, 1}) {
    BOOST_TEST((c.placement(partition).owner == VvmId{2}));
    BOOST_TEST(raw(c.placement(partition).epoch) == 2);
    BOOST_TEST((c.sp(partition, 2).desired == Desired::present));
    BOOST_TEST((c.sp(partition, 1).desired == Desired::absent));
  }
}

BOOST_AUTO_TEST_CASE(an_absent_of_before_the_set_point_does_not_mean_that_it_was_left) {
  Cluster c;
  c.join(1, 1);
  c.deploy(1);
  c.deploy_image("one");
  c.reconcile_once();
  c.follow(0, 1);
  c.deploy_image("two");
  c.reconcile_once();
  ProcessVariable pv = pv_of(1, 0, 1, 2);  // of Generation 1; 2 may be running by now
  pv.phase = Phase::absent;
  pv.observed_generation = Generation{1};
  c.must(report_pv(c.tables, pv));
  c.must(decide(c.tables, VvmGoingDown{.vvm = VvmId{1}, .epoch = VvmEpoch{1}}));
  c.reconcile_once();
  BOOST_TEST(raw(c.placement(0).generation) == 3);
  c.reconcile_once();
  BOOST_TEST((c.placement(0).state == PlacementState::releasing));
  // The next process of the VVM reads the tombstone and says so.
  RegisterVvm again = vvm_command(1, 1, 'm');
  c.must(decide(c.tables, again, LeaseCheck::unchecked, noon));
  c.reconcile_once();
  BOOST_TEST((c.placement(0).state == PlacementState::releasing));
  pv = pv_of(1, 0, 2, 1);
  pv.phase = Phase::absent;
  pv.observed_generation = Generation{3};
  c.must(report_pv(c.tables, pv));
  c.reconcile_once();
  BOOST_TEST((c.placement(0).state == PlacementState::assigned));
  BOOST_TEST(raw(c.placement(0).epoch) == 2);
}

BOOST_AUTO_TEST_CASE(a_tombstone_goes_after_a_day) {  // R8
  Cluster c;
  c.join(1, 1);
  c.deploy(1);
  c.deploy_image("one");
  c.reconcile_once();
  c.follow(0, 1);
  c.must(delete_app(c.tables, pos));
  c.reconcile_once();
  const auto later = [](Duration d) { return WallMs{noon.ms + d.ms()}; };
  BOOST_TEST(c.reconcile_once(later(hours(48))) == 0U);  // it is still being released
  c.follow(0, 2);
  c.reconcile_once(later(hours(1)));
  BOOST_TEST(c.tables.sps.size() == 1U);
  c.reconcile_once(later(hours(24)));
  BOOST_TEST(c.tables.sps.size() == 1U);
  c.reconcile_once(later(hours(24) + milliseconds(1)));
  BOOST_TEST(c.tables.sps.empty());
  BOOST_TEST(c.tables.pvs.empty());
}

BOOST_AUTO_TEST_CASE(a_pass_that_is_cut_short_goes_on_where_it_stopped) {
  Cluster whole;
  Cluster pieces;
  for (Cluster* c : {&whole, &pieces}) {
    for (std::uint32_t k = 1; k <= 3; ++k) {
      c->join(k, k);
    }
    c->deploy(20);
    c->deploy_image("one");
  }
  whole.reconcile_once();
  for (int i = 0; i < 10; ++i) {
    settle(pieces.tables, reconcile(pieces.tables, noon, 7));
  }
  BOOST_TEST((pieces.tables.placements == whole.tables.placements));
  BOOST_TEST((pieces.tables.sps == whole.tables.sps));
}

}  // namespace
}  // namespace vvm::cluster
