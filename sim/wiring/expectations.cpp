// The states of an expectation, and when to look.
#include "sim/wiring/expectations.hpp"

#include <algorithm>

#include "sim/scenario/value_text.hpp"
#include "sim/scenario/write_calls.hpp"

namespace vvm::wiring {
namespace {

std::string since_text(const scenario::EventuallyExpectation& that) {
  switch (that.after) {
    case scenario::Since::start:
      return "the start";
    case scenario::Since::heal:
      return "heal";
    case scenario::Since::converged:
      return "convergence";
    case scenario::Since::step:
      return "step " + that.step;
  }
  UNREACHABLE();
}

}  // namespace

Expectations::Expectations(const scenario::Expect* expect, const Predicates* predicates)
    : predicates_(*predicates) {
  const auto add = [this](Kind kind, const scenario::Condition& that, std::string_view word) {
    items_.push_back({.kind = kind,
                      .that = &that,
                      .keys = Predicates::about_partitions(that)
                                  ? predicates_.partitions(that.partition)
                                  : std::vector<PartitionKey>{},
                      .text = std::string{word} + " " + scenario::condition_text(that),
                      .line = static_cast<int>(that.place.line)});
    update(items_.back(), items_.back().keys);
  };
  for (const auto& always : expect->always) {
    if (const auto* that = std::get_if<scenario::Condition>(&always)) {
      add(Kind::always, *that, "always");
    }
  }
  for (const scenario::Condition& that : expect->never) {
    add(Kind::never, that, "never");
  }
  for (const scenario::Condition& that : expect->sometimes) {
    add(Kind::sometimes, that, "sometimes");
  }
  for (const scenario::AtExpectation& at : expect->at) {
    add(Kind::at, at.that, "at " + scenario::format_duration(at.time) + ":");
    items_.back().due = Instant{} + at.time;
  }
  for (const scenario::EventuallyExpectation& eventually : expect->eventually) {
    add(Kind::eventually, eventually.that, "eventually");
    Item& item = items_.back();
    item.eventually = &eventually;
    item.text += ", within " + scenario::format_duration(eventually.within) + " after " +
                 since_text(eventually);
    if (eventually.stable_for > Duration{}) {
      item.text += ", for " + scenario::format_duration(eventually.stable_for);
    }
  }
  plan();
}

void Expectations::anchor(scenario::Since since, const std::string& step, Instant now) {
  for (Item& item : items_) {
    const scenario::EventuallyExpectation* that = item.eventually;
    if (that == nullptr || item.base.has_value() || that->after != since ||
        (since == scenario::Since::step && that->step != step)) {
      continue;
    }
    item.base = now;
    item.due = now + that->within;
    if (item.state == State::open) {
      look_eventually(item, now);
    }
  }
  plan();
}

// Looks again at those of `keys` that the item is about; what is not among them has not changed.
void Expectations::update(Item& item, const std::vector<PartitionKey>& keys) {
  for (const PartitionKey& key : keys) {
    if (!std::ranges::binary_search(item.keys, key)) {
      continue;
    }
    item.holding.erase(key);
    item.failing.erase(key);
    if (predicates_.concerns(*item.that, key)) {
      (predicates_.holds_for(*item.that, key) ? item.holding : item.failing).insert(key);
    }
  }
}

bool Expectations::holds_for_all(const Item& item) const {
  if (!Predicates::about_partitions(*item.that)) {
    return predicates_.holds(*item.that);
  }
  return !item.holding.empty() && item.failing.empty();
}

bool Expectations::holds_for_some(const Item& item) const {
  if (!Predicates::about_partitions(*item.that)) {
    return predicates_.holds(*item.that);
  }
  return !item.holding.empty();
}

void Expectations::look(Instant now, bool changed, const std::vector<PartitionKey>& keys) {
  for (Item& item : items_) {
    if (item.state == State::open) {
      update(item, keys);
      look_at(item, now, changed);
    }
  }
  plan();
}

void Expectations::look_at(Item& item, Instant now, bool changed) {
  switch (item.kind) {
    case Kind::always:
    case Kind::never:
    case Kind::sometimes: {
      if (!changed) {
        return;
      }
      ++item.evaluations;
      const bool all = item.kind == Kind::always;
      const bool holds = all ? holds_for_all(item) : holds_for_some(item);
      if (item.kind == Kind::sometimes ? holds : holds != all) {
        decide(item, item.kind == Kind::sometimes ? State::held : State::broken, now);
      }
      return;
    }
    case Kind::at: {
      if (now < item.due) {
        return;
      }
      ++item.evaluations;
      const bool holds = holds_for_all(item);
      decide(item, holds ? State::held : State::broken, now);
      return;
    }
    case Kind::eventually:
      if (item.base.has_value()) {
        look_eventually(item, now);
      }
      return;
  }
  UNREACHABLE();
}

// It must begin to hold by `due`, and then hold for long enough.
void Expectations::look_eventually(Item& item, Instant now) {
  ++item.evaluations;
  const bool holds = holds_for_all(item);
  if (!holds) {
    item.since.reset();
    if (now >= item.due) {
      decide(item, State::broken, now);
    }
    return;
  }
  if (!item.since.has_value()) {
    if (now > item.due) {
      decide(item, State::broken, now);
      return;
    }
    item.since = now;
  }
  if (now - *item.since >= item.eventually->stable_for) {
    decide(item, State::held, now);
  }
}

void Expectations::decide(Item& item, State state, Instant now) {
  item.state = state;
  item.decided_at = now;
  if (state == State::held) {
    return;
  }
  item.seen = item.kind == Kind::never ? "it holds" : predicates_.seen(*item.that);
  if (!violation_.has_value()) {
    violation_ = ghost::Violation{.property = "expect",
                                  .title = "an expectation of the scenario",
                                  .subject = item.text,
                                  .expected = item.text,
                                  .seen = item.seen,
                                  .at = now,
                                  .line = item.line};
  }
}

void Expectations::plan() {
  next_ = Instant::max();
  for (const Item& item : items_) {
    if (item.state != State::open) {
      continue;
    }
    next_ = std::min(next_, item.due);
    if (item.since.has_value()) {
      next_ = std::min(next_, *item.since + item.eventually->stable_for);
    }
  }
}

void Expectations::finish(Instant now) {
  for (Item& item : items_) {
    update(item, item.keys);
  }
  look(now, true, {});
  for (Item& item : items_) {
    if (item.state != State::open) {
      continue;
    }
    if (item.kind == Kind::always || item.kind == Kind::never) {
      item.state = State::held;
    } else if (item.kind == Kind::eventually) {
      // Its clock never ran, or the run was too short for it: nothing was shown.
      item.evaluations = 0;
      item.seen = item.base.has_value()
                      ? "the run ends before it can be decided: " + predicates_.seen(*item.that)
                      : "its clock never started";
    }
  }
}

std::vector<ghost::ExpectationOutcome> Expectations::outcomes() const {
  std::vector<ghost::ExpectationOutcome> out;
  out.reserve(items_.size());
  for (const Item& item : items_) {
    out.push_back({.text = item.text,
                   .line = item.line,
                   .held = item.state == State::held,
                   .evaluations = item.evaluations,
                   .decided_at = item.decided_at,
                   .seen = item.seen,
                   .over_campaign = item.kind == Kind::sometimes});
  }
  return out;
}

}  // namespace vvm::wiring
