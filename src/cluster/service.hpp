// ClusterProcess: the process of sys/cluster: HTTP in front, tables behind, scheduler beside.
//
// The live program and sim/wiring start it. All it knows survives in the store; a new process goes
// on where the last durable entry left off. One such process at a time is assumed (leader election
// decides which); two would refuse each other's commands, not corrupt the tables.
#pragma once

#include <memory>

#include "cluster/api.hpp"
#include "cluster/blobs.hpp"
#include "cluster/processor.hpp"
#include "cluster/validate.hpp"
#include "http/server.hpp"
#include "runtime/program.hpp"

namespace vvm::cluster {

struct ClusterOptions {
  std::uint16_t port = 8822;
  bool validate_images = true;
  bool auto_rollout = true;
  bool auto_place = true;
  ValidationOptions images{};
  Duration tick = seconds(5);  // of the scheduler
  JournalOptions journal{};
  http::ServerLimits http{};
};

class ClusterProcess final : public Program {
 public:
  ClusterProcess(Runtime rt, ClusterOptions options);
  ~ClusterProcess() override;

  // Loads the tables, then serves until cancelled.
  Task<void> run() override;

  // The port that was taken; 0 before it is served.
  std::uint16_t port() const { return port_; }

  // For those who watch the process from outside; it may show what is about to become durable.
  const Tables& tables() const { return processor_.tables(); }

 private:
  class Front;

  Task<void> serve_all();
  Task<void> run_scheduler();
  Task<void> run_validation();
  Task<bool> validate_next();
  ImagePolicy policy() const;

  Runtime rt_;
  ClusterOptions options_;
  Processor processor_;
  std::unique_ptr<Front> front_;
  std::unique_ptr<http::Server> server_;
  TaskScope scope_;
  std::uint16_t port_ = 0;
};

}  // namespace vvm::cluster
