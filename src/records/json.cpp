// The members of the SP and the PV, one reader and one writer each.
#include "records/json.hpp"

#include <boost/json/value.hpp>

#include "records/json_reader.hpp"

namespace vvm {
namespace {

namespace json = boost::json;

constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
// Milliseconds beyond this do not fit a Duration.
constexpr std::int64_t duration_ms_max = int64_max / 1'000'000;

json::value hex_or_null(const Sha256& digest) {
  if (digest == Sha256{}) {
    return nullptr;
  }
  return json::value(digest.hex());
}

json::array to_json(const std::vector<Condition>& conditions) {
  json::array out;
  for (const Condition& condition : conditions) {
    out.push_back({{"type", name_of(condition.type)},
                   {"status", name_of(condition.status)},
                   {"reason", condition.reason},
                   {"message", condition.message},
                   {"lastTransitionMs", condition.last_transition.ms}});
  }
  return out;
}

Status read_key(const JsonReader& in, PartitionKey& key) {
  TRY(const std::string app, in.text("AppQName", app_qname_octets_max));
  TRY(key.app, AppQName::parse(app));
  TRY(key.partition, in.id<PartitionId>("PartitionID"));
  return ok();
}

Status read_int32(const JsonReader& in, std::string_view name, std::int32_t& into) {
  TRY(const std::int64_t number,
      in.integer(name, std::numeric_limits<std::int32_t>::min(), int32_max));
  into = static_cast<std::int32_t>(number);
  return ok();
}

Status read_duration(const JsonReader& in, std::string_view name, Duration& into) {
  TRY(const std::int64_t ms, in.integer(name, 0, duration_ms_max));
  into = milliseconds(ms);
  return ok();
}

// Milliseconds of Unix time.
Status read_wall(const JsonReader& in, std::string_view name, WallMs& into) {
  TRY(into.ms, in.integer(name, std::numeric_limits<std::int64_t>::min(), int64_max));
  return ok();
}

Status read_image(const JsonReader& in, SetPoint& sp) {
  TRY(const std::int64_t kind, in.integer("ImageKind", 1, 2));
  sp.image_kind = ImageKind{static_cast<std::uint8_t>(kind)};
  TRY(sp.app_version, in.id<AppVersion>("AppVersion"));
  TRY(const json::value* blob, in.member("ImageBlob"));
  if (!blob->is_null()) {
    TRY(sp.image_blob, in.id<BlobId>("ImageBlob", 1));
  }
  TRY(sp.image_sha256, in.sha256_or_null("ImageSHA256"));
  TRY(sp.image_size, in.integer("ImageSize", 0, int64_max));
  TRY(sp.built_in_rev, in.text("BuiltInRev", built_in_rev_octets_max));
  return ok();
}

Status read_settings(const JsonReader& in, SetPoint& sp) {
  TRY(const std::int64_t id,
      in.integer("ClusterAppID", 0, std::numeric_limits<std::uint32_t>::max()));
  sp.cluster_app_id = static_cast<std::uint32_t>(id);
  TRY(read_int32(in, "NumPartitions", sp.num_partitions));
  TRY(read_int32(in, "NumAppWorkspaces", sp.num_app_workspaces));
  TRY(read_int32(in, "PoolCommand", sp.pool_command));
  TRY(read_int32(in, "PoolQuery", sp.pool_query));
  TRY(read_int32(in, "PoolActualizer", sp.pool_actualizer));
  TRY(read_int32(in, "PoolScheduler", sp.pool_scheduler));
  TRY(sp.cron_schedule, in.text("CronSchedule", cron_schedule_octets_max));
  TRY(read_duration(in, "StartTimeToleranceMs", sp.start_time_tolerance));
  TRY(read_duration(in, "DrainTimeoutMs", sp.drain_timeout));
  return ok();
}

template <class Enum>
Result<Enum> named(const JsonReader& in, std::string_view member, std::uint8_t last) {
  TRY(const std::string name, in.text(member, 64));
  for (std::uint8_t i = 0; i <= last; ++i) {
    if (name_of(Enum{i}) == name) {
      return Enum{i};
    }
  }
  return Error{Code::bad_request, "member `" + std::string{member} + "` is `" + name + "`"};
}

Result<Condition> read_condition(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) {
    return Error{Code::bad_request, "a condition is not an object"};
  }
  const JsonReader in(*object);
  Condition condition;
  TRY(condition.type, named<ConditionType>(in, "type", raw(ConditionType::invalid_schedule)));
  TRY(condition.status, named<Truth>(in, "status", raw(Truth::no)));
  TRY(condition.reason, in.text("reason", condition_message_octets_max));
  TRY(condition.message, in.text("message", condition_message_octets_max));
  TRY(read_wall(in, "lastTransitionMs", condition.last_transition));
  return condition;
}

Status read_conditions(const JsonReader& in, std::vector<Condition>& into) {
  constexpr std::size_t types = raw(ConditionType::invalid_schedule) + std::size_t{1};
  TRY(const json::array* array, in.array("Conditions", types));
  for (const json::value& value : *array) {
    TRY(Condition condition, read_condition(value));
    if (find_condition(into, condition.type) != nullptr) {
      return Error{Code::bad_request,
                   "member `Conditions` has `" + std::string{name_of(condition.type)} + "` twice"};
    }
    set_condition(into, std::move(condition));
  }
  return ok();
}

Status read_error(const JsonReader& in, ProcessVariable& pv) {
  TRY(const std::int64_t number, in.integer("ErrorCode", 0, int32_max));
  pv.error = code_from_number(number);
  if (number != 0 && !pv.error.has_value()) {
    return Error{Code::bad_request, "member `ErrorCode` is " + std::to_string(number)};
  }
  TRY(pv.error_message, in.text("ErrorMessage", error_message_octets_max));
  TRY(read_int32(in, "Attempt", pv.attempt));
  TRY(read_wall(in, "NextRetryMs", pv.next_retry));
  return ok();
}

}  // namespace

