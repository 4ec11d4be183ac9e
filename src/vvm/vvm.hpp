// Vvm: one Voedger virtual machine, assembled from a Runtime (docs/spec/vvm.md 3.3).
//
// sim/wiring and the live program start it; they differ only in the Runtime. It takes an epoch,
// registers with the cluster, runs the app-partition control loop and a status endpoint, and on
// request goes down in order. It owns every part of the VVM. A cluster that has registered a newer
// epoch of the same k fences it: the gates close and the process exits with code 1.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "appparts/app_partitions.hpp"
#include "apppartsctl/built_in.hpp"
#include "apppartsctl/constants.hpp"
#include "apppartsctl/control_loop.hpp"
#include "apppartsctl/demand.hpp"
#include "engines/factory.hpp"
#include "image/store.hpp"
#include "lease/gate.hpp"
#include "runtime/program.hpp"
#include "runtime/signal.hpp"
#include "runtime/task_scope.hpp"
#include "vvm/cluster_client.hpp"
#include "vvm/status.hpp"

namespace vvm::node {

struct VvmOptions {
  VvmId vvm{1};
  NodeId node{1};
  Endpoint cluster{};      // serves commands and BLOBs
  std::string host{};      // under which others reach this process
  std::uint16_t port = 0;  // of the status endpoint; 0 takes a free one
  bool status_endpoint = true;
  std::string build_rev = "dev";
  std::int32_t partitions_max = 256;
  // Borrows and releases count as changes of AppPartitions, for those who watch every step.
  bool count_borrows = false;
  apppartsctl::Constants constants{};
  // What runs extensions, by kind; a schema that uses a kind without a factory is Blocked (507).
  // For BUILTIN usually an engines::BuiltinFactory over a registry of functions.
  engines::EngineFactories factories{};
  apppartsctl::BuiltInApps built_in_apps{};
  // Shared by simulated VVMs, may be null; they outlive the Vvm.
  image::UnpackMemo* unpack_memo = nullptr;
  apppartsctl::ParseMemo* parse_memo = nullptr;
};

enum class VvmState : std::uint8_t {
  idle,
  registering,
  serving,
  draining,
  stopping,
  stopped,
  fenced,
};

std::string_view name_of(VvmState state);

class Vvm final : public Program {
 public:
  Vvm(Runtime rt, VvmOptions options);
  ~Vvm() override;

  // From start to the end of an orderly stop, which stop() or cancellation asks for.
  Task<void> run() override;
  // Go down in order; run() returns when all is down. Idempotent.
  void stop();

  VvmState state() const { return state_; }

  VvmId id() const { return options_.vvm; }

  // 0 until one has been taken.
  VvmEpoch epoch() const { return epoch_; }

  // Where the status endpoint listens; 0 before that.
  std::uint16_t status_port() const { return status_port_; }

  const appparts::AppPartitions& partitions() const { return partitions_; }

  // Borrowing, for processors and for whoever plays them.
  appparts::AppPartitions& partitions() { return partitions_; }

  // Null until the VVM has registered.
  const apppartsctl::ControlLoop* control() const { return control_.get(); }

  const image::ImageStore& images() const { return images_; }

 private:
  using Attempt = Task<Status> (Vvm::*)();

  Task<Status> start();
  Task<Status> persist(std::string what, Attempt attempt);
  Task<Status> start_images();
  Task<Status> listen_status();
  Task<Status> take_epoch();
  Task<Status> register_self();
  Task<void> go_down();
  Task<void> close_parts();
  void enter(VvmState state);
  void on_lost(std::string_view why);

  Runtime rt_;
  VvmOptions options_;
  lease::LocalTerm term_;
  appparts::AppPartitions partitions_;
  apppartsctl::Demand demand_;
  image::ImageStore images_;
  ClusterClient client_;
  apppartsctl::SchemaCompat compat_;
  std::unique_ptr<StatusEndpoint> status_;
  std::unique_ptr<apppartsctl::ControlLoop> control_;
  VvmState state_ = VvmState::idle;
  VvmEpoch epoch_{};
  std::uint16_t status_port_ = 0;
  bool stop_wanted_ = false;
  bool failed_ = false;
  Rng rng_;
  Signal stop_signal_;
  TaskScope scope_;
};

}  // namespace vvm::node
