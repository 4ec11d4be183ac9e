// Names of verdicts, and the first violation.
#include "sim/ghost/ledger.hpp"

#include <utility>

#include "base/check.hpp"

namespace vvm::ghost {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::held:
      return "held";
    case Verdict::violated:
      return "violated";
    case Verdict::unknown:
      return "unknown";
  }
  UNREACHABLE();
}

void Ledger::fail(Property property, std::string subject, std::string expected, std::string seen) {
  const PropertyText& text = text_of(property);
  fail(Violation{.property = std::string{text.id},
                 .title = std::string{text.title},
                 .subject = std::move(subject),
                 .expected = std::move(expected),
                 .seen = std::move(seen)});
}

void Ledger::fail(Violation violation) {
  if (violation_.has_value()) {
    return;
  }
  violation.at = now_;
  violation.step = step_;
  violation_ = std::move(violation);
}

std::vector<PropertyCount> Ledger::counts() const {
  std::vector<PropertyCount> out;
  out.reserve(property_count);
  for (std::size_t i = 0; i < property_count; ++i) {
    const PropertyText& text = property_texts[i];
    out.push_back({.id = std::string{text.id},
                   .title = std::string{text.title},
                   .evaluations = counts_[i],
                   .required = text.need == Need::always});
  }
  return out;
}

}  // namespace vvm::ghost
