// PerturbedMemory: while one lives, allocations get addresses in an order that a seed chooses.
//
// The determinism check repeats a run inside of one (DESIGN 5.9): whatever depends on addresses
// (an order of pointers, a hash of them, memory that was not initialised) then differs. Plain
// second runs do not show it, as allocators repeat themselves even under address randomisation
// (docs/spec/harness.md 7.4). Replaces the global operator new of a program that links it; outside
// of its life that is malloc. One at a time, in a program whose other threads allocate nothing
// then. AllocationCount stands here too, since a program has one operator new.
#pragma once

#include <cstdint>

namespace vvm::sim {

class PerturbedMemory {
 public:
  explicit PerturbedMemory(std::uint64_t seed);
  PerturbedMemory(const PerturbedMemory&) = delete;
  PerturbedMemory& operator=(const PerturbedMemory&) = delete;
  ~PerturbedMemory();

  // False in a build whose sanitizer brings an allocator of its own: addresses differ there anyway.
  static bool effective();
};

// How often memory was asked for since it was made; of operator new, not of what asks for more
// alignment. Benchmarks use it. The same restrictions.
class AllocationCount {
 public:
  AllocationCount();
  AllocationCount(const AllocationCount&) = delete;
  AllocationCount& operator=(const AllocationCount&) = delete;
  ~AllocationCount();

  std::uint64_t value() const;

  // False where PerturbedMemory's is; nothing is counted then.
  static bool effective() { return PerturbedMemory::effective(); }
};

}  // namespace vvm::sim
