// The tables, in the order of docs/spec/scenario.md 5.2.
#include "sim/scenario/words.hpp"

#include <algorithm>

namespace vvm::scenario {
namespace {

constexpr std::array faults_later{
    LaterWord{"reorder",
              "connections keep the order of their octets; `delay` with `path` lets an old answer "
              "overtake a newer one"},
};
constexpr std::array operations_later{
    LaterWord{"scale", "counts of partitions are fixed"},
    LaterWord{"node_add", "the topology is fixed"},
    LaterWord{"set", "options of applications are set by `deploy`"},
    LaterWord{"load", "loads have `from` and `until`"},
};
constexpr std::array disk_modes_later{
    LaterWord{"torn", "`crash` with disk = \"torn\" decides what a disk keeps"},
    LaterWord{"lost", "`crash` with disk = \"lose-unsynced\" decides what a disk keeps"},
    LaterWord{"enospc", "the word is `full`"},
};
constexpr std::array triggers_later{LaterWord{"lease", "leases come with a later version"}};
constexpr std::array predicates_later{LaterWord{"routed", "routers come with a later version"}};
constexpr std::array loads_later{
    LaterWord{"commands", "commands and their log come with a later version"}};

constexpr std::array predicate_table{
#define VVM_PREDICATE(name, signature, text) Signed{#name, signature, text},
#include "sim/scenario/predicates.def"
#undef VVM_PREDICATE
};
constexpr std::array countable_table{
#define VVM_COUNTABLE(name, signature, text) Signed{#name, signature, text},
#include "sim/scenario/countables.def"
#undef VVM_COUNTABLE
};

constexpr int safety_count = 40;
constexpr int liveness_count = 16;

}  // namespace

std::span<const LaterWord> later_faults() { return faults_later; }

std::span<const LaterWord> later_operations() { return operations_later; }

std::span<const LaterWord> later_disk_modes() { return disk_modes_later; }

std::span<const LaterWord> later_triggers() { return triggers_later; }

std::span<const LaterWord> later_predicates() { return predicates_later; }

std::span<const LaterWord> later_loads() { return loads_later; }

std::optional<std::string_view> why_later(std::span<const LaterWord> words, std::string_view word) {
  const auto at = std::ranges::find(words, word, &LaterWord::word);
  if (at == words.end()) {
    return std::nullopt;
  }
  return at->why;
}

std::optional<std::string_view> home_of_list(std::string_view key) {
  constexpr std::array<std::string_view, 2> timeline{"steps", "timeline"};
  constexpr std::array<std::string_view, 5> expect{
      "always", "never", "sometimes", "eventually", "budget"};
  if (std::ranges::find(timeline, key) != timeline.end()) {
    return "[timeline] steps";
  }
  if (std::ranges::find(expect, key) != expect.end()) {
    return "[expect]";
  }
  return std::nullopt;
}

std::vector<std::string_view> phase_words() {
  std::vector<std::string_view> words;
  for (int phase = 1; phase <= static_cast<int>(Phase::lost); ++phase) {
    words.push_back(name_of(static_cast<Phase>(phase)));
  }
  return words;
}

std::span<const Signed> predicates() { return predicate_table; }

std::span<const Signed> countables() { return countable_table; }

std::vector<std::string> invariant_names() {
  std::vector<std::string> names;
  for (int i = 1; i <= safety_count; ++i) {
    names.push_back("I-S" + std::to_string(i));
  }
  for (int i = 1; i <= liveness_count; ++i) {
    names.push_back("I-L" + std::to_string(i));
  }
  return names;
}

}  // namespace vvm::scenario
