// From set-points to the loop, and the chores that no call does: heartbeats, forgetting, settling.
#include "apppartsctl/control_loop.hpp"

#include <algorithm>

namespace vvm::apppartsctl {
namespace {

ctrlloop::LoopOptions options_of(const Constants& constants) {
  ctrlloop::LoopOptions options;
  options.workers = static_cast<std::int32_t>(constants.loop_workers);
  options.fault_base = constants.backoff_base;
  options.fault_cap = constants.backoff_cap;
  options.fault_permille = constants.backoff_permille;
  options.reports_parallel = static_cast<std::int32_t>(constants.report_parallel);
  options.report_base = constants.report_retry_base;
  options.report_cap = constants.report_retry_cap;
  options.shutdown = constants.loop_shutdown_timeout;
  options.flush = constants.report_flush;
  return options;
}

std::string_view name_of(Cause cause) {
  switch (cause) {
    case Cause::listed:
      return "listed";
    case Cause::missing:
      return "missing";
    case Cause::going_down:
      return "going_down";
  }
  UNREACHABLE();
}

}  // namespace

ControlLoop::ControlLoop(
    Runtime rt, const Identity& identity, const Constants& constants, Parts parts, OnLost on_lost)
    : rt_(rt),
      constants_(constants),
      parts_(parts),
      on_lost_(std::move(on_lost)),
      steps_(rt, identity.epoch, constants, parts.steps),
      controller_(rt, identity, constants, parts.api, &steps_),
      loop_(rt, options_of(constants), &controller_, &controller_),
      reader_(rt, identity.vvm, identity.epoch, constants, parts.api, this),
      changed_(rt),
      house_(rt),
      scope_(rt) {
  controller_.set_hooks({.fenced = [this](std::string_view by) { lose(by); },
                         .lease_lost = [this] { lose(code_name(Code::lease_lost)); },
                         .changed = [this](const PartitionKey& key) { on_changed(key); }});
}

ControlLoop::~ControlLoop() = default;

Task<void> ControlLoop::start() {
  co_await steps_.load();
  loop_.start();
  scope_.spawn("sp_reader", reader_.run());
  scope_.spawn("house", keep_house());
}

void ControlLoop::on_target(const Target& target) {
  Target wanted = target;
  if (going_down_ && !wanted.wants_absent()) {
    wanted.cause = Cause::going_down;
  }
  follow(wanted);
}

void ControlLoop::follow(const Target& target) {
  const Target* newest = parts_.demand->newest(target.sp.key);
  if (newest != nullptr && newest->number() >= target.number()) {
    return;  // on its way down already, and now missing from the list, too
  }
  const PartitionKey& key = target.sp.key;
  const std::string app = key.app.str();
  // The window of the set-point is the controller's business: it shows the waiting as Pending.
  const auto taken = loop_.submit({.key = key, .sp = target, .order = target.number()});
  if (!taken || taken.value() == ctrlloop::Taken::stale) {
    const std::string_view reason = taken ? name_of(Ignored::reordered) : "Closed";
    rt_.emit({"sp.ignored",
              {{"reason", reason},
               {"app", app},
               {"part", raw(key.partition)},
               {"gen", raw(target.sp.generation)}}});
    return;
  }
  rt_.emit({"sp.emitted",
            {{"app", app},
             {"part", raw(key.partition)},
             {"gen", raw(target.sp.generation)},
             {"version", raw(target.sp.app_version)},
             {"desired", target.wants_absent() ? "Absent" : "Present"},
             {"cause", name_of(target.cause)}}});
  parts_.demand->want(target);
  controller_.note_gone(key, false);
  steps_.demand_changed(&target.sp);
}

void ControlLoop::on_forgotten(const PartitionKey& key) {
  controller_.note_gone(key, true);
  on_changed(key);
}

void ControlLoop::on_list_accepted(const std::map<PartitionKey, SetPoint>& listed) {
  parts_.demand->accept_list(listed);
}

void ControlLoop::on_fenced(std::string_view by) { lose(by); }

// Nobody is told anything any more under this epoch.
void ControlLoop::lose(std::string_view why) {
  if (lost_) {
    return;
  }
  lost_ = true;
  loop_.end_epoch();
  if (on_lost_) {
    on_lost_(why);
  }
}

void ControlLoop::on_changed(const PartitionKey& key) {
  changed_.notify_all();
  const auto at = controller_.views().find(key);
  const bool gone = at != controller_.views().end() && at->second.gone;
  if (gone || steps_.next_healthy() < house_at_) {
    house_.notify_all();
  }
}

void ControlLoop::go_down() {
  if (going_down_) {
    return;
  }
  going_down_ = true;
  std::vector<Target> present;
  for (const auto& [key, target] : parts_.demand->all()) {
    if (!target.wants_absent()) {
      present.push_back(target);
    }
  }
  for (Target& target : present) {
    target.cause = Cause::going_down;
    follow(target);
  }
  changed_.notify_all();
}

bool ControlLoop::all_absent() const {
  return std::ranges::all_of(parts_.demand->all(), [this](const auto& entry) {
    const auto at = controller_.views().find(entry.first);
    return at != controller_.views().end() && at->second.phase == Phase::absent &&
           at->second.seen >= entry.second.number() && at->second.last_is_stored();
  });
}

Task<bool> ControlLoop::await_all_absent(Instant deadline) {
  while (!all_absent() && rt_.now() < deadline) {
    co_await changed_.wait_until(deadline);
  }
  co_return all_absent();
}

ctrlloop::Metrics ControlLoop::metrics() const { return loop_.metrics(); }

// Heartbeats, keys to forget, switches that have turned out well.
Task<void> ControlLoop::keep_house() {
  for (;;) {
    const Instant now = rt_.now();
    repeat_silent(now);
    const bool all_forgotten = forget_gone();
    co_await steps_.settle_switches(now);
    house_at_ = next_chore(now, !all_forgotten);
    co_await house_.wait_until(house_at_);
  }
}

void ControlLoop::repeat_silent(Instant now) {
  std::vector<PartitionKey> silent;
  for (const auto& [key, view] : controller_.views()) {
    if (view.produced_seq != 0 && !view.gone && view.last_report + constants_.heartbeat <= now) {
      silent.push_back(key);
    }
  }
  for (const PartitionKey& key : silent) {
    const Status handed = loop_.hand_on(key, {.pv = controller_.heartbeat(key)});
    if (!handed) {
      return;  // the epoch is over
    }
  }
}

// False when some key is still on its way to rest.
bool ControlLoop::forget_gone() {
  std::vector<PartitionKey> gone;
  for (const auto& [key, view] : controller_.views()) {
    if (view.gone && view.phase == Phase::absent) {
      gone.push_back(key);
    }
  }
  std::size_t left = 0;
  for (const PartitionKey& key : gone) {
    left += forget(key) ? 0 : 1;
  }
  return left == 0;
}

bool ControlLoop::forget(const PartitionKey& key) {
  if (!loop_.forget(key)) {
    return false;
  }
  controller_.forget(key);
  steps_.release(key);
  parts_.demand->forget(key);
  const std::string app = key.app.str();
  rt_.emit({"sp.forgotten", {{"app", app}, {"part", raw(key.partition)}}});
  return true;
}

// A report that is made later than `now` cannot be due before now + heartbeat.
Instant ControlLoop::next_chore(Instant now, bool try_again_soon) const {
  Instant next = std::min(steps_.next_healthy(), now + constants_.heartbeat);
  if (try_again_soon) {
    next = std::min(next, now + constants_.shared_work_wait);
  }
  for (const auto& [key, view] : controller_.views()) {
    if (view.produced_seq != 0 && !view.gone) {
      next = std::min(next, view.last_report + constants_.heartbeat);
    }
  }
  return next;
}

Task<bool> ControlLoop::close() {
  if (!closed_) {
    closed_ = true;
    co_await scope_.close();
    const ctrlloop::Closing<LoopTypes> closing = co_await loop_.close();
    left_behind_ = !closing.abandoned.empty();
    co_await steps_.close();
  }
  co_return !left_behind_;
}

}  // namespace vvm::apppartsctl
