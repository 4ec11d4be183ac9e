// Timeline: waits for the moments of a scenario's steps, and says when each has come.
//
// sim/wiring owns one per run and registers it with the World's observers. It matches triggers
// against events and effects and does nothing itself: `fire` does. Each step fires once at most.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sim/faults/when.hpp"
#include "sim/world/world.hpp"

namespace vvm::faults {

struct Moment {
  When when;
  std::string name{};  // of the step, for `on = "name"`; empty: none
};

class Timeline final : public sim::Observer {
 public:
  // Gets the position of a moment. Called in that very moment: for a trigger without `after`,
  // inside the process concerned and before its effect; operations that take time are started
  // from there, not awaited.
  using Fire = std::function<void(std::size_t index)>;

  // `world` outlives it. Draws come from one stream per position.
  Timeline(sim::World& world, std::vector<Moment> moments, Fire fire);

  // Once, before the world runs.
  void start();
  // The moments `after = "heal"` and `after = "converged"`, the first time each is called.
  void healed();
  void converged();

  std::optional<Instant> fired_at(std::size_t index) const { return states_.at(index).fired_at; }

  // Occurrences of the trigger so far, of a moment with `on`.
  std::uint32_t seen(std::size_t index) const { return states_.at(index).seen; }

  void on_event(std::string_view process, const Event& event) override;
  void on_effect(const sim::Effect& effect) override;
  void on_start(std::string_view process) override;

 private:
  struct State {
    std::uint32_t seen = 0;
    bool armed = true;  // waiting for its moment
    std::optional<Instant> fired_at{};
  };

  void occurred(std::size_t index);
  void fire_at(std::size_t index, Instant when);
  void fire(std::size_t index);
  void anchor(After::What what);

  sim::World& world_;
  std::vector<Moment> moments_;
  Fire fire_;
  std::vector<State> states_;
  std::map<std::tuple<std::string, std::string, std::int64_t>, std::string> phases_;
};

}  // namespace vvm::faults
