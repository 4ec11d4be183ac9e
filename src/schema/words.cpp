// The table of words, and the names of tokens.
#include "schema/words.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#include "base/check.hpp"

namespace vvm::schema {
namespace {

struct Name {
  std::string_view text;
  bool fixed;
};

constexpr std::array names = {
#define TOKEN(name, shown)                                                                    \
  Name{shown,                                                                                 \
       Tok::name != Tok::floating && Tok::name != Tok::integer && Tok::name != Tok::string && \
           Tok::name < Tok::quoted_ident},
#define WORD(name, text) Name{text, true},
#include "schema/tokens.def"
#undef TOKEN
#undef WORD
};

constexpr std::size_t first_word = static_cast<std::size_t>(Tok::ident) + 1;
constexpr std::size_t slot_count = 1024;

struct Entry {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  Tok kind = Tok::ident;
};

struct Pair {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

constexpr Pair pack(std::string_view text) {
  Pair pair;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint64_t octet = static_cast<unsigned char>(text[i]);
    (i < 8 ? pair.low : pair.high) |= octet << (8 * (i % 8));
  }
  return pair;
}

// hash_of_name for short texts, at compile time.
constexpr std::uint32_t hash_of(std::string_view text) {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15ULL;
  const Pair pair = pack(text);
  std::uint64_t hash = text.size();
  std::uint64_t last = pair.low;
  if (text.size() > 8) {
    hash = std::rotl((hash ^ pair.low) * odd, 29);
    last = pair.high;
  }
  hash = (hash ^ last) * odd;
  return static_cast<std::uint32_t>(hash >> 32U) ^ static_cast<std::uint32_t>(hash >> 7U);
}

struct Table {
  std::array<Entry, slot_count> slots{};
  bool clashed = false;
};

// Linear probing, at most two steps: checked below.
constexpr Table make_table() {
  Table table;
  for (std::size_t i = first_word; i < names.size(); ++i) {
    const Pair pair = pack(names[i].text);
    std::size_t slot = hash_of(names[i].text) % slot_count;
    if (table.slots[slot].low != 0) {
      slot = (slot + 1) % slot_count;
      table.clashed = table.clashed || table.slots[slot].low != 0;
    }
    table.slots[slot] = {.low = pair.low, .high = pair.high, .kind = static_cast<Tok>(i)};
  }
  return table;
}

constexpr Table table = make_table();
static_assert(!table.clashed);
static_assert(std::endian::native == std::endian::little);

std::uint64_t load(const char* text, std::size_t length) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, 8);
  return length >= 8 ? word : word & ~(~std::uint64_t{0} << (8 * length));
}

}  // namespace

namespace words {

Tok kind_of(const char* text, std::size_t length, std::uint32_t hash) {
  if (length > 11) {
    return Tok::ident;
  }
  const std::uint64_t low = load(text, length);
  const std::uint64_t high = length > 8 ? load(text + 8, length - 8) : 0;
  std::size_t slot = hash % slot_count;
  if (table.slots[slot].low == 0) {
    return Tok::ident;
  }
  for (int probe = 0; probe < 2; ++probe) {
    const Entry& entry = table.slots[slot];
    if (entry.low == low && entry.high == high) {
      return entry.kind;
    }
    slot = (slot + 1) % slot_count;
  }
  return Tok::ident;
}

}  // namespace words

std::string_view token_name(Tok kind) { return names[static_cast<std::size_t>(kind)].text; }

bool has_fixed_text(Tok kind) { return names[static_cast<std::size_t>(kind)].fixed; }

}  // namespace vvm::schema
