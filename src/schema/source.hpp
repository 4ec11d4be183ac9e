// Source: the text of schema files, owned once; tokens, tree and names refer into it.
//
// Every part of the compiler relies on it. A Loc is a place in some file of a SourceMap: 0 is no
// place, else 1 + the base of the file + the offset in it. A file's base never changes, so a tree
// that is kept stays valid while other files come and go. Not thread-safe.
// Text is followed by `padding` zero octets, so that a reader may load ahead without looking.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"  // columns count code points

namespace vvm::schema {

using Loc = std::uint32_t;

inline constexpr std::size_t padding = 16;
inline constexpr std::size_t file_bytes_max = std::size_t{4} << 20U;    // docs/spec/vvm.md 8.6
inline constexpr std::size_t total_bytes_max = std::size_t{32} << 20U;  // docs/spec/vvm.md 8.6
inline constexpr std::uint32_t nesting_max = 256;                       // docs/spec/vvm.md 8.6
inline constexpr std::size_t messages_max = 100;                        // docs/spec/vvm.md 8.6

struct SourceFile {
  std::string name;     // base name
  std::string package;  // path of its package; may be empty
  std::string octets;   // the text and its padding
  std::uint32_t size = 0;
  Loc base = 0;

  std::string_view text() const { return {octets.data(), size}; }

  const char* begin() const { return octets.data(); }

  Loc loc(std::uint32_t offset) const { return base + offset + 1; }

  std::uint32_t offset(Loc loc) const { return loc - base - 1; }
};

// Line and column as people count: from 1, columns in code points (docs/spec/vsql.md 1.1).
struct Place {
  const SourceFile* file = nullptr;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string_view line_text;     // without its line break
  std::uint32_t line_offset = 0;  // octets from the start of the line
};

class SourceMap {
 public:
  // pre: text.size() <= file_bytes_max. The file lives as long as this map.
  const SourceFile& add(std::string_view name,
                        std::string_view text,
                        std::string_view package = {});

  // Null for 0.
  const SourceFile* file_of(Loc loc) const;
  Place place(Loc loc) const;
  // "pos.vsql:3:12: "; empty for 0.
  std::string prefix(Loc loc) const;

  // How much of the space of places has been given out, of 4 GiB.
  std::uint64_t used() const { return next_; }

 private:
  std::vector<std::unique_ptr<SourceFile>> files_;  // by base
  std::uint64_t next_ = 0;
};

// The text in double quotes with escapes, as messages show it (%q of docs/spec/vsql.md 5.1).
std::string quoted(std::string_view text);

}  // namespace vvm::schema
