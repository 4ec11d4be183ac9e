// HandMade: a ghost that is fed by hand; for tests of sim/ghost.
//
// Two VVMs on one node, registered with epoch 1, and one application of two partitions, version 1
// known. Every call is an event of its own, one second after the one before.
#pragma once

#include <string>
#include <vector>

#include "sim/ghost/ghost.hpp"

namespace vvm::ghost {

inline const AppQName test_app{.owner = "acme", .name = "pos"};

inline PartitionKey test_key(std::uint16_t partition = 0) {
  return {.app = test_app, .partition = PartitionId{partition}};
}

struct HandMade {
  Recorder recorder{true};
  Ghost ghost{apppartsctl::Constants{}, &recorder};
  ProcessIndex cluster{};
  ProcessIndex vvm1{};
  ProcessIndex vvm2{};
  Instant now{};
  std::uint64_t step = 0;
  std::int64_t offset = 0;

  HandMade() {
    tick();
    cluster = ghost.add_process("cluster", VvmId{}, NodeId{}, true);
    vvm1 = ghost.add_process("vvm1", VvmId{1}, NodeId{1});
    vvm2 = ghost.add_process("vvm2", VvmId{2}, NodeId{1});
    ghost.started(cluster);
    ghost.settle();
    rows({cluster::put(app())});
    serve(vvm1, 1);
    serve(vvm2, 2);
  }

  HandMade(const HandMade&) = delete;
  HandMade& operator=(const HandMade&) = delete;

  // ---- time

  void tick(Duration by = seconds(1)) {
    now = now + by;
    ghost.at(now, ++step);
  }

  // The property that has failed; empty while none has.
  std::string failed() const {
    const auto& violation = ghost.ledger().violation();
    return violation.has_value() ? violation->property : std::string{};
  }

  std::uint64_t evaluations(Property property) const {
    return ghost.ledger().evaluations(property);
  }

  // ---- processes

  void emit(ProcessIndex process, const Event& event) {
    tick();
    ghost.on_event(process, event);
    ghost.settle();
  }

  // A life that has registered.
  void serve(ProcessIndex process, std::int64_t k, std::int64_t epoch = 1) {
    tick();
    ghost.started(process);
    ghost.settle();
    rows({cluster::put(vvm_row(k, epoch))});
    emit(process, {"vvm.registered", {{"vvm", k}, {"epoch", epoch}}});
    emit(process, {"vvm.state", {{"vvm", k}, {"state", "Serving"}}});
  }

  void end(ProcessIndex process) {
    tick();
    ghost.ended(process, LifeEnd::crashed);
    ghost.settle();
  }

  void call(ProcessIndex process, std::string_view what, std::int64_t generation) {
    emit(process, {what, {{"app", "acme/pos"}, {"part", 0}, {"gen", generation}}});
  }

  void produced(ProcessIndex process, std::int64_t seq, bool ack) {
    emit(process,
         {"pv.produced", {{"app", "acme/pos"}, {"part", 0}, {"seq", seq}, {"ack", ack ? 1 : 0}}});
  }

  void about_part(ProcessIndex process, std::string_view what) {
    tick();
    ghost.on_event(process, {what, {{"app", "acme/pos"}, {"part", 0}}});
  }

  // ---- what is seen

  void part(ProcessIndex process, appparts::PartitionView view, std::uint16_t partition = 0) {
    tick();
    see(process, std::move(view), partition);
  }

  // Without an event before it, for what happens in one.
  void see(ProcessIndex process, appparts::PartitionView view, std::uint16_t partition = 0) {
    view.id = PartitionId{partition};
    ghost.see_part(process, test_key(partition), std::move(view));
    ghost.settle();
  }

  void versions(ProcessIndex process, std::vector<appparts::VersionView> list) {
    tick();
    ghost.see_versions(process, test_app, std::move(list));
    ghost.settle();
  }

  void key(ProcessIndex process, const apppartsctl::KeyView& view) {
    tick();
    ghost.see_key(process, test_key(), &view);
    ghost.settle();
  }

  void rows(std::vector<cluster::Change> changes) {
    tick();
    ghost.see_entry({.offset = ++offset, .changes = std::move(changes)});
    ghost.settle();
  }

  void heal() {
    tick();
    ghost.healed();
    ghost.settle();
  }

  // Nothing happens for so long.
  void wait(Duration by) {
    tick(by);
    ghost.settle();
  }

  // ---- values

  static Sha256 content(std::int64_t version) {
    return sha256("version " + std::to_string(version));
  }

  static cluster::App app() {
    return {.name = test_app,
            .num_partitions = 2,
            .num_app_workspaces = 10,
            .id = cluster::ClusterAppId{256}};
  }

