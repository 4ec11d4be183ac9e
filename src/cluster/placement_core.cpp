// The rules of placement, one partition at a time, and the cost of a VVM.
#include "cluster/placement_core.hpp"

#include <algorithm>
#include <tuple>

namespace vvm::cluster {
namespace {

// What one partition comes to: its row, the set-point that it implies, rows to remove.
class Step {
 public:
  Step(const Tables& tables, Load* load, WallMs now, std::vector<Change>* out)
      : tables_(tables), load_(load), now_(now), out_(out) {}

  void run(const App& app, PartitionId partition) {
    const PartitionKey key{.app = app.name, .partition = partition};
    const Placement* known = find(tables_.placements, key);
    Placement row = known == nullptr ? Placement{.key = key} : *known;
    release_done(app, row);
    if (row.state == PlacementState::assigned && (app.deleted || goes_down(row.owner))) {
      release(row);
    }
    if (row.state == PlacementState::unplaced && !app.deleted) {
      place(app, row);
    }
    if (row.state == PlacementState::assigned) {
      follow(app, row);
    }
    if (known == nullptr ? row.state != PlacementState::unplaced : row != *known) {
      out_->push_back(put(row));
    }
    if (row.state != PlacementState::unplaced) {
      put_set_point(app, row);
    }
  }

 private:
  bool goes_down(VvmId vvm) const {
    const VirtualMachine* machine = find(tables_.vvms, vvm);
    return machine != nullptr && machine->state != VvmState::registered;
  }

  // R4 (a): the old owner has said that nothing of the partition is left. One that goes down may be
  // gone before it reads that it should: then it is enough that the same process has said so of the
  // set-point before, which had it Present. It takes nothing up again, and a process after it
  // registers first and finds the tombstone.
  bool is_left(const Placement& row, const ProcessVariable* pv) const {
    if (pv == nullptr || pv->phase != Phase::absent) {
      return false;
    }
    const bool has_left = goes_down(row.owner) &&
                          pv->vvm_epoch == find(tables_.vvms, row.owner)->epoch &&
                          raw(pv->observed_generation) >= raw(row.generation) - 1;
    return has_left || pv->observed_generation >= row.generation;
  }

  void release_done(const App& app, Placement& row) {
    if (row.state != PlacementState::releasing) {
      return;
    }
    const WorkspaceKey at{.vvm = row.owner, .partition = row.key};
    const SetPoint* sp = find(tables_.sps, at);
    const ProcessVariable* pv = find(tables_.pvs, at);
    if (sp == nullptr || sp->desired != Desired::absent || sp->generation != row.generation) {
      return;
    }
    if (!is_left(row, pv)) {
      return;
    }
    load_->remove(row.owner, app.name);
    // The row stays even where the application is deleted: its generation and epoch must go on
    // growing if the application comes back, for the log keeps the fences of the old epochs.
    row.state = PlacementState::unplaced;
    row.owner = VvmId{};
    row.since = now_;
  }

  // No target: R3 without a place to go to.
  void release(Placement& row) {
    row.state = PlacementState::releasing;
    row.target = VvmId{};
    row.generation = next(row.generation);
    row.since = now_;
  }

  // R1.
  void place(const App& app, Placement& row) {
    if (app.desired_version == AppVersion{}) {
      return;
    }
    const std::optional<VvmId> vvm = load_->choose(app.name, row.target);
    if (!vvm.has_value()) {
      return;
    }
    load_->add(*vvm, app.name);
    row.state = PlacementState::assigned;
    row.owner = *vvm;
    row.target = VvmId{};
    row.epoch = PartitionEpoch{raw(row.epoch) + 1};
    row.generation = next(row.generation);
    row.version = app.desired_version;
    row.since = now_;
  }

  // R5 and R7: a newer version, other settings.
  void follow(const App& app, Placement& row) {
    const SetPoint* sp = find(tables_.sps, {.vvm = row.owner, .partition = row.key});
    if (sp == nullptr || sp->generation != row.generation) {
      return;
    }  // R1 or R6, just below
    const bool newer = row.version < app.desired_version;
    if (newer) {
      row.version = app.desired_version;
    }
    if (newer || settings_of(*sp) != app.settings) {
      row.generation = next(row.generation);
    }
  }

  // R6 as well: what is stored is made to be what the row implies.
  void put_set_point(const App& app, const Placement& row) {
    const SetPoint* stored = find(tables_.sps, {.vvm = row.owner, .partition = row.key});
    if (stored != nullptr && stored->generation >= row.generation) {
      return;
    }
    SetPoint sp = implied(app, row);
    out_->push_back(put(std::move(sp)));
  }

  SetPoint implied(const App& app, const Placement& row) const {
    SetPoint sp;
    sp.key = row.key;
    sp.vvm = row.owner;
    sp.generation = row.generation;
    sp.partition_epoch = row.epoch;
    sp.cluster_app_id = raw(app.id);
    sp.num_partitions = app.num_partitions;
    sp.num_app_workspaces = app.num_app_workspaces;
    sp.pool_command = app.settings.pool_command;
    sp.pool_query = app.settings.pool_query;
    sp.pool_actualizer = app.settings.pool_actualizer;
    sp.pool_scheduler = app.settings.pool_scheduler;
    sp.cron_schedule = app.settings.cron_schedule;
    sp.start_time_tolerance = app.settings.start_time_tolerance;
    sp.drain_timeout = app.settings.drain_timeout;
    sp.updated_at = now_;
    sp.image_kind = ImageKind::image;
    sp.desired = Desired::absent;
    if (row.state != PlacementState::assigned) {
      return sp;
    }
    sp.desired = Desired::present;
    sp.app_version = row.version;
    if (const AppImage* image = find(tables_.images, {.app = app.name, .version = row.version})) {
      sp.image_blob = image->blob;
      sp.image_sha256 = image->sha256;
      sp.image_size = image->size;
    }
    return sp;
  }

