// Names: identifiers as small numbers; and the comments that document what they name.
//
// Owned by one compilation (or one schema::Workspace). The texts lie in an arena of their own,
// which application definitions share, so that a name is copied once and read while it is at hand.
// NameId 0 is the empty name. Equal names have equal ids; the order of ids means nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "appdef/arena.hpp"

namespace vvm::schema {

using NameId = std::uint32_t;
using DocId = std::uint32_t;

// The hash of a name. pre: `padding` octets after it are readable.
std::uint32_t hash_of_name(const char* text, std::size_t length);

class Names {
 public:
  Names();

  NameId intern(std::string_view text, std::uint32_t hash) {
    std::uint32_t slot = hash & mask_;
    for (int probe = 0; probe < probes_max; ++probe) {
      if (slots_[slot] == 0) {
        return add(text, hash, slot);
      }
      const Entry& entry = entries_[slots_[slot]];
      if (entry.hash == hash && entry.text == text) {
        return slots_[slot];
      }
      slot = (slot + 1) & mask_;
    }
    return add_crowded(text, hash);
  }

  // No padding needed. Empty gives 0.
  NameId intern(std::string_view text);

  // 0 when there is no such name. No padding needed.
  NameId find(std::string_view text) const;

  appdef::Text text(NameId id) const { return entries_[id].text; }

  // The number of a comment; 0 for one without lines. Comments are kept with the names because the
  // text is at hand when it is parsed, and application definitions share them as they are.
  DocId add_doc(const std::vector<std::string_view>& lines);

  std::span<const appdef::Text> doc(DocId id) const { return docs_[id]; }

  // What texts lie in: whoever keeps one keeps this, too.
  std::shared_ptr<const appdef::Arena> texts() const { return texts_; }

  std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }

 private:
  struct Entry {
    appdef::Text text;
    std::uint32_t hash = 0;
  };

  // Texts that are made to collide cost a tree look-up each, and not a walk past all others.
  static constexpr int probes_max = 64;

  NameId add(std::string_view text, std::uint32_t hash, std::uint32_t slot);
  NameId add_crowded(std::string_view text, std::uint32_t hash);
  void place(NameId id);
  void grow();

  std::shared_ptr<appdef::Arena> texts_;
  std::vector<Entry> entries_;
  std::vector<NameId> slots_;
  std::uint32_t mask_;
  std::map<std::string_view, NameId> crowded_;  // what found no slot
  std::vector<std::span<const appdef::Text>> docs_;
};

}  // namespace vvm::schema
