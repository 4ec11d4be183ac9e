// Group: some invariants that belong together, fed with what has changed.
//
// Ghost owns the groups and calls them; each lives in a file of its own and names its ids there.
// After an event a group is told what that event has changed, and now and then asked about
// everything: the same predicates over the same state, so that a difference is a mistake of the
// book-keeping. Rows of the cluster are told one by one, in the order of the journal.
#pragma once

#include <optional>
#include <string>

#include "apppartsctl/constants.hpp"
#include "sim/ghost/ledger.hpp"
#include "sim/ghost/state.hpp"

namespace vvm::ghost {

// What people read of a violation; made only when there is one.
struct Finding {
  std::string subject{};
  std::string expected{};
  std::string seen{};
};

class Group {
 public:
  // What all groups share; outlives them.
  struct Base {
    const State* state = nullptr;
    Ledger* ledger = nullptr;
    const apppartsctl::Constants* constants = nullptr;
  };

  explicit Group(Base base) : base_(base) {}

  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  virtual ~Group() = default;

  // ---- at once

  // A row has become durable; the tables have it already. `before`: the change that takes it back.
  virtual void on_row(const cluster::Change& /*after*/, const cluster::Change& /*before*/) {}

  // The entry of the journal is complete.
  virtual void after_entry() {}

  // A controller call begins; `part` is as it was before.
  virtual void on_call(const Process& /*process*/,
                       const PartitionKey& /*key*/,
                       const Part& /*part*/,
                       Generation /*generation*/) {}

  // The SP reader has given out a set-point; `part` is as it was before. Order numbers are those of
  // the control loop (7.2).
  virtual void on_target(const Process& /*process*/,
                         const PartitionKey& /*key*/,
                         const Part& /*part*/,
                         std::int64_t /*number*/) {}

  // A report has been made.
  virtual void on_report(const Process& /*process*/,
                         const PartitionKey& /*key*/,
                         std::int64_t /*seq*/,
                         bool /*must_be_stored*/) {}

  // A command has been executed by this version.
  virtual void on_command(const Process& /*process*/,
                          const PartitionKey& /*key*/,
                          AppVersion /*version*/) {}

  // A life has begun or ended, or its stage or epoch is another, or it was paused or resumed.
  virtual void on_process(const Process& /*process*/) {}

  virtual void on_heal() {}

  // ---- after the event

  // The runtime of a partition was `before` and is `now.rt`.
  virtual void on_part(const Process& /*process*/,
                       const PartitionKey& /*key*/,
                       const std::optional<appparts::PartitionView>& /*before*/,
                       const Part& /*now*/) {}

  // The view of a key was `before` and is `now.key`.
  virtual void on_key(const Process& /*process*/,
                      const PartitionKey& /*key*/,
                      const std::optional<apppartsctl::KeyView>& /*before*/,
                      const Part& /*now*/) {}

  // Something about (p, x) has changed, be it at the cluster.
  virtual void look(const Process& /*process*/, const PartitionKey& /*key*/, const Part& /*part*/) {
  }

  // The versions of an application in a process have changed, or borrows of them.
  virtual void look(const Process& /*process*/, const AppQName& /*app*/) {}

  // ---- bounds

  // Time has come to the instant that next_deadline() named.
  virtual void on_deadline() {}

  virtual Instant next_deadline() const { return Instant::max(); }

 protected:
  const State& state() const { return *base_.state; }

  Ledger& ledger() { return *base_.ledger; }

  const apppartsctl::Constants& constants() const { return *base_.constants; }

  // One evaluation; `finding` is called when it does not hold.
  template <class MakeFinding>
  void require(bool holds, Property property, MakeFinding&& finding) {
    base_.ledger->count(property);
    if (!holds) {
      Finding found = finding();
      base_.ledger->fail(
          property, std::move(found.subject), std::move(found.expected), std::move(found.seen));
    }
  }

 private:
  Base base_;
};

// A bound that the specification gives in a VVM's own time, in the kernel's: clocks may be slow by
// 2 %, and what a bound does not count (a message under way) takes a moment.
constexpr Duration with_margin(Duration bound) { return bound + bound / 20; }

}  // namespace vvm::ghost
