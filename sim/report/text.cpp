// UTF-8 is decoded in one place; everything else walks what that finds.
#include "sim/report/text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace vvm::report {
namespace {

struct Symbol {
  std::uint32_t code = 0;
  std::size_t octets = 1;
  bool valid = true;  // false: one octet that is no UTF-8
};

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// The code point at the beginning of `text`. pre: not empty
Symbol first_symbol(std::string_view text) {
  const auto octet = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t lead = octet(0);
  if (lead < 0x80) {
    return {lead, 1, true};
  }
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  const Symbol bad{lead, 1, false};
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) {
    return bad;
  }
  std::uint32_t code = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (!continues(text[i])) {
      return bad;
    }
    code = (code << 6U) | (octet(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> lowest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < lowest[size] || code > 0x10FFFF || surrogate ? bad : Symbol{code, size, true};
}

// Characters that change how what follows is shown.
bool acts(std::uint32_t code) {
  const bool control = code < 0x20 || (code >= 0x7F && code <= 0x9F);
  const bool direction = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
                         code == 0x200E || code == 0x200F || code == 0x061C;
  return control || direction || code == 0x2028 || code == 0x2029 || code == 0xFEFF;
}

std::string escape_of(const Symbol& symbol) {
  if (symbol.valid && symbol.code == '\n') {
    return "\\n";
  }
  if (symbol.valid && symbol.code == '\t') {
    return "\\t";
  }
  return symbol.code > 0xFF ? fmt::format("\\u{:04x}", symbol.code)
                            : fmt::format("\\x{:02x}", symbol.code);
}

template <class Each>
void walk(std::string_view text, const Each& each) {
  while (!text.empty()) {
    const Symbol symbol = first_symbol(text);
    each(symbol, text.substr(0, symbol.octets));
    text.remove_prefix(symbol.octets);
  }
}

// Octets of the first `count` columns.
std::size_t octets_of(std::string_view text, std::size_t count) {
  std::size_t octets = 0;
  while (octets < text.size() && count > 0) {
    octets += first_symbol(text.substr(octets)).octets;
    --count;
  }
  return octets;
}

std::string markup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out.append("&amp;");
        break;
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      case '"':
        out.append("&quot;");
        break;
      case '\'':
        out.append("&#39;");
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

// Where the line that begins `text` ends.
std::size_t line_end(std::string_view text, std::size_t width) {
  const std::size_t limit = octets_of(text, width);
  if (limit >= text.size()) {
    return text.size();
  }
  // A space right behind the last column is a good end, too.
  const std::size_t space = text.rfind(' ', limit);
  return space == std::string_view::npos || space == 0 ? limit : space;
}

}  // namespace

std::size_t columns(std::string_view text) {
  std::size_t out = 0;
  walk(text, [&](const Symbol&, std::string_view) { ++out; });
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  walk(text, [&](const Symbol& symbol, std::string_view octets) {
    if (!symbol.valid || acts(symbol.code)) {
      out.append(escape_of(symbol));
    } else {
      out.append(octets);
    }
  });
  return out;
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  walk(text, [&](const Symbol& symbol, std::string_view octets) {
    out.append(symbol.valid ? std::string{octets} : escape_of(symbol));
  });
  return out;
}

std::string clipped(std::string_view text, std::size_t width) {
  if (columns(text) <= width) {
    return std::string{text};
  }
  return std::string{text.substr(0, octets_of(text, width - 2))} + "..";
}

std::string wrapped(std::string_view text, std::size_t width, std::string_view indent) {
  std::string out;
  do {
    const std::size_t end = line_end(text, width);
    out.append(out.empty() ? "" : "\n").append(out.empty() ? "" : indent);
    out.append(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  } while (!text.empty());
  return out;
}

std::string markup_escaped(std::string_view text) { return markup(printable(text)); }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string thousands(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) {
    digits.insert(at - 3, 1, ',');
  }
  return digits;
}

std::string short_count(double value) {
  constexpr std::array<std::string_view, 4> units{"", " k", " M", " G"};
  std::size_t unit = 0;
  // 999.96 k would be printed as 1000.0 k.
  while (unit + 1 < units.size() && value >= (unit == 0 ? 999.5 : 999.95)) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}{}", value, units[unit]);
}

std::string short_duration(Duration value) {
  const std::int64_t ns = value.ns;
  if (ns < 0) {
    return "-" + short_duration(-value);
  }
  if (ns < 1'000) {
    return fmt::format("{} ns", ns);
  }
  const auto fraction = [&](std::int64_t unit, std::string_view name) {
    const double shown = static_cast<double>(ns) / static_cast<double>(unit);
    const int digits = shown < 9.995 ? 2 : shown < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}", shown, digits, name);
  };
  if (ns < 999'500) {
    return fraction(1'000, "us");
  }
  if (ns < 999'500'000) {
    return fraction(1'000'000, "ms");
  }
  const std::int64_t whole = ns / 1'000'000'000;
  if (whole < 60) {
    return fraction(1'000'000'000, "s");
  }
  if (whole < 3'600) {
    return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  }
  if (whole < 86'400) {
    return fmt::format("{}h {:02}m", whole / 3'600, whole / 60 % 60);
  }
  return fmt::format("{}d {:02}h", whole / 86'400, whole / 3'600 % 24);
}

std::string moment_text(Instant at) {
  return fmt::format("{}.{:03} s", at.ns / 1'000'000'000, at.ns / 1'000'000 % 1'000);
}

}  // namespace vvm::report
