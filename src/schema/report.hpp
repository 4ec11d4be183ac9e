// Report: the messages of one compilation, in the order in which they are found.
//
// Keeps `messages_max` of them (docs/spec/vvm.md 8.6); the rest are counted only. Each stage looks
// at failed() to see whether a later one may run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "schema/diagnostic.hpp"

namespace vvm::schema {

class Report {
 public:
  Diagnostic& add(Rule rule, Loc loc, std::string text) {
    ++count_;
    if (kept_.size() < messages_max) {
      kept_.push_back({.rule = rule, .loc = loc, .text = std::move(text)});
      return kept_.back();
    }
    beyond_ = {};
    return beyond_;
  }

  void add(Diagnostic diagnostic) {
    ++count_;
    if (kept_.size() < messages_max) {
      kept_.push_back(std::move(diagnostic));
    }
  }

  // What may have been meant, for the message that came last.
  void hint_last(std::string hint) {
    if (!kept_.empty() && kept_.size() == count_) {
      kept_.back().hint = std::move(hint);
    }
  }

  // The messages kept from `first` on, as `order` lists them, which has the number of each once.
  void reorder(std::size_t first, const std::vector<std::size_t>& order) {
    std::vector<Diagnostic> sorted;
    sorted.reserve(order.size());
    for (const std::size_t from : order) {
      sorted.push_back(std::move(kept_[from]));
    }
    std::ranges::move(sorted, kept_.begin() + static_cast<std::ptrdiff_t>(first));
  }

  bool failed() const { return count_ > 0; }

  std::size_t count() const { return count_; }

  const std::vector<Diagnostic>& kept() const { return kept_; }

 private:
  std::vector<Diagnostic> kept_;
  Diagnostic beyond_;
  std::size_t count_ = 0;
};

}  // namespace vvm::schema
