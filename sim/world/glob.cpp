// glob_match: backtracks to the last star only, so that a pattern costs at most its length times
// the text's.
#include "sim/world/glob.hpp"

namespace vvm::sim {
namespace {

// Where matching goes on when the characters after a star did not fit.
struct Retry {
  std::size_t pattern = std::string_view::npos;  // behind the star
  std::size_t text = 0;                          // one past what the star has taken so far
};

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  Retry single;
  Retry twice;
  while (t < text.size() || p < pattern.size()) {
    if (p < pattern.size()) {
      if (pattern.substr(p).starts_with("**")) {
        p += 2;
        twice = {.pattern = p, .text = t};
        single = {};
        continue;
      }
      if (pattern[p] == '*') {
        ++p;
        single = {.pattern = p, .text = t};
        continue;
      }
      const bool fits =
          t < text.size() && (pattern[p] == '?' ? text[t] != '/' : pattern[p] == text[t]);
      if (fits) {
        ++p;
        ++t;
        continue;
      }
    }
    // Widen the nearest star that still can be.
    if (single.pattern != std::string_view::npos && single.text < text.size() &&
        text[single.text] != '/') {
      t = ++single.text;
      p = single.pattern;
    } else if (twice.pattern != std::string_view::npos && twice.text < text.size()) {
      t = ++twice.text;
      p = twice.pattern;
      single = {};
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace vvm::sim
