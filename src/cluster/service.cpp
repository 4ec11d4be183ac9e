// The HTTP front of the cluster process, its scheduler and its validation.
#include "cluster/service.hpp"

#include <algorithm>
#include <exception>

namespace vvm::cluster {
namespace {

constexpr std::string_view blob_path = "/blob";
constexpr Duration pause_first = milliseconds(100);
constexpr Duration pause_max = seconds(30);

std::optional<BlobId> blob_of(std::string_view path) {
  path.remove_prefix(std::min(path.size(), blob_path.size() + 1));
  const auto id = decimal(path);
  return id.has_value() ? std::optional{BlobId{*id}} : std::nullopt;
}

http::Response not_allowed() { return http::Response::text(405, "method not allowed\n"); }

}  // namespace

// Takes requests apart and puts answers together; everything in between is the processor's.
class ClusterProcess::Front final : public http::Handler {
 public:
  Front(Runtime rt, Processor* processor, ImagePolicy policy)
      : rt_(rt),
        processor_(processor),
        policy_(policy),
        limits_{.bytes_max = static_cast<std::uint64_t>(policy.bytes_max)} {}

  bool streams(const http::Request& head) const override {
    return head.method == "POST" && head.path() == blob_path;
  }

  Task<http::Response> handle(http::Request req) override {
    const std::string path{req.path()};
    const bool reads = req.method == "GET" || req.method == "HEAD";
    if (path == blob_path) {
      if (req.method != "POST") {
        co_return not_allowed();
      }
      co_return answer(co_await upload(&req));
    }
    if (path.starts_with("/blob/")) {
      if (!reads) {
        co_return not_allowed();
      }
      co_return co_await download(path);
    }
    if (path.starts_with("/api/") && req.method != "POST") {
      co_return not_allowed();
    }
    co_return answer(co_await call(path, std::move(req.body)));
  }

 private:
  static http::Response answer(const Result<boost::json::object>& result) {
    return result.has_value() ? accepted(result.value()) : refusal(result.error());
  }

  Task<Result<boost::json::object>> call(std::string path, Bytes body) {
    CO_TRY(const Call call, parse_call(path, body));
    if (call.name == deploy_app_image_name) {
      CO_TRY(const DeployAppImage command, deploy_app_image_of(call));
      co_return co_await deploy_image(command);
    }
    CO_TRY(Processor::Decide decide, command_of(call));
    co_return co_await processor_->submit(std::move(decide));
  }

  Task<Result<boost::json::object>> deploy_image(DeployAppImage command) {
    CO_TRY(precheck(processor_->tables(), command, policy_));
    std::optional<BlobStat> blob;
    const auto stat = co_await stat_blob(rt_, command.blob, limits_);
    if (stat.has_value()) {
      blob = stat.value();
    }
    if (!stat.has_value() && stat.error().code != Code::blob_not_found) {
      co_return stat.error();
    }
    co_return co_await processor_->submit(
        [command, blob, policy = policy_](const Tables& tables, WallMs now) {
          return decide(tables, command, blob, policy, now);
        });
  }

  Task<Result<boost::json::object>> upload(http::Request* req) {
    std::optional<Sha256> expected;
    if (const auto given = req->headers.find("X-Blob-SHA256")) {
      expected = Sha256::from_hex(*given);
      if (!expected.has_value()) {
        co_return Error{Code::bad_request, "X-Blob-SHA256"};
      }
    }
    CO_TRY(const boost::json::object allocated,
           co_await processor_->submit(
               [](const Tables& tables, WallMs) { return allocate_blob(tables); }));
    const BlobId id{static_cast<std::uint64_t>(allocated.at("BlobID").get_int64())};
    http::BodySource* source = req->source.get();
    CO_TRY(const BlobStat stat, co_await upload_blob(rt_, id, source, expected, limits_));
    co_return boost::json::object{{"BlobID", static_cast<std::int64_t>(raw(id))},
                                  {"Size", static_cast<std::int64_t>(stat.size)},
                                  {"SHA256", stat.sha256.hex()}};
  }

  Task<http::Response> download(std::string path) {
    const auto id = blob_of(path);
    if (!id.has_value()) {
      co_return refusal({Code::not_found, path});
    }
    auto response = co_await download_blob(rt_, *id, limits_);
    if (!response.has_value()) {
      co_return refusal(response.error());
    }
    co_return std::move(response.value());
  }

  Runtime rt_;
  Processor* processor_;
  ImagePolicy policy_;
  BlobLimits limits_;
};

ClusterProcess::ClusterProcess(Runtime rt, ClusterOptions options)
    : rt_(rt),
      options_(std::move(options)),
      processor_(rt, {.auto_place = options_.auto_place}, options_.journal),
      front_(std::make_unique<Front>(rt, &processor_, policy())),
      server_(std::make_unique<http::Server>(rt, front_.get(), options_.http)),
      scope_(rt) {}

ClusterProcess::~ClusterProcess() = default;

ImagePolicy ClusterProcess::policy() const {
  return {.bytes_max = static_cast<std::int64_t>(options_.images.limits.image_bytes_max),
          .validate = options_.validate_images,
          .auto_rollout = options_.auto_rollout};
}

Task<void> ClusterProcess::run() {
  std::exception_ptr ended;
  try {
    co_await serve_all();
  } catch (const std::exception&) {
    ended = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await scope_.close();
  if (ended != nullptr) {
    std::rethrow_exception(ended);
  }
}

Task<void> ClusterProcess::serve_all() {
  co_await processor_.load();
  const auto port = server_->listen(options_.port);
  if (!port.has_value()) {
    rt_.emit({"cluster.not_listening", {{"what", to_string(port.error())}}});
    rt_.proc().exit(1);
    co_return;
  }
  port_ = port.value();
  rt_.emit({"cluster.serving", {{"port", std::int64_t{port_}}}});
  scope_.spawn("cluster.processor", processor_.run());
  scope_.spawn("cluster.scheduler", run_scheduler());
  if (options_.validate_images) {
    scope_.spawn("cluster.validation", run_validation());
  }
  co_await server_->serve();
}

Task<void> ClusterProcess::run_scheduler() {
  for (;;) {
    processor_.request_reconcile();
    co_await rt_.clock().sleep_for(options_.tick);
  }
}

Task<void> ClusterProcess::run_validation() {
  Duration pause = pause_first;
  for (;;) {
    const bool settled = co_await validate_next();
    if (settled) {
      pause = pause_first;
      continue;
    }
    // Nothing to do, or the store has trouble: something changes, or the pause ends.
    const bool waiting = next_to_validate(processor_.tables()).has_value();
    if (waiting) {
      co_await rt_.clock().sleep_for(pause);
      pause = std::min(pause * 2, pause_max);
    } else {
      co_await processor_.changed().wait();
    }
  }
}

// True when an image has got its verdict.
Task<bool> ClusterProcess::validate_next() {
  const auto image = next_to_validate(processor_.tables());
  if (!image.has_value()) {
    co_return false;
  }
  auto judged = co_await validate_image(rt_, *image, options_.images);
  if (!judged.has_value()) {
    co_return false;
  }
  const ImageVerdict verdict{.image = image->key, .rejection = std::move(judged.value().rejection)};
  const auto stored =
      co_await processor_.submit([verdict, policy = policy()](const Tables& tables, WallMs now) {
        return decide(tables, verdict, policy, now);
      });
  co_return stored.has_value();
}

}  // namespace vvm::cluster
