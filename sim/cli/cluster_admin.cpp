// Requests to the cluster process, and its answers as rows.
#include "sim/cli/cluster_admin.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/tables_json.hpp"
#include "image/pack.hpp"
#include "records/json.hpp"
#include "records/json_reader.hpp"
#include "sim/cli/image_folder.hpp"
#include "vvm/cluster_client.hpp"

namespace vvm::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t rows_max = 10'000'000;

http::PoolLimits pool_limits() {
  http::PoolLimits limits;
  limits.exchange.total = seconds(30);
  limits.exchange.body_bytes_max = std::uint64_t{1} << 30U;
  return limits;
}

// The rows of one table.
template <class T, class Read>
Status read_rows(const json::object& object,
                 std::string_view table,
                 Read read,
                 std::vector<T>& out) {
  TRY(const json::array* rows, JsonReader(object).array(table, rows_max));
  out.reserve(rows->size());
  for (const json::value& row : *rows) {
    if (!row.is_object()) {
      return Error{Code::protocol_error, "a row of `" + std::string(table) + "` is no object"};
    }
    TRY(T value, read(row.get_object()));
    out.push_back(std::move(value));
  }
  return ok();
}

Result<ClusterStatus> read_status(const json::object& object) {
  ClusterStatus status;
  TRY(status.revision,
      JsonReader(object).integer("Revision", 0, std::numeric_limits<std::int64_t>::max()));
  TRY(read_rows(object, "Apps", cluster::app_from_json, status.apps));
  TRY(read_rows(object, "Images", cluster::image_from_json, status.images));
  TRY(read_rows(object, "VVMs", cluster::vvm_from_json, status.vvms));
  TRY(read_rows(object, "SP", set_point_from_json, status.sps));
  TRY(read_rows(object, "PV", process_variable_from_json, status.pvs));
  return status;
}

Result<AppVersion> version_of(const json::object& answer) {
  return JsonReader(answer).id<AppVersion>("Version", 1);
}

}  // namespace

const cluster::App* ClusterStatus::find_app(const AppQName& name) const {
  const auto it = std::ranges::find(apps, name, &cluster::App::name);
  return it == apps.end() ? nullptr : &*it;
}

const cluster::AppImage* ClusterStatus::find_image(const AppQName& name, AppVersion version) const {
  const cluster::ImageKey key{.app = name, .version = version};
  const auto it = std::ranges::find(images, key, &cluster::AppImage::key);
  return it == images.end() ? nullptr : &*it;
}

Result<ClusterStatus> status_from_json(const json::object& object) {
  auto status = read_status(object);
  if (status.has_error()) {
    return Error{Code::protocol_error, status.error().what};
  }
  return status;
}

Result<PackedApp> pack_folder(const AppQName& app,
                              const std::string& folder,
                              const std::string& command) {
  TRY(std::vector<image::Entry> entries, entries_of(folder, command));
  auto packed = image::pack({.app = app, .files = std::move(entries)});
  if (packed.has_error()) {
    return Error{Code::bad_input, folder + ": " + to_string(packed.error())};
  }
  return PackedApp{.app = app, .image = std::move(packed.value())};
}

ClusterAdmin::ClusterAdmin(Runtime rt, Endpoint cluster)
    : cluster_(std::move(cluster)), pool_(rt, pool_limits()) {}

Task<Result<json::object>> ClusterAdmin::exchange(http::Request request) {
  request.method = "POST";
  CO_TRY(const http::Response response, co_await pool_.exchange(cluster_, std::move(request)));
  if (response.status != 200) {
    co_return node::refusal_of(response.status, response.body);
  }
  Result<json::object> answer = parse_json_object(response.body);
  if (answer.has_error()) {
    co_return Error{Code::protocol_error, answer.error().what};
  }
  co_return answer;
}

Task<Result<json::object>> ClusterAdmin::call(std::string name, json::object body) {
  http::Request request;
  request.target =
      "/api/sys/cluster/" + std::to_string(raw(cluster::cluster_workspace())) + "/" + name;
  request.headers.set("Content-Type", "application/json");
  request.body = json::serialize(body);
  co_return co_await exchange(std::move(request));
}

Task<Result<ClusterStatus>> ClusterAdmin::status() {
  CO_TRY(const json::object answer, co_await call("q.cluster.Status", {}));
  co_return status_from_json(answer);
}

Task<Result<AppVersion>> ClusterAdmin::rollback(AppQName app, AppVersion to) {
  json::object body{{"AppQName", app.str()}, {"ToVersion", raw(to)}};
  CO_TRY(const json::object answer, co_await call("c.cluster.RollbackApp", std::move(body)));
  co_return version_of(answer);
}

Task<Status> ClusterAdmin::register_app(AppQName app, AppCounts counts) {
  json::object body{{"AppQName", app.str()},
                    {"NumPartitions", counts.partitions},
                    {"NumAppWorkspaces", counts.workspaces}};
  CO_TRY(co_await call("c.cluster.DeployApp", std::move(body)));
  co_return ok();
}

Task<Result<AppVersion>> ClusterAdmin::deploy(PackedApp app, std::optional<AppCounts> counts) {
  CO_TRY(const ClusterStatus before, co_await status());
  const cluster::App* const known = before.find_app(app.app);
  if (known == nullptr || counts.has_value()) {
    CO_TRY(co_await register_app(app.app, counts.value_or(AppCounts{})));
  }
  const std::string digest = sha256(app.image).hex();
  const std::size_t size = app.image.size();
  http::Request upload;
  upload.target = "/blob";
  upload.headers.set("X-Blob-SHA256", digest);
  upload.body = std::move(app.image);
  CO_TRY(const json::object stored, co_await exchange(std::move(upload)));
  CO_TRY(const BlobId blob, JsonReader(stored).id<BlobId>("BlobID", 1));
  json::object body{{"AppQName", app.app.str()},
                    {"BlobID", static_cast<std::int64_t>(raw(blob))},
                    {"SHA256", digest},
                    {"Size", static_cast<std::int64_t>(size)},
                    {"UploadedBy", "vvm ctl"}};
  CO_TRY(const json::object answer, co_await call("c.cluster.DeployAppImage", std::move(body)));
  co_return version_of(answer);
}

Task<Result<Deployed>> ClusterAdmin::deploy_once(PackedApp app, std::optional<AppCounts> counts) {
  CO_TRY(const ClusterStatus now, co_await status());
  const Sha256 digest = sha256(app.image);
  for (const cluster::AppImage& image : now.images) {
    const bool same = image.key.app == app.app && image.sha256 == digest;
    if (same && image.state != cluster::ImageState::rejected) {
      co_return Deployed{.version = image.key.version, .anew = false};
    }
  }
  CO_TRY(const AppVersion version, co_await deploy(std::move(app), counts));
  co_return Deployed{.version = version, .anew = true};
}

}  // namespace vvm::cli
