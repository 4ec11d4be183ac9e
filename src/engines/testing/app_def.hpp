// app_def_of: an application definition with just the extensions that a test speaks of.
//
// Tests of engines and appparts, core properties and micro benchmarks rely on it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engines/engine.hpp"

namespace vvm::testing {

struct TestExtension {
  std::string package_path;
  std::string entity;
  engines::ExtensionKind kind = engines::ExtensionKind::command;
  engines::EngineKind engine = engines::EngineKind::builtin;
};

inline std::shared_ptr<const engines::AppDef> app_def_of(
    const std::vector<TestExtension>& extensions) {
  std::vector<appdef::Extension> all;
  all.reserve(extensions.size());
  for (const TestExtension& e : extensions) {
    all.push_back({QName{"pos", e.entity}, e.package_path, e.kind, e.engine});
  }
  return std::make_shared<const engines::AppDef>(std::move(all));
}

}  // namespace vvm::testing
