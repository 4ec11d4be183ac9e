// I-S5 epochs of VVMs, I-S6 one Present, I-S7 order of set-points, I-S8 partition epochs, I-S33
// immutables, I-S34 capacity.
#include <algorithm>

#include "sim/ghost/groups.hpp"

namespace vvm::ghost {

void Rows::on_row(const cluster::Change& after, const cluster::Change& before) {
  if (const auto* app = std::get_if<Rc<cluster::App>>(&after)) {
    row(*app, std::get<Rc<cluster::App>>(before));
  } else if (const auto* vvm = std::get_if<Rc<cluster::VirtualMachine>>(&after)) {
    row(*vvm, std::get<Rc<cluster::VirtualMachine>>(before));
  } else if (const auto* placement = std::get_if<Rc<cluster::Placement>>(&after)) {
    row(*placement, std::get<Rc<cluster::Placement>>(before));
  } else if (const auto* sp = std::get_if<Rc<SetPoint>>(&after)) {
    row(*sp, std::get<Rc<SetPoint>>(before));
  }
}

// I-S33.
void Rows::row(const Rc<cluster::App>& after, const Rc<cluster::App>& before) {
  if (!before.row.has_value()) {
    return;
  }
  const bool same = after.row.has_value() &&
                    after.row->num_partitions == before.row->num_partitions &&
                    after.row->num_app_workspaces == before.row->num_app_workspaces &&
                    after.row->id == before.row->id;
  require(same, Property::immutables, [&] {
    return Finding{after.key.str(),
                   "NumPartitions, NumAppWorkspaces and ClusterAppID stay as they are",
                   after.row.has_value() ? "one of them has changed" : "the row is gone"};
  });
}

// I-S5: another process of k comes with a greater epoch.
void Rows::row(const Rc<cluster::VirtualMachine>& after,
               const Rc<cluster::VirtualMachine>& before) {
  vvms_touched_.insert(after.key);
  if (!after.row.has_value()) {
    return;
  }
  nodes_touched_.insert(after.row->node);
  if (!before.row.has_value()) {
    return;
  }
  const bool same_process = after.row->nonce == before.row->nonce;
  const bool grows =
      same_process ? after.row->epoch == before.row->epoch : after.row->epoch > before.row->epoch;
  require(grows, Property::lease_uniqueness, [&] {
    return Finding{"VVM " + std::to_string(raw(after.key)),
                   "an epoch above " + std::to_string(raw(before.row->epoch)) +
                       " for another process, the same for the same",
                   std::to_string(raw(after.row->epoch))};
  });
}

// I-S8: the epoch grows by one when, and only when, the partition is assigned.
void Rows::row(const Rc<cluster::Placement>& after, const Rc<cluster::Placement>& before) {
  using cluster::PlacementState;
  const cluster::Placement none{};
  const cluster::Placement& was = before.row.has_value() ? *before.row : none;
  const cluster::Placement& is = after.row.has_value() ? *after.row : none;
  for (const auto& [owner, more] : {std::pair{was.owner, false}, std::pair{is.owner, true}}) {
    if (raw(owner) != 0) {
      placed_[owner] += more ? 1 : static_cast<std::size_t>(-1);
      vvms_touched_.insert(owner);
    }
  }
  const bool assigned =
      is.state == PlacementState::assigned && was.state != PlacementState::assigned;
  const bool right = after.row.has_value() && raw(is.epoch) == raw(was.epoch) + (assigned ? 1 : 0);
  require(right, Property::epochs, [&] {
    return Finding{after.key.str(),
                   "PartitionEpoch " + std::to_string(raw(was.epoch)) +
                       (assigned ? " and one more" : ", as nobody is assigned"),
                   after.row.has_value() ? std::to_string(raw(is.epoch)) : "no row"};
  });
}

// I-S7, and I-S33 in the set-points.
void Rows::row(const Rc<SetPoint>& after, const Rc<SetPoint>& before) {
  const PartitionKey& key = after.key.partition;
  keys_touched_.insert(key);
  if (!after.row.has_value()) {
    present_[key].erase(after.key.vvm);
    return;
  }
  const SetPoint& sp = *after.row;
  const auto subject = [&] { return key.str() + " for VVM " + std::to_string(raw(sp.vvm)); };
  Generation& newest = generations_[key];
  const bool mutated = before.row.has_value() && before.row->generation == sp.generation &&
                       !same_content(*before.row, sp);
  require(sp.generation >= newest && !mutated, Property::sp_order, [&] {
    return Finding{
        subject(),
        "a generation of at least " + std::to_string(raw(newest)) + " with a content of its own",
        "generation " + std::to_string(raw(sp.generation)) +
            (mutated ? " with another content than before" : "")};
  });
  newest = std::max(newest, sp.generation);
  if (sp.desired == Desired::absent) {
    present_[key].erase(sp.vvm);
    return;
  }
  present_[key].insert(sp.vvm);
  const auto content = state().contents.find({key.app, sp.app_version});
  require(content == state().contents.end() || content->second == sp.image_sha256,
          Property::sp_order,
          [&] {
            return Finding{subject(),
                           "version " + std::to_string(raw(sp.app_version)) + " is " +
                               content->second.hex().substr(0, 12),
                           sp.image_sha256.hex().substr(0, 12)};
          });
  const cluster::App* app = cluster::find(state().cluster.apps, key.app);
  const bool counts = app != nullptr && app->num_partitions == sp.num_partitions &&
                      app->num_app_workspaces == sp.num_app_workspaces &&
                      raw(app->id) == sp.cluster_app_id;
  require(counts, Property::immutables, [&] {
    return Finding{subject(), "the counts and the id of the application", "others"};
  });
}

void Rows::after_entry() {
  for (const PartitionKey& key : keys_touched_) {
    one_present(key);
  }
  for (const NodeId node : nodes_touched_) {
    room(node);
  }
  for (const VvmId vvm : vvms_touched_) {
    room(vvm);
  }
  keys_touched_.clear();
  nodes_touched_.clear();
  vvms_touched_.clear();
}

// I-S6.
void Rows::one_present(const PartitionKey& key) {
  const std::set<VvmId>& present = present_[key];
  require(present.size() <= 1, Property::one_present, [&] {
    std::string vvms;
    for (const VvmId vvm : present) {
      vvms += (vvms.empty() ? "" : " and ") + std::to_string(raw(vvm));
    }
    return Finding{key.str(), "Present for one VVM at most", "Present for VVM " + vvms};
  });
}

// I-S34: registered VVMs of a node.
void Rows::room(NodeId node) {
  const cluster::VvmNode* row = cluster::find(state().cluster.nodes, node);
  const std::int64_t limit = std::min(row == nullptr ? 8 : row->vvms_max, 8);
  const auto vvms = std::ranges::count_if(state().cluster.vvms, [&](const auto& entry) {
    return entry.second.node == node && entry.second.state == cluster::VvmState::registered;
  });
  require(vvms <= limit, Property::capacity, [&] {
    return Finding{"node " + std::to_string(raw(node)),
                   "at most " + std::to_string(limit) + " registered VVMs",
                   std::to_string(vvms)};
  });
}

// I-S34: partitions of a VVM.
void Rows::room(VvmId vvm) {
  const cluster::VirtualMachine* row = cluster::find(state().cluster.vvms, vvm);
  if (row == nullptr) {
    return;
  }
  const std::size_t placed = placed_[vvm];
  require(placed <= static_cast<std::size_t>(row->partitions_max), Property::capacity, [&] {
    return Finding{"VVM " + std::to_string(raw(vvm)),
                   "at most " + std::to_string(row->partitions_max) + " partitions",
                   std::to_string(placed)};
  });
}

// I-S5: each life of k has an epoch above those of all lives before.
void Rows::on_process(const Process& process) {
  if (raw(process.vvm) == 0 || !process.alive || process.epoch == VvmEpoch{}) {
    return;
  }
  auto& [life, epoch] = epochs_[process.vvm];
  const bool grows = life == process.life ? process.epoch == epoch : process.epoch > epoch;
  require(grows, Property::lease_uniqueness, [&] {
    return Finding{process.name,
                   "an epoch above " + std::to_string(raw(epoch)),
                   std::to_string(raw(process.epoch))};
  });
  life = process.life;
  epoch = process.epoch;
}

}  // namespace vvm::ghost
