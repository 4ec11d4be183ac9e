// One question, one function.
#include "sim/wiring/predicates.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "sim/world/glob.hpp"

namespace vvm::wiring {
namespace {

using scenario::Condition;
using scenario::Predicate;

bool fits(const std::optional<std::int64_t>& wanted, AppVersion version) {
  return !wanted.has_value() || *wanted == raw(version);
}

bool fits(const std::optional<Code>& wanted, const std::optional<Code>& error) {
  return !wanted.has_value() || wanted == error;
}

}  // namespace

bool Predicates::about_partitions(const Condition& condition) {
  switch (condition.predicate) {
    case Predicate::running:
    case Predicate::serving:
    case Predicate::phase:
    case Predicate::absent:
    case Predicate::blocked:
    case Predicate::backoff:
    case Predicate::two_executors:
    case Predicate::served_old_while_blocked:
      return true;
    case Predicate::rejected:
    case Predicate::validated:
    case Predicate::up:
    case Predicate::down:
    case Predicate::has_image:
    case Predicate::converged:
      return false;
  }
  UNREACHABLE();
}

Predicates::Predicates(const scenario::Scenario* scenario,
                       const ghost::Ghost* ghost,
                       const Images* images,
                       HasImage has_image)
    : scenario_(*scenario), ghost_(*ghost), images_(*images), has_image_(std::move(has_image)) {
  for (const scenario::App& app : scenario_.apps) {
    const Result<AppQName> name = AppQName::parse(app.name);
    CHECK(name.has_value(), "the reader lets no such application through", app.name);
    for (std::int32_t i = 0; i < app.partitions; ++i) {
      keys_.push_back(
          {.app = name.value(), .partition = PartitionId{static_cast<std::uint16_t>(i)}});
    }
  }
  std::ranges::sort(keys_);
}

std::vector<PartitionKey> Predicates::partitions(const faults::PartitionGlob& glob) const {
  std::vector<PartitionKey> out;
  for (const PartitionKey& key : keys_) {
    if (sim::glob_match(glob.app, key.app.str()) &&
        sim::glob_match(glob.partition, std::to_string(raw(key.partition)))) {
      out.push_back(key);
    }
  }
  return out;
}

std::vector<const ghost::Process*> Predicates::processes(std::string_view glob,
                                                         bool only_vvms) const {
  std::vector<const ghost::Process*> out;
  for (const ghost::Process& process : ghost_.state().processes) {
    if ((!only_vvms || raw(process.vvm) != 0) && sim::glob_match(glob, process.name)) {
      out.push_back(&process);
    }
  }
  return out;
}

bool Predicates::concerns(const Condition& condition, const PartitionKey& key) const {
  if (condition.who == "*" || condition.predicate == Predicate::absent) {
    return true;
  }
  const cluster::Placement* row = cluster::find(ghost_.state().cluster.placements, key);
  const ghost::Process* owner = row == nullptr ? nullptr : ghost_.state().of(row->owner);
  return owner != nullptr && row->state == cluster::PlacementState::assigned &&
         sim::glob_match(condition.who, owner->name);
}

bool Predicates::holds(const Condition& condition) const {
  if (condition.predicate == Predicate::converged) {
    return converged();
  }
  if (condition.predicate == Predicate::rejected || condition.predicate == Predicate::validated) {
    return of_image(condition);
  }
  return of_process(condition);
}

bool Predicates::holds_for(const Condition& condition, const PartitionKey& key) const {
  if (condition.predicate == Predicate::absent) {
    return absent(condition, key);
  }
  if (condition.predicate == Predicate::two_executors) {
    return two_executors(key);
  }
  return std::ranges::any_of(ghost_.state().processes, [&](const ghost::Process& process) {
    if (raw(process.vvm) == 0 || !process.alive || !sim::glob_match(condition.who, process.name)) {
      return false;
    }
    const auto part = process.parts.find(key);
    return part != process.parts.end() && holds_at(condition, process, key, part->second);
  });
}

// For a VVM that runs.
bool Predicates::holds_at(const Condition& condition,
                          const ghost::Process& process,
                          const PartitionKey& key,
                          const ghost::Part& part) const {
  const bool in_phase = part.key.has_value();
  switch (condition.predicate) {
    case Predicate::running:
      return running(condition, process, key);
    case Predicate::serving:
      return ghost::serves(process, key) && part.rt->current.has_value() &&
             fits(condition.version, part.rt->current->version);
    case Predicate::phase:
      return in_phase && part.key->phase == condition.phase;
    case Predicate::blocked:
      return in_phase && part.key->phase == Phase::blocked &&
             fits(condition.error, part.key->error);
    case Predicate::backoff:
      return in_phase && part.key->phase == Phase::backoff &&
             fits(condition.error, part.key->error);
    case Predicate::served_old_while_blocked:
      return in_phase && (part.key->phase == Phase::blocked || part.key->phase == Phase::backoff) &&
             ghost::serves(process, key);
    case Predicate::absent:
    case Predicate::two_executors:
    case Predicate::rejected:
    case Predicate::validated:
    case Predicate::up:
    case Predicate::down:
    case Predicate::has_image:
    case Predicate::converged:
      break;
  }
  UNREACHABLE();
}

// The stored report of the owner, under its registered epoch.
bool Predicates::running(const Condition& condition,
                         const ghost::Process& process,
                         const PartitionKey& key) const {
  const cluster::Tables& tables = ghost_.state().cluster;
  const cluster::WorkspaceKey at{.vvm = process.vvm, .partition = key};
  const SetPoint* sp = cluster::find(tables.sps, at);
  const ProcessVariable* pv = cluster::find(tables.pvs, at);
  if (sp == nullptr || pv == nullptr || sp->desired != Desired::present) {
    return false;
  }
  return pv->phase == Phase::running && pv->vvm_epoch == process.epoch &&
         fits(condition.version, pv->serving_version) &&
         (condition.version.has_value() || pv->serving_version == sp->app_version);
}

bool Predicates::absent(const Condition& condition, const PartitionKey& key) const {
  for (const ghost::Process& process : ghost_.state().processes) {
    if (raw(process.vvm) == 0 || !sim::glob_match(condition.who, process.name)) {
      continue;
    }
    const auto part = process.parts.find(key);
    if (process.alive && part != process.parts.end() && part->second.rt.has_value() &&
        part->second.rt->present) {
      return false;
    }
    const ProcessVariable* pv =
        cluster::find(ghost_.state().cluster.pvs, {.vvm = process.vvm, .partition = key});
    if (pv != nullptr && pv->phase != Phase::absent) {
      return false;
    }
  }
  return true;
}

bool Predicates::two_executors(const PartitionKey& key) const {
  return std::ranges::count_if(ghost_.state().processes, [&](const ghost::Process& process) {
           return ghost::serves(process, key);
         }) > 1;
}

bool Predicates::of_image(const Condition& condition) const {
  const auto image = images_.find(condition.image);
  if (image == images_.end()) {
    return false;
  }
  return std::ranges::any_of(ghost_.state().cluster.images, [&](const auto& entry) {
    const cluster::AppImage& row = entry.second;
    if (row.sha256 != image->second.sha) {
      return false;
    }
    if (condition.predicate == Predicate::validated) {
      return row.state == cluster::ImageState::validated;
    }
    return row.state == cluster::ImageState::rejected &&
           fits(condition.error, code_from_number(row.reject_code));
  });
}

bool Predicates::of_process(const Condition& condition) const {
  const bool image = condition.predicate == Predicate::has_image;
  const auto of = processes(condition.who, image);
  const auto built = images_.find(condition.image);
  if (of.empty() || (image && built == images_.end())) {
    return false;
  }
  return std::ranges::all_of(of, [&](const ghost::Process* process) {
    if (image) {
      return has_image_(process->index, built->second.sha);
    }
    return process->alive == (condition.predicate == Predicate::up);
  });
}

bool Predicates::converged() const {
  const cluster::Tables& tables = ghost_.state().cluster;
  if (tables.sps.empty() || !ghost_.converged()) {
    return false;
  }
  return std::ranges::all_of(tables.apps, [&](const auto& entry) {
    const cluster::App& app = entry.second;
    if (app.deleted || app.desired_version == AppVersion{}) {
      return true;
    }
    for (std::int32_t i = 0; i < app.num_partitions; ++i) {
      const cluster::Placement* row =
          cluster::find(tables.placements,
                        {.app = app.name, .partition = PartitionId{static_cast<std::uint16_t>(i)}});
      if (row == nullptr || row->state != cluster::PlacementState::assigned ||
          row->version != app.desired_version) {
        return false;
      }
    }
    return true;
  });
}

std::string Predicates::seen(const Condition& condition) const {
  if (!about_partitions(condition)) {
    return "it does not hold";
  }
  std::string out;
  std::size_t wrong = 0;
  for (const PartitionKey& key : partitions(condition.partition)) {
    if (!concerns(condition, key) || holds_for(condition, key)) {
      continue;
    }
    if (++wrong > 1) {
      continue;
    }
    out = key.str() + ":";
    bool known = false;
    for (const ghost::Process& process : ghost_.state().processes) {
      const auto part = process.parts.find(key);
      if (!process.alive || part == process.parts.end() || !part->second.key.has_value()) {
        continue;
      }
      known = true;
      const apppartsctl::KeyView& view = *part->second.key;
      out += " " + process.name + " is " + std::string{name_of(view.phase)} + ", serving " +
             std::to_string(raw(view.serving));
      if (view.error.has_value()) {
        out += " (" + std::string{code_name(*view.error)} + ")";
      }
    }
    out += known ? "" : " no running VVM has it";
  }
  if (wrong > 1) {
    out += ", and " + std::to_string(wrong - 1) + " more";
  }
  return out.empty() ? "no such partition" : out;
}

}  // namespace vvm::wiring
