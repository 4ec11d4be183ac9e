// Expectations: what a scenario expects of its run, evaluated as the run goes on.
//
// run() owns one. `never`, `always` and `eventually` are looked at whenever the shadow has changed,
// `at` in its moment. Each counts its evaluations: one that was never evaluated proves nothing.
// Budgets are budgets.hpp.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/ghost/run_result.hpp"
#include "sim/scenario/model.hpp"
#include "sim/wiring/predicates.hpp"

namespace vvm::wiring {

class Expectations {
 public:
  // Both outlive it.
  Expectations(const scenario::Expect* expect, const Predicates* predicates);

  // The clocks of `eventually`.
  void started(Instant now) { anchor(scenario::Since::start, {}, now); }

  void healed(Instant now) { anchor(scenario::Since::heal, {}, now); }

  void converged(Instant now) { anchor(scenario::Since::converged, {}, now); }

  void fired(const std::string& step, Instant now) { anchor(scenario::Since::step, step, now); }

  // Something has changed, about these partitions at least; or a deadline may have come.
  void look(Instant now, bool changed, const std::vector<PartitionKey>& keys);

  // The earliest instant at which look() is needed though nothing changes.
  Instant next() const { return next_; }

  // The run is over.
  void finish(Instant now);

  // The first one that was broken; `text`, `seen` and `line` are its own.
  const std::optional<ghost::Violation>& violation() const { return violation_; }

  // In the order of the file: always, never, sometimes, at, eventually.
  std::vector<ghost::ExpectationOutcome> outcomes() const;

 private:
  enum class Kind : std::uint8_t { always, never, sometimes, at, eventually };
  enum class State : std::uint8_t { open, held, broken };

  struct Item {
    Kind kind{};
    const scenario::Condition* that = nullptr;
    // The partitions that it names; of those that it is about now, for which it holds or does not.
    std::vector<PartitionKey> keys{};
    std::set<PartitionKey> holding{};
    std::set<PartitionKey> failing{};
    std::string text{};
    int line = 0;
    // at: the moment. eventually: until when it must have begun to hold.
    Instant due = Instant::max();
    const scenario::EventuallyExpectation* eventually = nullptr;
    std::optional<Instant> base{};   // eventually: its clock runs
    std::optional<Instant> since{};  // eventually: it has held without a break
    State state = State::open;
    std::uint64_t evaluations = 0;
    std::optional<Instant> decided_at{};
    std::string seen{};
  };

  void anchor(scenario::Since since, const std::string& step, Instant now);
  void update(Item& item, const std::vector<PartitionKey>& keys);
  bool holds_for_all(const Item& item) const;
  bool holds_for_some(const Item& item) const;
  void look_at(Item& item, Instant now, bool changed);
  void look_eventually(Item& item, Instant now);
  void decide(Item& item, State state, Instant now);
  void plan();

  const Predicates& predicates_;
  std::vector<Item> items_;
  std::optional<ghost::Violation> violation_;
  Instant next_ = Instant::max();
};

}  // namespace vvm::wiring
