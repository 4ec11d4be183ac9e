// Each command, its refusals with their statuses, and its repetition.
#define BOOST_TEST_MODULE cluster
#include <boost/test/unit_test.hpp>

#include "cluster/testing.hpp"

namespace vvm::cluster {
namespace {

struct Fixture {
  Tables tables;
  ImagePolicy policy{.bytes_max = 1000, .validate = false};

  template <class... Args>
  Result<Answer> run(const Args&... args) {
    return settle_answer(decide(tables, args...));
  }

  Result<Answer> settle_answer(Result<Answer> answer) {
    if (answer.has_value()) {
      settle(tables, answer.value().changes);
    }
    return answer;
  }

  Result<Answer> deploy(std::int32_t partitions = 4, std::int32_t workspaces = 10) {
    return run(
        DeployApp{.name = pos, .num_partitions = partitions, .num_app_workspaces = workspaces});
  }

  Result<Answer> deploy_image(std::string_view text) {
    return run(image_command(text), std::optional{blob_of(text)}, policy, noon);
  }

  Result<Answer> join(const RegisterVvm& command) {
    return run(command, LeaseCheck::unchecked, noon);
  }

  Result<Answer> report(const ProcessVariable& pv) { return settle_answer(report_pv(tables, pv)); }

  Result<Answer> put(const SetPoint& sp) { return settle_answer(put_sp(tables, sp, noon)); }

