// One partition from acquire to undeploy, without the switch; and the life of AppPartitions itself.
#include <algorithm>

#include "appparts/app_partitions.hpp"
#include "appparts/hub.hpp"
#include "appparts/invocation.hpp"
#include "appparts/partition.hpp"
#include "base/check.hpp"

namespace vvm::appparts {

AppPartitions::AppPartitions(Runtime rt, Parts parts)
    : rt_(rt),
      parts_(parts),
      rng_(rt.rng("appparts.borrow")),
      hub_(std::make_shared<Hub>()),
      scope_(rt) {
  hub_->owner = this;
}

AppPartitions::~AppPartitions() {
  hub_->owner = nullptr;
  dying_ = true;
  for (const auto& [name, app] : apps_) {
    for (const auto& [id, partition] : app->partitions) {
      for (PartVersion& version : partition->versions) {
        version.version.reset();
      }
    }
    for (const auto& handle : app->versions) {
      CHECK(handle->references == 0 || !rt_.proc().alive(), "a VersionRef outlives", app->text);
    }
  }
}

Task<void> AppPartitions::close() {
  closed_ = true;
  co_await scope_.close();
}

PartitionRef AppPartitions::find(const PartitionKey& key) const {
  const auto app = apps_.find(key.app);
  if (app == apps_.end()) {
    return {};
  }
  const auto partition = app->second->partitions.find(key.partition);
  if (partition == app->second->partitions.end()) {
    return {};
  }
  return PartitionRef(partition->second.get());
}

Result<Partition*> AppPartitions::find_present(const PartitionKey& key) const {
  const PartitionRef ref = find(key);
  if (!ref || !ref.partition_->load().present()) {
    return Error{Code::not_found, key.str()};
  }
  return ref.partition_;
}

void AppPartitions::store(Partition& partition, PartitionWord word) {
  partition.word.store(word.bumped().bits(), std::memory_order_seq_cst);
  changed(partition);
}

// Fills one of the two places; nobody uses it before the word says so.
void AppPartitions::place(Partition& partition, std::size_t where, VersionRef version) {
  PartVersion& made = partition.versions[where];
  CHECK(!made.version, "a third version of", partition.label());
  last_part_version_ = last_part_version_ == ~std::uint32_t{0} ? 1 : last_part_version_ + 1;
  made.version = std::move(version);
  made.id = PartVersionId{last_part_version_};
  made.working = false;
  PartPlace& seen = partition.places[where];
  for (const ProcessorKind kind : engines::all_processor_kinds) {
    seen.pools[index_of(kind)].store(made.version.handle()->pools.pool(kind),
                                     std::memory_order_release);
  }
  seen.id.store(last_part_version_, std::memory_order_release);
  changed(partition);
  if (parts_.workers == nullptr) {
    return;
  }
  made.workers = parts_.workers->make({.key = {partition.app->name, partition.id},
                                       .id = made.id,
                                       .version = made.version.version(),
                                       .app_def = made.version.app_def(),
                                       .gate = partition.gate});
}

void AppPartitions::start_workers(Partition& partition, PartVersion& version) {
  if (version.workers == nullptr) {
    return;
  }
  version.workers->start();
  version.working = true;
  changed(partition);
}

// pre: nobody borrows from it any more. Workers that still run go on stopping behind its back.
void AppPartitions::drop(Partition& partition, PartVersion& version) {
  version.workers.reset();
  version.working = false;
  version.version.reset();
  changed(partition);
}

std::size_t AppPartitions::borrows_of(const PartVersion& version) const {
  if (!version.version) {
    return 0;
  }
  std::size_t borrows = 0;
  const engines::EnginePools& pools = version.version.handle()->pools;
  for (const ProcessorKind kind : engines::all_processor_kinds) {
    borrows += pools.pool(kind)->held_by(raw(version.id));
  }
  return borrows;
}

std::size_t AppPartitions::take_away(Partition& partition, PartVersion& version) {
  if (!version.version) {
    return 0;
  }
  std::size_t taken = 0;
  const engines::EnginePools& pools = version.version.handle()->pools;
  for (const ProcessorKind kind : engines::all_processor_kinds) {
    taken += pools.pool(kind)->take_away(raw(version.id));
  }
  partition.leaked.fetch_add(static_cast<std::uint32_t>(taken), std::memory_order_relaxed);
  cancel_invocations(partition, version.id);
  changed(partition);
  return taken;
}

void AppPartitions::cancel_invocations(Partition& partition, std::optional<PartVersionId> only) {
  for (Borrowed::Invocation* invocation : partition.invocations) {
    if (only.has_value() && invocation->part_version != *only) {
      continue;
    }
    invocation->cancel = true;
    invocation->changed.notify_all();
  }
}

Signal& AppPartitions::borrow_ended_signal(Partition& partition) {
  if (partition.borrow_ended == nullptr) {
    partition.borrow_ended = std::make_unique<Signal>(rt_);
  }
  return *partition.borrow_ended;
}

void AppPartitions::wake(Partition& partition) {
  if (partition.borrow_ended != nullptr) {
    partition.borrow_ended->notify_all();
  }
}

Status AppPartitions::acquire(const PartitionKey& key, FenceToken fence, VersionRef version) {
  if (!version || version.state() != VersionState::ready || version.app() != key.app) {
    return Error{Code::invalid_sp, key.str() + ": no ready version of this application"};
  }
  App& app = *version.handle()->app;
  if (raw(key.partition) >= app.partition_count) {
    return Error{Code::invalid_sp,
                 key.str() + " of " + std::to_string(app.partition_count) + " partitions"};
  }
  if (parts_.term->over(rt_.now())) {
    return Error{Code::lease_lost, key.str()};
  }
  if (parts_.term->suspect(rt_.now())) {
    return Error{Code::suspect, key.str()};
  }
  std::unique_ptr<Partition>& slot = app.partitions[key.partition];
  if (slot == nullptr) {
    slot = std::make_unique<Partition>(&app, key.partition);
    if (parts_.count_borrows) {
      slot->attention.store(attention_count);
    }
  }
  Partition& partition = *slot;
  if (fence < partition.fence) {
    return Error{Code::fenced_out, key.str()};
  }
  if (partition.load().present()) {
    return Error{Code::conflict, key.str() + " is acquired"};
  }
  ++partition.tenure;
  partition.fence = fence;
  partition.gate = std::make_shared<lease::Gate>(fence, parts_.term);
  partition.term.store(parts_.term, std::memory_order_release);
  const std::int64_t number_of_version = raw(version.version());
  place(partition, 0, std::move(version));
  store(partition, partition.load().fresh(true));
  rt_.emit({"part.acquired",
            {{"app", app.text},
             {"part", number(partition.id)},
             {"version", number_of_version},
             {"pepoch", raw(fence.partition_epoch)},
             {"vepoch", raw(fence.vvm_epoch)}}});
  return ok();
}

Status AppPartitions::admit(const PartitionKey& key) {
  TRY(Partition * partition, find_present(key));
  const PartitionWord word = partition->load();
  if (!partition->gate->open(rt_.now())) {
    return Error{Code::lease_lost, key.str()};
  }
  if (parts_.term->suspect(rt_.now())) {
    return Error{Code::suspect, key.str()};
  }
  if (word.bits() == word.with_all(Admission::open).bits()) {
    return ok();
  }
  PartVersion& current = partition->current();
  CHECK(current.version.state() == VersionState::ready, "a version that is not ready is admitted");
  store(*partition, word.with_all(Admission::open));
  start_workers(*partition, current);
  rt_.emit({"part.admitted",
            {{"app", partition->app->text},
             {"part", number(partition->id)},
             {"version", raw(current.version.version())}}});
  return ok();
}

// Asks the workers to stop, however long that takes; their objects live until they have.
void AppPartitions::stop_later(Partition& partition, const PartVersion& version) {
  if (!version.working || closed_) {
    return;
  }
  scope_.spawn("workers.stop", stop_workers(&partition, version.id, version.workers));
}

Task<void> AppPartitions::stop_workers(Partition* partition,
                                       PartVersionId id,
                                       std::shared_ptr<PartWorkers> workers) {
  const Status stopped = co_await workers->stop();
  if (stopped.has_error()) {
    co_return;
  }
  if (PartVersion* version = partition->find(id)) {
    version->working = false;
    changed(*partition);
  }
  wake(*partition);
}

// No borrow is open and no worker runs.
bool AppPartitions::quiet(const Partition& partition) const {
  return std::ranges::all_of(partition.versions, [this](const PartVersion& version) {
    return !version.working && borrows_of(version) == 0;
  });
}

// True when the partition is quiet or its tenure has ended, false at the deadline.
Task<bool> AppPartitions::await_quiet(Partition* partition,
                                      std::uint32_t tenure,
                                      Instant deadline) {
  const Watch watch(*partition);
  while (partition->load().present() && partition->tenure == tenure && !quiet(*partition)) {
    if (rt_.now() >= deadline) {
      co_return false;
    }
    co_await borrow_ended_signal(*partition).wait_until(deadline);
  }
  co_return true;
}

Task<Result<DrainReport>> AppPartitions::drain(PartitionKey key, DrainLimits limits) {
  CO_TRY(Partition* const partition, find_present(key));
  const std::uint32_t tenure = partition->tenure;
  const Instant begin = rt_.now();
  store(*partition, partition->load().with_all(Admission::closed));
  rt_.emit({"part.draining",
            {{"app", partition->app->text},
             {"part", number(partition->id)},
             {"version", raw(partition->current().version.version())}}});
  for (const PartVersion& version : partition->versions) {
    stop_later(*partition, version);
  }
  bool done = co_await await_quiet(partition, tenure, begin + limits.drain_timeout);
  if (!done) {
    cancel_invocations(*partition, std::nullopt);
    done = co_await await_quiet(partition, tenure, begin + limits.hard_stop);
  }
  DrainReport report;
  if (!partition->load().present() || partition->tenure != tenure) {
    co_return report;
  }
  if (!done) {
    partition->gate->revoke();
    store(*partition, partition->load().with_revoked());
    for (PartVersion& version : partition->versions) {
      report.revoked += take_away(*partition, version);
    }
    rt_.emit({"part.hard_stop",
              {{"app", partition->app->text},
               {"part", number(partition->id)},
               {"revoked", static_cast<std::int64_t>(report.revoked)}}});
  }
  drop(*partition, partition->other());
  repair_later(*partition->app);
  co_return report;
}

Status AppPartitions::undeploy(const PartitionKey& key) {
  const PartitionRef ref = find(key);
  if (!ref || !ref.partition_->load().present()) {
    return ok();
  }
  Partition& partition = *ref.partition_;
  partition.gate->revoke();
  store(partition, partition.load().fresh(false));
  std::size_t revoked = 0;
  for (PartVersion& version : partition.versions) {
    revoked += take_away(partition, version);
    stop_later(partition, version);
    drop(partition, version);
  }
  partition.gate.reset();
  wake(partition);
  rt_.emit({"part.undeployed",
            {{"app", partition.app->text},
             {"part", number(partition.id)},
             {"revoked", static_cast<std::int64_t>(revoked)}}});
  repair_later(*partition.app);
  return ok();
}

void AppPartitions::revoke(const PartitionKey& key) {
  const PartitionRef ref = find(key);
  if (!ref || !ref.partition_->load().present() || ref.partition_->load().revoked()) {
    return;
  }
  Partition& partition = *ref.partition_;
  partition.gate->revoke();
  store(partition, partition.load().with_all(Admission::closed).with_revoked());
  cancel_invocations(partition, std::nullopt);
  wake(partition);
  rt_.emit({"part.revoked", {{"app", partition.app->text}, {"part", number(partition.id)}}});
}

void AppPartitions::revoke_all() {
  for (const auto& [name, app] : apps_) {
    for (const auto& [id, partition] : app->partitions) {
      revoke({name, id});
    }
  }
}

}  // namespace vvm::appparts
