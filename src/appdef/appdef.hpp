// AppDef: the immutable description of one version of an application (docs/spec/vvm.md 9.2).
//
// schema makes it, partitions and engines read it. Values after construction never change, so that
// any number of threads may share one. Nobody caches "the" AppDef of an application: it comes with
// a version.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ids/names.hpp"

namespace vvm::appdef {

enum class EngineKind : std::uint8_t { builtin = 1, wasm = 2 };  // numbers of 1.7

enum class ExtensionKind : std::uint8_t { command, query, projector_sync, projector_async, job };

// Code that a schema declares and an engine runs.
struct Extension {
  QName name;
  std::string package_path;
  ExtensionKind kind = ExtensionKind::command;
  EngineKind engine = EngineKind::builtin;
};

class AppDef {
 public:
  explicit AppDef(std::vector<Extension> extensions) : extensions_(std::move(extensions)) {}

  std::span<const Extension> extensions() const { return extensions_; }

 private:
  std::vector<Extension> extensions_;
};

}  // namespace vvm::appdef
