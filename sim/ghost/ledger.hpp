// Property, Ledger: what is watched, how often it was looked at, and what failed first.
//
// Every group of invariants writes into the Ghost's one Ledger. A property that was never evaluated
// proves nothing: the counts are part of every result (docs/spec/harness.md 4.2, H1).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "sim/ghost/run_result.hpp"

namespace vvm::ghost {

enum class Property : std::uint8_t {
#define VVM_PROPERTY(name, id, title, need) name,
#include "sim/ghost/properties.def"
#undef VVM_PROPERTY
};

enum class Need : std::uint8_t { always, met };

struct PropertyText {
  std::string_view id;
  std::string_view title;
  Need need{};
};

constexpr std::array property_texts{
#define VVM_PROPERTY(name, id, title, need) PropertyText{id, title, Need::need},
#include "sim/ghost/properties.def"
#undef VVM_PROPERTY
};

constexpr std::size_t property_count = property_texts.size();

constexpr const PropertyText& text_of(Property property) {
  return property_texts[static_cast<std::size_t>(property)];
}

class Ledger {
 public:
  void at(Instant now, std::uint64_t step) {
    now_ = now;
    step_ = step;
  }

  Instant now() const { return now_; }

  void count(Property property) { ++counts_[static_cast<std::size_t>(property)]; }

  std::uint64_t evaluations(Property property) const {
    return counts_[static_cast<std::size_t>(property)];
  }

  // Only the first is kept: what follows a violation is noise.
  void fail(Property property, std::string subject, std::string expected, std::string seen);
  void fail(Violation violation);

  const std::optional<Violation>& violation() const { return violation_; }

  std::vector<PropertyCount> counts() const;

 private:
  Instant now_{};
  std::uint64_t step_ = 0;
  std::array<std::uint64_t, property_count> counts_{};
  std::optional<Violation> violation_;
};

}  // namespace vvm::ghost
