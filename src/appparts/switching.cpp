// The version switch of docs/spec/vvm.md 9.8: suspend, stop, swap, start, resume; or back to
// before.
#include "appparts/app_partitions.hpp"
#include "appparts/hub.hpp"
#include "appparts/partition.hpp"
#include "base/check.hpp"
#include "runtime/timeout.hpp"

namespace vvm::appparts {

// A switch under way, from the creation of the new PartVersion to the swap. Left in any other way,
// a cancelled task's included, it puts the partition back as it was.
class SwitchAttempt {
 public:
  SwitchAttempt(AppPartitions& parts, Partition& partition, VersionRef to)
      : parts_(parts),
        partition_(partition),
        tenure_(partition.tenure),
        from_(partition.current().id),
        from_version_(partition.current().version.version()),
        to_version_(to.version()),
        admitted_(partition.load().admission(ProcessorKind::command) == Admission::open) {
    parts_.place(partition_, 1 - partition_.load().current(), std::move(to));  // step 2
    to_ = partition_.other().id;
    tell("part.switch.begin");
    if (admitted_) {  // step 3; queries go on
      parts_.store(partition_, partition_.load().with(ProcessorKind::command, Admission::held));
    }
  }

  SwitchAttempt(const SwitchAttempt&) = delete;
  SwitchAttempt& operator=(const SwitchAttempt&) = delete;

  ~SwitchAttempt() {
    if (!over_ && parts_.rt_.proc().alive()) {
      abandon();
    }
  }

  // The partition is still the one that the attempt began with, and may still be changed.
  bool intact() const {
    const PartitionWord word = partition_.load();
    return word.present() && !word.revoked() && partition_.tenure == tenure_ &&
           partition_.current().id == from_;
  }

  bool commands_ended() const {
    const PartPlace& place = partition_.places[partition_.load().current()];
    const engines::Pool* pool = place.pools[index_of(ProcessorKind::command)].load();
    return pool->held_by(raw(from_)) == 0;
  }

  std::shared_ptr<PartWorkers> workers() const { return partition_.current().workers; }

  bool working() const { return partition_.current().working; }

  // Steps 5 and 6. pre: intact, commands ended, workers stopped.
  void commit(SwitchLimits limits) {
    over_ = true;
    PartVersion& old = partition_.current();
    old.working = false;
    PartVersion& fresh = partition_.other();
    const PartitionWord swapped = partition_.load().with_current(1 - partition_.load().current());
    if (!admitted_) {
      parts_.store(partition_, swapped);
    } else {
      if (fresh.workers != nullptr) {
        parts_.store(partition_, swapped);
        parts_.start_workers(partition_, fresh);
      }
      parts_.store(partition_, swapped.with(ProcessorKind::command, Admission::open));
    }
    tell("part.switch.end");
    const bool in_use = parts_.borrows_of(old) != 0;
    if (in_use && !parts_.closed_) {  // step 7
      const Instant hard_stop = parts_.rt_.now() + limits.hard_stop;
      parts_.scope_.spawn("part.retire", parts_.retire_old(&partition_, from_, hard_stop));
      return;
    }
    if (in_use) {
      parts_.take_away(partition_, old);
    }
    parts_.drop(partition_, old);
  }

  void abandon() {
    over_ = true;
    PartVersion* fresh = partition_.tenure == tenure_ ? partition_.find(to_) : nullptr;
    if (intact()) {
      if (working()) {
        parts_.start_workers(partition_, partition_.current());
      }
      if (admitted_) {
        parts_.store(partition_, partition_.load().with(ProcessorKind::command, Admission::open));
      }
    }
    tell("part.switch.abandoned");
    if (fresh != nullptr) {
      parts_.drop(partition_, *fresh);
    }
  }

 private:
  void tell(std::string_view what) const {
    parts_.rt_.emit({what,
                     {{"app", partition_.app->text},
                      {"part", number(partition_.id)},
                      {"from", raw(from_version_)},
                      {"to", raw(to_version_)}}});
  }

