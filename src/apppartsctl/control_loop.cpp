// From set-points to the loop, and the chores that no call does: heartbeats, forgetting, settling.
#include "apppartsctl/control_loop.hpp"

#include <algorithm>

namespace vvm::apppartsctl {

void ControlLoop::on_target(const Target& target) {
  Target wanted = target;
  if (going_down_ && !wanted.wants_absent()) {
    wanted.cause = Cause::going_down;
  }
  follow(wanted);
}

void ControlLoop::follow(const Target& target) {
  const std::string app = target.sp.key.app.str();
  rt_.emit({"sp.emitted",
            {{"app", app},
             {"part", raw(target.sp.key.partition)},
             {"gen", raw(target.sp.generation)},
             {"version", raw(target.sp.app_version)},
             {"desired", target.wants_absent() ? "Absent" : "Present"}}});
  parts_.demand->want(target);
  steps_.demand_changed(&target.sp);
  submit(target);
}

void ControlLoop::on_forgotten(const PartitionKey& key) {
  if (controller_.forget(key)) {
    forget(key);
  }
}

void ControlLoop::on_list_accepted(const std::map<PartitionKey, SetPoint>& listed) {
  parts_.demand->accept_list(listed);
}

void ControlLoop::on_fenced(std::string_view by) { lose(by); }

void ControlLoop::lose(std::string_view why) {
  if (lost_) {
    return;
  }
  lost_ = true;
  if (on_lost_) {
    on_lost_(why);
  }
}

void ControlLoop::changed() { changed_.notify_all(); }

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
  changed();
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

Instant ControlLoop::next_chore() const {
  Instant next = steps_.next_healthy();
  for (const auto& [key, view] : controller_.views()) {
    if (view.produced_seq != 0 && !view.gone) {
      next = std::min(next, view.last_report + constants_.heartbeat);
    }
  }
  return next;
}

// Heartbeats, keys to forget, switches that have turned out well.
Task<void> ControlLoop::keep_house() {
  for (;;) {
    co_await changed_.wait_until(next_chore());
    const Instant now = rt_.now();
    std::vector<PartitionKey> silent;
    std::vector<PartitionKey> gone;
    for (const auto& [key, view] : controller_.views()) {
      if (view.gone) {
        if (view.phase == Phase::absent && !view.calling) {
          gone.push_back(key);
        }
      } else if (view.produced_seq != 0 && view.last_report + constants_.heartbeat <= now) {
        silent.push_back(key);
      }
    }
    for (const PartitionKey& key : silent) {
      if (auto pv = controller_.heartbeat(key)) {
        hand_on(key, *std::move(pv));
      }
    }
    for (const PartitionKey& key : gone) {
      forget(key);
    }
    co_await steps_.settle_switches(now);
  }
}

Task<void> ControlLoop::close() {
  if (closed_) {
    co_return;
  }
  closed_ = true;
  co_await scope_.close();
  co_await loop_.close();
  co_await steps_.close();
}

}  // namespace vvm::apppartsctl
