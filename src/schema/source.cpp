// Places of a source map, and quoting for messages.
#include "schema/source.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace vvm::schema {
namespace {

void append_hex(std::string* out, std::uint32_t value, int digits) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (int i = digits - 1; i >= 0; --i) {
    out->push_back(hex[(value >> (4U * static_cast<unsigned>(i))) & 15U]);
  }
}

// What a terminal shows as a mark of its own; the rest is escaped. Blocks that are not assigned
// count as shown.
bool printable(char32_t c) {
  if (c < 0x20 || c == 0x7F || (c >= 0x80 && c < 0xA1) || c == 0xAD) {
    return false;
  }
  if ((c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) ||
      (c >= 0x205F && c <= 0x206F)) {
    return false;
  }
  if (c == 0x3000 || c == 0xFEFF || c == 0x1680 || (c >= 0xE000 && c <= 0xF8FF)) {
    return false;
  }
  return c < 0xF0000 && (c & 0xFFFEU) != 0xFFFEU;
}

char short_escape(char32_t c) {
  switch (c) {
    case '\a':
      return 'a';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\v':
      return 'v';
    case '"':
      return '"';
    case '\\':
      return '\\';
    default:
      return 0;
  }
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out{"\""};
  while (!text.empty()) {
    char32_t c = 0;
    const std::size_t length = decode_utf8(text, &c);
    if (length == 1 && static_cast<unsigned char>(text[0]) >= 0x80) {
      out.append("\\x");
      append_hex(&out, static_cast<unsigned char>(text[0]), 2);
    } else if (const char escape = short_escape(c); escape != 0) {
      out.push_back('\\');
      out.push_back(escape);
    } else if (printable(c)) {
      out.append(text.substr(0, length));
    } else if (c < 0x80) {
      out.append("\\x");
      append_hex(&out, c, 2);
    } else {
      out.append(c < 0x10000 ? "\\u" : "\\U");
      append_hex(&out, c, c < 0x10000 ? 4 : 8);
    }
    text.remove_prefix(length);
  }
  out.push_back('"');
  return out;
}

const SourceFile& SourceMap::add(std::string_view name,
                                 std::string_view text,
                                 std::string_view package) {
  CHECK(text.size() <= file_bytes_max, "source file too large", text.size());
  CHECK(next_ + text.size() + 2 < UINT32_MAX, "no places left", next_);
  auto file = std::make_unique<SourceFile>();
  file->name = name;
  file->package = package;
  file->octets.reserve(text.size() + padding);
  file->octets.append(text);
  file->octets.append(padding, '\0');
  file->size = static_cast<std::uint32_t>(text.size());
  file->base = static_cast<Loc>(next_);
  next_ += text.size() + 2;  // the end of a file is a place too
  files_.push_back(std::move(file));
  return *files_.back();
}

const SourceFile* SourceMap::file_of(Loc loc) const {
  if (loc == 0) {
    return nullptr;
  }
  const auto after = std::upper_bound(
      files_.begin(), files_.end(), loc, [](Loc at, const auto& file) { return at <= file->base; });
  return after == files_.begin() ? nullptr : std::prev(after)->get();
}

Place SourceMap::place(Loc loc) const {
  Place place;
  place.file = file_of(loc);
  if (place.file == nullptr) {
    return place;
  }
  const std::string_view text = place.file->text();
  const std::size_t offset = std::min<std::size_t>(place.file->offset(loc), text.size());
  const std::string_view before = text.substr(0, offset);
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  place.line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
  place.line_text = text.substr(start, std::min(text.find('\n', start), text.size()) - start);
  place.line_offset = static_cast<std::uint32_t>(offset - start);
  std::string_view rest = before.substr(start);
  place.column = 1;
  while (!rest.empty()) {
    char32_t c = 0;
    rest.remove_prefix(std::min(decode_utf8(rest, &c), rest.size()));
    ++place.column;
  }
  return place;
}

std::string SourceMap::prefix(Loc loc) const {
  const Place at = place(loc);
  if (at.file == nullptr) {
    return {};
  }
  return at.file->name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
}

}  // namespace vvm::schema
