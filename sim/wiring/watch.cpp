// Feeding the ghost.
#include "sim/wiring/watch.hpp"

#include "base/check.hpp"
#include "cluster/journal.hpp"

namespace vvm::wiring {
namespace {

constexpr std::string_view journal_partition = "cluster/log";

}  // namespace

Watch::Watch(sim::World* world, ghost::Ghost* ghost, ghost::Files* files)
    : world_(*world), ghost_(*ghost), files_(*files) {
  world_.store().listen([this](const sim::StoreChange& change) { on_store(change); });
}

void Watch::add(const std::string& name, ghost::ProcessIndex index, bool is_vvm) {
  by_name_.emplace(name, subjects_.size());
  Subject subject{.name = name, .index = index, .is_vvm = is_vvm};
  if (is_vvm) {
    subject.disk = files_.add(name, &world_.disk(name));
  }
  subjects_.push_back(std::move(subject));
}

void Watch::made(ghost::ProcessIndex index, VvmHost* host) {
  for (Subject& subject : subjects_) {
    if (subject.index == index) {
      subject.host = host;
      subject.changes_seen = 0;
    }
  }
}

Watch::Subject& Watch::subject(std::string_view process) {
  const auto at = by_name_.find(process);
  CHECK(at != by_name_.end(), "a process that is not watched", process);
  return subjects_[at->second];
}

Watch::Subject* Watch::of_lane(const sim::Lane& lane) {
  if (lane.id() >= by_lane_.size()) {
    by_lane_.resize(lane.id() + 1, 0);
  }
  std::size_t& known = by_lane_[lane.id()];
  if (known == 0) {
    const auto at = by_name_.find(lane.name());
    if (at == by_name_.end()) {
      return nullptr;
    }
    known = at->second + 1;
  }
  return &subjects_[known - 1];
}

void Watch::enter() { ghost_.at(world_.kernel().now(), world_.kernel().steps()); }

void Watch::on_event(std::string_view process, const Event& event) {
  enter();
  ++events_;
  ghost_.on_event(subject(process).index, event);
}

void Watch::on_effect(const sim::Effect& effect) {
  ++effects_;
  if (!effect.kind.starts_with("disk.")) {
    return;
  }
  enter();
  const Subject& of = subject(effect.process);
  if (of.is_vvm) {
    files_.on_effect(of.disk, effect.kind, effect.object);
  }
}

void Watch::on_start(std::string_view process) {
  enter();
  const Subject& of = subject(process);
  ghost_.started(of.index);
  if (of.is_vvm) {
    files_.on_start(of.disk);
  }
}

void Watch::on_end(std::string_view process) {
  enter();
  Subject& of = subject(process);
  of.host = nullptr;
  const std::optional<int> code = world_.exit_code(of.name);
  const ghost::LifeEnd end = !code.has_value() ? ghost::LifeEnd::crashed
                             : *code == 0      ? ghost::LifeEnd::stopped
                                               : ghost::LifeEnd::failed;
  ghost_.ended(of.index, end);
}

void Watch::on_pause(std::string_view process, bool paused) {
  enter();
  ghost_.paused(subject(process).index, paused);
}

// An entry of the cluster's journal is never written twice.
void Watch::on_store(const sim::StoreChange& change) {
  const bool entry = change.key->partition == journal_partition && change.after != nullptr &&
                     change.before == nullptr;
  if (!entry) {
    return;
  }
  enter();
  const Result<cluster::Entry> decoded = cluster::decode(*change.after);
  CHECK(decoded.has_value(), "an entry of the journal cannot be read");
  ghost_.see_entry(decoded.value());
}

void Watch::look(Subject& subject) {
  node::Vvm& vvm = subject.host->vvm();
  appparts::AppPartitions& partitions = vvm.partitions();
  if (partitions.change_count() != subject.changes_seen) {
    subject.changes_seen = partitions.change_count();
    appparts::Changes changes = partitions.take_changes();
    for (appparts::Changes::OfPartition& change : changes.partitions) {
      ghost_.see_part(subject.index, change.key, std::move(change.view));
    }
    for (appparts::Changes::OfApp& change : changes.apps) {
      ghost_.see_versions(subject.index, change.app, std::move(change.versions));
      for (const appparts::VersionView& closed : change.closed) {
        ghost_.see_closed(subject.index, change.app, closed);
      }
    }
  }
  if (!ghost_.touched() || vvm.control() == nullptr) {
    return;
  }
  const auto& views = vvm.control()->keys();
  for (const PartitionKey& key : ghost_.take_touched(subject.index)) {
    const auto view = views.find(key);
    ghost_.see_key(subject.index, key, view == views.end() ? nullptr : &view->second);
  }
}

void Watch::after_step() {
  enter();
  if (const sim::Lane* lane = world_.kernel().ran()) {
    Subject* ran = of_lane(*lane);
    if (ran != nullptr && ran->host != nullptr) {
      look(*ran);
    }
  }
  files_.settle();
  ghost_.settle();
  if (world_.kernel().steps() % compare_every_ == 0) {
    compare();
  }
}

void Watch::compare() {
  ++comparisons_;
  for (const Subject& subject : subjects_) {
    if (subject.host == nullptr) {
      continue;
    }
    node::Vvm& vvm = subject.host->vvm();
    const apppartsctl::PartController::Views none;
    const auto& views = vvm.control() == nullptr ? none : vvm.control()->keys();
    ghost_.compare(subject.index, vvm.partitions().inspect(), views);
  }
  ghost_.check_all();
}

bool Watch::has_image(ghost::ProcessIndex index, const Sha256& sha) const {
  for (const Subject& subject : subjects_) {
    if (subject.index == index && subject.is_vvm) {
      return files_.has_image(subject.disk, sha);
    }
  }
  return false;
}

}  // namespace vvm::wiring
