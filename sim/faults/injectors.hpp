// Injectors: applies faults to a World, undoes them, and remembers which took effect.
//
// sim/wiring owns one per run and fires the fault steps of a scenario through it; sim/explore will
// fire its own. Each fault becomes rules and calls of the World's knobs; the World counts. A fault
// and its end are lines `fault` of the trace. Draws come from a stream of its own per fault.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/faults/fault.hpp"
#include "sim/world/world.hpp"

namespace vvm::faults {

// Engines are made by factories that sim/wiring hands out: it plays their faults.
class EngineSwitch {
 public:
  EngineSwitch() = default;
  EngineSwitch(const EngineSwitch&) = delete;
  EngineSwitch& operator=(const EngineSwitch&) = delete;
  virtual ~EngineSwitch() = default;

  // From now on engines of `process` fail so, at most `times` times. Names the rule for the others.
  virtual std::uint64_t add(std::string_view process,
                            const EngineFault& fault,
                            std::uint64_t times) = 0;
  virtual void remove(std::uint64_t rule) = 0;
  virtual std::uint64_t fired(std::uint64_t rule) const = 0;
};

// What the injectors cannot know of the cluster.
struct Site {
  struct Process {
    std::string name;
    std::string node;           // empty: of none
    std::int64_t rate_ppm = 0;  // of its clock, when no fault has changed it
  };

  std::vector<Process> processes;
  // The BLOB of an image of the scenario, once it has been uploaded. May be empty.
  std::function<std::optional<BlobId>(std::string_view image)> blob_of{};
  EngineSwitch* engines = nullptr;  // may be null; outlives the injectors
};

// One fault that was fired, and what came of it.
struct Firing {
  Fault fault;
  std::string text;  // describe(fault), with what was drawn
  std::string who;   // the process concerned; empty when it is several or none
  int line = 0;      // of the scenario file, 0 = none
  Instant from{};
  std::optional<Instant> to{};  // none: still in force
  std::uint64_t effects = 0;    // how often it did anything; of a rule, so far
};

class Injectors {
 public:
  // `world` outlives it.
  Injectors(sim::World& world, Site site);
  Injectors(const Injectors&) = delete;
  Injectors& operator=(const Injectors&) = delete;
  ~Injectors();

  // Now; may be called from inside an observer. `label` names the stream of draws: two faults with
  // one label draw alike. Returns the position in firings().
  std::size_t fire(const Fault& fault, std::string_view label, int line = 0);
  // Undoes everything: rules go, what was paused goes on, what crashed is started. Faults that are
  // fired later do nothing.
  void heal();

  // In the order of firing; counts as of now.
  std::vector<Firing> firings() const;

 private:
  struct Active;
  struct Apply;

  void undo(std::size_t index);
  void end(std::size_t index);
  void restart(std::size_t index, const std::string& process, Duration after);
  // The processes that fit a glob, in the order of the site.
  std::vector<std::string> processes(std::string_view glob) const;
  std::string concerned(const Fault& fault) const;
  static bool ends_at_once(const Action& action);
  std::uint64_t effects_of(const Active& active) const;

  sim::World& world_;
  Site site_;
  std::vector<std::unique_ptr<Active>> active_;  // in the order of firing
  std::set<std::string> down_;                   // crashed by a fault, to be started at heal
  bool healed_ = false;
};

}  // namespace vvm::faults
