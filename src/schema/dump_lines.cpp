// Places that are counted on from the last one, and words.
#include "schema/dump_lines.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace vvm::schema {

Columns::Columns(const SourceFile& file) : file_(file), starts_{0} {
  const std::string_view text = file.text();
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    starts_.push_back(static_cast<std::uint32_t>(at + 1));
  }
}

std::string Columns::at(Loc loc) {
  const std::uint32_t offset = std::min(file_.offset(loc), file_.size);
  const auto after = std::ranges::upper_bound(starts_, offset);
  const auto line = static_cast<std::size_t>(after - starts_.begin()) - 1;
  if (line != line_ || offset < offset_) {
    offset_ = starts_[line];
    line_ = line;
    column_ = 1;
  }
  while (offset_ < offset) {
    char32_t c = 0;
    const std::size_t length = decode_utf8(file_.text().substr(offset_), &c);
    offset_ += static_cast<std::uint32_t>(length);
    ++column_;
  }
  return std::to_string(line_ + 1) + ":" + std::to_string(column_);
}

std::string_view kind_name(StmtKind kind) {
  constexpr std::array<std::string_view, 23> names{
      "application", "declare", "template", "engine",   "workspace", "alter",
      "descriptor",  "use",     "tag",      "role",     "rate",      "limit",
      "grant",       "revoke",  "type",     "table",    "view",      "projector",
      "job",         "command", "query",    "function", "storage"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string plain_or_quoted(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return c >= ' ' && c <= '~' && c != '"';
  });
  return plain ? std::string{text} : quoted(text);
}

DumpLines& DumpLines::node(std::string_view what, Loc loc) {
  if (!out_.empty()) {
    out_.push_back('\n');
  }
  out_.append(2 * depth_, ' ').append(what);
  place(loc);
  return *this;
}

DumpLines& DumpLines::word(std::string_view text) {
  out_.append(std::exchange(glued_, false) ? "" : " ").append(text);
  return *this;
}

DumpLines& DumpLines::ref(const QRef& ref) {
  if (ref.qualifier == 0) {
    name(ref.name);
  } else {
    word(std::string{names_.text(ref.qualifier).view()}.append(".").append(
        names_.text(ref.name).view()));
  }
  place(ref.loc);
  return *this;
}

DumpLines& DumpLines::ref(const NameRef& ref) {
  name(ref.name);
  place(ref.loc);
  return *this;
}

DumpLines& DumpLines::string(const StringRef& string) {
  word(plain_or_quoted(string.raw));
  place(string.loc);
  return *this;
}

DumpLines& DumpLines::doc(DocId doc) {
  if (doc == 0) {
    return *this;
  }
  word("doc");
  for (const std::string_view line : names_.doc(doc)) {
    word(quoted(line));
  }
  return *this;
}

std::string DumpLines::take() {
  out_.append(out_.empty() ? "" : "\n");
  return std::exchange(out_, {});
}

void DumpLines::place(Loc loc) {
  if (loc != 0 && shown_) {
    out_.append("@").append(shown_(loc));
  }
}

}  // namespace vvm::schema
