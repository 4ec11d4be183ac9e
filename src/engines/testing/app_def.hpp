// app_def_of: an application definition with just the extensions that a test speaks of.
//
// Tests of engines and appparts, core properties and micro benchmarks rely on it.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "engines/engine.hpp"

namespace vvm::testing {

struct TestExtension {
  std::string package_path;
  std::string entity;
  engines::ExtensionKind kind = engines::ExtensionKind::command;
  engines::EngineKind engine = engines::EngineKind::builtin;
};

inline appdef::TypeKind type_kind_of(engines::ExtensionKind kind) {
  switch (kind) {
    case engines::ExtensionKind::command:
      return appdef::TypeKind::command;
    case engines::ExtensionKind::query:
      return appdef::TypeKind::query;
    case engines::ExtensionKind::projector_sync:
    case engines::ExtensionKind::projector_async:
      return appdef::TypeKind::projector;
    case engines::ExtensionKind::job:
      return appdef::TypeKind::job;
  }
  UNREACHABLE();
}

// Their packages are "pos", "pos1" and so on, by first mention of a path.
inline std::shared_ptr<const engines::AppDef> app_def_of(
    const std::vector<TestExtension>& extensions) {
  appdef::Arena arena;
  const auto add = [&arena](appdef::Text pkg, const TestExtension& e) {
    auto* info = arena.make<appdef::ExtensionInfo>();
    info->engine = e.engine;
    info->is_sync = e.kind == engines::ExtensionKind::projector_sync;
    auto* type = arena.make<appdef::Type>();
    type->name = {.pkg = pkg, .entity = arena.text(e.entity)};
    type->kind = type_kind_of(e.kind);
    type->of_kind.extension = info;
    return type;
  };
  std::vector<appdef::Package> packages;
  std::vector<appdef::Type*> types;
  for (const TestExtension& e : extensions) {
    auto package = std::ranges::find_if(
        packages, [&e](const appdef::Package& each) { return each.path == e.package_path; });
    if (package == packages.end()) {
      const std::string number = packages.empty() ? "" : std::to_string(packages.size());
      package = packages.insert(
          package, {.local_name = arena.text("pos" + number), .path = arena.text(e.package_path)});
    }
    types.push_back(add(package->local_name, e));
  }
  std::ranges::sort(types, {}, &appdef::Type::name);
  for (std::size_t i = 0; i < types.size(); ++i) {
    types[i]->index = static_cast<std::uint32_t>(i);
  }
  const std::vector<const appdef::Type*> sorted(types.begin(), types.end());
  const appdef::Contents contents{
      .application = arena.text("test"),
      .packages = arena.copy(std::span<const appdef::Package>(packages)),
      .types = arena.copy(std::span<const appdef::Type* const>(sorted))};
  return std::make_shared<const engines::AppDef>(std::move(arena), contents);
}

}  // namespace vvm::testing
