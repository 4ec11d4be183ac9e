// Counting, in windows and per process.
#include "sim/wiring/budgets.hpp"

#include <algorithm>

#include "base/event_fields.hpp"
#include "sim/scenario/value_text.hpp"
#include "sim/scenario/write_calls.hpp"
#include "sim/world/glob.hpp"

namespace vvm::wiring {
namespace {

using scenario::Countable;

// "q.cluster.SPList" of "POST /api/sys/cluster/1/q.cluster.SPList".
std::string_view call_of(std::string_view request) {
  const std::size_t slash = request.rfind('/');
  return request.starts_with("POST /api/") ? request.substr(slash + 1) : std::string_view{};
}

}  // namespace

Budgets::Budgets(const scenario::Expect* expect, const Images* images, sim::World* world)
    : world_(*world) {
  for (const scenario::BudgetExpectation& budget : expect->budget) {
    Item item{.budget = &budget};
    item.text = "at most " + std::to_string(budget.max) + " " + scenario::count_text(budget.count) +
                (budget.per_process ? " a process" : "");
    if (budget.per_window.has_value()) {
      item.text += " in " + scenario::format_duration(*budget.per_window);
    }
    const auto image = images->find(budget.count.image);
    if (image != images->end()) {
      item.sha = image->second.sha.hex();
    }
    counts_phases_ = counts_phases_ || budget.count.countable == Countable::phase;
    items_.push_back(std::move(item));
  }
}

void Budgets::count(Item& item, std::string_view process) {
  if (!sim::glob_match(item.budget->count.who, process)) {
    return;
  }
  ++item.counted;
  const Instant now = world_.kernel().now();
  const std::string who{item.budget->per_process ? process : std::string_view{}};
  std::deque<Instant>& times = item.times[who];
  times.push_back(now);
  if (item.budget->per_window.has_value()) {
    while (now - times.front() >= *item.budget->per_window) {
      times.pop_front();
    }
  }
  if (times.size() <= item.budget->max || item.broken_at.has_value()) {
    return;
  }
  item.broken_at = now;
  item.seen = std::to_string(times.size()) + (who.empty() ? "" : " of " + who);
  if (!violation_.has_value()) {
    violation_ = ghost::Violation{.property = "expect",
                                  .title = "a budget of the scenario",
                                  .subject = item.text,
                                  .expected = item.text,
                                  .seen = item.seen,
                                  .at = now,
                                  .line = static_cast<int>(item.budget->place.line)};
  }
}

// partition.phase is also told when something else has changed.
bool Budgets::enters(std::string_view process, const Event& event) {
  std::string partition{text_in(event, "app")};
  partition += "/" + std::to_string(number_in(event, "part"));
  std::string& phase = phases_[{std::string{process}, std::move(partition)}];
  return std::exchange(phase, std::string{text_in(event, "phase")}) != phase;
}

void Budgets::on_event(std::string_view process, const Event& event) {
  const bool download = event.name == "image.download.start";
  const bool unpack = event.name == "image.unpack.start";
  const bool phase = counts_phases_ && event.name == "partition.phase";
  if (!download && !unpack && !phase) {
    return;
  }
  const bool entered = phase && enters(process, event);
  for (Item& item : items_) {
    const scenario::Count& what = item.budget->count;
    const bool image = (what.countable == Countable::download && download) ||
                       (what.countable == Countable::unpack && unpack);
    const bool this_phase =
        what.countable == Countable::phase && entered && what.phase.has_value() &&
        name_of(*what.phase) == text_in(event, "phase") &&
        sim::glob_match(what.partition.app, text_in(event, "app")) &&
        sim::glob_match(what.partition.partition, std::to_string(number_in(event, "part")));
    if ((image && text_in(event, "sha") == item.sha) || this_phase) {
      count(item, process);
    }
  }
}

void Budgets::on_effect(const sim::Effect& effect) {
  if (items_.empty() || effect.kind != "net.request") {
    return;
  }
  for (Item& item : items_) {
    if (item.budget->count.countable == Countable::call &&
        item.budget->count.query == call_of(effect.object)) {
      count(item, effect.process);
    }
  }
}

void Budgets::on_end(std::string_view process) {
  const std::optional<int> code = world_.exit_code(std::string{process});
  if (code == 0) {
    return;
  }
  for (Item& item : items_) {
    if (item.budget->count.countable == Countable::crash) {
      count(item, process);
    }
  }
}

std::vector<ghost::ExpectationOutcome> Budgets::outcomes() const {
  std::vector<ghost::ExpectationOutcome> out;
  out.reserve(items_.size());
  for (const Item& item : items_) {
    out.push_back({.text = item.text,
                   .line = static_cast<int>(item.budget->place.line),
                   .held = !item.broken_at.has_value(),
                   .evaluations = item.counted + 1,
                   .decided_at = item.broken_at,
                   .seen = item.broken_at.has_value() ? item.seen
                                                      : std::to_string(item.counted) + " in all"});
  }
  return out;
}

}  // namespace vvm::wiring
