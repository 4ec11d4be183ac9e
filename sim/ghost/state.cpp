// Questions to the shadow, and how it is told to people.
#include "sim/ghost/state.hpp"

#include <algorithm>

namespace vvm::ghost {

bool any_admitted(const appparts::PartitionView& rt) {
  return std::ranges::any_of(rt.admission,
                             [](appparts::Admission a) { return a == appparts::Admission::open; });
}

bool all_closed(const appparts::PartitionView& rt) {
  return std::ranges::all_of(
      rt.admission, [](appparts::Admission a) { return a == appparts::Admission::closed; });
}

std::size_t workers_of(const appparts::PartitionView& rt) {
  return (rt.current.has_value() ? rt.current->workers : 0) +
         (rt.old.has_value() ? rt.old->workers : 0);
}

bool serves(const appparts::PartitionView& rt) {
  return rt.present && rt.gate_open &&
         (any_admitted(rt) || !rt.borrows.empty() || workers_of(rt) != 0);
}

bool serves(const Process& process, const PartitionKey& key) {
  if (!process.alive) {
    return false;
  }
  const auto at = process.parts.find(key);
  return at != process.parts.end() && at->second.rt.has_value() && serves(*at->second.rt);
}

bool settled(const Process& process, const PartitionKey& key, const SetPoint& sp) {
  const auto at = process.parts.find(key);
  if (at == process.parts.end() || !at->second.key.has_value()) {
    return false;
  }
  const apppartsctl::KeyView& view = *at->second.key;
  if (view.observed != sp.generation) {
    return false;
  }
  if (sp.desired == Desired::absent) {
    return view.phase == Phase::absent;
  }
  if (view.phase == Phase::blocked) {
    return view.error.has_value() && error_class(*view.error) == ErrorClass::permanent;
  }
  return view.phase == Phase::running && view.serving == sp.app_version;
}

std::string subject_of(const Process& process, const PartitionKey& key) {
  return key.str() + " at " + process.name;
}

std::string describe(const std::optional<appparts::PartitionView>& rt) {
  if (!rt.has_value()) {
    return "no runtime";
  }
  if (!rt->present) {
    return "no runtime, " + std::to_string(rt->leaked) + " revoked handles";
  }
  std::string out = "version ";
  out += rt->current.has_value() ? std::to_string(raw(rt->current->version)) : "none";
  if (rt->old.has_value()) {
    out += ", old version " + std::to_string(raw(rt->old->version));
  }
  out += rt->gate_open ? ", gate open" : ", gate closed";
  out += ", admission";
  for (const appparts::Admission admission : rt->admission) {
    out.append(" ").append(appparts::admission_name(admission));
  }
  out += ", " + std::to_string(rt->borrows.size()) + " borrows";
  if (rt->leaked != 0) {
    out += ", " + std::to_string(rt->leaked) + " revoked handles";
  }
  return out;
}

}  // namespace vvm::ghost
