// Matching of triggers against what the World tells.
#include "sim/faults/timeline.hpp"

#include <string>

#include "base/check.hpp"
#include "base/event_fields.hpp"
#include "sim/world/glob.hpp"

namespace vvm::faults {
namespace {

using sim::glob_match;

// The value of a field as text; none when the event does not have it.
std::optional<std::string> field(const Event& event, std::string_view key) {
  const FieldValue* value = find_field(event, key);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto* text = std::get_if<std::string_view>(value);
  return text == nullptr ? std::to_string(std::get<std::int64_t>(*value)) : std::string{*text};
}

bool fits(const PartitionGlob& glob, const Event& event) {
  const std::optional<std::string> app = field(event, "app");
  const std::optional<std::string> part = field(event, "part");
  return app.has_value() && part.has_value() && glob_match(glob.app, *app) &&
         glob_match(glob.partition, *part);
}

bool fits(const EventTrigger& trigger, std::string_view process, const Event& event) {
  if (!glob_match(trigger.process, process) || !glob_match(trigger.name, event.name)) {
    return false;
  }
  for (const EventTrigger::FieldGlob& wanted : trigger.fields) {
    const std::optional<std::string> value = field(event, wanted.key);
    if (!value.has_value() || !glob_match(wanted.value, *value)) {
      return false;
    }
  }
  return true;
}

// "CompareAndSwap" is "store.CompareAndSwap", too.
bool fits_kind(std::string_view glob, std::string_view kind) {
  return glob_match(glob, kind) || glob_match(glob, kind.substr(kind.find('.') + 1));
}

bool fits(const EffectTrigger& trigger, const sim::Effect& effect) {
  return glob_match(trigger.process, effect.process) && fits_kind(trigger.kind, effect.kind) &&
         glob_match(trigger.object, effect.object);
}

// "POST /api/sys/cluster/140737488453648/c.cluster.DeployApp"
bool fits(const CallTrigger& trigger, const sim::Effect& effect) {
  if (effect.kind != "net.request" || !glob_match(trigger.process, effect.process)) {
    return false;
  }
  std::string_view target = effect.object;
  target = target.substr(0, target.find('?'));
  return target.substr(target.rfind('/') + 1) == trigger.name;
}

const On* trigger_of(const When& when) { return std::get_if<On>(&when); }

Duration draw(const DurationRange& range, Rng& rng) {
  return range.low == range.high ? range.low : rng.between(range.low, range.high);
}

}  // namespace

Timeline::Timeline(sim::World& world, std::vector<Moment> moments, Fire fire)
    : world_(world),
      moments_(std::move(moments)),
      fire_(std::move(fire)),
      states_(moments_.size()) {}

void Timeline::start() {
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    if (const auto* at = std::get_if<At>(&moments_[i].when)) {
      Rng rng = world_.kernel().stream("timeline").fork(std::to_string(i));
      fire_at(i, Instant{} + draw(at->time, rng));
    }
  }
}

void Timeline::healed() { anchor(After::What::heal); }

void Timeline::converged() { anchor(After::What::converged); }

void Timeline::anchor(After::What what) {
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    const auto* after = std::get_if<After>(&moments_[i].when);
    if (after != nullptr && after->what == what && states_[i].armed) {
      fire(i);
    }
  }
}

void Timeline::on_event(std::string_view process, const Event& event) {
  const bool phase = event.name == "partition.phase";
  std::string entered;
  if (phase) {
    // The event comes on other changes of the partition's view, too.
    const std::optional<std::string> app = field(event, "app");
    const std::optional<std::string> part = field(event, "part");
    const std::optional<std::string> now = field(event, "phase");
    CHECK(app.has_value() && part.has_value() && now.has_value(), "partition.phase has changed");
    std::string& last = phases_[{std::string{process}, *app, std::stoll(*part)}];
    if (last != *now) {
      last = *now;
      entered = *now;
    }
  }
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    const On* on = trigger_of(moments_[i].when);
    if (on == nullptr || !states_[i].armed) {
      continue;
    }
    bool now = false;
    if (const auto* wanted = std::get_if<PhaseTrigger>(&on->trigger)) {
      now = !entered.empty() && wanted->phase == entered && glob_match(wanted->vvm, process) &&
            fits(wanted->partition, event);
    } else if (const auto* step = std::get_if<StepTrigger>(&on->trigger)) {
      now = event.name == "step.start" && field(event, "step") == step->step &&
            glob_match(step->vvm, process) && fits(step->partition, event);
    } else if (const auto* any = std::get_if<EventTrigger>(&on->trigger)) {
      now = fits(*any, process, event);
    }
    if (now) {
      occurred(i);
    }
  }
}

void Timeline::on_effect(const sim::Effect& effect) {
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    const On* on = trigger_of(moments_[i].when);
    if (on == nullptr || !states_[i].armed) {
      continue;
    }
    bool now = false;
    if (const auto* wanted = std::get_if<EffectTrigger>(&on->trigger)) {
      now = fits(*wanted, effect);
    } else if (const auto* call = std::get_if<CallTrigger>(&on->trigger)) {
      now = fits(*call, effect);
    }
    if (now) {
      occurred(i);
    }
  }
}

void Timeline::on_start(std::string_view process) {
  std::erase_if(phases_, [&](const auto& row) { return std::get<0>(row.first) == process; });
}

void Timeline::occurred(std::size_t index) {
  const On& on = *trigger_of(moments_[index].when);
  State& state = states_[index];
  if (++state.seen != on.nth) {
    return;
  }
  if (!on.after.has_value()) {
    fire(index);
    return;
  }
  state.armed = false;
  Rng rng = world_.kernel().stream("timeline").fork(std::to_string(index));
  fire_at(index, world_.kernel().now() + draw(*on.after, rng));
}

void Timeline::fire_at(std::size_t index, Instant when) {
  states_[index].armed = false;
  world_.kernel().at(when, sim::Action([this, index] { fire(index); }));
}

void Timeline::fire(std::size_t index) {
  states_[index].armed = false;
  states_[index].fired_at = world_.kernel().now();
  fire_(index);
  const std::string& name = moments_[index].name;
  if (name.empty()) {
    return;
  }
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    if (!states_[i].armed) {
      continue;
    }
    if (const On* on = trigger_of(moments_[i].when)) {
      const auto* named = std::get_if<NamedTrigger>(&on->trigger);
      if (named != nullptr && named->step == name) {
        occurred(i);
      }
    } else if (const auto* after = std::get_if<After>(&moments_[i].when)) {
      if (after->what == After::What::step && after->step == name) {
        fire(i);
      }
    }
  }
}

}  // namespace vvm::faults
