// Requests to the cluster process, and what its answers mean.
#include "vvm/cluster_client.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/bytes.hpp"
#include "records/json.hpp"
#include "records/json_reader.hpp"

namespace vvm::node {
namespace {

namespace json = boost::json;

constexpr std::size_t set_points_max = 100'000;

WorkspaceId workspace_of(VvmId vvm) {
  return make_wsid(main_cluster, first_vvm_base_wsid + raw(vvm));
}

WorkspaceId cluster_workspace() { return make_wsid(main_cluster, cluster_base_wsid); }

http::PoolLimits pool_limits(Duration limit) {
  http::PoolLimits limits;
  limits.exchange.total = limit;
  return limits;
}

}  // namespace

Error refusal_of(unsigned status, BytesView body) {
  const std::string what = "HTTP " + std::to_string(status);
  Error unclear{status >= 500 ? Code::unavailable : Code::bad_request, what};
  const Result<json::object> object = parse_json_object(body);
  if (!object) {
    return unclear;
  }
  const json::value* error = object.value().if_contains("Error");
  if (error == nullptr || !error->is_object()) {
    return unclear;
  }
  const JsonReader in(error->get_object());
  const Result<std::string> name = in.text("Code", 64);
  const Result<std::string> message = in.text("Message", 64 * 1024);
  if (!name || !message) {
    return unclear;
  }
  const std::optional<Code> code = code_from_name(name.value());
  if (!code.has_value()) {
    return {unclear.code, what + " " + name.value()};
  }
  return {*code, message.value()};
}

Result<apppartsctl::SpList> sp_list_from_json(const json::object& object) {
  const JsonReader in(object);
  apppartsctl::SpList list;
  TRY(list.revision, in.integer("ListRevision", 0, std::numeric_limits<std::int64_t>::max()));
  TRY(list.complete, in.boolean("Complete"));
  TRY(const json::array* sps, in.array("SP", set_points_max));
  list.sps.reserve(sps->size());
  for (const json::value& value : *sps) {
    const json::object* sp = value.if_object();
    if (sp == nullptr) {
      return Error{Code::bad_request, "a set-point is not an object"};
    }
    TRY(SetPoint set_point, set_point_from_json(*sp));
    list.sps.push_back(std::move(set_point));
  }
  return list;
}

ClusterClient::ClusterClient(Runtime rt, Endpoint cluster, Duration limit)
    : cluster_(std::move(cluster)), pool_(rt, pool_limits(limit)) {}

Task<Result<json::object>> ClusterClient::call(WorkspaceId workspace,
                                               std::string name,
                                               json::object body) {
  http::Request request;
  request.method = "POST";
  request.target = "/api/sys/cluster/" + std::to_string(raw(workspace)) + "/" + name;
  request.headers.set("Content-Type", "application/json");
  request.body = json::serialize(body);
  CO_TRY(const http::Response response, co_await pool_.exchange(cluster_, std::move(request)));
  if (response.status != 200) {
    co_return refusal_of(response.status, response.body);
  }
  Result<json::object> answer = parse_json_object(response.body);
  if (!answer) {
    co_return Error{Code::protocol_error, answer.error().what};
  }
  co_return answer;
}

Task<Result<apppartsctl::SpList>> ClusterClient::sp_list(VvmId vvm, VvmEpoch epoch) {
  json::object body{{"VvmEpoch", raw(epoch)}};
  CO_TRY(const json::object answer,
         co_await call(workspace_of(vvm), "q.cluster.SPList", std::move(body)));
  Result<apppartsctl::SpList> list = sp_list_from_json(answer);
  if (!list) {
    co_return Error{Code::protocol_error, list.error().what};
  }
  co_return list;
}

Task<Status> ClusterClient::report_pv(ProcessVariable pv) {
  json::object body = to_json(pv);
  CO_TRY(co_await call(workspace_of(pv.vvm), "c.cluster.ReportPV", std::move(body)));
  co_return ok();
}

Task<Status> ClusterClient::register_vvm(apppartsctl::Registration registration) {
  json::object body{{"VvmID", raw(registration.vvm)},
                    {"VvmEpoch", raw(registration.epoch)},
                    {"Nonce", to_hex(registration.nonce)},
                    {"NodeID", raw(registration.node)},
                    {"Host", registration.host},
                    {"Port", registration.port},
                    {"BuildRev", registration.build_rev},
                    {"MaxPartitions", registration.partitions_max}};
  CO_TRY(co_await call(cluster_workspace(), "c.cluster.RegisterVVM", std::move(body)));
  co_return ok();
}

Task<Status> ClusterClient::going_down(VvmId vvm, VvmEpoch epoch) {
  json::object body{{"VvmID", raw(vvm)}, {"VvmEpoch", raw(epoch)}};
  CO_TRY(co_await call(cluster_workspace(), "c.cluster.VVMGoingDown", std::move(body)));
  co_return ok();
}

}  // namespace vvm::node