  void reconcile_all() { settle(tables, reconcile(tables, noon)); }
};

void refused(const Result<Answer>& answer, Code code, unsigned status) {
  BOOST_TEST_REQUIRE(!answer.has_value());
  BOOST_TEST(code_name(answer.error().code) == code_name(code));
  BOOST_TEST(http_status(answer.error().code) == status);
}

SetPoint sp_by_hand(std::uint32_t vvm, std::int64_t generation) {
  SetPoint sp;
  sp.key = {.app = pos, .partition = PartitionId{0}};
  sp.vvm = VvmId{vvm};
  sp.generation = Generation{generation};
  sp.partition_epoch = PartitionEpoch{1};
  sp.desired = Desired::present;
  sp.app_version = AppVersion{1};
  return sp;
}

BOOST_AUTO_TEST_CASE(deploying_an_application_twice_leaves_one_row_as_it_is) {  // T-DA-1
  Fixture f;
  const auto first = f.deploy();
  BOOST_TEST(first.value().changes.size() == 1U);
  BOOST_TEST(first.value().body.at("ClusterAppID").to_number<std::int64_t>() == 256);
  const Tables before = f.tables;
  const auto second = f.deploy();
  BOOST_TEST(second.value().changes.empty());
  BOOST_TEST((second.value().body == first.value().body));
  BOOST_TEST((f.tables.apps == before.apps));
}

BOOST_AUTO_TEST_CASE(changed_counts_of_an_application_are_refused) {  // T-DA-2
  Fixture f;
  BOOST_TEST_REQUIRE(f.deploy().has_value());
  const Tables before = f.tables;
  refused(f.deploy(5, 10), Code::conflict, 409);
  BOOST_TEST(f.deploy(5, 10).error().what == "num partitions changed");
  BOOST_TEST(f.deploy(4, 11).error().what == "num application workspaces changed");
  BOOST_TEST((f.tables == before));
}

BOOST_AUTO_TEST_CASE(counts_out_of_range_and_the_cluster_itself_are_bad_requests) {
  Fixture f;
  refused(f.deploy(0, 10), Code::bad_request, 400);
  refused(f.deploy(65'536, 10), Code::bad_request, 400);
  refused(f.deploy(4, 0), Code::bad_request, 400);
  refused(f.deploy(4, 32'769), Code::bad_request, 400);
  refused(f.run(DeployApp{.name = {.owner = "sys", .name = "cluster"},
                          .num_partitions = 1,
                          .num_app_workspaces = 1}),
          Code::bad_request,
          400);
  BOOST_TEST(f.tables.apps.empty());
}

BOOST_AUTO_TEST_CASE(application_ids_are_never_used_again) {
  Fixture f;
  BOOST_TEST_REQUIRE(f.deploy().has_value());
  f.settle_answer(delete_app(f.tables, pos)).value();
  const auto other = f.run(DeployApp{
      .name = {.owner = "acme", .name = "b"}, .num_partitions = 1, .num_app_workspaces = 1});
  BOOST_TEST(other.value().body.at("ClusterAppID").to_number<std::int64_t>() == 257);
}

BOOST_AUTO_TEST_CASE(image_refusals_come_in_the_order_of_the_specification) {
  Fixture f;
  refused(f.deploy_image("one"), Code::not_found, 404);
  BOOST_TEST_REQUIRE(f.deploy().has_value());
  refused(f.deploy_image(std::string(1001, 'x')), Code::too_large, 413);
  refused(f.run(image_command("one"), std::optional<BlobStat>{}, f.policy, noon),
          Code::blob_not_found,
          404);
  BlobStat unfinished = blob_of("one");
  unfinished.status = BlobStatus::in_process;
  refused(f.run(image_command("one"), std::optional{unfinished}, f.policy, noon),
          Code::blob_not_found,
          404);
  refused(f.run(image_command("one"), std::optional{blob_of("other")}, f.policy, noon),
          Code::unprocessable,
          422);
  refused(f.run(image_command("one"), std::optional{blob_of("two")}, f.policy, noon),
          Code::unprocessable,
          422);
  BOOST_TEST(f.tables.images.empty());
}

BOOST_AUTO_TEST_CASE(the_newest_image_again_is_the_same_version_and_an_older_one_is_a_new_one) {
  Fixture f;
  BOOST_TEST_REQUIRE(f.deploy().has_value());
  BOOST_TEST(f.deploy_image("one").value().body.at("Version").to_number<std::int64_t>() == 1);
  BOOST_TEST(f.deploy_image("one").value().body.at("Version").to_number<std::int64_t>() == 1);
  BOOST_TEST(f.deploy_image("two").value().body.at("Version").to_number<std::int64_t>() == 2);
  BOOST_TEST(f.deploy_image("one").value().body.at("Version").to_number<std::int64_t>() == 3);
  BOOST_TEST((f.tables.apps.at(pos).desired_version == AppVersion{3}));
  BOOST_TEST((f.tables.apps.at(pos).rollout == RolloutState::running));
}

BOOST_AUTO_TEST_CASE(a_rejected_image_is_not_rolled_out_and_may_be_deployed_again) {
  Fixture f;
  f.policy.validate = true;
  BOOST_TEST_REQUIRE(f.deploy().has_value());
  f.deploy_image("one").value();
  BOOST_TEST((f.tables.apps.at(pos).desired_version == AppVersion{}));
  const ImageKey first{.app = pos, .version = AppVersion{1}};
  const Error why{Code::not_a_zip, "no central directory"};
  f.run(ImageVerdict{.image = first, .rejection = why}, f.policy, noon).value();
  BOOST_TEST((f.tables.images.at(first).state == ImageState::rejected));
  BOOST_TEST(f.tables.images.at(first).reject_code == 201);
  BOOST_TEST((f.tables.apps.at(pos).desired_version == AppVersion{}));
  BOOST_TEST(f.deploy_image("one").value().body.at("Version").to_number<std::int64_t>() == 2);
  const ImageKey second{.app = pos, .version = AppVersion{2}};
  f.run(ImageVerdict{.image = second}, f.policy, noon).value();
  BOOST_TEST((f.tables.apps.at(pos).desired_version == AppVersion{2}));
  // A verdict that comes twice changes nothing.
  const Tables before = f.tables;
  const auto again = f.run(ImageVerdict{.image = second, .rejection = why}, f.policy, noon);
  BOOST_TEST(again.value().changes.empty());
  BOOST_TEST((f.tables.images == before.images));
}

BOOST_AUTO_TEST_CASE(a_rollback_republishes_the_old_content_under_a_new_version) {
  Fixture f;
  BOOST_TEST_REQUIRE(f.deploy().has_value());
  refused(
      f.run(RollbackApp{.app = {.owner = "no", .name = "app"}, .to_version = AppVersion{1}}, noon),
      Code::not_found,
      404);
  f.deploy_image("one").value();
  f.deploy_image("two").value();
  refused(f.run(RollbackApp{.app = pos, .to_version = AppVersion{9}}, noon), Code::not_found, 404);
  const RollbackApp back{.app = pos, .to_version = AppVersion{1}};
  BOOST_TEST(f.run(back, noon).value().body.at("Version").to_number<std::int64_t>() == 3);
  BOOST_TEST(f.run(back, noon).value().body.at("Version").to_number<std::int64_t>() == 3);
  const AppImage& third = f.tables.images.at({.app = pos, .version = AppVersion{3}});
  BOOST_TEST((third.sha256 == digest_of("one")));
  BOOST_TEST((third.baseline_version == AppVersion{1}));
  BOOST_TEST((f.tables.apps.at(pos).desired_version == AppVersion{3}));
}

BOOST_AUTO_TEST_CASE(a_rollback_to_a_rejected_version_is_refused) {
  Fixture f;
  f.policy.validate = true;
  BOOST_TEST_REQUIRE(f.deploy().has_value());
  f.deploy_image("one").value();
  f.run(ImageVerdict{.image = {.app = pos, .version = AppVersion{1}},
                     .rejection = Error{Code::not_a_zip, ""}},
        f.policy,
        noon)
      .value();
  refused(f.run(RollbackApp{.app = pos, .to_version = AppVersion{1}}, noon), Code::conflict, 409);
}

BOOST_AUTO_TEST_CASE(a_vvm_gets_epochs_that_grow_and_the_same_one_for_the_same_process) {
  Fixture f;
  const auto epoch = [](const Result<Answer>& a) {
    return a.value().body.at("VvmEpoch").to_number<std::int64_t>();
  };
  BOOST_TEST(epoch(f.join(vvm_command(1, 1, 'a'))) == 1);
  BOOST_TEST(epoch(f.join(vvm_command(1, 1, 'a'))) == 1);
  BOOST_TEST(epoch(f.join(vvm_command(1, 1, 'b'))) == 2);
  RegisterVvm leased = vvm_command(1, 1, 'c');
  leased.epoch = VvmEpoch{2};
  refused(f.join(leased), Code::fenced_out, 409);
  leased.epoch = VvmEpoch{7};
  BOOST_TEST(epoch(f.join(leased)) == 7);
  leased.epoch = VvmEpoch{6};
  refused(f.join(leased), Code::fenced_out, 409);
  leased.epoch = VvmEpoch{8};
  refused(f.run(leased, LeaseCheck::not_held, noon), Code::lease_lost, 410);
  BOOST_TEST(
      (f.tables.vvms.at(VvmId{1}).workspace == make_wsid(main_cluster, first_vvm_base_wsid + 1)));
}

BOOST_AUTO_TEST_CASE(the_ninth_vvm_of_a_node_is_refused) {  // the first part of T-ND-1
  Fixture f;
  for (std::uint32_t k = 1; k <= 8; ++k) {
    f.join(vvm_command(k, 1)).value();
  }
  refused(f.join(vvm_command(9, 1)), Code::conflict, 409);
  BOOST_TEST(f.join(vvm_command(9, 2)).has_value());
  BOOST_TEST(f.join(vvm_command(8, 1, 'z')).has_value());
}

BOOST_AUTO_TEST_CASE(going_down_is_for_the_registered_epoch) {
  Fixture f;
  refused(f.run(VvmGoingDown{.vvm = VvmId{1}, .epoch = VvmEpoch{1}}), Code::not_found, 404);
  f.join(vvm_command(1, 1)).value();
  refused(f.run(VvmGoingDown{.vvm = VvmId{1}, .epoch = VvmEpoch{2}}), Code::fenced_out, 409);
  f.run(VvmGoingDown{.vvm = VvmId{1}, .epoch = VvmEpoch{1}}).value();
  BOOST_TEST((f.tables.vvms.at(VvmId{1}).state == VvmState::going_down));
  BOOST_TEST(f.run(VvmGoingDown{.vvm = VvmId{1}, .epoch = VvmEpoch{1}}).value().changes.empty());
}

BOOST_AUTO_TEST_CASE(reports_are_taken_in_their_order_and_repeated_without_effect) {
  Fixture f;
  refused(f.report(pv_of(1, 0, 1, 1)), Code::fenced_out, 409);
  f.join(vvm_command(1, 1, 'a')).value();
  BOOST_TEST(f.report(pv_of(1, 0, 1, 5)).value().changes.size() == 1U);
  BOOST_TEST(f.report(pv_of(1, 0, 1, 5)).value().changes.empty());
  refused(f.report(pv_of(1, 0, 1, 4)), Code::stale_report, 409);
  BOOST_TEST(f.report(pv_of(1, 0, 1, 6)).has_value());
  BOOST_TEST(f.report(pv_of(1, 1, 1, 1)).has_value());  // another key counts by itself
  refused(f.report(pv_of(1, 0, 2, 7)), Code::fenced_out, 409);
  f.join(vvm_command(1, 1, 'b')).value();
  refused(f.report(pv_of(1, 0, 1, 7)), Code::fenced_out, 409);
  BOOST_TEST(f.report(pv_of(1, 0, 2, 1)).has_value());  // a new process counts from 1
}

BOOST_AUTO_TEST_CASE(a_set_point_is_immutable_within_its_generation) {
  Fixture f;
  refused(f.put(sp_by_hand(1, 1)), Code::not_found, 404);
  f.join(vvm_command(1, 1)).value();
  BOOST_TEST(f.put(sp_by_hand(1, 3)).has_value());
  BOOST_TEST(f.put(sp_by_hand(1, 3)).value().changes.empty());
  SetPoint other = sp_by_hand(1, 3);
  other.app_version = AppVersion{2};
  refused(f.put(other), Code::conflict, 409);
  other.generation = Generation{2};
  refused(f.put(other), Code::conflict, 409);
  other.generation = Generation{4};
  other.partition_epoch = PartitionEpoch{0};
  refused(f.put(other), Code::conflict, 409);
  other.partition_epoch = PartitionEpoch{1};
  BOOST_TEST(f.put(other).has_value());
}

BOOST_AUTO_TEST_CASE(a_partition_is_never_set_present_with_two_vvms) {
  Fixture f;
  f.join(vvm_command(1, 1)).value();
  f.join(vvm_command(2, 1)).value();
  f.put(sp_by_hand(1, 3)).value();
  refused(f.put(sp_by_hand(2, 4)), Code::conflict, 409);
  SetPoint absent = sp_by_hand(1, 4);
  absent.desired = Desired::absent;
  f.put(absent).value();
  refused(f.put(sp_by_hand(2, 4)), Code::conflict, 409);  // the generation is taken
  BOOST_TEST(f.put(sp_by_hand(2, 5)).has_value());
}

BOOST_AUTO_TEST_CASE(the_list_of_set_points_is_whole_ordered_and_refused_to_older_epochs) {
  Fixture f;
  refused(sp_list(f.tables, VvmId{1}, VvmEpoch{1}), Code::not_found, 404);
  f.join(vvm_command(1, 1, 'a')).value();
  f.join(vvm_command(1, 1, 'b')).value();
  refused(sp_list(f.tables, VvmId{1}, VvmEpoch{1}), Code::fenced_out, 409);
  BOOST_TEST(sp_list(f.tables, VvmId{1}, VvmEpoch{2})
                 .value()
                 .body.at("ListRevision")
                 .to_number<std::int64_t>() == 0);
  f.deploy(3).value();
  f.deploy_image("one").value();
  f.reconcile_all();
  const auto body = sp_list(f.tables, VvmId{1}, VvmEpoch{2}).value().body;
  BOOST_TEST(body.at("Complete").as_bool());
  BOOST_TEST(body.at("SP").as_array().size() == 3U);
  BOOST_TEST(body.at("SP").as_array().at(2).at("PartitionID").to_number<std::int64_t>() == 2);
  BOOST_TEST(body.at("ListRevision").to_number<std::int64_t>() == f.tables.revision);
}

BOOST_AUTO_TEST_CASE(a_deleted_application_comes_back_with_the_same_counts_only) {
  Fixture f;
  refused(delete_app(f.tables, pos), Code::not_found, 404);
  f.deploy().value();
  f.deploy_image("one").value();
  f.settle_answer(delete_app(f.tables, pos)).value();
  BOOST_TEST(f.settle_answer(delete_app(f.tables, pos)).value().changes.empty());
  BOOST_TEST((f.tables.images.begin()->second.state == ImageState::retired));
  refused(f.deploy_image("two"), Code::not_found, 404);
  refused(f.deploy(5), Code::conflict, 409);
  BOOST_TEST(f.deploy().has_value());
  BOOST_TEST(f.deploy_image("one").value().body.at("Version").to_number<std::int64_t>() == 2);
}

BOOST_AUTO_TEST_CASE(changes_survive_being_written_down_and_can_be_taken_back) {
  Fixture f;
  f.join(vvm_command(1, 1)).value();
  f.deploy().value();
  f.deploy_image("one").value();
  f.reconcile_all();
  f.report(pv_of(1, 0, 1, 1)).value();
  f.settle_answer(allocate_blob(f.tables)).value();
  Tables copy;
  for (const Change& change : as_changes(f.tables)) {
    auto read = change_from_json(to_json(change));
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST((read.value() == change));
    apply(copy, std::move(read.value()));
  }
  copy.revision = f.tables.revision;
  copy.list_revision = f.tables.list_revision;
  BOOST_TEST((copy == f.tables));
  const Tables before = f.tables;
  std::vector<Change> opposites;
  const Answer deleted = delete_app(f.tables, pos).value();
  for (const Change& change : deleted.changes) {
    opposites.push_back(apply(f.tables, change));
  }
  opposites.push_back(apply(f.tables, erase<SetPoint>(f.tables.sps.begin()->first)));
  BOOST_TEST((f.tables != before));
  for (auto it = opposites.rbegin(); it != opposites.rend(); ++it) {
    apply(f.tables, *it);
  }
  BOOST_TEST((f.tables == before));
}

}  // namespace
}  // namespace vvm::cluster
