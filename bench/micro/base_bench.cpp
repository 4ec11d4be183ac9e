// Costs of the vocabulary: digests and random numbers, which every layer above pays for.
#include <cstdint>
#include <cstdlib>

#include <benchmark/benchmark.h>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/rng.hpp"
#include "base/sha256.hpp"
#include "bench/micro/register.hpp"

namespace vvm::bench {
namespace {

void sha256_of(benchmark::State& state) {
  // FIPS 180-4: a fast digest of something else would be no result.
  CHECK(sha256("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "SHA-256 of abc");
  const Bytes input(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto round : state) {
    static_cast<void>(round);
    benchmark::DoNotOptimize(sha256(input));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void rng_next(benchmark::State& state) {
  Rng rng{1};
  for (auto round : state) {
    static_cast<void>(round);
    benchmark::DoNotOptimize(rng.next());
  }
}

void rng_below(benchmark::State& state) {
  Rng rng{1};
  for (auto round : state) {
    static_cast<void>(round);
    const std::uint64_t drawn = rng.below(1000);
    CHECK(drawn < 1000, "drawn beyond the bound", drawn);
    benchmark::DoNotOptimize(drawn);
  }
}

void rng_fork(benchmark::State& state) {
  const Rng rng{1};
  for (auto round : state) {
    static_cast<void>(round);
    benchmark::DoNotOptimize(rng.fork("net"));
  }
}

}  // namespace

void register_base_benchmarks() {
  benchmark::RegisterBenchmark("base/sha256", sha256_of)->Arg(64)->Arg(4096)->Arg(1 << 20);
  benchmark::RegisterBenchmark("base/rng/next", rng_next);
  benchmark::RegisterBenchmark("base/rng/below", rng_below);
  benchmark::RegisterBenchmark("base/rng/fork", rng_fork);
}

}  // namespace vvm::bench
