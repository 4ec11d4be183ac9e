// Simulated engines and their factory.
#include "sim/wiring/engine_site.hpp"

#include <utility>

namespace vvm::wiring {
namespace {

using engines::Engine;
using engines::EngineRequest;

// Engines that live, by application; of one life of a process.
struct Living {
  std::map<AppQName, std::int64_t> engines;
};

struct Owner {
  Runtime rt;
  EngineSite* site;
  ghost::ProcessIndex process;
  std::string name;
  std::shared_ptr<Living> living;
};

class SimEngine final : public Engine {
 public:
  SimEngine(Owner owner, AppQName app) : owner_(std::move(owner)), app_(std::move(app)) {
    count(1);
  }

  Task<Result<Bytes>> invoke(std::string /*full_name*/, engines::ExtensionIo* io) override {
    if (closed_) {
      owner_.site->ghost().see_misuse(owner_.process, app_);
      co_return Error{Code::internal_error, "the engine is closed"};
    }
    Bytes answer{io->argument()};
    co_await owner_.rt.proc().charge({.kind = WorkKind::invoke, .units = 1});
    if (closed_) {
      co_return Error{Code::revoked, "the engine was closed"};
    }
    if (owner_.site->traps(owner_.name)) {
      usable_ = false;
      co_return Error{Code::internal_error, "trap, by a fault of the scenario"};
    }
    co_return answer;
  }

  bool usable() const override { return usable_; }

  void close() override {
    closed_ = true;
    count(-1);
  }

 private:
  // What happens in a process that is being taken apart changes nothing any more.
  void count(std::int64_t by) {
    if (!owner_.rt.proc().alive()) {
      return;
    }
    std::int64_t& live = owner_.living->engines[app_];
    live += by;
    owner_.site->ghost().see_engines(owner_.process, app_, live);
  }

  Owner owner_;
  AppQName app_;
  bool closed_ = false;
  bool usable_ = true;
};

class SimFactory final : public engines::EngineFactory {
 public:
  explicit SimFactory(Owner owner) : owner_(std::move(owner)) {}

  Status validate(const EngineRequest& /*request*/) const override { return ok(); }

 private:
  Result<std::unique_ptr<Engine>> create_one(const EngineRequest& request) override {
    if (const std::optional<Error> error = owner_.site->creation_fails(owner_.name)) {
      return *error;
    }
    return std::make_unique<SimEngine>(owner_, request.app);
  }

  Owner owner_;
};

}  // namespace

engines::EngineFactories EngineSite::factories(Runtime rt,
                                               ghost::ProcessIndex process,
                                               std::string name) {
  const Owner owner{.rt = rt,
                    .site = this,
                    .process = process,
                    .name = std::move(name),
                    .living = std::make_shared<Living>()};
  engines::EngineFactories factories;
  for (const auto kind : {engines::EngineKind::builtin, engines::EngineKind::wasm}) {
    factories.add(kind, std::make_shared<SimFactory>(owner));
  }
  return factories;
}

std::uint64_t EngineSite::add(std::string_view process,
                              const faults::EngineFault& fault,
                              std::uint64_t times) {
  rules_.push_back({.process = std::string{process}, .fault = fault, .times = times});
  return rules_.size();
}

void EngineSite::remove(std::uint64_t rule) { rules_.at(rule - 1).active = false; }

std::uint64_t EngineSite::fired(std::uint64_t rule) const { return rules_.at(rule - 1).fired; }

std::optional<Error> EngineSite::creation_fails(std::string_view process) {
  for (Rule& rule : rules_) {
    const bool concerns = rule.active && rule.process == process && rule.fired < rule.times &&
                          rule.fault.outcome != faults::EngineOutcome::trap;
    if (!concerns || ++rule.made < rule.fault.at_engine) {
      continue;
    }
    rule.made = 0;
    ++rule.fired;
    const bool memory = rule.fault.outcome == faults::EngineOutcome::no_memory;
    return Error{memory ? Code::out_of_memory : Code::engine_init, "by a fault of the scenario"};
  }
  return std::nullopt;
}

bool EngineSite::traps(std::string_view process) {
  for (Rule& rule : rules_) {
    if (rule.active && rule.process == process && rule.fired < rule.times &&
        rule.fault.outcome == faults::EngineOutcome::trap) {
      ++rule.fired;
      return true;
    }
  }
  return false;
}

}  // namespace vvm::wiring
