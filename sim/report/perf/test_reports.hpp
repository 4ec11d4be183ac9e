// Synthetic reports for the tests of this folder: figures whose verdict is known by construction.
//
// Only tests include it. Noise is drawn from an Rng with a given seed, so a test never flickers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.hpp"
#include "sim/report/perf/report_file.hpp"

namespace vvm::report {

// A report of a quiet machine without rows.
inline PerfReport quiet_report(std::string commit) {
  PerfReport out;
  out.created = "2026-01-05T10:00:00Z";
  out.program = {.commit = std::move(commit),
                 .build = {.type = "release", .compiler = "clang 19.1.7", .flags = "-O3"},
                 .binary_sha256 = "00ff"};
  out.machine.fingerprint = "f1";
  out.machine.cpu = "One CPU";
  out.machine.cores = 2;
  out.machine.libc = "glibc 2.36";
  out.protocol = {.class_c = "ABBA", .session = "s1", .pairs = 12};
  out.self = {
      .wall_s = 1,
      .noise_probe = NoiseProbe{
          .before_us = 100, .after_us = 101, .spread_pct = 1, .between_us = {100, 100.5, 140}}};
  return out;
}

// `count` values around `middle`, uniform within +-`permille` of it.
inline Samples noisy(double middle, int permille, std::size_t count, std::uint64_t seed) {
  Rng rng{seed};
  Samples out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(middle * (1000.0 + static_cast<double>(rng.between(-permille, permille))) / 1000);
  }
  return out;
}

inline PerfRow wall_row(std::string id, Samples samples) {
  return {.id = std::move(id),
          .cls = MetricClass::c,
          .unit = "ns",
          .samples = std::move(samples),
          .order = "ABBA"};
}

inline PerfRow cost_row(std::string id, Samples samples) {
  return {.id = std::move(id), .cls = MetricClass::b, .unit = "Ir", .samples = std::move(samples)};
}

inline PerfRow seeds_row(std::string id, const std::vector<double>& values) {
  PerfRow out{.id = std::move(id), .cls = MetricClass::a, .unit = "virtual ns"};
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.by_seed.push_back({.seed = static_cast<std::int64_t>(i), .value = values[i]});
  }
  return out;
}

}  // namespace vvm::report
