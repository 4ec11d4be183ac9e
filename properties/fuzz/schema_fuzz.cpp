// The libFuzzer target over the VSQL compiler: `./dev fuzz-schema`.
//
// An input is a schema text (schema_text.hpp); what must hold of it is in schema_judge.hpp. The
// same input gives the same verdict in any process: nothing is kept from one to the next. Mutations
// are of tokens, one in four is libFuzzer's own, of octets. Owned by properties/fuzz.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "properties/fuzz/schema_judge.hpp"
#include "properties/fuzz/token_mutator.hpp"

// The names are libFuzzer's.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data,
                                    std::size_t size,
                                    std::size_t size_max,
                                    unsigned seed);
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data,
                                      std::size_t size,
                                      const std::uint8_t* other,
                                      std::size_t other_size,
                                      std::uint8_t* out,
                                      std::size_t out_size_max,
                                      unsigned seed);
}

namespace {

std::string_view text_at(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

std::size_t put(const std::string& text, std::uint8_t* out) {
  std::ranges::copy(text, out);
  return text.size();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string found = vvm::fuzz::broken(text_at(data, size));
  CHECK(found.empty(), found);
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data,
                                    std::size_t size,
                                    std::size_t size_max,
                                    unsigned seed) {
  vvm::Rng rng(seed);
  if (rng.chance({.num = 1, .den = 4})) {
    return LLVMFuzzerMutate(data, size, size_max);
  }
  return put(vvm::fuzz::mutated(text_at(data, size), size_max, &rng), data);
}

// NOLINTNEXTLINE(readability-function-size): the signature is libFuzzer's
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data,
                                      std::size_t size,
                                      const std::uint8_t* other,
                                      std::size_t other_size,
                                      std::uint8_t* out,
                                      std::size_t out_size_max,
                                      unsigned seed) {
  vvm::Rng rng(seed);
  return put(
      vvm::fuzz::crossed(text_at(data, size), text_at(other, other_size), out_size_max, &rng), out);
}

// NOLINTEND(readability-identifier-naming)
