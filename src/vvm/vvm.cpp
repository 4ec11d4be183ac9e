// Start, serving and the way down, in the order of docs/spec/vvm.md 3.3.
#include "vvm/vvm.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "lease/epoch.hpp"
#include "runtime/timeout.hpp"
#include "vvm/status_json.hpp"

namespace vvm::node {
namespace {

// Of one attempt at a step of the start that talks to disk or store.
constexpr Duration start_limit = seconds(60);

image::StoreOptions store_options(const VvmOptions& options) {
  const apppartsctl::Constants& c = options.constants;
  image::StoreOptions out;
  out.download.cluster = options.cluster;
  out.download.limits.image_bytes_max = static_cast<std::uint64_t>(c.image_max_size);
  out.download.idle = c.download_idle;
  out.download.total = c.download_limit;
  out.download.parallel_max = static_cast<std::uint32_t>(c.parallel_downloads);
  out.gc.period = c.gc_period;
  out.gc.tmp_age = std::max({c.download_limit, c.unpack_limit, c.parse_limit});
  out.disk_quota = static_cast<std::uint64_t>(c.disk_quota);
  return out;
}

}  // namespace

std::string_view name_of(VvmState state) {
  switch (state) {
    case VvmState::idle:
      return "Idle";
    case VvmState::registering:
      return "Registering";
    case VvmState::serving:
      return "Serving";
    case VvmState::draining:
      return "Draining";
    case VvmState::stopping:
      return "Stopping";
    case VvmState::stopped:
      return "Stopped";
    case VvmState::fenced:
      return "Fenced";
  }
  UNREACHABLE();
}

Vvm::Vvm(Runtime rt, VvmOptions options)
    : rt_(rt),
      options_(std::move(options)),
      partitions_(rt,
                  {.factories = &options_.factories,
                   .term = &term_,
                   .workers = nullptr,
                   .count_borrows = options_.count_borrows}),
      demand_(&partitions_),
      images_(rt, store_options(options_), &demand_, options_.unpack_memo),
      client_(rt, options_.cluster, options_.constants.command_limit),
      rng_(rt.rng("vvm")),
      stop_signal_(rt),
      scope_(rt) {}

Vvm::~Vvm() = default;

void Vvm::enter(VvmState state) {
  if (state_ == VvmState::fenced) {
    return;
  }
  state_ = state;
  rt_.emit({"vvm.state", {{"vvm", raw(options_.vvm)}, {"state", name_of(state)}}});
}

void Vvm::stop() {
  stop_wanted_ = true;
  stop_signal_.notify_all();
}

// A cancelled run() is an orderly stop, too: what follows must not be cancelled again.
Task<void> Vvm::run() {
  try {
    const Status started = co_await start();
    if (!started && !stop_wanted_) {
      rt_.emit(
          {"vvm.failed", {{"vvm", raw(options_.vvm)}, {"error", code_name(started.error().code)}}});
      failed_ = true;
    }
    while (started && !stop_wanted_ && state_ != VvmState::fenced) {
      co_await stop_signal_.wait();  // ends with stop(), fencing or cancellation
    }
  } catch (const boost::system::system_error& e) {
    if (!is_cancellation(e)) {
      throw;
    }
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  stop_wanted_ = true;
  if (state_ == VvmState::serving) {
    co_await go_down();
  }
  co_await close_parts();
  enter(VvmState::stopped);
  if (failed_) {
    rt_.proc().exit(1);
  }
}

// Until leases are taken, the epoch alone says which process is VVM k: registering a newer one
// fences the older.
Task<Status> Vvm::start() {
  enter(VvmState::registering);
  CO_TRY(co_await persist("images", &Vvm::start_images));
  CO_TRY(co_await persist("status", &Vvm::listen_status));
  CO_TRY(co_await persist("epoch", &Vvm::take_epoch));
  CO_TRY(co_await persist("register", &Vvm::register_self));
  const apppartsctl::Identity identity{
      .vvm = options_.vvm, .epoch = epoch_, .build_rev = options_.build_rev};
  const apppartsctl::ControlLoop::Parts parts{.api = &client_,
                                              .demand = &demand_,
                                              .steps = {.images = &images_,
                                                        .partitions = &partitions_,
                                                        .demand = &demand_,
                                                        .built_in = &options_.built_in_apps,
                                                        .compat = &compat_,
                                                        .parse_memo = options_.parse_memo}};
  control_ = std::make_unique<apppartsctl::ControlLoop>(
      rt_, identity, options_.constants, parts, [this](std::string_view why) { on_lost(why); });
  enter(VvmState::serving);
  co_await control_->start();
  scope_.spawn("gc", images_.collector().run());
  co_return ok();
}

// Tries until it succeeds, can never succeed, or nobody wants it any more. A full node may have
// room later.
Task<Status> Vvm::persist(std::string what, Attempt attempt) {
  Duration wait = options_.constants.register_retry_base;
  for (;;) {
    const Status done = co_await (this->*attempt)();
    if (done) {
      co_return ok();
    }
    const Code code = done.error().code;
    rt_.emit({"vvm.start_failed", {{"what", what}, {"error", code_name(code)}}});
    if (!transient(code) && code != Code::conflict) {
      co_return done.error();
    }
    if (stop_wanted_) {
      co_return Error{Code::cancelled, "stopped while starting"};
    }
    co_await stop_signal_.wait_until(rt_.now() + rng_.jittered(wait, 200));
    wait = std::min(wait * 2, options_.constants.register_retry_cap);
  }
}

Task<Status> Vvm::start_images() {
  auto task = images_.start();
  co_return co_await with_timeout(rt_, start_limit, std::move(task));
}

Task<Status> Vvm::listen_status() {
  if (!options_.status_endpoint) {
    co_return ok();
  }
  status_ = std::make_unique<StatusEndpoint>(rt_, [this] { return status_of(*this); });
  CO_TRY(status_port_, status_->listen(options_.port));
  scope_.spawn("status", status_->serve());
  co_return ok();
}

Task<Status> Vvm::take_epoch() {
  auto task = lease::next_epoch(rt_, options_.vvm);
  CO_TRY(epoch_, co_await with_timeout(rt_, start_limit, std::move(task)));
  co_return ok();
}

Task<Status> Vvm::register_self() {
  auto request = client_.register_vvm({.vvm = options_.vvm,
                                       .epoch = epoch_,
                                       .nonce = Bytes{rt_.proc().nonce()},
                                       .node = options_.node,
                                       .host = options_.host,
                                       .port = status_port_,
                                       .build_rev = options_.build_rev,
                                       .partitions_max = options_.partitions_max});
  CO_TRY(co_await with_timeout(rt_, options_.constants.command_limit, std::move(request)));
  rt_.emit({"vvm.registered", {{"vvm", raw(options_.vvm)}, {"epoch", raw(epoch_)}}});
  co_return ok();
}

// Graceful stop: tell the cluster, drain everything, at most ShutdownDrain.
Task<void> Vvm::go_down() {
  enter(VvmState::draining);
  const Instant deadline = rt_.now() + options_.constants.shutdown_drain;
  auto request = client_.going_down(options_.vvm, epoch_);
  const Status told =
      co_await with_timeout(rt_, options_.constants.command_limit, std::move(request));
  if (!told) {
    rt_.emit({"vvm.going_down_failed", {{"error", code_name(told.error().code)}}});
  }
  control_->go_down();
  const bool drained = co_await control_->await_all_absent(deadline);
  rt_.emit({"vvm.drained", {{"vvm", raw(options_.vvm)}, {"all", drained ? 1 : 0}}});
}

// Zero partitions execute when this returns: what could not be drained loses its gate.
Task<void> Vvm::close_parts() {
  if (state_ != VvmState::fenced) {
    enter(VvmState::stopping);
  }
  if (control_ != nullptr) {
    const bool all = co_await control_->close();
    if (!all) {  // what they still hold must not be taken from under them
      failed_ = true;
      rt_.proc().exit(1);
    }
  }
  partitions_.revoke_all();
  for (const appparts::AppView& app : partitions_.inspect().apps) {
    for (const appparts::PartitionView& partition : app.partitions) {
      if (!partition.present) {
        continue;
      }
      const PartitionKey key{.app = app.app, .partition = partition.id};
      const Status dropped = partitions_.undeploy(key);
      CHECK(dropped.has_value(), "undeploy behind a closed gate", key.str());
    }
  }
  co_await partitions_.close();
  if (status_ != nullptr) {
    status_->stop();
  }
  co_await scope_.close();
}

// The gates close before anything else happens; the process ends as soon as the executor is free.
void Vvm::on_lost(std::string_view why) {
  partitions_.revoke_all();
  enter(VvmState::fenced);
  rt_.emit({"vvm.fenced", {{"vvm", raw(options_.vvm)}, {"epoch", raw(epoch_)}, {"by", why}}});
  failed_ = true;
  stop_wanted_ = true;
  rt_.proc().exit(1);
  stop_signal_.notify_all();
}

}  // namespace vvm::node