  static AppSettings settings_of(const SetPoint& sp) {
    return {.pool_command = sp.pool_command,
            .pool_query = sp.pool_query,
            .pool_actualizer = sp.pool_actualizer,
            .pool_scheduler = sp.pool_scheduler,
            .cron_schedule = sp.cron_schedule,
            .start_time_tolerance = sp.start_time_tolerance,
            .drain_timeout = sp.drain_timeout};
  }

  static Generation next(Generation generation) { return Generation{raw(generation) + 1}; }

  const Tables& tables_;
  Load* load_;
  WallMs now_;
  std::vector<Change>* out_;
};

// True when every partition runs the version that is wanted.
bool rolled_out(const Tables& tables, const App& app) {
  for (std::int32_t p = 0; p < app.num_partitions; ++p) {
    const PartitionKey key{.app = app.name, .partition = PartitionId(p)};
    const Placement* row = find(tables.placements, key);
    if (row == nullptr || row->state != PlacementState::assigned) {
      return false;
    }
    const ProcessVariable* pv = find(tables.pvs, {.vvm = row->owner, .partition = key});
    if (pv == nullptr || pv->phase != Phase::running ||
        pv->serving_version != app.desired_version) {
      return false;
    }
  }
  return true;
}

void tidy(const Tables& tables, WallMs now, std::vector<Change>& out) {
  for (const auto& [key, sp] : tables.sps) {
    if (sp.desired != Desired::absent) {
      continue;
    }
    if (now.ms - sp.updated_at.ms <= tombstone_retention.ms()) {
      continue;
    }
    const Placement* row = find(tables.placements, key.partition);
    const bool current = row != nullptr && row->state != PlacementState::unplaced &&
                         row->generation <= sp.generation;
    if (current) {
      continue;
    }
    out.push_back(erase<SetPoint>(key));
    if (tables.pvs.contains(key)) {
      out.push_back(erase<ProcessVariable>(key));
    }
  }
}

}  // namespace

std::int64_t Load::Counts::of(const AppQName& app) const {
  const auto it = of_app.find(app);
  return it == of_app.end() ? 0 : it->second;
}

Load::Load(const Tables& tables) {
  for (const auto& [id, vvm] : tables.vvms) {
    if (vvm.state != VvmState::registered) {
      continue;
    }
    const VvmNode* node = find(tables.nodes, vvm.node);
    vvms_[id] = {.node = vvm.node,
                 .partitions_max = vvm.partitions_max,
                 .candidate = node != nullptr && node->state == NodeState::ready};
    ++nodes_[vvm.node].vvms;
  }
  for (const auto& [key, row] : tables.placements) {
    if (row.state != PlacementState::unplaced) {
      add(row.owner, key.app);
    }
  }
}

void Load::add(VvmId id, const AppQName& app) {
  const auto vvm = vvms_.find(id);
  if (vvm == vvms_.end()) {
    return;
  }
  for (Counts* counts : {&vvm->second.held, &nodes_[vvm->second.node].held}) {
    ++counts->all;
    ++counts->of_app[app];
  }
}

void Load::remove(VvmId id, const AppQName& app) {
  const auto vvm = vvms_.find(id);
  if (vvm == vvms_.end()) {
    return;
  }
  for (Counts* counts : {&vvm->second.held, &nodes_[vvm->second.node].held}) {
    --counts->all;
    --counts->of_app[app];
  }
}

std::optional<VvmId> Load::choose(const AppQName& app, VvmId preferred) const {
  // A fraction of partitions to VVMs that compares exactly: both sides times both denominators.
  struct Fraction {
    std::int64_t partitions;
    std::int64_t vvms;

    bool operator<(const Fraction& o) const { return partitions * o.vvms < o.partitions * vvms; }
  };

  using Cost = std::tuple<std::int64_t, Fraction, std::int64_t, std::int64_t, bool, NodeId, VvmId>;
  std::optional<Cost> best;
  for (const auto& [id, vvm] : vvms_) {
    if (!vvm.candidate || vvm.held.all >= vvm.partitions_max) {
      continue;
    }
    const Node& node = nodes_.at(vvm.node);
    const Cost cost{node.held.of(app),
                    Fraction{.partitions = node.held.all, .vvms = node.vvms},
                    vvm.held.of(app),
                    vvm.held.all,
                    id != preferred,
                    vvm.node,
                    id};
    if (!best.has_value() || cost < *best) {
      best = cost;
    }
  }
  if (!best.has_value()) {
    return std::nullopt;
  }
  return std::get<VvmId>(*best);
}

std::vector<Change> reconcile(const Tables& tables, WallMs now, std::size_t changes_max) {
  std::vector<Change> out;
  Load load(tables);
  Step step(tables, &load, now, &out);
  for (const auto& [name, app] : tables.apps) {
    for (std::int32_t p = 0; p < app.num_partitions; ++p) {
      if (out.size() >= changes_max) {
        return out;
      }
      step.run(app, PartitionId(p));
    }
    if (app.rollout == RolloutState::running && rolled_out(tables, app)) {
      App done = app;
      done.rollout = RolloutState::idle;
      done.stable_version = app.desired_version;
      out.push_back(put(std::move(done)));
    }
  }
  tidy(tables, now, out);
  return out;
}

}  // namespace vvm::cluster
