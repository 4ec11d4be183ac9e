// Text for people: widths, clipping, escaping, and figures in the unit that fits.
//
// All views of sim/report rely on it. Names come from scenario files and from the code under test,
// so nothing that is printed may carry a control sequence, and nothing in a page a tag. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace vvm::report {

// Columns of a terminal, one a code point: combining and wide characters are not looked up.
std::size_t columns(std::string_view text);

// UTF-8 that does nothing to a terminal: control characters, direction overrides and octets that
// are no UTF-8 become escapes such as \n, \x1b, \u202e.
std::string printable(std::string_view text);

// The same text, but for octets that are no UTF-8, which become escapes.
std::string valid_utf8(std::string_view text);

// At most `width` columns; what is cut ends in "..". pre: width >= 2
std::string clipped(std::string_view text, std::size_t width);

// Lines of at most `width` columns, broken at spaces, in the middle of a word only where it is
// longer than a line. Never empty.
std::string wrapped(std::string_view text, std::size_t width, std::string_view indent);

// For text and attributes of HTML and XML, printable() as well: XML 1.0 cannot write most control
// characters at all.
std::string markup_escaped(std::string_view text);

// What stands between line feeds; a last one ends a line and begins none.
std::vector<std::string_view> lines_of(std::string_view text);

// "1,234,567"
std::string thousands(std::uint64_t value);
// "870", "12.4 k", "3.1 M", "2.0 G"
std::string short_count(double value);
// "850 ns", "12.3 ms", "4.21 s", "2m 03s", "1h 04m", "3d 02h"
std::string short_duration(Duration value);
// "41.203 s": seconds with three digits, rounded down, so that order shows.
std::string moment_text(Instant at);

}  // namespace vvm::report
