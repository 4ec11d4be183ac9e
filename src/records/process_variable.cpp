// The claim of a PV, its conditions, and the names of its enumerations.
#include "records/process_variable.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace vvm {

Claim claim_of(const ProcessVariable& pv) {
  switch (pv.phase) {
    case Phase::draining:
    case Phase::stopping:
    case Phase::absent:
    case Phase::lost:
      return {};
    case Phase::pending:
    case Phase::downloading:
    case Phase::unpacking:
    case Phase::parsing:
    case Phase::checking:
    case Phase::building:
    case Phase::fencing:
    case Phase::switching:
    case Phase::running:
    case Phase::backoff:
    case Phase::blocked:
      return {.serving = pv.serving_version, .alt = pv.serving_alt};
  }
  UNREACHABLE();
}

void set_condition(std::vector<Condition>& conditions, Condition condition) {
  const auto at = std::ranges::lower_bound(conditions, condition.type, {}, &Condition::type);
  if (at == conditions.end() || at->type != condition.type) {
    conditions.insert(at, std::move(condition));
    return;
  }
  if (at->status == condition.status) {
    condition.last_transition = at->last_transition;
  }
  *at = std::move(condition);
}

const Condition* find_condition(const std::vector<Condition>& conditions, ConditionType type) {
  const auto at = std::ranges::find(conditions, type, &Condition::type);
  return at == conditions.end() ? nullptr : &*at;
}

std::string cut_text(std::string_view text, std::size_t octets_max) {
  if (text.size() <= octets_max) {
    return std::string{text};
  }
  std::size_t size = octets_max;
  // An octet 10xxxxxx continues a character.
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
    --size;
  }
  return std::string{text.substr(0, size)};
}

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::pending:
      return "Pending";
    case Phase::downloading:
      return "Downloading";
    case Phase::unpacking:
      return "Unpacking";
    case Phase::parsing:
      return "Parsing";
    case Phase::checking:
      return "Checking";
    case Phase::building:
      return "Building";
    case Phase::fencing:
      return "Fencing";
    case Phase::switching:
      return "Switching";
    case Phase::running:
      return "Running";
    case Phase::backoff:
      return "Backoff";
    case Phase::blocked:
      return "Blocked";
    case Phase::draining:
      return "Draining";
    case Phase::stopping:
      return "Stopping";
    case Phase::absent:
      return "Absent";
    case Phase::lost:
      return "Lost";
  }
  UNREACHABLE();
}

std::optional<Phase> phase_from_name(std::string_view name) {
  for (auto number = raw(Phase::pending); number <= raw(Phase::lost); ++number) {
    if (name_of(Phase{number}) == name) {
      return Phase{number};
    }
  }
  return std::nullopt;
}

std::string_view name_of(ConditionType type) {
  switch (type) {
    case ConditionType::image_ready:
      return "ImageReady";
    case ConditionType::schema_ready:
      return "SchemaReady";
    case ConditionType::engines_ready:
      return "EnginesReady";
    case ConditionType::serving:
      return "Serving";
    case ConditionType::up_to_date:
      return "UpToDate";
    case ConditionType::blocked:
      return "Blocked";
    case ConditionType::invalid_schedule:
      return "InvalidSchedule";
  }
  UNREACHABLE();
}

std::string_view name_of(Truth truth) {
  switch (truth) {
    case Truth::unknown:
      return "Unknown";
    case Truth::yes:
      return "True";
    case Truth::no:
      return "False";
  }
  UNREACHABLE();
}

}  // namespace vvm
