// Arena: memory that grows by blocks and is given back all at once.
//
// Syntax trees, bound trees and application definitions live in one each; their owner keeps it next
// to them. Nothing in it is destroyed, so only trivially destructible values go in. Not copyable.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "appdef/text.hpp"

namespace vvm::appdef {

class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() = default;

  // `size` octets at a multiple of `align`, a power of two of at most 16.
  void* allocate(std::size_t size, std::size_t align) {
    std::size_t at = (used_ + align - 1) & ~(align - 1);
    if (at + size > capacity_) {
      grow(size);
      at = 0;
    }
    used_ = at + size;
    return block_ + at;
  }

  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return ::new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  template <class T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count == 0) {
      return {};
    }
    T* first = static_cast<T*>(allocate(sizeof(T) * count, alignof(T)));
    for (std::size_t i = 0; i < count; ++i) {
      ::new (first + i) T{};
    }
    return {first, count};
  }

  template <class T>
  std::span<const T> copy(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (values.empty()) {
      return {};
    }
    void* first = allocate(values.size_bytes(), alignof(T));
    std::memcpy(first, static_cast<const void*>(values.data()), values.size_bytes());
    return {static_cast<const T*>(first), values.size()};
  }

  // pre: text.size() < 4 GiB.
  Text text(std::string_view text) {
    if (text.empty()) {
      return {};
    }
    auto* head =
        static_cast<TextHead*>(allocate(sizeof(TextHead) + text.size(), alignof(TextHead)));
    head->size = static_cast<std::uint32_t>(text.size());
    std::memcpy(head + 1, text.data(), text.size());
    return Text(head);
  }

  std::size_t bytes() const { return total_; }

 private:
  static constexpr std::size_t first_block = std::size_t{8} << 10U;
  static constexpr std::size_t last_block = std::size_t{1} << 20U;

  void grow(std::size_t size) {
    const std::size_t next = std::clamp(total_, first_block, last_block);
    capacity_ = std::max(next, size);
    if (blocks_.empty()) {
      blocks_.reserve(16);
    }
    // Not zeroed: what is put in is written in full.
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(capacity_));  // NOLINT
    block_ = blocks_.back().get();
    total_ += capacity_;
    used_ = 0;
  }

  std::vector<std::unique_ptr<std::byte[]>> blocks_;  // NOLINT(*-avoid-c-arrays)
  std::byte* block_ = nullptr;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
  std::size_t total_ = 0;
};

}  // namespace vvm::appdef
