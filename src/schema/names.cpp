// Growth of the table of names, and the hash.
#include "schema/names.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "schema/source.hpp"

namespace vvm::schema {
namespace {

constexpr std::uint32_t first_slots = 1024;

std::uint64_t load(const char* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, 8);
  return word;
}

}  // namespace

std::uint32_t hash_of_name(const char* text, std::size_t length) {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = length;
  while (length > 8) {
    hash = std::rotl((hash ^ load(text)) * odd, 29);
    text += 8;
    length -= 8;
  }
  const std::uint64_t mask = length == 0 ? 0 : ~std::uint64_t{0} >> (64 - 8 * length);
  hash = (hash ^ (load(text) & mask)) * odd;
  return static_cast<std::uint32_t>(hash >> 32U) ^ static_cast<std::uint32_t>(hash >> 7U);
}

Names::Names()
    : entries_{{.data = "", .length = 0, .hash = 0}}, slots_(first_slots), mask_(first_slots - 1) {}

NameId Names::intern_copy(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  char* copy = static_cast<char*>(copies_.allocate(text.size() + padding, 1));
  std::memcpy(copy, text.data(), text.size());
  std::memset(copy + text.size(), 0, padding);
  return intern({copy, text.size()}, hash_of_name(copy, text.size()));
}

NameId Names::find(std::string_view text) const {
  std::array<char, 256 + padding> buffer{};
  if (text.empty() || text.size() > 256) {
    return 0;
  }
  std::memcpy(buffer.data(), text.data(), text.size());
  const std::uint32_t hash = hash_of_name(buffer.data(), text.size());
  for (std::uint32_t slot = hash & mask_; slots_[slot] != 0; slot = (slot + 1) & mask_) {
    const Entry& entry = entries_[slots_[slot]];
    if (entry.hash == hash && entry.view() == text) {
      return slots_[slot];
    }
  }
  return 0;
}

NameId Names::add(std::string_view text, std::uint32_t hash, std::uint32_t slot) {
  const auto id = static_cast<NameId>(entries_.size());
  entries_.push_back(
      {.data = text.data(), .length = static_cast<std::uint32_t>(text.size()), .hash = hash});
  slots_[slot] = id;
  if (entries_.size() * 2 > slots_.size()) {
    slots_.assign(slots_.size() * 4, 0);
    mask_ = static_cast<std::uint32_t>(slots_.size() - 1);
    for (NameId each = 1; each < entries_.size(); ++each) {
      std::uint32_t at = entries_[each].hash & mask_;
      while (slots_[at] != 0) {
        at = (at + 1) & mask_;
      }
      slots_[at] = each;
    }
  }
  return id;
}

}  // namespace vvm::schema
