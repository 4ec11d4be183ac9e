// Lines with marks, and the two JSON forms.
#include "schema/render.hpp"

#include <algorithm>

namespace vvm::schema {
namespace {

constexpr std::string_view red = "\x1b[1;31m";
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view plain = "\x1b[0m";

class Painter {
 public:
  Painter(std::string* out, bool colour) : out_(*out), colour_(colour) {}

  Painter& operator<<(std::string_view text) {
    out_.append(text);
    return *this;
  }

  Painter& paint(std::string_view code, std::string_view text) {
    return colour_ ? *this << code << text << plain : *this << text;
  }

 private:
  std::string& out_;
  bool colour_;
};

// A terminal gets no control characters out of a schema.
std::string visible(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    out.push_back(c == '\t' || octet >= 0x20 ? c : ' ');
  }
  return out;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// How many octets to mark: what was asked for, or the word that stands there.
std::size_t mark_length(const Place& place, std::uint32_t length) {
  const std::string_view rest =
      place.line_text.substr(std::min<std::size_t>(place.line_offset, place.line_text.size()));
  std::size_t count = length;
  if (length <= 1) {
    count = 0;
    while (count < rest.size() && (is_word(rest[count]) || (count > 0 && rest[count] == '.'))) {
      ++count;
    }
  }
  return std::max<std::size_t>(1, std::min(count, rest.size()));
}

std::string where(const Place& place) {
  const std::string folder = place.file->package.empty() ? "" : place.file->package + "/";
  return folder + place.file->name + ":" + std::to_string(place.line) + ":" +
         std::to_string(place.column);
}

void excerpt(Painter* p, const Place& place, std::uint32_t length, std::string_view code) {
  constexpr std::size_t shown_max = 160;
  std::string_view line = place.line_text;
  std::size_t offset = std::min<std::size_t>(place.line_offset, line.size());
  if (offset > shown_max / 2 && line.size() > shown_max) {  // a very long line: its middle
    const std::size_t skip = offset - shown_max / 2;
    line.remove_prefix(skip);
    offset -= skip;
  }
  line = line.substr(0, shown_max);
  std::string number = std::to_string(place.line);
  number.insert(0, number.size() < 5 ? 5 - number.size() : 0, ' ');
  p->paint(dim, number + " | ") << visible(line) << "\n";
  std::string blank;
  for (const char c : line.substr(0, offset)) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {  // one blank a code point
      blank.push_back(c == '\t' ? '\t' : ' ');
    }
  }
  const std::size_t marks =
      std::min(mark_length(place, length), std::max<std::size_t>(1, line.size() - offset));
  p->paint(dim, std::string(number.size(), ' ') + " | ") << blank;
  p->paint(code, std::string(marks, '^')) << "\n";
}

std::string rule_id(Rule rule) {
  const auto number = static_cast<unsigned>(rule);
  return number < 100 ? "LIMIT" : "E" + std::to_string(number);
}

}  // namespace

std::string for_people(const SourceMap& sources,
                       const std::vector<Diagnostic>& diagnostics,
                       Look look) {
  std::string out;
  Painter p(&out, look.colour);
  for (const Diagnostic& d : diagnostics) {
    const Place place = sources.place(d.loc);
    if (place.file != nullptr) {
      p.paint(bold, where(place) + ": ");
    }
    p.paint(red, "error: ") << visible(d.text);
    p.paint(dim, " [" + rule_id(d.rule) + "]") << "\n";
    if (place.file != nullptr) {
      excerpt(&p, place, d.length, red);
    }
    for (const Note& note : d.notes) {
      const Place other = sources.place(note.loc);
      if (look.notes && other.file != nullptr) {
        p << "  note: " << note.text << ": " << where(other) << "\n";
        excerpt(&p, other, 0, bold);
      }
    }
    if (!d.hint.empty()) {
      p << "  help: " << d.hint << "\n";
    }
    p << "\n";
  }
  return out;
}

std::string json_text(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out{"\""};
  while (!text.empty()) {
    char32_t c = 0;
    const std::size_t length = decode_utf8(text, &c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(c));
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c < 0x20) {
      out.append("\\u00").append(1, hex[c >> 4U]).append(1, hex[c & 15U]);
    } else {
      append_utf8(&out, c);
    }
    text.remove_prefix(length);
  }
  return out + "\"";
}

std::string json_of(const Compiled& compiled) {
  std::string out = "{\"outcome\": ";
  out += compiled.errors.empty() ? "\"ok\"" : "\"error\"";
  out += ", \"stage\": " + json_text(stage_name(compiled.stage)) + ", \"errors\": [";
  for (std::size_t i = 0; i < compiled.errors.size(); ++i) {
    out += (i == 0 ? "" : ", ") + json_text(compiled.errors[i]);
  }
  return out + "]}\n";
}

std::string sarif_of(const SourceMap& sources, const std::vector<Diagnostic>& diagnostics) {
  std::string results;
  for (const Diagnostic& d : diagnostics) {
    results += results.empty() ? "\n" : ",\n";
    results += "        {\"ruleId\": " + json_text(rule_id(d.rule)) +
               ", \"level\": \"error\", \"message\": {\"text\": " + json_text(d.text) + "}";
    if (const Place place = sources.place(d.loc); place.file != nullptr) {
      const std::string folder = place.file->package.empty() ? "" : place.file->package + "/";
      const std::uint32_t end =
          place.column + static_cast<std::uint32_t>(mark_length(place, d.length));
      results += ", \"locations\": [{\"physicalLocation\": {\"artifactLocation\": {\"uri\": " +
                 json_text(folder + place.file->name) +
                 "}, \"region\": {\"startLine\": " + std::to_string(place.line) +
                 ", \"startColumn\": " + std::to_string(place.column) +
                 ", \"endColumn\": " + std::to_string(end) + "}}}]";
    }
    results += "}";
  }
  return "{\n  \"version\": \"2.1.0\",\n"
         "  \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n"
         "  \"runs\": [\n    {\n"
         "      \"tool\": {\"driver\": {\"name\": \"vvm schema\", \"rules\": []}},\n"
         "      \"columnKind\": \"unicodeCodePoints\",\n"
         "      \"results\": [" +
         results + (results.empty() ? "]" : "\n      ]") + "\n    }\n  ]\n}\n";
}

}  // namespace vvm::schema
