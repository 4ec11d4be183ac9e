// Intervals are open while they end at the end of time.
#include "sim/ghost/recorder.hpp"

#include <algorithm>

namespace vvm::ghost {
namespace {

template <class T>
bool open(const std::vector<T>& list) {
  return !list.empty() && list.back().time.to == Instant::max();
}

template <class T>
void close_last(std::vector<T>& list, Instant now) {
  if (!open(list)) {
    return;
  }
  list.back().time.to = now;
  if (list.back().time.from == now) {
    list.pop_back();  // nobody could see it
  }
}

}  // namespace

void Recorder::process(const Process& process) {
  history_.processes.push_back({.name = process.name, .vvm = process.vvm, .node = process.node});
}

void Recorder::started(const Process& process, Instant now) {
  of(process).lives.push_back({.number = process.life, .time = {now, Instant::max()}});
}

void Recorder::ended(const Process& process, LifeEnd end, Instant now) {
  ProcessHistory& history = of(process);
  if (!open(history.lives)) {
    return;
  }
  history.lives.back().time.to = now;
  history.lives.back().end = end;
  if (!history.paused.empty() && history.paused.back().to == Instant::max()) {
    history.paused.back().to = now;
  }
}

void Recorder::paused(const Process& process, Instant now) {
  std::vector<Interval>& list = of(process).paused;
  const bool is_open = !list.empty() && list.back().to == Instant::max();
  if (process.paused && !is_open) {
    list.push_back({now, Instant::max()});
  } else if (!process.paused && is_open) {
    list.back().to = now;
  }
}

void Recorder::epoch(const Process& process) {
  std::vector<Life>& lives = of(process).lives;
  if (open(lives)) {
    lives.back().epoch = process.epoch;
  }
}

PartitionHistory& Recorder::of(const Process& process, const PartitionKey& key) {
  PartitionHistory& history = partitions_[{key, process.name}];
  if (history.process.empty()) {
    history.key = key;
    history.process = process.name;
  }
  return history;
}

void Recorder::part(const Process& process,
                    const PartitionKey& key,
                    const Part& part,
                    AppVersion target,
                    Instant now) {
  if (!keep_) {
    return;
  }
  PartitionHistory& history = of(process, key);
  if (!process.alive || !part.key.has_value()) {
    close_last(history.phases, now);
  } else {
    const apppartsctl::KeyView& view = *part.key;
    PhaseInterval next{.time = {now, Instant::max()},
                       .phase = view.phase,
                       .attempt = view.attempt,
                       .error = view.error,
                       .generation = view.observed,
                       .target = target};
    if (!open(history.phases)) {
      history.phases.push_back(next);
    } else {
      next.time.from = history.phases.back().time.from;
      if (history.phases.back() != next) {
        close_last(history.phases, now);
        next.time.from = now;
        history.phases.push_back(next);
      }
    }
  }
  if (!serves(process, key) || !part.rt->current.has_value()) {
    close_last(history.serving, now);
    return;
  }
  const AppVersion version = part.rt->current->version;
  if (open(history.serving) && history.serving.back().version == version) {
    return;
  }
  close_last(history.serving, now);
  history.serving.push_back({.time = {now, Instant::max()}, .version = version});
}

void Recorder::note(Note note) {
  if (!keep_) {
    return;
  }
  if (history_.notes.size() >= notes_max_) {
    ++history_.notes_dropped;
    return;
  }
  history_.notes.push_back(std::move(note));
}

std::size_t Recorder::fault(FaultMark mark) {
  history_.faults.push_back(std::move(mark));
  return history_.faults.size() - 1;
}

History Recorder::finish(Instant end) {
  const auto cut = [end](Instant& to) { to = std::min(to, end); };
  for (ProcessHistory& process : history_.processes) {
    for (Life& life : process.lives) {
      cut(life.time.to);
    }
    for (Interval& paused : process.paused) {
      cut(paused.to);
    }
  }
  for (auto& [at, partition] : partitions_) {
    for (PhaseInterval& phase : partition.phases) {
      cut(phase.time.to);
    }
    for (ServingInterval& serving : partition.serving) {
      cut(serving.time.to);
    }
    history_.partitions.push_back(std::move(partition));
  }
  partitions_.clear();
  for (FaultMark& fault : history_.faults) {
    cut(fault.time.to);
  }
  history_.end = end;
  return std::move(history_);
}

}  // namespace vvm::ghost
