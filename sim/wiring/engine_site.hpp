// EngineSite: the engines of simulated VVMs, counted, and made to fail when faults say so.
//
// run() owns one; the VVMs of a run get their factories from it. An engine answers its argument and
// takes the time of one call. Its books are the second opinion of I-S20: what a version's ledger
// says must be what was really made and closed.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engines/factory.hpp"
#include "runtime/runtime.hpp"
#include "sim/faults/injectors.hpp"
#include "sim/ghost/ghost.hpp"

namespace vvm::wiring {

class EngineSite final : public faults::EngineSwitch {
 public:
  // `ghost` outlives it and every engine.
  explicit EngineSite(ghost::Ghost* ghost) : ghost_(*ghost) {}

  // For one life of a process.
  engines::EngineFactories factories(Runtime rt, ghost::ProcessIndex process, std::string name);

  std::uint64_t add(std::string_view process,
                    const faults::EngineFault& fault,
                    std::uint64_t times) override;
  void remove(std::uint64_t rule) override;
  std::uint64_t fired(std::uint64_t rule) const override;

  // ---- for the engines

  // The fault of the next engine to be made in this process, or none.
  std::optional<Error> creation_fails(std::string_view process);
  bool traps(std::string_view process);

  ghost::Ghost& ghost() { return ghost_; }

 private:
  struct Rule {
    std::string process{};
    faults::EngineFault fault{};
    std::uint64_t times = 0;
    std::uint64_t fired = 0;
    std::uint32_t made = 0;  // engines since the rule came or fired
    bool active = true;
  };

  ghost::Ghost& ghost_;
  std::vector<Rule> rules_;  // number n is rules_[n - 1]
};

}  // namespace vvm::wiring