  static cluster::VirtualMachine vvm_row(std::int64_t k, std::int64_t epoch) {
    cluster::VirtualMachine row;
    row.id = VvmId{static_cast<std::uint32_t>(k)};
    row.node = NodeId{1};
    row.epoch = VvmEpoch{epoch};
    row.nonce = "process " + std::to_string(epoch);
    return row;
  }

  static cluster::Placement placement(std::int64_t owner, std::int64_t epoch) {
    return {
        .key = test_key(),
        .state = owner == 0 ? cluster::PlacementState::unplaced : cluster::PlacementState::assigned,
        .owner = VvmId{static_cast<std::uint32_t>(owner)},
        .epoch = PartitionEpoch{epoch}};
  }

  static SetPoint sp(std::int64_t k,
                     std::int64_t generation,
                     std::int64_t version,
                     std::uint16_t partition = 0) {
    SetPoint sp;
    sp.key = test_key(partition);
    sp.vvm = VvmId{static_cast<std::uint32_t>(k)};
    sp.generation = Generation{generation};
    sp.partition_epoch = PartitionEpoch{1};
    sp.desired = version == 0 ? Desired::absent : Desired::present;
    sp.app_version = AppVersion{version};
    sp.image_sha256 = version == 0 ? Sha256{} : content(version);
    sp.cluster_app_id = 256;
    sp.num_partitions = 2;
    sp.num_app_workspaces = 10;
    return sp;
  }

  static ProcessVariable pv(std::int64_t k,
                            std::int64_t seq,
                            std::int64_t serving,
                            std::int64_t observed = 1) {
    ProcessVariable pv;
    pv.key = test_key();
    pv.vvm = VvmId{static_cast<std::uint32_t>(k)};
    pv.vvm_epoch = VvmEpoch{1};
    pv.report_seq = seq;
    pv.observed_generation = Generation{observed};
    pv.phase = serving == 0 ? Phase::absent : Phase::running;
    pv.serving_version = AppVersion{serving};
    return pv;
  }

  // A runtime that serves this version.
  static appparts::PartitionView runtime(std::int64_t version, std::uint32_t id = 1) {
    appparts::PartitionView view;
    view.present = true;
    view.fence = {.partition_epoch = PartitionEpoch{1}, .vvm_epoch = VvmEpoch{1}};
    view.gate_open = true;
    view.admission.fill(appparts::Admission::open);
    view.current = part_version(version, id);
    return view;
  }

  static appparts::PartVersionView part_version(std::int64_t version, std::uint32_t id) {
    return {.id = appparts::PartVersionId{id},
            .version = AppVersion{version},
            .sha = content(version),
            .state = appparts::VersionState::ready};
  }

  static appparts::PartitionView closed(appparts::PartitionView view) {
    view.admission.fill(appparts::Admission::closed);
    return view;
  }

  static appparts::BorrowView borrow(std::int64_t version, std::uint32_t id = 1) {
    return {.kind = appparts::ProcessorKind::query,
            .part_version = appparts::PartVersionId{id},
            .current = true,
            .app_def_of = AppVersion{version},
            .engine_of = AppVersion{version}};
  }

  // One engine a kind, all free.
  static appparts::VersionView version(std::int64_t number) {
    appparts::VersionView view;
    view.version = AppVersion{number};
    view.sha = content(number);
    view.state = appparts::VersionState::ready;
    view.sizes.fill(1);
    view.pools.fill({.created = 1, .free = 1});
    view.ledger = {.created = 4, .closed = 0};
    view.engines_ready = true;
    return view;
  }

  static apppartsctl::KeyView key_view(Phase phase,
                                       std::int64_t observed,
                                       std::int64_t serving,
                                       std::optional<Code> error = {}) {
    apppartsctl::KeyView view;
    view.phase = phase;
    view.observed = Generation{observed};
    view.serving = AppVersion{serving};
    view.error = error;
    return view;
  }

  // Partition 0 is placed on VVM 1, version 1 is built and served, all is reported.
  void place_and_serve() {
    rows({cluster::put(placement(1, 1)), cluster::put(sp(1, 1, 1))});
    versions(vvm1, {version(1)});
    part(vvm1, closed(runtime(1)));
    part(vvm1, runtime(1));
    key(vvm1, key_view(Phase::running, 1, 1));
    produced(vvm1, 1, false);
    rows({cluster::put(pv(1, 1, 1))});
  }

  // Versions 1 and 2 are claimed, as before a switch.
  void claim_both() {
    ProcessVariable both = pv(1, 2, 1, 2);
    both.phase = Phase::switching;
    both.serving_alt = AppVersion{2};
    produced(vvm1, 2, true);
    rows({cluster::put(both)});
  }
};

}  // namespace vvm::ghost
