// I-S8 fences of runtimes, I-S9 borrow snapshot, I-S10 version monotonicity, I-S11 two versions,
// I-S16 admission precondition, G-1 drained before dropped.
#include <algorithm>

#include "sim/ghost/groups.hpp"

namespace vvm::ghost {

void Runtimes::on_part(const Process& process,
                       const PartitionKey& key,
                       const std::optional<appparts::PartitionView>& before,
                       const Part& now) {
  const bool was = before.has_value() && before->present;
  const bool is = now.rt.has_value() && now.rt->present;
  if (is && (!was || before->fence != now.rt->fence)) {
    acquired(process, key, *now.rt);
  }
  if (was && process.owns() && !now.revoked && before->gate_open) {
    changed(process, key, *before, now);
  }
  if (!is || !now.rt->current.has_value()) {
    return;
  }
  AppVersion& newest = newest_[{process.index, key}];
  const AppVersion version = now.rt->current->version;
  require(version >= newest, Property::version_monotonicity, [&] {
    return Finding{subject_of(process, key),
                   "version " + std::to_string(raw(newest)) + " or newer",
                   "version " + std::to_string(raw(version))};
  });
  newest = std::max(newest, version);
}

// I-S10 over all processes: the commands of a partition are its log.
void Runtimes::on_command(const Process& process, const PartitionKey& key, AppVersion version) {
  AppVersion& executed = executed_[key];
  require(version >= executed, Property::version_monotonicity, [&] {
    return Finding{subject_of(process, key),
                   "commands by version " + std::to_string(raw(executed)) + " or newer",
                   "one by version " + std::to_string(raw(version))};
  });
  executed = std::max(executed, version);
}

// I-S8: F is what the process has been told and its own epoch.
void Runtimes::acquired(const Process& process, const PartitionKey& key, const View& rt) {
  const cluster::Placement* row = cluster::find(state().cluster.placements, key);
  const PartitionEpoch known = row == nullptr ? PartitionEpoch{} : row->epoch;
  const bool own = rt.fence.vvm_epoch == process.epoch;
  require(own && rt.fence.partition_epoch <= known, Property::epochs, [&] {
    return Finding{subject_of(process, key),
                   "F of the process's epoch " + std::to_string(raw(process.epoch)) +
                       " and of the row's epoch, which is " + std::to_string(raw(known)),
                   "F = (" + std::to_string(raw(rt.fence.partition_epoch)) + ", " +
                       std::to_string(raw(rt.fence.vvm_epoch)) + ")"};
  });
}

// G-1: a runtime is dropped after a drain; a borrow is taken away only after the hard stop, of the
// drain or, if it began under the version before, of the switch.
void Runtimes::changed(const Process& process,
                       const PartitionKey& key,
                       const View& before,
                       const Part& now) {
  const bool dropped = !now.rt.has_value() || !now.rt->present;
  if (dropped) {
    require(now.drain_seen || all_closed(before), Property::drained_first, [&] {
      return Finding{subject_of(process, key),
                     "drained before the runtime is dropped",
                     "dropped while it had " + describe(before)};
    });
  }
  const std::size_t leaked = now.rt.has_value() ? now.rt->leaked : 0;
  if (leaked <= before.leaked) {
    return;
  }
  // The process measures with a clock of its own, which may be fast.
  const auto long_ago = [&](Instant since) {
    const Duration limit = now.drain_timeout + constants().hard_stop_extra;
    return since != Instant{} && state().now - since >= limit - limit / 20;
  };
  const bool by_drain = all_closed(before) && long_ago(now.closed_since);
  const bool by_switch = before.old.has_value() && long_ago(now.switched_at);
  require(by_drain || by_switch, Property::drained_first, [&] {
    return Finding{
        subject_of(process, key),
        "borrows end by themselves until the hard stop",
        std::to_string(leaked - before.leaked) + " were taken away, from " + describe(before)};
  });
}

void Runtimes::look(const Process& process, const PartitionKey& key, const Part& part) {
  if (!part.rt.has_value() || !part.rt->present) {
    return;
  }
  const View& rt = *part.rt;
  const bool two = rt.current.has_value() && (!rt.old.has_value() || rt.old->id != rt.current->id);
  require(two, Property::two_versions, [&] {
    return Finding{subject_of(process, key),
                   "a current version, and another old one at most",
                   describe(part.rt)};
  });
  if (two) {
    borrows(process, key, rt);
    admission(process, key, rt);
  }
}

// I-S9, and the second half of I-S11: everything in a borrow is of one PartVersion, the current or
// the old one.
void Runtimes::borrows(const Process& process, const PartitionKey& key, const View& rt) {
  for (const appparts::BorrowView& borrow : rt.borrows) {
    const std::optional<appparts::PartVersionView>& taken = borrow.current ? rt.current : rt.old;
    const bool known = taken.has_value() && taken->id == borrow.part_version;
    const bool whole = known && borrow.app_def_holder == borrow.engine_holder &&
                       borrow.app_def_of == borrow.engine_of && borrow.app_def_of == taken->version;
    require(whole, Property::borrow_snapshot, [&] {
      return Finding{subject_of(process, key),
                     "definition and engine of the version at the borrow, " +
                         (known ? std::to_string(raw(taken->version)) : std::string("if any")),
                     "a definition of version " + std::to_string(raw(borrow.app_def_of)) +
                         ", an engine of version " + std::to_string(raw(borrow.engine_of))};
    });
  }
}

// I-S16, but for the fence in the log: what is admitted is ready, is what the set-point named, and
// has had all its engines.
void Runtimes::admission(const Process& process, const PartitionKey& key, const View& rt) {
  if (all_closed(rt)) {
    return;
  }
  const appparts::PartVersionView& current = *rt.current;
  const auto content = state().contents.find({key.app, current.version});
  const bool named = content != state().contents.end() && content->second == current.sha;
  bool full = false;
  const auto versions = process.versions.find(key.app);
  if (versions != process.versions.end()) {
    full = std::ranges::any_of(versions->second, [&](const appparts::VersionView& version) {
      bool all = version.version == current.version && version.sha == current.sha &&
                 version.state == appparts::VersionState::ready;
      for (std::size_t kind = 0; kind < version.pools.size(); ++kind) {
        all = all && version.pools[kind].created >= version.sizes[kind];
      }
      return all;
    });
  }
  const bool ready = current.state == appparts::VersionState::ready;
  require(ready && named && full, Property::admission, [&] {
    const char* what = !ready   ? "is not ready"
                       : !named ? "has not the content that its set-point named"
                                : "did not get all its engines";
    return Finding{subject_of(process, key),
                   "a version is admitted when it is ready, named by a set-point, and full",
                   "version " + std::to_string(raw(current.version)) + " " + what};
  });
}

}  // namespace vvm::ghost
