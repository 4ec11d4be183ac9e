// Reading of each command's arguments, and the table of routes.
#include "cluster/api.hpp"

#include <algorithm>
#include <array>

#include <boost/json/serialize.hpp>

#include "cluster/json_fields.hpp"
#include "records/json.hpp"

namespace vvm::cluster {
namespace json = boost::json;

namespace {

constexpr Range positive{.low = 1};
constexpr Range natural{};
constexpr Range vvm_range{.low = 1, .high = raw(vvm_id_max)};
constexpr Range int32_range{.low = 0, .high = std::numeric_limits<std::int32_t>::max()};

// err: NotFound when the workspace is not the cluster's.
Status in_cluster(const Call& call) {
  if (call.workspace == cluster_workspace()) {
    return ok();
  }
  return Error{Code::not_found, call.name + " in workspace " + std::to_string(raw(call.workspace))};
}

// The VVM whose workspace it is.
Result<VvmId> in_vvm(const Call& call) {
  const std::uint64_t base = base_of(call.workspace);
  const bool main = cluster_of(call.workspace) == main_cluster;
  if (!main || base <= first_vvm_base_wsid || base > first_vvm_base_wsid + raw(vvm_id_max)) {
    return Error{Code::not_found,
                 call.name + " in workspace " + std::to_string(raw(call.workspace))};
  }
  return VvmId{static_cast<std::uint32_t>(base - first_vvm_base_wsid)};
}

Result<std::optional<std::int32_t>> optional_int32(const Fields& in,
                                                   std::string_view name,
                                                   Range range) {
  if (!in.has(name)) {
    return std::optional<std::int32_t>{};
  }
  TRY(const std::int64_t value, in.integer(name, range));
  return std::optional<std::int32_t>{static_cast<std::int32_t>(value)};
}

Result<std::optional<Duration>> optional_ms(const Fields& in, std::string_view name, Range range) {
  if (!in.has(name)) {
    return std::optional<Duration>{};
  }
  TRY(const std::int64_t value, in.integer(name, range));
  return std::optional<Duration>{milliseconds(value)};
}

Result<SettingsPatch> settings_of(const Fields& in) {
  constexpr Range pool{.low = 0, .high = 1024};
  SettingsPatch out;
  TRY(out.pool_command, optional_int32(in, "PoolCommand", pool));
  TRY(out.pool_query, optional_int32(in, "PoolQuery", pool));
  TRY(out.pool_actualizer, optional_int32(in, "PoolActualizer", pool));
  TRY(out.pool_scheduler, optional_int32(in, "PoolScheduler", pool));
  TRY(out.start_time_tolerance,
      optional_ms(in, "StartTimeToleranceMs", {.low = 0, .high = 86'400'000}));
  TRY(out.drain_timeout, optional_ms(in, "DrainTimeoutMs", {.low = 0, .high = 600'000}));
  if (in.has("CronSchedule")) {
    TRY(std::string cron, in.text("CronSchedule", 255));
    out.cron_schedule = std::move(cron);
  }
  return out;
}

Result<Processor::Decide> deploy_app(const Call& call) {
  TRY(in_cluster(call));
  const Fields in(call.body);
  DeployApp command;
  TRY(command.name, in.app("AppQName"));
  TRY(const std::int64_t workspaces, in.integer("NumAppWorkspaces", int32_range));
  TRY(const std::int64_t partitions, in.integer("NumPartitions", int32_range));
  TRY(command.settings, settings_of(in));
  command.num_partitions = static_cast<std::int32_t>(partitions);
  command.num_app_workspaces = static_cast<std::int32_t>(workspaces);
  return [command](const Tables& tables, WallMs) { return decide(tables, command); };
}

Result<Processor::Decide> rollback_app(const Call& call) {
  TRY(in_cluster(call));
  const Fields in(call.body);
  RollbackApp command;
  TRY(command.app, in.app("AppQName"));
  TRY(command.to_version, in.id<AppVersion>("ToVersion", positive));
  return [command](const Tables& tables, WallMs now) { return decide(tables, command, now); };
}

Result<Processor::Decide> delete_app_of(const Call& call) {
  TRY(in_cluster(call));
  TRY(const AppQName app, Fields(call.body).app("AppQName"));
  return [app](const Tables& tables, WallMs) { return delete_app(tables, app); };
}

Result<Processor::Decide> register_vvm(const Call& call) {
  TRY(in_cluster(call));
  const Fields in(call.body);
  RegisterVvm command;
  TRY(command.vvm, in.id<VvmId>("VvmID", vvm_range));
  TRY(command.epoch, in.id<VvmEpoch>("VvmEpoch", natural));
  TRY(command.nonce, in.octets("Nonce", 16));
  TRY(command.node, in.id<NodeId>("NodeID", {.low = 1, .high = int32_range.high}));
  TRY(command.host, in.text("Host", 255));
  TRY(const std::int64_t port, in.integer("Port", {.low = 0, .high = 65'535}));
  TRY(command.build_rev, in.text_or("BuildRev", ""));
  TRY(const std::int64_t partitions, in.integer_or("MaxPartitions", int32_range, 256));
  command.port = static_cast<std::uint16_t>(port);
  command.partitions_max = static_cast<std::int32_t>(partitions);
  return [command](const Tables& tables, WallMs now) {
    return decide(tables, command, LeaseCheck::unchecked, now);
  };
}

Result<Processor::Decide> vvm_going_down(const Call& call) {
  TRY(in_cluster(call));
  const Fields in(call.body);
  VvmGoingDown command;
  TRY(command.vvm, in.id<VvmId>("VvmID", vvm_range));
  TRY(command.epoch, in.id<VvmEpoch>("VvmEpoch", positive));
  return [command](const Tables& tables, WallMs) { return decide(tables, command); };
}

Status same_vvm(VvmId workspace, VvmId given) {
  if (workspace == given) {
    return ok();
  }
  return Error{Code::bad_request,
               "VvmID " + std::to_string(raw(given)) + " in the workspace of VVM " +
                   std::to_string(raw(workspace))};
}

Result<Processor::Decide> put_sp_of(const Call& call) {
  TRY(const VvmId vvm, in_vvm(call));
  TRY(const SetPoint sp, set_point_from_json(call.body));
  TRY(same_vvm(vvm, sp.vvm));
  return [sp](const Tables& tables, WallMs now) { return put_sp(tables, sp, now); };
}

Result<Processor::Decide> report_pv_of(const Call& call) {
  TRY(const VvmId vvm, in_vvm(call));
  TRY(const ProcessVariable pv, process_variable_from_json(call.body));
  TRY(same_vvm(vvm, pv.vvm));
  return [pv](const Tables& tables, WallMs) { return report_pv(tables, pv); };
}

Result<Processor::Decide> sp_list_of(const Call& call) {
  TRY(const VvmId vvm, in_vvm(call));
  TRY(const VvmEpoch epoch, Fields(call.body).id<VvmEpoch>("VvmEpoch", natural));
  return [vvm, epoch](const Tables& tables, WallMs) { return sp_list(tables, vvm, epoch); };
}

Result<Processor::Decide> status_of(const Call& call) {
  TRY(in_cluster(call));
  const Fields in(call.body);
  std::optional<AppQName> app;
  if (in.has("AppQName")) {
    TRY(AppQName name, in.app("AppQName"));
    app = std::move(name);
  }
  return [app](const Tables& tables, WallMs) { return status(tables, app); };
}

struct Route {
  std::string_view name;
  Result<Processor::Decide> (*parse)(const Call& call);
};

constexpr std::array routes{
    Route{"c.cluster.DeployApp", deploy_app},
    Route{"c.cluster.RegisterApp", deploy_app},
    Route{"c.cluster.RollbackApp", rollback_app},
    Route{"c.cluster.DeleteApp", delete_app_of},
    Route{"c.cluster.RegisterVVM", register_vvm},
    Route{"c.cluster.VVMGoingDown", vvm_going_down},
    Route{"c.cluster.PutSP", put_sp_of},
    Route{"c.cluster.ReportPV", report_pv_of},
    Route{"q.cluster.SPList", sp_list_of},
    Route{"q.cluster.Status", status_of},
};

}  // namespace

Result<Call> parse_call(std::string_view path, std::string_view body) {
  constexpr std::string_view prefix = "/api/sys/cluster/";
  const Error not_found{Code::not_found, std::string{path}};
  if (!path.starts_with(prefix)) {
    return not_found;
  }
  path.remove_prefix(prefix.size());
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) {
    return not_found;
  }
  const auto wsid = decimal(path.substr(0, slash));
  if (!wsid.has_value()) {
    return not_found;
  }
  Call call{.workspace = WorkspaceId{*wsid}, .name = std::string{path.substr(slash + 1)}};
  if (!body.empty()) {
    TRY(call.body, parse_json_object(body));
  }
  return call;
}

Result<Processor::Decide> command_of(const Call& call) {
  const auto route = std::ranges::find(routes, call.name, &Route::name);
  if (route == routes.end()) {
    return Error{Code::not_found, call.name};
  }
  return route->parse(call);
}

Result<DeployAppImage> deploy_app_image_of(const Call& call) {
  TRY(in_cluster(call));
  const Fields in(call.body);
  DeployAppImage command;
  TRY(command.app, in.app("AppQName"));
  TRY(command.blob, in.id<BlobId>("BlobID", positive));
  TRY(command.sha256, in.sha256("SHA256"));
  TRY(command.size, in.integer("Size", natural));
  TRY(command.uploaded_by, in.text_or("UploadedBy", ""));
  return command;
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
  if (text.empty()) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (max - digit) / 10) {
      return std::nullopt;
    }
    value = value * 10 + digit;
  }
  return value;
}

http::Response refusal(const Error& error) {
  const unsigned status = http_status(error.code);
  const std::string_view name = code_name(error.code);
  const json::object out{{"Error",
                          {{"Status", status},
                           {"Code", json::string_view{name.data(), name.size()}},
                           {"Message", error.what}}}};
  http::Response res = http::Response::json(status, json::serialize(out));
  if (status == 503) {
    res.headers.add("Retry-After", "1");
  }
  return res;
}

http::Response accepted(const json::object& body) {
  return http::Response::json(200, json::serialize(body));
}

}  // namespace vvm::cluster
