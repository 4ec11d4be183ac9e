// When: the moment of a step of the timeline, as a plain value (docs/spec/scenario.md 5.2, rule 2).
//
// sim/scenario reads and writes them; Timeline (timeline.hpp) waits for them. A trigger is matched
// against events and effects of the world by their names, so it survives changes of timing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/faults/fault.hpp"

namespace vvm::faults {

// Partitions of applications: both parts are globs. "acme/pos/*".
struct PartitionGlob {
  std::string app = "*/*";
  std::string partition = "*";

  friend bool operator==(const PartitionGlob&, const PartitionGlob&) = default;
};

// phase(vvm, app/part, Phase): a partition enters the phase on the VVM.
struct PhaseTrigger {
  std::string vvm{};
  PartitionGlob partition{};
  std::string phase{};  // a name of docs/spec/vvm.md 8.1
  friend bool operator==(const PhaseTrigger&, const PhaseTrigger&) = default;
};

// step(vvm, app/part, Step): a step of 8.3 begins.
struct StepTrigger {
  std::string vvm{};
  PartitionGlob partition{};
  std::string step{};
  friend bool operator==(const StepTrigger&, const StepTrigger&) = default;
};

// effect(process, kind, object): just before the effect. Kinds are the observer's, `disk.rename`.
struct EffectTrigger {
  std::string process{};
  std::string kind{};
  std::string object{};
  friend bool operator==(const EffectTrigger&, const EffectTrigger&) = default;
};

// event(process, name, key=value...): the process has emitted an event with these fields.
struct EventTrigger {
  struct FieldGlob {
    std::string key;
    std::string value;
    friend bool operator==(const FieldGlob&, const FieldGlob&) = default;
  };

  std::string process{};
  std::string name{};
  std::vector<FieldGlob> fields{};
  friend bool operator==(const EventTrigger&, const EventTrigger&) = default;
};

// call(q.cluster.SPList): a process has sent this command or query.
struct CallTrigger {
  std::string name{};
  std::string process = "*";
  friend bool operator==(const CallTrigger&, const CallTrigger&) = default;
};

// A step with this name (`as`) has fired.
struct NamedTrigger {
  std::string step{};
  friend bool operator==(const NamedTrigger&, const NamedTrigger&) = default;
};

using Trigger =
    std::variant<PhaseTrigger, StepTrigger, EffectTrigger, EventTrigger, CallTrigger, NamedTrigger>;

struct At {
  DurationRange time{};  // since the start; drawn from the seed
  friend bool operator==(const At&, const At&) = default;
};

struct On {
  Trigger trigger{};
  std::uint32_t nth = 1;
  std::optional<DurationRange> after{};  // none: in the very moment
  friend bool operator==(const On&, const On&) = default;
};

struct After {
  enum class What : std::uint8_t { heal, converged, step };

  What what = What::heal;
  std::string step{};
  friend bool operator==(const After&, const After&) = default;
};

using When = std::variant<At, On, After>;

}  // namespace vvm::faults
