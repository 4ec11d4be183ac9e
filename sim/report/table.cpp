// Widths first, then lines.
#include "sim/report/table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.hpp"
#include "sim/report/text.hpp"

namespace vvm::report {
namespace {

std::string_view code_of(Paint paint) {
  switch (paint) {
    case Paint::none:
      return "";
    case Paint::bold:
      return "1";
    case Paint::dim:
      return "2";
    case Paint::red:
      return "1;31";
    case Paint::green:
      return "32";
    case Paint::yellow:
      return "33";
    case Paint::cyan:
      return "36";
  }
  UNREACHABLE();
}

}  // namespace

std::string painted(std::string_view text, Paint paint, Colour colour) {
  return colour == Colour::off || paint == Paint::none || text.empty()
             ? std::string{text}
             : fmt::format("\x1b[{}m{}\x1b[0m", code_of(paint), text);
}

std::string table(const std::vector<Column>& columns,
                  const std::vector<Row>& rows,
                  Colour colour,
                  std::string_view indent) {
  std::vector<std::size_t> widths(columns.size(), 0);
  for (const Row& row : rows) {
    CHECK(row.size() <= columns.size(), "a row has more cells than columns");
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t width = report::columns(row[i].text);
      widths[i] = std::max(widths[i], std::min(width, columns[i].width_max));
    }
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line{indent};
    std::size_t pending = 0;  // spaces that only count if something follows
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string text = clipped(row[i].text, columns[i].width_max);
      const std::size_t space = widths[i] - report::columns(text);
      const bool right = columns[i].align == Align::right;
      pending += (i == 0 ? 0U : 2U) + (right ? space : 0U);
      if (!text.empty()) {
        line.append(pending, ' ').append(painted(text, row[i].paint, colour));
        pending = 0;
      } else {
        pending += right ? 0U : widths[i];
        continue;
      }
      pending += right ? 0U : space;
    }
    out.append(line).append("\n");
  }
  return out;
}

}  // namespace vvm::report
