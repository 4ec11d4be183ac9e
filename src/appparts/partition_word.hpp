// PartitionWord: everything about a partition that a borrower must see at one moment.
//
// appparts keeps it in one atomic of the partition; a borrower reads it, takes an element, and
// reads it again: the same value means that what it took belongs together and was seen by whoever
// changes the word later. A value never comes back within 2^48 changes.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "engines/engine.hpp"

namespace vvm::appparts {

enum class Admission : std::uint8_t { closed, held, open };

constexpr std::string_view admission_name(Admission admission) {
  switch (admission) {
    case Admission::closed:
      return "Closed";
    case Admission::held:
      return "Held";
    case Admission::open:
      return "Open";
  }
  UNREACHABLE();
}

class PartitionWord {
 public:
  constexpr PartitionWord() = default;

  constexpr explicit PartitionWord(std::uint64_t bits) : bits_(bits) {}

  constexpr std::uint64_t bits() const { return bits_; }

  // A runtime exists.
  constexpr bool present() const { return (bits_ & present_bit) != 0; }

  // Its gate has been closed for ever.
  constexpr bool revoked() const { return (bits_ & revoked_bit) != 0; }

  // Which of the partition's two places holds the current PartVersion.
  constexpr std::size_t current() const { return (bits_ >> 2U) & 1U; }

  constexpr Admission admission(engines::ProcessorKind kind) const {
    return static_cast<Admission>((bits_ >> shift_of(kind)) & 3U);
  }

  constexpr PartitionWord with_current(std::size_t place) const {
    return PartitionWord{(bits_ & ~std::uint64_t{4}) | (std::uint64_t{place} << 2U)};
  }

  constexpr PartitionWord with_revoked() const { return PartitionWord{bits_ | revoked_bit}; }

  constexpr PartitionWord with(engines::ProcessorKind kind, Admission admission) const {
    const std::uint64_t cleared = bits_ & ~(std::uint64_t{3} << shift_of(kind));
    return PartitionWord{cleared | (static_cast<std::uint64_t>(admission) << shift_of(kind))};
  }

  constexpr PartitionWord with_all(Admission admission) const {
    PartitionWord word = *this;
    for (const engines::ProcessorKind kind : engines::all_processor_kinds) {
      word = word.with(kind, admission);
    }
    return word;
  }

  // A runtime with admission closed, or none.
  constexpr PartitionWord fresh(bool present) const {
    return PartitionWord{(bits_ & ~std::uint64_t{0xFFFF}) | (present ? present_bit : 0)};
  }

  // The same state as a new value; every store goes through it.
  constexpr PartitionWord bumped() const { return PartitionWord{bits_ + 0x1'0000U}; }

 private:
  static constexpr std::uint64_t present_bit = 1;
  static constexpr std::uint64_t revoked_bit = 2;

  static constexpr unsigned shift_of(engines::ProcessorKind kind) {
    return 4U + 2U * static_cast<unsigned>(kind);
  }

  std::uint64_t bits_ = 0;
};

}  // namespace vvm::appparts
