// Growth of the table of names, and the hash.
#include "schema/names.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "schema/source.hpp"

namespace vvm::schema {
namespace {

constexpr std::uint32_t first_slots = 1024;

std::uint64_t load(const char* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, 8);
  return word;
}

// Of a text with nothing behind it.
std::uint32_t padded_hash(std::string_view text) {
  std::array<char, 256 + padding> buffer{};
  if (text.size() > 256) {
    std::string padded{text};
    padded.append(padding, '\0');
    return hash_of_name(padded.data(), text.size());
  }
  std::memcpy(buffer.data(), text.data(), text.size());
  return hash_of_name(buffer.data(), text.size());
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
    : texts_(std::make_shared<appdef::Arena>()),
      entries_(1),
      slots_(first_slots),
      mask_(first_slots - 1),
      docs_(1) {
  entries_.reserve(first_slots / 2);
}

NameId Names::intern(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  return intern(text, padded_hash(text));
}

DocId Names::add_doc(const std::vector<std::string_view>& lines) {
  if (lines.empty()) {
    return 0;
  }
  const std::span<appdef::Text> texts = texts_->array<appdef::Text>(lines.size());
  std::ranges::transform(
      lines, texts.begin(), [this](std::string_view line) { return texts_->text(line); });
  docs_.push_back(texts);
  return static_cast<DocId>(docs_.size() - 1);
}

NameId Names::find(std::string_view text) const {
  if (text.empty()) {
    return 0;
  }
  const std::uint32_t hash = padded_hash(text);
  std::uint32_t slot = hash & mask_;
  for (int probe = 0; probe < probes_max; ++probe) {
    const Entry& entry = entries_[slots_[slot]];
    if (slots_[slot] == 0) {
      return 0;
    }
    if (entry.hash == hash && entry.text == text) {
      return slots_[slot];
    }
    slot = (slot + 1) & mask_;
  }
  const auto it = crowded_.find(text);
  return it == crowded_.end() ? 0 : it->second;
}

NameId Names::add(std::string_view text, std::uint32_t hash, std::uint32_t slot) {
  const auto id = static_cast<NameId>(entries_.size());
  entries_.push_back({.text = texts_->text(text), .hash = hash});
  slots_[slot] = id;
  if (entries_.size() * 2 > slots_.size()) {
    grow();
  }
  return id;
}

NameId Names::add_crowded(std::string_view text, std::uint32_t hash) {
  const auto it = crowded_.find(text);
  if (it != crowded_.end()) {
    return it->second;
  }
  const auto id = static_cast<NameId>(entries_.size());
  entries_.push_back({.text = texts_->text(text), .hash = hash});
  crowded_.emplace(entries_.back().text.view(), id);
  return id;
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
  crowded_.emplace(entries_[id].text.view(), id);
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
