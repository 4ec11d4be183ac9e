// DumpLines: how lines of a dump are put together. Inside module schema only; see dump.hpp.
//
// Names are identifiers and never quoted; anything else that could break a line or be taken for
// something else is in quotes, so that a line reads back in one way only.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/ast.hpp"

namespace vvm::schema {

// Lines and columns of one file, in about constant time where questions come in source order.
class Columns {
 public:
  explicit Columns(const SourceFile& file);

  // "3:12".
  std::string at(Loc loc);

 private:
  const SourceFile& file_;
  std::vector<std::uint32_t> starts_;  // of lines
  // The last answer.
  std::uint32_t offset_ = 0;
  std::size_t line_ = 0;
  std::uint32_t column_ = 1;
};

// "table" and so on.
std::string_view kind_name(StmtKind kind);

// As it is if it is printable ASCII without `"`, else quoted.
std::string plain_or_quoted(std::string_view text);

class DumpLines {
 public:
  // A place as it is to be shown, without its `@`.
  using Shown = std::function<std::string(Loc)>;

  // `shown`: empty leaves places out.
  DumpLines(const Names& names, Shown shown) : names_(names), shown_(std::move(shown)) {}

  // A new line.
  DumpLines& node(std::string_view what, Loc loc = 0);

  // On the line: words with a space before each.
  DumpLines& word(std::string_view text);

  DumpLines& flag(bool is_set, std::string_view text) { return is_set ? word(text) : *this; }

  DumpLines& number(std::uint64_t value) { return word(std::to_string(value)); }

  DumpLines& name(NameId name) {
    return word(name == 0 ? std::string_view{"-"} : names_.text(name).view());
  }

  DumpLines& ref(const QRef& ref);
  DumpLines& ref(const NameRef& ref);
  DumpLines& string(const StringRef& string);
  DumpLines& doc(DocId doc);

  // ` (a, b)`; nothing for an empty list with a label.
  template <class T>
  DumpLines& list(std::string_view label, List<T> items) {
    if (items.empty() && !label.empty()) {
      return *this;
    }
    if (!label.empty()) {
      word(label);
    }
    out_.append(" (");
    bool first = true;
    for (const T& item : items) {
      out_.append(first ? "" : ",");
      glued_ = first;
      first = false;
      ref(item);
    }
    out_.push_back(')');
    return *this;
  }

  void in() { ++depth_; }

  void out() { --depth_; }

  std::string take();

 private:
  void place(Loc loc);

  const Names& names_;
  Shown shown_;
  std::string out_;
  std::size_t depth_ = 0;
  bool glued_ = false;  // the next word has no space before it
};

}  // namespace vvm::schema
