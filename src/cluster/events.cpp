// The structured events of what became durable in the cluster.
#include <string>

#include "cluster/processor.hpp"

namespace vvm::cluster {
namespace {

struct Emitter {
  Runtime rt;

  void operator()(const RowChange<App>& change) const {
    if (!change.row.has_value()) {
      return;
    }
    const App& app = *change.row;
    const std::string name = app.name.str();
    rt.emit({"cluster.app",
             {{"app", name},
              {"partitions", app.num_partitions},
              {"desired", raw(app.desired_version)},
              {"stable", raw(app.stable_version)},
              {"rollout", name_of(app.rollout)},
              {"deleted", app.deleted ? 1 : 0}}});
  }

  void operator()(const RowChange<AppImage>& change) const {
    if (!change.row.has_value()) {
      return;
    }
    const AppImage& image = *change.row;
    const std::string name = image.key.app.str();
    const std::string sha = image.sha256.hex();
    rt.emit({"cluster.image",
             {{"app", name},
              {"version", raw(image.key.version)},
              {"state", name_of(image.state)},
              {"code", image.reject_code},
              {"sha", sha}}});
  }

  void operator()(const RowChange<VvmNode>& change) const {
    if (!change.row.has_value()) {
      return;
    }
    rt.emit({"cluster.node",
             {{"node", std::int64_t{raw(change.key)}}, {"state", name_of(change.row->state)}}});
  }

  void operator()(const RowChange<VirtualMachine>& change) const {
    if (!change.row.has_value()) {
      return;
    }
    const VirtualMachine& vvm = *change.row;
    rt.emit({"cluster.register",
             {{"vvm", std::int64_t{raw(vvm.id)}},
              {"epoch", raw(vvm.epoch)},
              {"node", std::int64_t{raw(vvm.node)}},
              {"state", name_of(vvm.state)}}});
  }

  void operator()(const RowChange<Placement>& change) const {
    if (!change.row.has_value()) {
      return;
    }
    const Placement& row = *change.row;
    const std::string app = row.key.app.str();
    rt.emit({"cluster.placement",
             {{"app", app},
              {"part", std::int64_t{raw(row.key.partition)}},
              {"state", name_of(row.state)},
              {"owner", std::int64_t{raw(row.owner)}},
              {"pepoch", raw(row.epoch)},
              {"gen", raw(row.generation)},
              {"version", raw(row.version)}}});
  }

  void operator()(const RowChange<SetPoint>& change) const {
    const std::string app = change.key.partition.app.str();
    const std::int64_t vvm{raw(change.key.vvm)};
    const std::int64_t part{raw(change.key.partition.partition)};
    if (!change.row.has_value()) {
      rt.emit({"cluster.sp_gone", {{"vvm", vvm}, {"app", app}, {"part", part}}});
      return;
    }
    const SetPoint& sp = *change.row;
    const std::string sha = sp.image_sha256.hex();
    rt.emit({"cluster.sp",
             {{"vvm", vvm},
              {"app", app},
              {"part", part},
              {"gen", raw(sp.generation)},
              {"pepoch", raw(sp.partition_epoch)},
              {"desired", name_of(sp.desired)},
              {"version", raw(sp.app_version)},
              {"sha", sha}}});
  }

  void operator()(const RowChange<ProcessVariable>& change) const {
    const std::string app = change.key.partition.app.str();
    const std::int64_t vvm{raw(change.key.vvm)};
    const std::int64_t part{raw(change.key.partition.partition)};
    if (!change.row.has_value()) {
      return;
    }
    const ProcessVariable& pv = *change.row;
    rt.emit({"cluster.pv",
             {{"vvm", vvm},
              {"app", app},
              {"part", part},
              {"epoch", raw(pv.vvm_epoch)},
              {"seq", pv.report_seq},
              {"phase", name_of(pv.phase)},
              {"observed", raw(pv.observed_generation)},
              {"serving", raw(pv.serving_version)},
              {"alt", raw(pv.serving_alt)},
              {"error", pv.error.has_value() ? static_cast<std::int64_t>(*pv.error) : 0}}});
  }

  void operator()(const BlobCounter& /*counter*/) const {}
};

}  // namespace

void emit_changes(Runtime rt, const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    std::visit(Emitter{rt}, change);
  }
}

}  // namespace vvm::cluster
