// Budgets: how often something may happen in a run (sim/scenario/countables.def).
//
// run() owns one and registers it as an observer. What is counted is what processes emit and send.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/ghost/run_result.hpp"
#include "sim/scenario/model.hpp"
#include "sim/wiring/images.hpp"
#include "sim/world/world.hpp"

namespace vvm::wiring {

class Budgets final : public sim::Observer {
 public:
  // All outlive it.
  Budgets(const scenario::Expect* expect, const Images* images, sim::World* world);

  // The first that was exceeded.
  const std::optional<ghost::Violation>& violation() const { return violation_; }

  // In the order of the file.
  std::vector<ghost::ExpectationOutcome> outcomes() const;

  // ---- sim::Observer
  void on_event(std::string_view process, const Event& event) override;
  void on_effect(const sim::Effect& effect) override;
  void on_end(std::string_view process) override;

 private:
  struct Item {
    const scenario::BudgetExpectation* budget = nullptr;
    std::string text{};
    std::string sha{};  // of download and unpack
    std::uint64_t counted = 0;
    std::map<std::string, std::deque<Instant>, std::less<>> times{};  // by process, or ""
    std::optional<Instant> broken_at{};
    std::string seen{};
  };

  void count(Item& item, std::string_view process);
  bool enters(std::string_view process, const Event& event);

  sim::World& world_;
  std::vector<Item> items_;
  bool counts_phases_ = false;
  // The phase that each (process, app/part) is in.
  std::map<std::pair<std::string, std::string>, std::string> phases_;
  std::optional<ghost::Violation> violation_;
};

}  // namespace vvm::wiring
