// Script: a process for tests, which runs one coroutine function on a state of the test.
//
// The tests of sim/world rely on it. Main is a plain function, so that its frame owns all it needs;
// what it finds out it writes to the state.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "runtime/task_scope.hpp"
#include "sim/world/world.hpp"

namespace vvm::sim {

template <class State>
class Script final : public Program {
 public:
  using Main = Task<void> (*)(Runtime rt, State* state);

  Script(Runtime rt, Main main, State* state) : rt_(rt), main_(main), state_(state) {}

  Task<void> run() override { return main_(rt_, state_); }

 private:
  Runtime rt_;
  Main main_;
  State* state_;
};

// Declares a process and starts it. `state` outlives the world.
template <class State>
void run_script(World& world,
                const std::string& name,
                Task<void> (*main)(Runtime, State*),
                State* state,
                ClockModel clock = {}) {
  world.add_process(name, clock, [main, state](Runtime rt) -> std::unique_ptr<Program> {
    return std::make_unique<Script<State>>(rt, main, state);
  });
  world.start(name);
}

constexpr Instant at_ms(std::int64_t ms) { return Instant{} + milliseconds(ms); }

// Counts the announced effects whose kind begins with a text; crashes a process before the n-th.
class EffectCounter final : public Observer {
 public:
  explicit EffectCounter(World& world, std::string prefix = {})
      : world_(world), prefix_(std::move(prefix)) {
    world_.observers().add(this);
  }

  void crash_before(std::uint64_t nth, CrashKind kind = CrashKind::process) {
    crash_before_ = nth;
    kind_ = kind;
  }

  void on_event(std::string_view process, const Event& event) override {
    events.push_back(std::string(process) + " " + to_string(event));
  }

  void on_effect(const Effect& effect) override {
    if (!effect.kind.starts_with(prefix_)) {
      return;
    }
    processes.emplace_back(effect.process);
    effects.push_back(std::string(effect.kind) + " " + std::string(effect.object));
    if (++seen == crash_before_) {
      world_.crash(std::string(effect.process), kind_);
    }
  }

  std::uint64_t seen = 0;
  std::vector<std::string> effects;
  std::vector<std::string> processes;  // whose they were
  std::vector<std::string> events;

 private:
  World& world_;
  std::string prefix_;
  std::uint64_t crash_before_ = 0;
  CrashKind kind_ = CrashKind::process;
};

}  // namespace vvm::sim
