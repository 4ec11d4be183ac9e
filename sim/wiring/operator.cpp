// Orders to requests, and what to make of the answers.
#include "sim/wiring/operator.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/tables.hpp"
#include "http/message.hpp"
#include "records/json_reader.hpp"
#include "vvm/cluster_client.hpp"

namespace vvm::wiring {
namespace {

namespace json = boost::json;

constexpr Duration wait_first = seconds(1);
constexpr Duration wait_max = seconds(10);
constexpr Duration exchange_limit = seconds(10);
constexpr Duration upload_limit = seconds(60);

http::PoolLimits pool_limits() {
  http::PoolLimits limits;
  limits.exchange.total = exchange_limit;
  return limits;
}

// The same request again would be refused again.
bool final_refusal(const Error& error) {
  return error.code == Code::bad_request || error.code == Code::conflict ||
         error.code == Code::too_large;
}

std::string refused(const Error& error) { return "refused: " + to_string(error); }

std::int64_t number(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace

Operator::Operator(Runtime rt, Parts parts)
    : rt_(rt),
      parts_(std::move(parts)),
      pool_(rt, pool_limits()),
      rng_(rt.rng("operator")),
      given_(rt),
      scope_(rt) {}

void Operator::give(Order order) {
  ++open_;
  AppQName app = order.app;
  queues_[std::move(app)].orders.push_back(std::move(order));
  given_.notify_all();
}

void Operator::begin() {
  begun_ = true;
  given_.notify_all();
}

Task<void> Operator::run() {
  std::exception_ptr cancelled;
  try {
    for (;;) {
      for (auto& [app, queue] : queues_) {
        if (begun_ && !queue.orders.empty() && !std::exchange(queue.working, true)) {
          scope_.spawn(app.str(), work(app));
        }
      }
      co_await given_.wait();  // ends with an order, or with the process
    }
  } catch (const boost::system::system_error&) {
    cancelled = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await scope_.close();
  std::rethrow_exception(cancelled);
}

Task<void> Operator::work(AppQName app) {
  Queue& queue = queues_[app];
  while (!queue.orders.empty()) {
    Order order = std::move(queue.orders.front());
    queue.orders.pop_front();
    co_await carry_out(std::move(order));
    --open_;
  }
  queue.working = false;
}

Task<void> Operator::carry_out(Order order) {
  Duration wait = wait_first;
  for (;;) {
    const End end = co_await attempt(&order);
    if (end.has_value()) {
      parts_.tell(order.text + ": " + *end);
      co_return;
    }
    co_await rt_.clock().sleep_for(rng_.jittered(wait, 200));
    wait = std::min(wait * 2, wait_max);
  }
}

Task<Operator::End> Operator::attempt(const Order* order) {
  if (const auto* what = std::get_if<UploadOrder>(&order->what)) {
    return upload(order, what->image);
  }
  if (const auto* what = std::get_if<DeployOrder>(&order->what)) {
    return deploy(what->app);
  }
  if (const auto* what = std::get_if<RollbackOrder>(&order->what)) {
    return rollback(order->app, what->to);
  }
  return remove(order->app);
}

Task<Operator::End> Operator::upload(const Order* order, std::string name) {
  const BuiltImage& image = parts_.images->at(name);
  const auto sent = blobs_.find(name);
  BlobId blob = sent == blobs_.end() ? BlobId{} : sent->second;
  if (blob == BlobId{}) {
    const Result<BlobId> stored = co_await send_blob(&image);
    if (!stored.has_value()) {
      co_return final_refusal(stored.error()) ? End{refused(stored.error())} : End{};
    }
    blob = stored.value();
    blobs_[name] = blob;
    parts_.uploaded(name, blob);
  }
  json::object body{{"AppQName", order->app.str()},
                    {"BlobID", static_cast<std::int64_t>(blob)},
                    {"SHA256", image.sha.hex()},
                    {"Size", static_cast<std::int64_t>(image.bytes.size())},
                    {"UploadedBy", "operator"}};
  const auto answer = co_await post("c.cluster.DeployAppImage", std::move(body));
  if (answer.has_value()) {
    co_return "version " + std::to_string(number(answer.value(), "Version"));
  }
  if (answer.error().code == Code::blob_not_found || answer.error().code == Code::unprocessable) {
    blobs_.erase(name);  // what is there is not what was sent
    co_return End{};
  }
  co_return final_refusal(answer.error()) ? End{refused(answer.error())} : End{};
}

Task<Result<BlobId>> Operator::send_blob(const BuiltImage* image) {
  http::Request request;
  request.method = "POST";
  request.target = "/blob";
  request.body = image->bytes;
  http::ClientLimits limits;
  limits.total = upload_limit;
  auto exchange = http::exchange(rt_, parts_.cluster, std::move(request), limits);
  CO_TRY(const http::Response response, co_await std::move(exchange));
  if (response.status != 200) {
    co_return node::refusal_of(response.status, response.body);
  }
  CO_TRY(const json::object answer, parse_json_object(response.body));
  const json::value* sha = answer.if_contains("SHA256");
  if (sha == nullptr || !sha->is_string() || sha->get_string() != image->sha.hex()) {
    co_return Error{Code::unavailable, "the BLOB has another digest"};
  }
  co_return BlobId{static_cast<std::uint64_t>(number(answer, "BlobID"))};
}

Task<Operator::End> Operator::deploy(scenario::App app) {
  json::object body{{"AppQName", app.name},
                    {"NumPartitions", app.partitions},
                    {"NumAppWorkspaces", app.workspaces},
                    {"PoolCommand", app.pools.command},
                    {"PoolQuery", app.pools.query},
                    {"PoolActualizer", app.pools.actualizer},
                    {"PoolScheduler", app.pools.scheduler}};
  if (app.drain_timeout.has_value()) {
    body["DrainTimeoutMs"] = app.drain_timeout->ms();
  }
  if (app.cron_schedule.has_value()) {
    body["CronSchedule"] = *app.cron_schedule;
  }
  if (app.start_time_tolerance.has_value()) {
    body["StartTimeToleranceMs"] = app.start_time_tolerance->ms();
  }
  const auto answer = co_await post("c.cluster.DeployApp", std::move(body));
  if (answer.has_value()) {
    co_return "done";
  }
  co_return final_refusal(answer.error()) ? End{refused(answer.error())} : End{};
}

// Every success makes a version: before it is tried again, a look whether it has been done.
Task<Operator::End> Operator::rollback(AppQName app, AppVersion to) {
  const auto now = co_await newest(app);
  if (!now.has_value()) {
    co_return End{};
  }
  const auto [version, repeats] = now.value();
  const auto [before, first] = before_rollback_.try_emplace(app, version);
  if (!first && version > before->second && repeats == to) {
    before_rollback_.erase(app);
    co_return "version " + std::to_string(raw(version));
  }
  json::object body{{"AppQName", app.str()}, {"ToVersion", raw(to)}};
  const auto answer = co_await post("c.cluster.RollbackApp", std::move(body));
  if (answer.has_value()) {
    before_rollback_.erase(app);
    co_return "version " + std::to_string(number(answer.value(), "Version"));
  }
  const bool refusal = final_refusal(answer.error()) || answer.error().code == Code::not_found;
  if (refusal) {
    before_rollback_.erase(app);
    co_return refused(answer.error());
  }
  co_return End{};
}

Task<Operator::End> Operator::remove(AppQName app) {
  const auto answer = co_await post("c.cluster.DeleteApp", {{"AppQName", app.str()}});
  if (answer.has_value()) {
    co_return "done";
  }
  const bool refusal = final_refusal(answer.error()) || answer.error().code == Code::not_found;
  co_return refusal ? End{refused(answer.error())} : End{};
}

Task<Result<json::object>> Operator::post(std::string name, json::object body) {
  http::Request request;
  request.method = "POST";
  request.target =
      "/api/sys/cluster/" + std::to_string(raw(cluster::cluster_workspace())) + "/" + name;
  request.headers.set("Content-Type", "application/json");
  request.body = json::serialize(body);
  auto exchange = pool_.exchange(parts_.cluster, std::move(request));
  CO_TRY(const http::Response response, co_await std::move(exchange));
  if (response.status != 200) {
    co_return node::refusal_of(response.status, response.body);
  }
  co_return parse_json_object(response.body);
}

Task<Result<std::pair<AppVersion, AppVersion>>> Operator::newest(AppQName app) {
  CO_TRY(const json::object answer, co_await post("q.cluster.Status", {{"AppQName", app.str()}}));
  std::pair<AppVersion, AppVersion> newest{};
  const json::value* images = answer.if_contains("Images");
  if (images == nullptr || !images->is_array()) {
    co_return newest;
  }
  for (const json::value& row : images->get_array()) {
    const json::object* image = row.if_object();
    if (image != nullptr && AppVersion{number(*image, "Version")} > newest.first) {
      newest = {AppVersion{number(*image, "Version")},
                AppVersion{number(*image, "BaselineVersion")}};
    }
  }
  co_return newest;
}

}  // namespace vvm::wiring