  AppPartitions& parts_;
  Partition& partition_;
  std::uint32_t tenure_;
  PartVersionId from_;
  PartVersionId to_{};
  AppVersion from_version_;
  AppVersion to_version_;
  bool admitted_;
  bool over_ = false;
};

Status AppPartitions::may_switch(Partition& partition, const VersionRef& to) const {
  const PartitionWord word = partition.load();
  if (!word.present()) {
    return Error{Code::not_found, partition.label()};
  }
  if (!partition.gate->open(rt_.now())) {
    return Error{Code::lease_lost, partition.label()};
  }
  if (!to || to.state() != VersionState::ready || to.handle()->app != partition.app) {
    return Error{Code::invalid_sp, partition.label() + ": no ready version of this application"};
  }
  const AppVersion from = partition.versions[word.current()].version.version();
  if (to.version() < from) {
    return Error{Code::invalid_sp,
                 partition.label() + ": from version " + std::to_string(raw(from)) + " back to " +
                     std::to_string(raw(to.version()))};
  }
  if (partition.versions[1 - word.current()].version) {  // step 1
    return Error{Code::drain_timeout,
                 partition.label() + ": the version before " + std::to_string(raw(from)) +
                     " has not ended yet"};
  }
  return ok();
}

std::optional<Status> AppPartitions::try_switch(PartitionRef ref,
                                                VersionRef to,
                                                SwitchLimits limits) {
  if (!ref) {
    return Error{Code::not_found, "no partition"};
  }
  Partition& partition = *ref.partition_;
  if (partition.load().present() && partition.current().version == to) {
    return ok();
  }
  Status allowed = may_switch(partition, to);
  if (allowed.has_error()) {
    return allowed;
  }
  PartVersion& current = partition.current();
  const engines::Pool* commands = current.version.handle()->pools.pool(ProcessorKind::command);
  if (current.working || commands->held_by(raw(current.id)) != 0) {
    return std::nullopt;
  }
  SwitchAttempt attempt(*this, partition, std::move(to));
  // A command of another thread may have come in between.
  if (!attempt.commands_ended()) {
    return std::nullopt;
  }
  attempt.commit(limits);
  return ok();
}

Task<Status> AppPartitions::switch_version(PartitionKey key, VersionRef to, SwitchLimits limits) {
  co_return co_await switch_version(find(key), std::move(to), limits);
}

Task<Status> AppPartitions::switch_version(PartitionRef ref, VersionRef to, SwitchLimits limits) {
  if (std::optional<Status> at_once = try_switch(ref, to, limits)) {
    co_return *at_once;
  }
  Partition& partition = *ref.partition_;
  SwitchAttempt attempt(*this, partition, std::move(to));
  {
    const Watch watch(partition);
    const Instant deadline = rt_.now() + limits.drain_timeout;
    while (attempt.intact() && !attempt.commands_ended()) {
      if (rt_.now() >= deadline) {
        co_return Error{Code::drain_timeout, partition.label() + ": a command does not end"};
      }
      co_await borrow_ended_signal(partition).wait_until(deadline);
    }
  }
  if (attempt.intact() && attempt.working()) {  // step 4
    const std::shared_ptr<PartWorkers> workers = attempt.workers();
    const Status stopped = co_await with_timeout(rt_, limits.actualizer_stop, workers->stop());
    if (stopped.has_error()) {
      co_return Error{
          Code::drain_timeout,
          partition.label() + ": actualizers do not stop: " + to_string(stopped.error())};
    }
  }
  if (!attempt.intact()) {
    co_return Error{Code::lease_lost, partition.label()};
  }
  attempt.commit(limits);
  co_return ok();
}

// Step 7: the old PartVersion goes with its last borrow, or at the hard stop.
Task<void> AppPartitions::retire_old(Partition* partition, PartVersionId id, Instant hard_stop) {
  const Watch watch(*partition);
  while (true) {
    // Found anew each time: an undeploy may have dropped it.
    PartVersion* old = partition->find(id);
    if (old == nullptr) {
      co_return;
    }
    if (borrows_of(*old) == 0) {
      break;
    }
    if (rt_.now() >= hard_stop) {
      const std::size_t revoked = take_away(*partition, *old);
      rt_.emit({"part.hard_stop",
                {{"app", partition->app->text},
                 {"part", number(partition->id)},
                 {"revoked", static_cast<std::int64_t>(revoked)}}});
      break;
    }
    co_await borrow_ended_signal(*partition).wait_until(hard_stop);
  }
  drop(*partition, *partition->find(id));
  repair_later(*partition->app);
  wake(*partition);
}

}  // namespace vvm::appparts
