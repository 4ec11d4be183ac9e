// Generate: a schema of any size, as people write them; for benchmarks and load.
//
// The same size and seed give the same octets. Owned by whoever measures; no part of a VVM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "schema/schema.hpp"

namespace vvm::schema {

// sys and one application of about `bytes` octets, in files of at most 512 KiB; valid.
std::vector<PackageText> generate(std::size_t bytes, std::uint64_t seed);

}  // namespace vvm::schema
