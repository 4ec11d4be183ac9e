// VersionSpec, VersionRef: one version of an application on this VVM, and a counted hold on it.
//
// AppPartitions owns the versions; partitions, staged updates and tasks hold them (docs/spec/vvm.md
// 9.1). When the last hold goes, the engines are closed and the version is gone. Not thread-safe:
// all on the process's own executor. AppPartitions outlives every VersionRef.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "appparts/part_workers.hpp"
#include "base/sha256.hpp"

namespace vvm::appparts {

// What a version is made from, and by what it is recognised: version, sha and pools.
struct VersionSpec {
  AppQName app;
  AppVersion version{};
  Sha256 sha;
  std::shared_ptr<const AppDef> app_def;
  PoolSizes pools{};
  std::uint16_t partitions = 0;      // 1..65535, the same for all versions of an application
  std::uint16_t app_workspaces = 0;  // likewise
  std::vector<engines::EngineModule> modules;
};

enum class VersionState : std::uint8_t { building, ready, closing, closed };

std::string_view state_name(VersionState state);

class VersionHandle;

class VersionRef {
 public:
  VersionRef() = default;
  explicit VersionRef(VersionHandle* handle);

  VersionRef(const VersionRef& other) : VersionRef(other.handle_) {}

  VersionRef(VersionRef&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

  VersionRef& operator=(VersionRef other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  ~VersionRef() { reset(); }

  explicit operator bool() const { return handle_ != nullptr; }

  // Two holds on the same engines.
  friend bool operator==(const VersionRef&, const VersionRef&) = default;
  void reset();

  // pre of all: holds something.
  const AppQName& app() const;
  AppVersion version() const;
  const Sha256& sha() const;
  const std::shared_ptr<const AppDef>& app_def() const;
  const PoolSizes& pools() const;
  VersionState state() const;
  // Condition EnginesReady: no kind that should have engines has none left.
  bool engines_ready() const;

  VersionHandle* handle() const { return handle_; }

 private:
  VersionHandle* handle_ = nullptr;
};

}  // namespace vvm::appparts