json::object to_json(const SetPoint& sp) {
  json::value blob = nullptr;
  if (raw(sp.image_blob) != 0) {
    blob = raw(sp.image_blob);
  }
  return {{"AppQName", sp.key.app.str()},
          {"PartitionID", raw(sp.key.partition)},
          {"VvmID", raw(sp.vvm)},
          {"Generation", raw(sp.generation)},
          {"PartitionEpoch", raw(sp.partition_epoch)},
          {"Desired", raw(sp.desired)},
          {"ImageKind", raw(sp.image_kind)},
          {"AppVersion", raw(sp.app_version)},
          {"ImageBlob", std::move(blob)},
          {"ImageSHA256", hex_or_null(sp.image_sha256)},
          {"ImageSize", sp.image_size},
          {"BuiltInRev", sp.built_in_rev},
          {"ClusterAppID", sp.cluster_app_id},
          {"NumPartitions", sp.num_partitions},
          {"NumAppWorkspaces", sp.num_app_workspaces},
          {"PoolCommand", sp.pool_command},
          {"PoolQuery", sp.pool_query},
          {"PoolActualizer", sp.pool_actualizer},
          {"PoolScheduler", sp.pool_scheduler},
          {"CronSchedule", sp.cron_schedule},
          {"StartTimeToleranceMs", sp.start_time_tolerance.ms()},
          {"DrainTimeoutMs", sp.drain_timeout.ms()},
          {"UpdatedAtMs", sp.updated_at.ms}};
}

json::object to_json(const ProcessVariable& pv) {
  return {{"AppQName", pv.key.app.str()},
          {"PartitionID", raw(pv.key.partition)},
          {"VvmID", raw(pv.vvm)},
          {"VvmEpoch", raw(pv.vvm_epoch)},
          {"ReportSeq", pv.report_seq},
          {"ObservedGeneration", raw(pv.observed_generation)},
          {"Phase", raw(pv.phase)},
          {"ServingVersion", raw(pv.serving_version)},
          {"ServingAlt", raw(pv.serving_alt)},
          {"PartitionEpoch", raw(pv.partition_epoch)},
          {"ImageSHA256", hex_or_null(pv.image_sha256)},
          {"Conditions", to_json(pv.conditions)},
          {"ErrorCode", pv.error.has_value() ? raw(*pv.error) : 0},
          {"ErrorMessage", pv.error_message},
          {"Attempt", pv.attempt},
          {"NextRetryMs", pv.next_retry.ms},
          {"PLogNextOffset", pv.plog_next_offset},
          {"UpdatedAtMs", pv.updated_at.ms}};
}

Result<SetPoint> set_point_from_json(const json::object& object) {
  const JsonReader in(object);
  SetPoint sp;
  TRY(read_key(in, sp.key));
  TRY(sp.vvm, in.id<VvmId>("VvmID"));
  TRY(sp.generation, in.id<Generation>("Generation"));
  TRY(sp.partition_epoch, in.id<PartitionEpoch>("PartitionEpoch"));
  TRY(const std::int64_t desired, in.integer("Desired", 1, 2));
  sp.desired = Desired{static_cast<std::uint8_t>(desired)};
  TRY(read_image(in, sp));
  TRY(read_settings(in, sp));
  TRY(read_wall(in, "UpdatedAtMs", sp.updated_at));
  return sp;
}

Result<ProcessVariable> process_variable_from_json(const json::object& object) {
  const JsonReader in(object);
  ProcessVariable pv;
  TRY(read_key(in, pv.key));
  TRY(pv.vvm, in.id<VvmId>("VvmID"));
  TRY(pv.vvm_epoch, in.id<VvmEpoch>("VvmEpoch"));
  TRY(pv.report_seq, in.integer("ReportSeq", 0, int64_max));
  TRY(pv.observed_generation, in.id<Generation>("ObservedGeneration"));
  TRY(const std::int64_t phase, in.integer("Phase", raw(Phase::pending), raw(Phase::absent)));
  pv.phase = Phase{static_cast<std::uint8_t>(phase)};
  TRY(pv.serving_version, in.id<AppVersion>("ServingVersion"));
  TRY(pv.serving_alt, in.id<AppVersion>("ServingAlt"));
  TRY(pv.partition_epoch, in.id<PartitionEpoch>("PartitionEpoch"));
  TRY(pv.image_sha256, in.sha256_or_null("ImageSHA256"));
  TRY(read_conditions(in, pv.conditions));
  TRY(read_error(in, pv));
  TRY(pv.plog_next_offset, in.integer("PLogNextOffset", 0, int64_max));
  TRY(read_wall(in, "UpdatedAtMs", pv.updated_at));
  return pv;
}

}  // namespace vvm
