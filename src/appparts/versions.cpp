// Versions: built once however many ask, repaired while they serve, closed with their last hold.
#include <algorithm>

#include "appparts/app_partitions.hpp"
#include "appparts/hub.hpp"
#include "appparts/partition.hpp"
#include "base/check.hpp"

namespace vvm::appparts {
namespace {

constexpr Duration repair_retry = seconds(5);

std::uint64_t build_units(const VersionSpec& spec) {
  std::uint64_t units = spec.app_def->extensions().size();
  for (const std::uint16_t size : spec.pools) {
    units += size;
  }
  return units;
}

// Ends a build that its coroutine does not end: those who wait for it must not wait for ever.
class BuildGuard {
 public:
  explicit BuildGuard(std::function<void()> give_up) : give_up_(std::move(give_up)) {}

  BuildGuard(const BuildGuard&) = delete;
  BuildGuard& operator=(const BuildGuard&) = delete;

  ~BuildGuard() {
    if (give_up_) {
      give_up_();
    }
  }

  void done() { give_up_ = nullptr; }

 private:
  std::function<void()> give_up_;
};

}  // namespace

std::string_view state_name(VersionState state) {
  switch (state) {
    case VersionState::building:
      return "Building";
    case VersionState::ready:
      return "Ready";
    case VersionState::closing:
      return "Closing";
    case VersionState::closed:
      return "Closed";
  }
  UNREACHABLE();
}

VersionHandle::VersionHandle(AppPartitions* owner,
                             App* of,
                             VersionSpec made_from,
                             const engines::EngineFactories* factories,
                             engines::PoolShelf* shelf)
    : hub(owner),
      app(of),
      spec(std::move(made_from)),
      pools({.app = spec.app, .app_def = spec.app_def, .modules = spec.modules},
            spec.pools,
            factories,
            shelf) {}

VersionRef::VersionRef(VersionHandle* handle) : handle_(handle) {
  if (handle_ != nullptr) {
    ++handle_->references;
  }
}

void VersionRef::reset() {
  VersionHandle* handle = std::exchange(handle_, nullptr);
  if (handle != nullptr && --handle->references == 0) {
    handle->hub->unreferenced(*handle);
  }
}

const AppQName& VersionRef::app() const { return handle_->spec.app; }

AppVersion VersionRef::version() const { return handle_->spec.version; }

const Sha256& VersionRef::sha() const { return handle_->spec.sha; }

const std::shared_ptr<const AppDef>& VersionRef::app_def() const { return handle_->spec.app_def; }

const PoolSizes& VersionRef::pools() const { return handle_->spec.pools; }

VersionState VersionRef::state() const { return handle_->state; }

bool VersionRef::engines_ready() const {
  return handle_->state == VersionState::ready && handle_->pools.ready();
}

Result<App*> AppPartitions::app_for(const VersionSpec& spec) {
  if (spec.partitions == 0 || spec.app_def == nullptr) {
    return Error{Code::invalid_sp, spec.app.str() + ": no partitions or no definition"};
  }
  std::unique_ptr<App>& app = apps_[spec.app];
  if (app == nullptr) {
    app = std::make_unique<App>();
    app->hub = this;
    app->name = spec.app;
    app->text = spec.app.str();
    app->partition_count = spec.partitions;
    app->app_workspaces = spec.app_workspaces;
    changed(*app);
  }
  if (app->partition_count != spec.partitions) {
    return Error{Code::num_partitions_changed,
                 app->text + ": " + std::to_string(app->partition_count) + " to " +
                     std::to_string(spec.partitions)};
  }
  if (app->app_workspaces != spec.app_workspaces) {
    return Error{Code::num_app_workspaces_changed,
                 app->text + ": " + std::to_string(app->app_workspaces) + " to " +
                     std::to_string(spec.app_workspaces)};
  }
  return app.get();
}

VersionHandle* AppPartitions::find_version(App& app, const VersionSpec& spec) const {
  for (const auto& handle : app.versions) {
    const VersionSpec& has = handle->spec;
    const bool usable =
        handle->state == VersionState::building || handle->state == VersionState::ready;
    if (usable && has.version == spec.version && has.sha == spec.sha && has.pools == spec.pools) {
      return handle.get();
    }
  }
  return nullptr;
}

VersionHandle* AppPartitions::find_serial(const App& app, std::uint64_t serial) const {
  for (const auto& handle : app.versions) {
    if (handle->serial == serial) {
      return handle.get();
    }
  }
  return nullptr;
}

VersionRef AppPartitions::ready_version(const VersionSpec& spec) const {
  const auto app = apps_.find(spec.app);
  if (app == apps_.end() || app->second->partition_count != spec.partitions ||
      app->second->app_workspaces != spec.app_workspaces) {
    return {};
  }
  VersionHandle* const handle = find_version(*app->second, spec);
  const bool ready = handle != nullptr && handle->state == VersionState::ready;
  return ready ? VersionRef(handle) : VersionRef();
}

Task<Result<VersionRef>> AppPartitions::ensure_version(VersionSpec spec) {
  CO_TRY(App* const app, app_for(spec));
  while (VersionHandle* handle = find_version(*app, spec)) {
    VersionRef hold(handle);
    if (handle->state == VersionState::building && handle->built == nullptr) {
      handle->built = std::make_unique<Signal>(rt_);
    }
    // Ends when the build does, or its task.
    while (handle->state == VersionState::building) {
      co_await handle->built->wait();
    }
    if (handle->state == VersionState::ready) {
      co_return hold;
    }
    // A builder that was cancelled says nothing about the version: try anew.
    if (handle->failure.has_value() && handle->failure->code != Code::cancelled) {
      co_return *handle->failure;
    }
  }
  app->versions.push_back(
      std::make_unique<VersionHandle>(this, app, std::move(spec), parts_.factories, &shelf_));
  VersionHandle* const handle = app->versions.back().get();
  handle->serial = ++last_serial_;
  VersionRef hold(handle);
  changed(*app);
  BuildGuard guard([this, handle] { built(*handle, Error{Code::cancelled, "build"}); });
  co_await rt_.proc().charge({WorkKind::build, build_units(handle->spec)});
  const Status result = handle->pools.build();
  guard.done();
  built(*handle, result);
  if (result.has_error()) {
    co_return result.error();
  }
  co_return hold;
}

void AppPartitions::built(VersionHandle& handle, Status result) {
  handle.state = result.has_value() ? VersionState::ready : VersionState::closed;
  changed(*handle.app);
  if (!rt_.proc().alive()) {
    return;
  }  // in a crash: no seam
  const std::int64_t version = raw(handle.spec.version);
  const std::string sha = handle.spec.sha.hex();
  if (result.has_error()) {
    handle.failure = result.error();
    const engines::EngineLedger& ledger = handle.pools.ledger();
    rt_.emit({"version.failed",
              {{"app", handle.app->text},
               {"version", version},
               {"error", code_name(result.error().code)},
               {"created", static_cast<std::int64_t>(ledger.created)},
               {"closed", static_cast<std::int64_t>(ledger.closed)}}});
  } else {
    rt_.emit({"version.ready", {{"app", handle.app->text}, {"version", version}, {"sha", sha}}});
  }
  if (handle.built != nullptr) {
    handle.built->notify_all();
  }
}

void AppPartitions::unreferenced(VersionHandle& handle) {
  if (dying_) {
    return;
  }  // the destructor closes everything itself
  if (handle.state == VersionState::ready) {
    handle.state = VersionState::closing;
    handle.pools.close();
    handle.state = VersionState::closed;
    const engines::EngineLedger& ledger = handle.pools.ledger();
    CHECK(ledger.created == ledger.closed, "a closed version has open engines", handle.app->text);
    if (rt_.proc().alive()) {
      const std::string sha = handle.spec.sha.hex();
      rt_.emit({"version.closed",
                {{"app", handle.app->text},
                 {"version", raw(handle.spec.version)},
                 {"sha", sha},
                 {"created", static_cast<std::int64_t>(ledger.created)},
                 {"closed", static_cast<std::int64_t>(ledger.closed)}}});
    }
  }
  CHECK(handle.state == VersionState::closed,
        "a version without holder is",
        state_name(handle.state));
  App& app = *handle.app;
  if (parts_.count_borrows) {
    app.closed.push_back(view_of(handle));
  }
  std::erase_if(app.versions, [&](const auto& each) { return each.get() == &handle; });
  changed(app);
}

void AppPartitions::repair_later(App& app) {
  if (closed_) {
    return;
  }
  for (const auto& handle : app.versions) {
    if (handle->state != VersionState::ready || handle->repairing) {
      continue;
    }
    if (!handle->pools.damaged()) {
      continue;
    }
    handle->repairing = true;
    scope_.spawn("engines.repair", repair(&app, handle->serial));
  }
}

Task<void> AppPartitions::repair(App* app, std::uint64_t serial) {
  while (true) {
    // Found anew each time, not held: a version must be able to close meanwhile.
    VersionHandle* handle = find_serial(*app, serial);
    if (handle == nullptr || handle->state != VersionState::ready) {
      co_return;
    }
    const bool whole = handle->pools.repair();
    changed(*app);
    rt_.emit({"version.repaired",
              {{"app", app->text},
               {"version", raw(handle->spec.version)},
               {"whole", std::int64_t{whole ? 1 : 0}}}});
    if (whole) {
      handle->repairing = false;
      co_return;
    }
    co_await rt_.clock().sleep_for(repair_retry);
  }
}

}  // namespace vvm::appparts
