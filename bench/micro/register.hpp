// The micro benchmarks, one function a file of this folder; each is defined in <name>_bench.cpp.
//
// register_benchmarks calls all that are built, in the order of the table in bench/meson.build; the
// program calls it once, before it runs any. Explicit functions, as this project has no statics
// that register themselves. Names are "<module>/<what>/<size>", since reports compare by name.
#pragma once

#include <string>
#include <vector>

#include "schema/schema.hpp"

namespace vvm::bench {

// Schemas that somebody has; no part of the project, so the program brings them.
struct RealSchema {
  std::string name;
  std::vector<schema::PackageText> packages;  // in supply order
};

void register_base_benchmarks();
void register_schema_benchmarks(const std::vector<RealSchema>& real);
void register_kernel_benchmarks();
void register_appparts_benchmarks();
void register_ctrlloop_benchmarks();

// Forgets what was registered before: a second call adds nothing twice.
void register_benchmarks(const std::vector<RealSchema>& real = {});

}  // namespace vvm::bench
