// Text: a text of an AppDef, in half the room of a string_view.
//
// Refers to octets behind their length, in an arena (Arena::text) or a TextLiteral, which outlives
// it. Plain value; compares and reads as a string_view.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vvm::appdef {

// In front of the octets of a text.
struct TextHead {
  std::uint32_t size = 0;
};

class Text {
 public:
  constexpr Text() = default;

  constexpr explicit Text(const TextHead* head) : head_(head) {}

  std::string_view view() const {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the octets behind the head
    return {reinterpret_cast<const char*>(head_ + 1), head_->size};
  }

  // NOLINTNEXTLINE(google-explicit-constructor): it is one
  operator std::string_view() const { return view(); }

  std::size_t size() const { return head_->size; }

  bool empty() const { return head_->size == 0; }

  // Texts that were copied once are often the same octets.
  friend bool operator==(Text a, Text b) { return a.head_ == b.head_ || a.view() == b.view(); }

  friend bool operator==(Text a, std::string_view b) { return a.view() == b; }

  friend std::strong_ordering operator<=>(Text a, Text b) {
    return a.head_ == b.head_ ? std::strong_ordering::equal : a.view() <=> b.view();
  }

 private:
  static constexpr TextHead none{};

  const TextHead* head_ = &none;
};

// A text that is constant: constexpr TextLiteral id{"sys.ID"}, used as id.text().
template <std::size_t size_with_zero>
class TextLiteral {
 public:
  constexpr explicit TextLiteral(const char (&octets)[size_with_zero])  // NOLINT(*-avoid-c-arrays)
      : head_{.size = size_with_zero - 1} {
    for (std::size_t i = 0; i < size_with_zero; ++i) {
      octets_[i] = octets[i];
    }
  }

  constexpr Text text() const { return Text(&head_); }

 private:
  TextHead head_;
  char octets_[size_with_zero]{};  // NOLINT(*-avoid-c-arrays)
};

}  // namespace vvm::appdef
