// Table: cells in columns for a terminal.
//
// The terminal views rely on it. A cell is printable() text that may have a colour; widths count
// columns, not octets. The last column is not padded. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/report/perf/render.hpp"

namespace vvm::report {

enum class Paint : std::uint8_t { none, bold, dim, red, green, yellow, cyan };

std::string painted(std::string_view text, Paint paint, Colour colour);

struct Cell {
  std::string text{};
  Paint paint = Paint::none;
};

enum class Align : std::uint8_t { left, right };

struct Column {
  Align align = Align::left;
  std::size_t width_max = 1'000;  // longer text is clipped
};

using Row = std::vector<Cell>;

// Two spaces between columns, a line a row. Rows may be shorter than `columns`.
std::string table(const std::vector<Column>& columns,
                  const std::vector<Row>& rows,
                  Colour colour,
                  std::string_view indent = "");

}  // namespace vvm::report
