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
  std::uint32_t slot = hash & mask_;
  for (int probe = 0; probe < probes_max; ++probe) {
    const Entry& entry = entries_[slots_[slot]];
    if (slots_[slot] == 0) {
      return 0;
    }
    if (entry.hash == hash && entry.view() == text) {
      return slots_[slot];
    }
    slot = (slot + 1) & mask_;
  }
  const auto it = crowded_.find(text);
  return it == crowded_.end() ? 0 : it->second;
}

NameId Names::add(std::string_view text, std::uint32_t hash, std::uint32_t slot) {
  const auto id = static_cast<NameId>(entries_.size());
  entries_.push_back(
      {.data = text.data(), .length = static_cast<std::uint32_t>(text.size()), .hash = hash});
  slots_[slot] = id;
  if (entries_.size() * 2 > slots_.size()) {
    grow();
  }
  return id;
}

NameId Names::add_crowded(std::string_view text, std::uint32_t hash) {
  const auto [it, added] = crowded_.try_emplace(text, static_cast<NameId>(entries_.size()));
  if (added) {
    entries_.push_back(
        {.data = text.data(), .length = static_cast<std::uint32_t>(text.size()), .hash = hash});
  }
  return it->second;
}

void Names::place(NameId id) {
  std::uint32_t slot = entries_[id].hash & mask_;
  for (int probe = 0; probe < probes_max; ++probe) {
    if (slots_[slot] == 0) {
      slots_[slot] = id;
      return;
    }
    slot = (slot + 1) & mask_;
  }
  crowded_.emplace(entries_[id].view(), id);
}

void Names::grow() {
  slots_.assign(slots_.size() * 4, 0);
  mask_ = static_cast<std::uint32_t>(slots_.size() - 1);
  crowded_.clear();
  for (NameId id = 1; id < entries_.size(); ++id) {
    place(id);
  }
}

}  // namespace vvm::schema
