// Tests of the SP and the PV as values and as JSON (docs/spec/vvm.md 3.7, 3.8).
//
// Unit tests of records; they use no world. Owned by the records module.
#define BOOST_TEST_MODULE records
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "records/json.hpp"
#include "records/json_reader.hpp"

namespace vvm {
namespace {

namespace json = boost::json;

SetPoint some_sp() {
  SetPoint sp;
  sp.key = {.app = {.owner = "acme", .name = "pos"}, .partition = PartitionId{3}};
  sp.vvm = VvmId{7};
  sp.generation = Generation{12};
  sp.partition_epoch = PartitionEpoch{4};
  sp.app_version = AppVersion{2};
  sp.image_blob = BlobId{99};
  sp.image_sha256 = sha256("image");
  sp.image_size = 4711;
  sp.cluster_app_id = 4'000'000'000U;
  sp.num_partitions = 10;
  sp.num_app_workspaces = 20;
  sp.pool_command = 1;
  sp.pool_query = 2;
  sp.pool_actualizer = 3;
  sp.pool_scheduler = 4;
  sp.cron_schedule = "0 0 * * *";
  sp.start_time_tolerance = milliseconds(300'000);
  sp.drain_timeout = milliseconds(5'000);
  sp.updated_at = WallMs{1'700'000'000'123};
  return sp;
}

ProcessVariable some_pv() {
  ProcessVariable pv;
  pv.key = some_sp().key;
  pv.vvm = VvmId{7};
  pv.vvm_epoch = VvmEpoch{5};
  pv.report_seq = 41;
  pv.observed_generation = Generation{12};
  pv.phase = Phase::switching;
  pv.serving_version = AppVersion{1};
  pv.serving_alt = AppVersion{2};
  pv.partition_epoch = PartitionEpoch{4};
  pv.image_sha256 = sha256("old");
  set_condition(pv.conditions,
                {.type = ConditionType::up_to_date,
                 .status = Truth::no,
                 .reason = "Scheduled",
                 .message = "für später",
                 .last_transition = WallMs{17}});
  set_condition(pv.conditions, {.type = ConditionType::image_ready, .status = Truth::yes});
  pv.error = Code::drain_timeout;
  pv.error_message = "1 borrow is left";
  pv.attempt = 3;
  pv.next_retry = WallMs{1'700'000'000'999};
  pv.plog_next_offset = 1001;
  pv.updated_at = WallMs{1'700'000'000'500};
  return pv;
}

template <class T>
json::object reparsed(const T& record) {
  return parse_json_object(json::serialize(to_json(record))).value();
}

void is_refused(const json::object& object, std::string_view member) {
  const bool is_pv = object.contains("Phase");
  const Error error =
      is_pv ? process_variable_from_json(object).error() : set_point_from_json(object).error();
  BOOST_TEST((error.code == Code::bad_request));
  BOOST_TEST(error.what.find(member) != std::string::npos, error.what << " names " << member);
}

BOOST_AUTO_TEST_CASE(a_set_point_survives_its_json) {
  BOOST_TEST((set_point_from_json(reparsed(some_sp())).value() == some_sp()));
}

BOOST_AUTO_TEST_CASE(a_built_in_and_an_absent_set_point_survive_their_json_with_nulls) {
  SetPoint sp = some_sp();
  sp.image_kind = ImageKind::built_in;
  sp.image_blob = BlobId{};
  sp.image_sha256 = Sha256{};
  sp.image_size = 0;
  sp.built_in_rev = "v1.2";
  BOOST_TEST(to_json(sp).at("ImageBlob").is_null());
  BOOST_TEST(to_json(sp).at("ImageSHA256").is_null());
  BOOST_TEST((set_point_from_json(reparsed(sp)).value() == sp));
  sp.desired = Desired::absent;
  sp.app_version = AppVersion{};
  BOOST_TEST((set_point_from_json(reparsed(sp)).value() == sp));
}

BOOST_AUTO_TEST_CASE(a_process_variable_survives_its_json) {
  BOOST_TEST((process_variable_from_json(reparsed(some_pv())).value() == some_pv()));
  const ProcessVariable plain{.key = some_sp().key};
  BOOST_TEST((process_variable_from_json(reparsed(plain)).value() == plain));
}

BOOST_AUTO_TEST_CASE(every_member_is_required_and_named_when_it_is_missing) {
  for (const json::object& whole : {to_json(some_sp()), to_json(some_pv())}) {
    for (const auto& member : whole) {
      json::object part = whole;
      part.erase(member.key());
      if (member.key() == "Phase") {
        BOOST_TEST(!process_variable_from_json(part).has_value());
        continue;
      }
      is_refused(part, member.key());
    }
  }
}

BOOST_AUTO_TEST_CASE(every_member_has_one_type_and_is_named_when_it_has_another) {
  for (const json::object& whole : {to_json(some_sp()), to_json(some_pv())}) {
    for (const auto& member : whole) {
      for (const json::value& strange :
           {json::value(1.5), json::value(true), json::value(json::object{})}) {
        json::object hostile = whole;
        hostile[member.key()] = strange;
        is_refused(hostile, member.key());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_are_refused) {
  const std::vector<std::pair<std::string_view, json::value>> cases{
      {"PartitionID", 65'536},
      {"PartitionID", -1},
      {"VvmID", 4'294'967'296},
      {"Generation", -1},
      {"Generation", 9'223'372'036'854'775'808ULL},
      {"Desired", 0},
      {"Desired", 3},
      {"ImageKind", 3},
      {"ImageBlob", 0},
      {"ImageSHA256", json::string("00")},
      {"ImageSHA256", json::string(64, 'x')},
      {"ClusterAppID", 4'294'967'296},
      {"PoolCommand", 2'147'483'648},
      {"StartTimeToleranceMs", 9'300'000'000'000},
      {"CronSchedule", json::string(256, '*')},
      {"AppQName", "acme"},
  };
  for (const auto& [member, value] : cases) {
    json::object hostile = to_json(some_sp());
    hostile[member] = value;
    BOOST_TEST((set_point_from_json(hostile).error().code == Code::bad_request), member);
  }
}

BOOST_AUTO_TEST_CASE(phases_codes_and_conditions_that_do_not_exist_are_refused) {
  const json::object good = to_json(some_pv());
  const std::vector<std::pair<std::string_view, json::value>> cases{
      {"Phase", 0},
      {"Phase", 15},
      {"ErrorCode", 999},
      {"ErrorMessage", json::string(1025, 'e')},
      {"Conditions", json::array{1}},
      {"Conditions", json::array{json::object{{"type", "Hungry"}}}},
      {"Conditions", json::array(8, good.at("Conditions").at(0))},
  };
  for (const auto& [member, value] : cases) {
    json::object hostile = good;
    hostile[member] = value;
    BOOST_TEST((process_variable_from_json(hostile).error().code == Code::bad_request), member);
  }
  json::object twice = good;
  twice["Conditions"] = json::array{good.at("Conditions").at(0), good.at("Conditions").at(0)};
  is_refused(twice, "ImageReady");
}

BOOST_AUTO_TEST_CASE(members_that_nobody_knows_are_ignored) {
  json::object more = to_json(some_sp());
  more["Colour"] = "blue";
  BOOST_TEST((set_point_from_json(more).value() == some_sp()));
}

BOOST_AUTO_TEST_CASE(text_that_is_no_json_object_is_refused) {
  for (const std::string_view text : {"", "[]", "{", "{} {}", "null", "{\"a\":1,}", "\xff"}) {
    BOOST_TEST((parse_json_object(text).error().code == Code::bad_request), text);
  }
  const std::string deep(100'000, '[');
  BOOST_TEST((parse_json_object(deep).error().code == Code::bad_request));
}

BOOST_AUTO_TEST_CASE(the_claim_is_what_may_be_served_and_none_once_draining) {
  ProcessVariable pv = some_pv();
  BOOST_TEST(claim_of(pv).has(AppVersion{1}));
  BOOST_TEST(claim_of(pv).has(AppVersion{2}));
  BOOST_TEST(!claim_of(pv).has(AppVersion{3}));
  BOOST_TEST(!claim_of(pv).has(AppVersion{0}));
  for (auto number = raw(Phase::pending); number <= raw(Phase::lost); ++number) {
    pv.phase = Phase{number};
    BOOST_TEST(claim_of(pv).empty() == (number >= raw(Phase::draining)), name_of(pv.phase));
    BOOST_TEST((phase_from_name(name_of(pv.phase)) == pv.phase));
  }
  pv.phase = Phase::running;
  pv.serving_version = AppVersion{};
  pv.serving_alt = AppVersion{};
  BOOST_TEST(claim_of(pv).empty());
  BOOST_TEST(!phase_from_name("running").has_value());
}

BOOST_AUTO_TEST_CASE(a_condition_remembers_when_its_status_changed) {
  std::vector<Condition> conditions;
  const auto set = [&](Truth status, std::int64_t at, std::string reason) {
    set_condition(conditions,
                  {.type = ConditionType::serving,
                   .status = status,
                   .reason = std::move(reason),
                   .last_transition = WallMs{at}});
    return *find_condition(conditions, ConditionType::serving);
  };
  BOOST_TEST(set(Truth::no, 1, "a").last_transition.ms == 1);
  BOOST_TEST(set(Truth::no, 2, "b").last_transition.ms == 1);
  BOOST_TEST(set(Truth::no, 3, "b").reason == "b");
  BOOST_TEST(set(Truth::yes, 4, "b").last_transition.ms == 4);
  BOOST_TEST(find_condition(conditions, ConditionType::blocked) == nullptr);
}

BOOST_AUTO_TEST_CASE(text_is_cut_between_characters) {
  BOOST_TEST(cut_text("abc", 3) == "abc");
  BOOST_TEST(cut_text("abc", 2) == "ab");
  BOOST_TEST(cut_text("a\xC3\xBC", 2) == "a");
  BOOST_TEST(cut_text("\xE2\x82\xAC", 2).empty());
}

BOOST_AUTO_TEST_CASE(validate_names_the_field_that_breaks_a_rule) {
  BOOST_TEST(validate(some_sp()).has_value());
  const auto breaks = [](std::string_view field, void (*change)(SetPoint&)) {
    SetPoint sp = some_sp();
    change(sp);
    const Status status = validate(sp);
    BOOST_TEST((status.has_error() && status.error().code == Code::invalid_sp), field);
    if (status.has_error()) {
      BOOST_TEST(status.error().what.find(field) != std::string::npos, status.error().what);
    }
  };
  breaks("VvmID", [](SetPoint& sp) { sp.vvm = VvmId{}; });
  breaks("Generation", [](SetPoint& sp) { sp.generation = Generation{}; });
  breaks("PartitionEpoch", [](SetPoint& sp) { sp.partition_epoch = PartitionEpoch{}; });
  breaks("AppVersion", [](SetPoint& sp) { sp.app_version = AppVersion{}; });
  breaks("ImageBlob", [](SetPoint& sp) { sp.image_blob = BlobId{}; });
  breaks("ImageSHA256", [](SetPoint& sp) { sp.image_sha256 = Sha256{}; });
  breaks("ImageSize", [](SetPoint& sp) { sp.image_size = 0; });
  breaks("NumPartitions", [](SetPoint& sp) { sp.num_partitions = 0; });
  breaks("NumPartitions", [](SetPoint& sp) { sp.num_partitions = 65'536; });
  breaks("PartitionID", [](SetPoint& sp) { sp.num_partitions = 3; });
  breaks("NumAppWorkspaces", [](SetPoint& sp) { sp.num_app_workspaces = 32'769; });
  breaks("PoolQuery", [](SetPoint& sp) { sp.pool_query = 1025; });
  breaks("PoolScheduler", [](SetPoint& sp) { sp.pool_scheduler = -1; });
  breaks("StartTimeToleranceMs", [](SetPoint& sp) { sp.start_time_tolerance = hours(25); });
  breaks("DrainTimeoutMs", [](SetPoint& sp) { sp.drain_timeout = minutes(11); });
  breaks("BuiltInRev", [](SetPoint& sp) { sp.image_kind = ImageKind::built_in; });
  breaks("image", [](SetPoint& sp) {
    sp.image_kind = ImageKind::built_in;
    sp.built_in_rev = "v1";
  });
}

BOOST_AUTO_TEST_CASE(an_absent_set_point_needs_no_image) {
  SetPoint sp;
  sp.key = some_sp().key;
  sp.vvm = VvmId{1};
  sp.generation = Generation{1};
  sp.partition_epoch = PartitionEpoch{1};
  sp.desired = Desired::absent;
  BOOST_TEST(validate(sp).has_value());
}

BOOST_AUTO_TEST_CASE(when_a_set_point_was_written_is_not_its_content) {
  SetPoint later = some_sp();
  later.updated_at = WallMs{1};
  BOOST_TEST(same_content(some_sp(), later));
  later.pool_query = 9;
  BOOST_TEST(!same_content(some_sp(), later));
}

}  // namespace
}  // namespace vvm
