// The arithmetic of Rng: xoshiro256**, SplitMix64, Lemire; integers only.
#include "base/rng.hpp"

#include <bit>

#include "base/check.hpp"

namespace vvm {
namespace {

using Wide = unsigned __int128;

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15U;
  return mix(state);
}

// -log2(u / 2^64) in 1/65536, by squaring: 16 fractional bits, no floating point.
std::uint64_t minus_log2_q16(std::uint64_t u) {
  const int zeros = std::countl_zero(u);
  std::uint64_t mantissa = u << static_cast<unsigned>(zeros);  // in [2^63, 2^64)
  std::uint64_t fraction = 0;
  for (int bit = 0; bit < 16; ++bit) {
    const Wide square = static_cast<Wide>(mantissa) * mantissa;  // in [2^126, 2^128)
    const bool carry = static_cast<std::uint64_t>(square >> 127U) != 0;
    fraction = (fraction << 1U) | (carry ? 1U : 0U);
    mantissa = static_cast<std::uint64_t>(square >> (carry ? 64U : 63U));
  }
  const std::uint64_t log2_q16 = (static_cast<std::uint64_t>(63 - zeros) << 16U) | fraction;
  return (std::uint64_t{64} << 16U) - log2_q16;
}

}  // namespace

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325U;
  for (const char c : text) {
    h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  return mix(h + 0x9E3779B97F4A7C15U);
}

Rng::Rng(std::uint64_t seed) : seed_(seed), s_{} {
  std::uint64_t state = seed;
  for (std::uint64_t& word : s_) {
    word = split_mix(state);
  }
}

std::uint64_t Rng::next() {
  const std::uint64_t result = std::rotl(s_[1] * 5, 7) * 9;
  const std::uint64_t t = s_[1] << 17U;
  s_[2] ^= s_[0];
  s_[3] ^= s_[1];
  s_[1] ^= s_[2];
  s_[0] ^= s_[3];
  s_[2] ^= t;
  s_[3] = std::rotl(s_[3], 45);
  return result;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  CHECK(bound >= 1, "Rng::below of an empty range");
  Wide product = static_cast<Wide>(next()) * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold) {
      product = static_cast<Wide>(next()) * bound;
    }
  }
  return static_cast<std::uint64_t>(product >> 64U);
}

std::int64_t Rng::between(std::int64_t low, std::int64_t high) {
  CHECK(low <= high, "Rng::between", low, high);
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  if (span == ~std::uint64_t{0}) {
    return static_cast<std::int64_t>(next());
  }
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + below(span + 1));
}

Duration Rng::between(Duration low, Duration high) { return {between(low.ns, high.ns)}; }

bool Rng::chance(Ratio ratio) { return below(ratio.den) < ratio.num; }

Duration Rng::jittered(Duration value, std::int64_t permille) {
  const std::int64_t spread = value.ns / 1000 * permille;
  return {value.ns + between(-spread, spread)};
}

Duration Rng::exponential(Duration mean) {
  const std::uint64_t u = next() | 1U;
  // ln 2 = 45426 / 65536; -ln(u) = -log2(u) * ln 2.
  const Wide scaled = static_cast<Wide>(minus_log2_q16(u)) * 45426U;
  const Wide ns = scaled * static_cast<std::uint64_t>(mean.ns) >> 32U;
  return {static_cast<std::int64_t>(ns)};
}

Rng Rng::fork(std::string_view purpose) const {
  std::uint64_t state = seed_ ^ stable_hash(purpose);
  return Rng{split_mix(state)};
}

}  // namespace vvm
