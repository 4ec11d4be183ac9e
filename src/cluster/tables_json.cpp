// The tables' rows as JSON objects and back.
#include "cluster/tables_json.hpp"

#include <initializer_list>

#include "cluster/json_fields.hpp"

namespace vvm::cluster {
namespace json = boost::json;

namespace {

constexpr Range int32_range{.low = 0, .high = std::numeric_limits<std::int32_t>::max()};
constexpr Range any{};

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

template <class State>
Result<State> state_of(const Fields& in, std::initializer_list<State> all) {
  TRY(const std::string name, in.text("State"));
  for (const State state : all) {
    if (name_of(state) == name) {
      return state;
    }
  }
  return Error{Code::bad_request, "member `State` is `" + name + "`"};
}

Result<std::int32_t> int32(const Fields& in, std::string_view name) {
  TRY(const std::int64_t number, in.integer(name, int32_range));
  return static_cast<std::int32_t>(number);
}

Result<WallMs> wall(const Fields& in, std::string_view name) {
  TRY(const std::int64_t ms, in.integer(name, {.low = std::numeric_limits<std::int64_t>::min()}));
  return WallMs{ms};
}

Result<RolloutState> rollout_of(const Fields& in) {
  TRY(const std::string name, in.text("RolloutState"));
  for (const RolloutState state : {RolloutState::idle,
                                   RolloutState::running,
                                   RolloutState::paused,
                                   RolloutState::rolling_back,
                                   RolloutState::failed}) {
    if (name_of(state) == name) {
      return state;
    }
  }
  return Error{Code::bad_request, "member `RolloutState` is `" + name + "`"};
}

Result<AppSettings> settings_of(const Fields& in) {
  AppSettings out;
  TRY(out.pool_command, int32(in, "PoolCommand"));
  TRY(out.pool_query, int32(in, "PoolQuery"));
  TRY(out.pool_actualizer, int32(in, "PoolActualizer"));
  TRY(out.pool_scheduler, int32(in, "PoolScheduler"));
  TRY(out.cron_schedule, in.text("CronSchedule"));
  TRY(const std::int64_t tolerance, in.integer("StartTimeToleranceMs", int32_range));
  TRY(const std::int64_t drain, in.integer("DrainTimeoutMs", int32_range));
  out.start_time_tolerance = milliseconds(tolerance);
  out.drain_timeout = milliseconds(drain);
  return out;
}

Result<PartitionKey> key_of(const Fields& in) {
  PartitionKey key;
  TRY(key.app, in.app("AppQName"));
  TRY(key.partition, in.id<PartitionId>("PartitionID", {.low = 0, .high = 65'535}));
  return key;
}

}  // namespace

json::object to_json(const App& row) {
  return {
      {"AppQName", row.name.str()},
      {"NumPartitions", row.num_partitions},
      {"NumAppWorkspaces", row.num_app_workspaces},
      {"ClusterAppID", raw(row.id)},
      {"DesiredVersion", raw(row.desired_version)},
      {"StableVersion", raw(row.stable_version)},
      {"RolloutState", view(name_of(row.rollout))},
      {"RolloutStartedMs", row.rollout_started.ms},
      {"PoolCommand", row.settings.pool_command},
      {"PoolQuery", row.settings.pool_query},
      {"PoolActualizer", row.settings.pool_actualizer},
      {"PoolScheduler", row.settings.pool_scheduler},
      {"CronSchedule", row.settings.cron_schedule},
      {"StartTimeToleranceMs", row.settings.start_time_tolerance.ms()},
      {"DrainTimeoutMs", row.settings.drain_timeout.ms()},
      {"Deleted", row.deleted},
  };
}

json::object to_json(const AppImage& row) {
  return {
      {"AppQName", row.key.app.str()},
      {"Version", raw(row.key.version)},
      {"BlobID", static_cast<std::int64_t>(raw(row.blob))},
      {"SHA256", row.sha256.hex()},
      {"Size", row.size},
      {"UploadedAtMs", row.uploaded_at.ms},
      {"UploadedBy", row.uploaded_by},
      {"State", view(name_of(row.state))},
      {"BaselineVersion", raw(row.baseline_version)},
      {"RejectCode", row.reject_code},
      {"RejectMessage", row.reject_message},
  };
}

json::object to_json(const VvmNode& row) {
  return {
      {"NodeID", raw(row.id)},
      {"Name", row.name},
      {"Address", row.address},
      {"MaxVVM", row.vvms_max},
      {"State", view(name_of(row.state))},
  };
}

json::object to_json(const VirtualMachine& row) {
  return {
      {"VvmID", raw(row.id)},
      {"NodeID", raw(row.node)},
      {"WSID", static_cast<std::int64_t>(raw(row.workspace))},
      {"VvmEpoch", raw(row.epoch)},
      {"Nonce", to_hex(row.nonce)},
      {"Host", row.host},
      {"Port", row.port},
      {"BuildRev", row.build_rev},
      {"MaxPartitions", row.partitions_max},
      {"State", view(name_of(row.state))},
      {"RegisteredMs", row.registered_at.ms},
  };
}

json::object to_json(const Placement& row) {
  return {
      {"AppQName", row.key.app.str()},
      {"PartitionID", raw(row.key.partition)},
      {"State", view(name_of(row.state))},
      {"OwnerVvmID", raw(row.owner)},
      {"TargetVvmID", raw(row.target)},
      {"PartitionEpoch", raw(row.epoch)},
      {"Generation", raw(row.generation)},
      {"AppVersion", raw(row.version)},
      {"SinceMs", row.since.ms},
  };
}

Result<App> app_from_json(const json::object& object) {
  const Fields in(object);
  App row;
  TRY(row.name, in.app("AppQName"));
  TRY(row.num_partitions, int32(in, "NumPartitions"));
  TRY(row.num_app_workspaces, int32(in, "NumAppWorkspaces"));
  TRY(row.id, in.id<ClusterAppId>("ClusterAppID", int32_range));
  TRY(row.desired_version, in.id<AppVersion>("DesiredVersion", any));
  TRY(row.stable_version, in.id<AppVersion>("StableVersion", any));
  TRY(row.rollout, rollout_of(in));
  TRY(row.rollout_started, wall(in, "RolloutStartedMs"));
  TRY(row.settings, settings_of(in));
  TRY(row.deleted, in.boolean("Deleted"));
  return row;
}

Result<AppImage> image_from_json(const json::object& object) {
  const Fields in(object);
  AppImage row;
  TRY(row.key.app, in.app("AppQName"));
  TRY(row.key.version, in.id<AppVersion>("Version", any));
  TRY(row.blob, in.id<BlobId>("BlobID", any));
  TRY(row.sha256, in.sha256("SHA256"));
  TRY(row.size, in.integer("Size", any));
  TRY(row.uploaded_at, wall(in, "UploadedAtMs"));
  TRY(row.uploaded_by, in.text("UploadedBy"));
  TRY(row.state,
      state_of(in,
               {ImageState::uploading,
                ImageState::uploaded,
                ImageState::validated,
                ImageState::rejected,
                ImageState::retired}));
  TRY(row.baseline_version, in.id<AppVersion>("BaselineVersion", any));
  TRY(row.reject_code, int32(in, "RejectCode"));
  TRY(row.reject_message, in.text("RejectMessage", 4096));
  return row;
}

Result<VvmNode> node_from_json(const json::object& object) {
  const Fields in(object);
  VvmNode row;
  TRY(row.id, in.id<NodeId>("NodeID", int32_range));
  TRY(row.name, in.text("Name"));
  TRY(row.address, in.text("Address"));
  TRY(row.vvms_max, int32(in, "MaxVVM"));
  TRY(row.state,
      state_of(in, {NodeState::ready, NodeState::cordoned, NodeState::draining, NodeState::lost}));
  return row;
}

Result<VirtualMachine> vvm_from_json(const json::object& object) {
  const Fields in(object);
  VirtualMachine row;
  TRY(row.id, in.id<VvmId>("VvmID", {.low = 1, .high = raw(vvm_id_max)}));
  TRY(row.node, in.id<NodeId>("NodeID", int32_range));
  TRY(row.workspace, in.id<WorkspaceId>("WSID", any));
  TRY(row.epoch, in.id<VvmEpoch>("VvmEpoch", any));
  TRY(row.nonce, in.octets("Nonce", 16));
  TRY(row.host, in.text("Host"));
  TRY(const std::int64_t port, in.integer("Port", {.low = 0, .high = 65'535}));
  row.port = static_cast<std::uint16_t>(port);
  TRY(row.build_rev, in.text("BuildRev"));
  TRY(row.partitions_max, int32(in, "MaxPartitions"));
  TRY(row.state, state_of(in, {VvmState::registered, VvmState::going_down, VvmState::stopped}));
  TRY(row.registered_at, wall(in, "RegisteredMs"));
  return row;
}

Result<Placement> placement_from_json(const json::object& object) {
  const Fields in(object);
  Placement row;
  TRY(row.key, key_of(in));
  TRY(row.state,
      state_of(in,
               {PlacementState::unplaced, PlacementState::assigned, PlacementState::releasing}));
  TRY(row.owner, in.id<VvmId>("OwnerVvmID", int32_range));
  TRY(row.target, in.id<VvmId>("TargetVvmID", int32_range));
  TRY(row.epoch, in.id<PartitionEpoch>("PartitionEpoch", any));
  TRY(row.generation, in.id<Generation>("Generation", any));
  TRY(row.version, in.id<AppVersion>("AppVersion", any));
  TRY(row.since, wall(in, "SinceMs"));
  return row;
}

}  // namespace vvm::cluster
