// Rules: faults that somebody has switched on, and how often each has taken effect.
//
// sim/faults adds and removes them; network, disks, store and BLOBs ask their table at every
// operation. A rule that was spent or removed keeps its count: a scripted fault that never took
// effect fails the run (docs/spec/scenario.md 5.2, rule 3).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/rng.hpp"

namespace vvm::sim {

// Names a rule of one table; never reused. 0 is none.
enum class RuleId : std::uint64_t {};

// How often a rule takes effect where it matches.
struct Odds {
  Ratio ratio{.num = 1, .den = 1};          // of the matches behind those skipped
  std::uint64_t skip = 0;                   // so many matches pass untouched first
  std::uint64_t times = ~std::uint64_t{0};  // then the rule is spent
};

// `Rule` is a value with a member `Odds odds`.
template <class Rule>
class RuleTable {
 public:
  RuleId add(Rule rule) {
    entries_.push_back({.rule = std::move(rule)});
    active_.push_back(entries_.size() - 1);
    ++version_;
    return RuleId{entries_.size()};
  }

  // False when it was not active.
  bool remove(RuleId id) {
    const bool removed = std::erase(active_, index_of(id)) != 0;
    version_ += removed ? 1 : 0;
    return removed;
  }

  std::uint64_t fired(RuleId id) const { return entries_.at(index_of(id)).fired; }

  const Rule& rule(RuleId id) const { return entries_.at(index_of(id)).rule; }

  bool empty() const { return active_.empty(); }

  // Grows with each change: whoever remembers which rules match looks again.
  std::uint64_t version() const { return version_; }

  // In the order in which they were added.
  template <class Matches>
  std::vector<RuleId> matching(Matches matches) const {
    std::vector<RuleId> found;
    for (const std::size_t index : active_) {
      if (matches(entries_[index].rule)) {
        found.push_back(RuleId{index + 1});
      }
    }
    return found;
  }

  // One match of an active rule: does it take effect this time? Counts it if so.
  bool strikes(RuleId id, Rng& rng) {
    Entry& entry = entries_.at(index_of(id));
    const Odds& odds = entry.rule.odds;
    if (entry.matched++ < odds.skip || entry.fired >= odds.times) {
      return false;
    }
    if (odds.ratio.num < odds.ratio.den && !rng.chance(odds.ratio)) {
      return false;
    }
    ++entry.fired;
    return true;
  }

  // An effect of a rule that does not depend on its odds, or one more effect of the same strike.
  void count(RuleId id) { ++entries_.at(index_of(id)).fired; }

  // The first active rule that matches and takes effect now; null when none does.
  template <class Matches>
  const Rule* first_striking(Rng& rng, Matches matches) {
    for (const std::size_t index : active_) {
      if (matches(entries_[index].rule) && strikes(RuleId{index + 1}, rng)) {
        return &entries_[index].rule;
      }
    }
    return nullptr;
  }

 private:
  struct Entry {
    Rule rule;
    std::uint64_t matched = 0;
    std::uint64_t fired = 0;
  };

  std::size_t index_of(RuleId id) const {
    const auto number = static_cast<std::uint64_t>(id);
    CHECK(number >= 1 && number <= entries_.size(), "no such rule", number);
    return number - 1;
  }

  std::vector<Entry> entries_;  // every rule ever added
  std::vector<std::size_t> active_;
  std::uint64_t version_ = 1;
};

}  // namespace vvm::sim
