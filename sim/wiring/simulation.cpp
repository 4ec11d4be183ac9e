// Building the cluster, and what its people do to it.
#include "sim/wiring/simulation.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "lease/epoch.hpp"
#include "sim/faults/value_text.hpp"
#include "sim/world/glob.hpp"

namespace vvm::wiring {
namespace {

constexpr std::uint16_t cluster_port = 8822;
constexpr std::uint16_t status_port = 8823;
constexpr Duration restart_pause = seconds(2);
constexpr std::uint64_t default_disk = std::uint64_t{8} << 30U;

apppartsctl::Constants constants_of(const scenario::Scenario& scenario) {
  apppartsctl::Constants constants;
  for (const scenario::Constant& constant : scenario.constants) {
    const Status set = apppartsctl::set_constant(constants, constant.name, constant.value);
    CHECK(set.has_value(), "the reader lets no such constant through", constant.name);
  }
  return constants;
}

sim::Latency latency_of(const faults::Spread& spread) {
  switch (spread.shape) {
    case faults::Spread::Shape::constant:
      return sim::Latency::fixed(spread.mean);
    case faults::Spread::Shape::uniform:
      return sim::Latency::uniform(spread.min, spread.max);
    case faults::Spread::Shape::exponential:
      return sim::Latency::exponential(
          spread.mean, spread.min, spread.max == Duration{} ? minutes(1) : spread.max);
  }
  UNREACHABLE();
}

std::string row_name(const RowKey& key) {
  if (key.partition == "cluster/log" && key.clustering.size() == 8) {
    return "log(" + std::to_string(read_be64(key.clustering)) + ")";
  }
  if (key.partition.starts_with("cluster/")) {
    return key.partition.substr(8);
  }
  if (key.clustering.size() == 4 &&
      key == lease::epoch_row(VvmId{
                 static_cast<std::uint32_t>(static_cast<unsigned char>(key.clustering[2]) * 256U +
                                            static_cast<unsigned char>(key.clustering[3]))})) {
    return "epoch(" +
           std::to_string(static_cast<unsigned char>(key.clustering[2]) * 256U +
                          static_cast<unsigned char>(key.clustering[3])) +
           ")";
  }
  return to_hex(key.partition) + "/" + to_hex(key.clustering);
}

bool disks_may_lie(const scenario::Scenario& scenario) {
  return std::ranges::any_of(scenario.steps, [](const scenario::Step& step) {
    const auto* fault = std::get_if<faults::Fault>(&step.what);
    const auto* disk = fault == nullptr ? nullptr : std::get_if<faults::DiskFault>(&fault->action);
    return disk != nullptr &&
           (disk->mode == faults::DiskMode::lying_sync || disk->mode == faults::DiskMode::corrupt);
  });
}

AppQName app_name(const std::string& text) {
  const Result<AppQName> name = AppQName::parse(text);
  CHECK(name.has_value(), "the reader lets no such application through", text);
  return name.value();
}

}  // namespace

Simulation::Simulation(Setup setup)
    : scenario_(*setup.scenario),
      setup_(std::move(setup)),
      constants_(constants_of(scenario_)),
      recorder_(setup_.keep_history),
      ghost_(constants_, &recorder_),
      files_(&ghost_.ledger(), &constants_, disks_may_lie(scenario_)),
      engines_(&ghost_),
      world_(setup_.seed),
      watch_(&world_, &ghost_, &files_),
      predicates_(&scenario_,
                  &ghost_,
                  &setup_.images,
                  [this](ghost::ProcessIndex process, const Sha256& sha) {
                    return watch_.has_image(process, sha);
                  }),
      expectations_(&scenario_.expect, &predicates_),
      budgets_(&scenario_.expect, &setup_.images, &world_),
      steps_(scenario_.steps.size()) {
  for (const scenario::Load& load : scenario_.load) {
    loads_.push_back(std::make_unique<LoadPlan>(
        LoadPlan{.load = &load, .app = app_name(load.app), .outcome = {.name = load.name}}));
  }
  watch_.compare_every(setup_.compare_every);
  world_.store().name_keys(row_name);
  // The ghost comes first: a fault that is fired in the same moment ends what it has just seen.
  world_.observers().add(&watch_);
  world_.observers().add(this);
  world_.observers().add(&budgets_);
  add_processes();
  set_up_network();
  faults::Site site{.processes = site_processes_,
                    .blob_of = [this](std::string_view image) -> std::optional<BlobId> {
                      const auto at = blobs_.find(std::string{image});
                      return at == blobs_.end() ? std::nullopt : std::optional{at->second};
                    },
                    .engines = &engines_};
  injectors_ = std::make_unique<faults::Injectors>(world_, std::move(site));
  timeline_ = std::make_unique<faults::Timeline>(
      world_, moments(), [this](std::size_t index) { fire(index); });
  world_.observers().add(timeline_.get());
  world_.kernel().after_step([this] { after_step(); });
}

// ---- processes

void Simulation::add_processes() {
  add_cluster();
  add_operator();
  vvm_names_ = scenario::vvm_names(scenario_.topology);
  const std::vector<std::string> nodes = scenario::node_of_vvms(scenario_.topology);
  for (std::size_t i = 0; i < vvm_names_.size(); ++i) {
    add_vvm(i, nodes[i]);
  }
}

sim::ClockModel Simulation::draw_clock(const std::string& name) {
  Rng rng = world_.kernel().stream("clock " + name);
  const auto& rate = scenario_.topology.rate_error_ppm;
  const auto& offset = scenario_.topology.wall_offset;
  const std::int64_t error = rng.between(rate.low, rate.high);
  return {.rate_ppm = rng.chance({1, 2}) ? error : -error,
          .wall_offset = rng.between(offset.low, offset.high)};
}

void Simulation::add_cluster() {
  const std::string name{scenario::cluster_process};
  const sim::ClockModel clock = draw_clock(name);
  world_.add_process(name, clock, [](Runtime rt) {
    cluster::ClusterOptions options;
    options.port = cluster_port;
    return std::make_unique<cluster::ClusterProcess>(rt, options);
  });
  watch_.add(name, ghost_.add_process(name, VvmId{}, NodeId{}, true), false);
  site_processes_.push_back({.name = name, .node = {}, .rate_ppm = clock.rate_ppm});
}

// Not part of the cluster: no fault that names processes reaches it, links do.
void Simulation::add_operator() {
  const std::string name = "operator";
  world_.add_process(name, {}, [this](Runtime rt) {
    auto made = std::make_unique<Operator>(
        rt,
        Operator::Parts{
            .cluster = {.host = std::string{scenario::cluster_process}, .port = cluster_port},
            .images = &setup_.images,
            .tell =
                [this](const std::string& text) {
                  recorder_.note({.at = world_.kernel().now(),
                                  .kind = ghost::NoteKind::operation,
                                  .who = "operator",
                                  .text = text});
                },
            .uploaded = [this](const std::string& image, BlobId blob) { blobs_[image] = blob; }});
    operator_ = made.get();
    return made;
  });
  watch_.add(name, ghost_.add_process(name, VvmId{}, NodeId{}), false);
}

void Simulation::add_vvm(std::size_t index, const std::string& node) {
  const std::string& name = vvm_names_[index];
  const auto& nodes = scenario_.topology.nodes;
  const auto position = std::ranges::find(nodes, node) - nodes.begin();
  const NodeId node_id{static_cast<std::uint32_t>(position + 1)};
  const VvmId vvm{static_cast<std::uint32_t>(index + 1)};
  const ghost::ProcessIndex process = ghost_.add_process(name, vvm, node_id);
  const sim::ClockModel clock = draw_clock(name);
  world_.add_process(name, clock, [this, index, process, node_id](Runtime rt) {
    node::VvmOptions options = vvm_options(rt, index);
    options.node = node_id;
    auto host = std::make_unique<VvmHost>(rt, std::move(options));
    for (const auto& plan : loads_) {
      if (sim::glob_match(plan->load->who, vvm_names_[index])) {
        host->add_load(plan.get(), &ghost_, process);
      }
    }
    watch_.made(process, host.get());
    return host;
  });
  world_.disk(name).model().capacity = scenario_.topology.disk.value_or(default_disk);
  watch_.add(name, process, true);
  vvm_indices_.push_back(process);
  site_processes_.push_back({.name = name, .node = node, .rate_ppm = clock.rate_ppm});
}

node::VvmOptions Simulation::vvm_options(Runtime rt, std::size_t index) {
  node::VvmOptions options;
  options.vvm = VvmId{static_cast<std::uint32_t>(index + 1)};
  options.cluster = {.host = std::string{scenario::cluster_process}, .port = cluster_port};
  options.host = vvm_names_[index];
  options.port = status_port;
  options.build_rev = "sim";
  options.partitions_max = scenario_.topology.partitions_max;
  options.count_borrows = true;
  options.constants = constants_;
  options.factories = engines_.factories(rt, vvm_indices_[index], vvm_names_[index]);
  options.unpack_memo = &setup_.memo->parts().unpack;
  options.parse_memo = &setup_.memo->parts().parse;
  return options;
}

void Simulation::set_up_network() {
  for (const scenario::NetRule& rule : scenario_.net) {
    sim::LinkModel model;
    if (rule.latency.has_value()) {
      model.latency = latency_of(*rule.latency);
    }
    model.bytes_per_second = rule.octets_per_second.value_or(0);
    using faults::Direction;
    if (rule.link.direction != Direction::backward) {
      world_.network().set_link(rule.link.from, rule.link.to, model);
    }
    if (rule.link.direction != Direction::forward) {
      world_.network().set_link(rule.link.to, rule.link.from, model);
    }
  }
}

// A service manager: what failed comes back, what was stopped does not.
void Simulation::on_end(std::string_view process) {
  const std::string name{process};
  const std::optional<int> code = world_.exit_code(name);
  if (!code.has_value() || *code == 0 || told_to_stop_.contains(name)) {
    return;
  }
  world_.kernel().after(restart_pause, sim::Action([this, name] {
                          if (!world_.running(name) && !told_to_stop_.contains(name)) {
                            world_.start(name);
                          }
                        }));
}

// ---- the timeline

std::vector<faults::Moment> Simulation::moments() const {
  std::vector<faults::Moment> moments;
  moments.reserve(scenario_.steps.size());
  for (const scenario::Step& step : scenario_.steps) {
    moments.push_back({.when = step.when, .name = step.name});
  }
  return moments;
}

// Whether the timeline registers the application itself: it deploys it before it uploads an image.
bool Simulation::registered_by_step(const scenario::App& app) const {
  for (const scenario::Step& step : scenario_.steps) {
    const auto* operation = std::get_if<scenario::Operation>(&step.what);
    if (operation == nullptr) {
      continue;
    }
    const auto* deploy = std::get_if<scenario::Deploy>(operation);
    if (deploy != nullptr && deploy->app == app.name) {
      return true;
    }
    const auto* upload = std::get_if<scenario::Upload>(operation);
    if (upload != nullptr && setup_.images.at(upload->image).app.str() == app.name) {
      return false;
    }
  }
  return false;
}

void Simulation::deploy_apps() {
  for (const scenario::App& app : scenario_.apps) {
    if (!registered_by_step(app)) {
      give({.app = app_name(app.name), .text = "deploy " + app.name, .what = DeployOrder{app}});
    }
  }
}

void Simulation::give(Order order) {
  CHECK(operator_ != nullptr, "the operator has not been made");
  operator_->give(std::move(order));
}

void Simulation::fire(std::size_t index) {
  const scenario::Step& step = scenario_.steps[index];
  const Instant now = world_.kernel().now();
  if (const auto* fault = std::get_if<faults::Fault>(&step.what)) {
    const std::string label = step.name.empty() ? std::to_string(index) : step.name;
    steps_[index].firing =
        injectors_->fire(*fault, "step " + label, static_cast<int>(step.place.line));
  } else {
    // Outside of whatever handler has brought the moment about.
    world_.kernel().at(now, sim::Action([this, index] {
                         operate(std::get<scenario::Operation>(scenario_.steps[index].what));
                       }));
  }
  if (!step.name.empty()) {
    expectations_.fired(step.name, now);
  }
}

void Simulation::operate(const scenario::Operation& operation) {
  if (const auto* upload = std::get_if<scenario::Upload>(&operation)) {
    give({.app = setup_.images.at(upload->image).app,
          .text = "upload " + upload->image,
          .what = UploadOrder{upload->image}});
  } else if (const auto* deploy = std::get_if<scenario::Deploy>(&operation)) {
    const auto at = std::ranges::find(scenario_.apps, deploy->app, &scenario::App::name);
    scenario::App app = *at;
    app.pools = deploy->pools.value_or(app.pools);
    if (deploy->drain_timeout.has_value()) {
      app.drain_timeout = deploy->drain_timeout;
    }
    give({.app = app_name(app.name), .text = "deploy " + app.name, .what = DeployOrder{app}});
  } else if (const auto* rollback = std::get_if<scenario::Rollback>(&operation)) {
    give({.app = app_name(rollback->app),
          .text = "roll " + rollback->app + " back to version " + std::to_string(rollback->to),
          .what = RollbackOrder{AppVersion{rollback->to}}});
  } else if (const auto* remove = std::get_if<scenario::DeleteApp>(&operation)) {
    give({.app = app_name(remove->app), .text = "delete " + remove->app, .what = DeleteOrder{}});
  } else if (const auto* stop = std::get_if<scenario::Drain>(&operation)) {
    drain(stop->who);
  } else {
    start(std::get<scenario::Start>(operation).who);
  }
}

void Simulation::drain(const std::string& glob) {
  for (const std::string& name : vvm_names_) {
    if (sim::glob_match(glob, name) && world_.running(name)) {
      told_to_stop_.insert(name);
      world_.stop(name);
    }
  }
}

void Simulation::start(const std::string& glob) {
  for (const std::string& name : scenario::process_names(scenario_.topology)) {
    if (sim::glob_match(glob, name) && !world_.running(name)) {
      told_to_stop_.erase(name);
      world_.start(name);
    }
  }
}

// People deploy on a cluster that is there: while VVMs still come up, the first would get
// everything, as nothing is moved later.
bool Simulation::all_registered() const {
  const cluster::Table<cluster::VirtualMachine>& rows = ghost_.state().cluster.vvms;
  return rows.size() == vvm_names_.size() && std::ranges::all_of(rows, [](const auto& entry) {
           return entry.second.state == cluster::VvmState::registered;
         });
}

void Simulation::begin_operations() {
  if (!std::exchange(operations_begun_, true)) {
    operator_->begin();
  }
}

// ---- heal

// Where the file does not say: at once when it has no faults, else as late as convergence allows,
// but not before the last step that has a time.
Instant Simulation::heal_at() const {
  if (scenario_.heal_at.has_value()) {
    return Instant{} + *scenario_.heal_at;
  }
  Duration last{};
  bool faulty = false;
  std::int64_t partitions = 0;
  for (const scenario::Step& step : scenario_.steps) {
    faulty = faulty || std::holds_alternative<faults::Fault>(step.what);
    if (const auto* at = std::get_if<faults::At>(&step.when)) {
      last = std::max(last, at->time.high);
    }
  }
  if (!faulty) {
    return Instant{};
  }
  for (const scenario::App& app : scenario_.apps) {
    partitions += app.partitions;
  }
  const auto versions = static_cast<std::int64_t>(scenario_.images.size());
  const Duration bound =
      seconds(90) + seconds(250) * versions + seconds(130) * ((partitions + 3) / 4);
  return Instant{} + std::max(last, scenario_.horizon - bound);
}

void Simulation::heal() {
  injectors_->heal();
  ghost_.at(world_.kernel().now(), world_.kernel().steps());
  ghost_.healed();
  timeline_->healed();
  expectations_.healed(world_.kernel().now());
}

}  // namespace vvm::wiring
