// Names: identifiers as small numbers.
//
// Owned by one compilation (or one schema::Workspace). The texts stay where they are, in source
// buffers or an arena, which must outlive this; each must have `padding` readable octets behind it.
// NameId 0 is the empty name. Equal names have equal ids; the order of ids means nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "appdef/arena.hpp"

namespace vvm::schema {

using NameId = std::uint32_t;

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
      if (entry.hash == hash && entry.view() == text) {
        return slots_[slot];
      }
      slot = (slot + 1) & mask_;
    }
    return add_crowded(text, hash);
  }

  // For a text that lives nowhere else; it is copied. Empty gives 0.
  NameId intern_copy(std::string_view text);

  // 0 when there is no such name. No padding needed.
  NameId find(std::string_view text) const;

  std::string_view text(NameId id) const { return entries_[id].view(); }

  std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }

 private:
  struct Entry {
    const char* data;
    std::uint32_t length;
    std::uint32_t hash;

    std::string_view view() const { return {data, length}; }
  };

  // Texts that are made to collide cost a tree look-up each, and not a walk past all others.
  static constexpr int probes_max = 64;

  NameId add(std::string_view text, std::uint32_t hash, std::uint32_t slot);
  NameId add_crowded(std::string_view text, std::uint32_t hash);
  void place(NameId id);
  void grow();

  appdef::Arena copies_;
  std::vector<Entry> entries_;
  std::vector<NameId> slots_;
  std::uint32_t mask_;
  std::map<std::string_view, NameId> crowded_;  // what found no slot
};

}  // namespace vvm::schema
