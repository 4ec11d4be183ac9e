// Simulation: a whole cluster of a scenario on one World, and what drives and watches it.
//
// run() makes one per run. Processes: `cluster` (cluster::ClusterProcess), the VVMs (node::Vvm),
// and `operator`. A process that ends by itself with an error is started again, as a service
// manager would; one that was told to stop stays down.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster/service.hpp"
#include "sim/faults/injectors.hpp"
#include "sim/faults/timeline.hpp"
#include "sim/ghost/files.hpp"
#include "sim/ghost/ghost.hpp"
#include "sim/wiring/budgets.hpp"
#include "sim/wiring/engine_site.hpp"
#include "sim/wiring/expectations.hpp"
#include "sim/wiring/memo.hpp"
#include "sim/wiring/operator.hpp"
#include "sim/wiring/vvm_host.hpp"
#include "sim/wiring/watch.hpp"

namespace vvm::wiring {

class Simulation final : private sim::Observer {
 public:
  struct Setup {
    const scenario::Scenario* scenario = nullptr;  // outlives it
    std::uint64_t seed = 0;
    Images images{};
    Memo* memo = nullptr;  // outlives it
    bool keep_history = false;
    std::uint64_t compare_every = 4096;
  };

  explicit Simulation(Setup setup);
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;
  ~Simulation() override = default;

  sim::World& world() { return world_; }

  // Until the horizon, the first violation, `steps_max` steps of the kernel (0: no limit), or until
  // nothing can happen any more. Once.
  void play(std::uint64_t steps_max);

  // What has failed; none while nothing has.
  std::optional<ghost::Violation> violation() const;

  // Moves the results out; the simulation is over.
  void fill(ghost::RunResult& result);

 private:
  struct StepState {
    std::optional<std::size_t> firing{};  // of a fault
  };

  Instant horizon() const { return Instant{} + scenario_.horizon; }

  void add_processes();
  void add_cluster();
  void add_operator();
  void add_vvm(std::size_t index, const std::string& node);
  sim::ClockModel draw_clock(const std::string& name);
  void set_up_network();
  std::vector<faults::Moment> moments() const;
  node::VvmOptions vvm_options(Runtime rt, std::size_t index);
  bool registered_by_step(const scenario::App& app) const;
  void deploy_apps();
  void fire(std::size_t index);
  void operate(const scenario::Operation& operation);
  void give(Order order);
  void drain(const std::string& glob);
  void start(const std::string& glob);
  Instant heal_at() const;
  void heal();
  bool all_registered() const;
  void begin_operations();
  void after_step();
  void finish();
  void fill_faults(ghost::RunResult& result);
  void fill_doubts(ghost::RunResult& result);

  // ---- sim::Observer
  void on_event(std::string_view /*process*/, const Event& /*event*/) override {}

  void on_effect(const sim::Effect& /*effect*/) override {}

  void on_end(std::string_view process) override;

  // What programs and their frames refer to comes first: it goes last.
  const scenario::Scenario& scenario_;
  Setup setup_;
  apppartsctl::Constants constants_;
  ghost::Recorder recorder_;
  ghost::Ghost ghost_;
  ghost::Files files_;
  EngineSite engines_;
  std::vector<std::unique_ptr<LoadPlan>> loads_;
  std::map<std::string, BlobId> blobs_;  // of images that were uploaded
  std::vector<std::string> vvm_names_;
  std::vector<ghost::ProcessIndex> vvm_indices_;
  std::vector<faults::Site::Process> site_processes_;
  sim::World world_;
  Watch watch_;
  Predicates predicates_;
  Expectations expectations_;
  Budgets budgets_;
  std::unique_ptr<faults::Injectors> injectors_;
  std::unique_ptr<faults::Timeline> timeline_;
  Operator* operator_ = nullptr;
  std::vector<StepState> steps_;
  std::set<std::string> told_to_stop_;
  std::optional<ghost::Violation> own_violation_;  // deadlock, impure work
  std::uint64_t changes_seen_ = 0;
  bool converged_once_ = false;
  bool operations_begun_ = false;
  bool out_of_budget_ = false;
};

}  // namespace vvm::wiring
