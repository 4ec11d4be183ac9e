// Optimal string alignment distance over three rows.
#include "sim/scenario/suggest.hpp"

#include <algorithm>

namespace vvm::scenario {
namespace {

constexpr std::size_t listed_max = 16;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_ago(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    current[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    two_ago.swap(previous);
    previous.swap(current);
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], two_ago[j - 2] + 1);
      }
    }
  }
  return current[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known) {
  std::optional<std::string_view> best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t here = distance(word, candidate);
    if (here < best_distance) {
      best = candidate;
      best_distance = here;
    }
  }
  return best;
}

std::string unknown(std::string_view what,
                    std::string_view word,
                    std::span<const std::string_view> known) {
  std::string out = "unknown " + std::string{what} + " `" + std::string{word} + "`";
  if (const std::optional<std::string_view> near = nearest(word, known)) {
    return out + " (did you mean `" + std::string{*near} + "`?)";
  }
  if (known.empty() || known.size() > listed_max) {
    return out;
  }
  std::string list;
  for (const std::string_view one : known) {
    list += (list.empty() ? "`" : ", `") + std::string{one} + "`";
  }
  return out + (known.size() == 1 ? " (there is " : " (one of ") + list + ")";
}

}  // namespace vvm::scenario
