// I-L1 convergence, I-L4 drain ends, I-L9 unblocking, I-L14 shutdown ends.
//
// The bounds hold from the instant from which nothing disturbs any more: faults have ended, the
// cluster process runs, the VVM runs and is not paused, its set-points stay.
#include <algorithm>

#include "base/error.hpp"
#include "sim/ghost/groups.hpp"

namespace vvm::ghost {
namespace {

// What is left to try at its own pace when faults end: the reader waits up to 30 s after failures.
constexpr Duration recovery = seconds(36);

bool waits_for_probe(const Part& part) {
  return part.key.has_value() && part.key->phase == Phase::blocked && part.key->error.has_value() &&
         error_class(*part.key->error) != ErrorClass::permanent;
}

}  // namespace

bool Convergence::counts(const Process& process) const {
  return raw(process.vvm) != 0 && process.alive && !process.paused &&
         (process.stage == Stage::starting || process.stage == Stage::serving);
}

// No earlier than this; the end of time while something is down.
Instant Convergence::from(Instant since) const {
  if (!state().healed_at.has_value() || !state().reachable_since.has_value()) {
    return Instant::max();
  }
  return std::max({since, *state().healed_at, *state().reachable_since});
}

void Convergence::on_row(const cluster::Change& after, const cluster::Change& /*before*/) {
  const auto* change = std::get_if<cluster::RowChange<SetPoint>>(&after);
  if (change == nullptr) {
    return;
  }
  const Process* process = state().of(change->key.vvm);
  if (process == nullptr || !process->alive) {
    return;
  }
  Progress& progress = progress_[process->index];
  progress.base = state().now;
  measure(*process, progress);
  if (!change->row.has_value()) {
    return;
  }
  const auto part = process->parts.find(change->key.partition);
  if (part != process->parts.end() && part->second.key.has_value() &&
      part->second.key->phase == Phase::blocked) {
    blocked_[{process->index, change->key.partition}] = {change->row->generation, state().now};
  }
}

// V and P of I-L1.
void Convergence::measure(const Process& process, Progress& progress) {
  std::set<std::pair<AppQName, AppVersion>> versions;
  std::int64_t partitions = 0;
  const auto& sps = state().cluster.sps;
  for (auto at = sps.lower_bound({.vvm = process.vvm, .partition = {}});
       at != sps.end() && at->first.vvm == process.vvm;
       ++at) {
    if (at->second.desired == Desired::present) {
      versions.emplace(at->first.partition.app, at->second.app_version);
    }
    ++partitions;
  }
  progress.bound =
      with_margin(seconds(90) + seconds(250) * static_cast<std::int64_t>(versions.size()) +
                  seconds(130) * ((partitions + 3) / 4));
}

void Convergence::on_process(const Process& process) {
  if (raw(process.vvm) == 0) {
    return;
  }
  Progress& progress = progress_[process.index];
  progress.base = state().now;
  if (!process.alive) {
    if (progress.going_down != Instant{} && state().healed_at.has_value()) {
      ledger().count(Property::shutdown_ends);
    }
    progress = {};
    const auto of_process = [&](const auto& entry) { return entry.first.first == process.index; };
    std::erase_if(draining_, of_process);
    std::erase_if(blocked_, of_process);
    return;
  }
  if (process.stage == Stage::draining && progress.going_down == Instant{}) {
    progress.going_down = state().now;
  }
  measure(process, progress);
  const auto& sps = state().cluster.sps;
  for (auto at = sps.lower_bound({.vvm = process.vvm, .partition = {}});
       at != sps.end() && at->first.vvm == process.vvm;
       ++at) {
    if (!settled(process, at->first.partition, at->second)) {
      progress.unsettled.insert(at->first.partition);
    }
  }
}

void Convergence::on_heal() {
  for (auto& [index, progress] : progress_) {
    progress.base = state().now;
    if (counts(state().at(index)) && progress.unsettled.empty() &&
        !state().at(index).parts.empty()) {
      ledger().count(Property::convergence);
    }
  }
}

void Convergence::on_key(const Process& process,
                         const PartitionKey& key,
                         const std::optional<apppartsctl::KeyView>& before,
                         const Part& now) {
  const PartAt at{process.index, key};
  const bool was = before.has_value() && before->phase == Phase::draining;
  const bool is = now.key.has_value() && now.key->phase == Phase::draining;
  if (is && !was) {
    draining_[at] = state().now;
  } else if (was && !is && draining_.erase(at) != 0) {
    ledger().count(Property::drain_ends);
  }
  const auto blocked = blocked_.find(at);
  if (blocked != blocked_.end() && now.key.has_value() &&
      (now.key->phase != Phase::blocked || now.key->observed >= blocked->second.first)) {
    blocked_.erase(blocked);
    ledger().count(Property::unblocking);
  }
}

void Convergence::look(const Process& process, const PartitionKey& key, const Part& part) {
  if (raw(process.vvm) == 0 || !process.alive) {
    return;
  }
  Progress& progress = progress_[process.index];
  const SetPoint* sp = cluster::find(state().cluster.sps, {.vvm = process.vvm, .partition = key});
  if (sp != nullptr && !settled(process, key, *sp)) {
    progress.unsettled.insert(key);
    progress.probes = progress.probes || waits_for_probe(part);
    return;
  }
  if (progress.unsettled.erase(key) != 0 && progress.unsettled.empty()) {
    progress.probes = false;
    if (state().healed_at.has_value()) {
      ledger().count(Property::convergence);
    }
  }
}

bool Convergence::converged() const {
  return std::ranges::all_of(progress_, [this](const auto& entry) {
    return !state().at(entry.first).alive || entry.second.unsettled.empty();
  });
}

Instant Convergence::due(const Process& process, const Progress& progress) const {
  const Instant base = from(progress.base);
  if (base == Instant::max() || process.paused) {
    return Instant::max();
  }
  if (process.stage == Stage::draining || process.stage == Stage::closing) {
    if (progress.going_down == Instant{}) {
      return Instant::max();
    }
    const Duration bound =
        constants().shutdown_drain + seconds(30) + constants().loop_shutdown_timeout;
    return from(progress.going_down) + with_margin(bound);
  }
  if (!counts(process) || progress.unsettled.empty()) {
    return Instant::max();
  }
  return base + progress.bound + (progress.probes ? with_margin(seconds(660)) : Duration{});
}

// The report that announces the drain is acknowledged first: a report's limit and its longest
// pause.
Instant Convergence::drain_due(const PartAt& at, Instant since) const {
  const Process& process = state().at(at.first);
  const Instant base = from(std::max(since, process.resumed_at));
  if (base == Instant::max() || process.paused) {
    return Instant::max();
  }
  const SetPoint* sp =
      cluster::find(state().cluster.sps, {.vvm = process.vvm, .partition = at.second});
  const Duration timeout = sp == nullptr ? seconds(10) : sp->drain_timeout;
  const Duration report = constants().report_limit + constants().report_retry_cap;
  return base + with_margin(timeout + constants().hard_stop_extra + report);
}

Instant Convergence::unblock_due(Instant since) const {
  const Instant base = from(since);
  if (base == Instant::max()) {
    return base;
  }
  const Duration read =
      constants().sp_poll_interval + constants().sp_poll_interval / 10 + constants().sp_read_limit;
  return std::max(base + with_margin(read), from(Instant{}) + with_margin(read) + recovery);
}

Instant Convergence::next_deadline() const {
  Instant next = Instant::max();
  for (const auto& [index, progress] : progress_) {
    next = std::min(next, due(state().at(index), progress));
  }
  for (const auto& [at, since] : draining_) {
    next = std::min(next, drain_due(at, since));
  }
  for (const auto& [at, newer] : blocked_) {
    if (!state().at(at.first).paused) {
      next = std::min(next, unblock_due(std::max(newer.second, state().at(at.first).resumed_at)));
    }
  }
  return next;
}

void Convergence::on_deadline() {
  check_progress();
  check_keys();
}

void Convergence::check_progress() {
  for (const auto& [index, progress] : progress_) {
    const Process& process = state().at(index);
    if (due(process, progress) > state().now) {
      continue;
    }
    const bool down = process.stage == Stage::draining || process.stage == Stage::closing;
    require(false, down ? Property::shutdown_ends : Property::convergence, [&] {
      if (down) {
        return Finding{process.name, "stopped in time", "it is still going down"};
      }
      const PartitionKey& key = *progress.unsettled.begin();
      const auto part = process.parts.find(key);
      const bool known = part != process.parts.end() && part->second.key.has_value();
      return Finding{subject_of(process, key),
                     "what its set-point says, within the bound of I-L1",
                     known ? "phase " + std::string{name_of(part->second.key->phase)} +
                                 ", serving " + std::to_string(raw(part->second.key->serving))
                           : std::string{"the VVM does not know the key"}};
    });
  }
}

void Convergence::check_keys() {
  for (const auto& [at, since] : draining_) {
    if (drain_due(at, since) <= state().now) {
      require(false, Property::drain_ends, [&] {
        return Finding{subject_of(state().at(at.first), at.second),
                       "Draining ends with the hard stop",
                       "it goes on"};
      });
    }
  }
  for (const auto& [at, newer] : blocked_) {
    const Process& process = state().at(at.first);
    if (process.paused || unblock_due(std::max(newer.second, process.resumed_at)) > state().now) {
      continue;
    }
    require(false, Property::unblocking, [&] {
      return Finding{subject_of(process, at.second),
                     "generation " + std::to_string(raw(newer.first)) + " ends Blocked",
                     "still Blocked under an older one"};
    });
  }
}

}  // namespace vvm::ghost
