// Edit distance (Damerau's, restricted) and the choice among candidates.
#include "schema/suggest.hpp"

#include <algorithm>
#include <array>

#include "schema/token.hpp"

namespace vvm::schema {
namespace {

constexpr std::size_t word_max = 48;  // longer ones are not compared

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size()) {
    std::swap(a, b);
  }
  if (b.size() - a.size() > limit || b.size() > word_max) {
    return limit + 1;
  }
  std::array<std::array<std::size_t, word_max + 1>, word_max + 1> rows;  // NOLINT: written first
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      rows[i][j] =
          std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
          folded(a[i - 2]) == folded(b[j - 1])) {
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return std::min(rows[a.size()][b.size()], limit + 1);
}

std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    if (candidate == word) {
      continue;
    }
    const std::size_t distance = edit_distance(word, candidate, limit);
    if (distance < limit || (distance == limit && found.empty())) {
      found = candidate;
      limit = distance;
    }
  }
  return found;
}

std::string keyword_hint(std::string_view word, std::string_view expected) {
  std::vector<std::string_view> candidates;
  for (std::size_t at = expected.find('`'); at != std::string_view::npos;) {
    const std::size_t end = expected.find('`', at + 1);
    if (end == std::string_view::npos) {
      break;
    }
    const std::string_view candidate = expected.substr(at + 1, end - at - 1);
    if (candidate.size() > 1) {
      candidates.push_back(candidate);
    }
    at = expected.find('`', end + 1);
  }
  if (candidates.empty() || word.size() < 2) {
    return {};
  }
  // Lists of what is expected are cut short; statements are common.
  if (expected.find("another") != std::string_view::npos) {
    for (auto kind = static_cast<std::uint8_t>(Tok::ident) + 1;
         kind <= static_cast<int>(Tok::kw_years);
         ++kind) {
      candidates.push_back(token_name(static_cast<Tok>(kind)));
    }
  }
  const std::string_view found = closest(word, candidates);
  return found.empty() ? std::string{} : "did you mean `" + std::string{found} + "`?";
}

}  // namespace vvm::schema
