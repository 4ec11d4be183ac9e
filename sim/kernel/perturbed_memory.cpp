// The global allocation functions, what they keep back, and what they count.
#include "sim/kernel/perturbed_memory.hpp"

#include <array>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/check.hpp"
#include "base/rng.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VVM_OWN_ALLOCATOR 1
#endif
#endif

namespace vvm::sim {
namespace {

constexpr std::size_t step = 16;       // octets from one size to the next
constexpr std::size_t sizes = 64;      // up to 1 KiB; what is larger is rare and far apart
constexpr std::size_t spare_max = 16;  // blocks kept back of each size, a power of 2

// Plain data that is ready before any constructor allocates.
struct State {
  bool on = false;
  bool counts = false;
  std::uint64_t count = 0;
  std::uint64_t draw = 0;
  std::array<std::array<void*, spare_max>, sizes + 1> spare{};
};

// The allocation functions have no object to keep it in.
constinit State state;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

// A fresh block goes to a random place among the spare ones, and what was there is handed out.
// Unused where the address sanitizer has the allocation functions.
[[maybe_unused]] void* perturbed_block(std::size_t size) {
  const std::size_t index = (size + step - 1) / step;
  if (state.counts) {  // and no store otherwise: other threads come here too
    ++state.count;
  }
  if (!state.on || index > sizes) {
    return std::malloc(size == 0 ? 1 : size);
  }
  state.draw = state.draw * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
  void*& place = state.spare[index][(state.draw >> 33U) % spare_max];
  void* block = std::malloc(index == 0 ? 1 : index * step);
  if (place == nullptr && block != nullptr) {
    place = std::exchange(block, std::malloc(index == 0 ? 1 : index * step));
  }
  return block == nullptr ? nullptr : std::exchange(place, block);
}

}  // namespace

PerturbedMemory::PerturbedMemory(std::uint64_t seed) {
  CHECK(!state.on, "memory is perturbed already");
  state.draw = Rng{seed}.next();
  state.on = true;
}

PerturbedMemory::~PerturbedMemory() {
  state.on = false;
  for (auto& places : state.spare) {
    for (void*& place : places) {
      std::free(std::exchange(place, nullptr));
    }
  }
}

AllocationCount::AllocationCount() {
  CHECK(!state.counts, "allocations are counted already");
  state.count = 0;
  state.counts = true;
}

AllocationCount::~AllocationCount() { state.counts = false; }

std::uint64_t AllocationCount::value() const { return state.count; }

bool PerturbedMemory::effective() {
#if defined(VVM_OWN_ALLOCATOR)
  return false;
#else
  return true;
#endif
}

}  // namespace vvm::sim

#if !defined(VVM_OWN_ALLOCATOR)

void* operator new(std::size_t size) {
  void* block = vvm::sim::perturbed_block(size);
  if (block == nullptr) {
    throw std::bad_alloc{};
  }
  return block;
}

void operator delete(void* block) noexcept { std::free(block); }

void operator delete(void* block, std::size_t /*size*/) noexcept { std::free(block); }

#endif
