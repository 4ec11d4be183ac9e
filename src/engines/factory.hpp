// EngineFactory, EngineFactories: from an application definition to engines, all or nothing.
//
// vvm registers one factory per engine kind; pools ask them (docs/spec/vvm.md 9.5). An engine that
// a factory has made is owned by an OwnedEngine from its first instant, which closes and counts it:
// an engine that is created and never closed cannot be written down. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "engines/engine.hpp"

namespace vvm::engines {

// Engine instances of one application version; created == closed when none lives.
struct EngineLedger {
  std::uint64_t created = 0;
  std::uint64_t closed = 0;

  friend bool operator==(const EngineLedger&, const EngineLedger&) = default;
};

// One engine, closed and counted when it goes. The engine object itself is shared with an
// invocation in progress, which may be suspended when the engine is closed under it.
class OwnedEngine {
 public:
  OwnedEngine() = default;
  OwnedEngine(std::shared_ptr<Engine> engine, std::shared_ptr<EngineLedger> ledger);
  OwnedEngine(OwnedEngine&& other) noexcept = default;
  OwnedEngine& operator=(OwnedEngine&& other) noexcept;
  OwnedEngine(const OwnedEngine&) = delete;
  OwnedEngine& operator=(const OwnedEngine&) = delete;

  ~OwnedEngine() { close(); }

  const std::shared_ptr<Engine>& get() const { return engine_; }

  void close();

 private:
  std::shared_ptr<Engine> engine_;
  std::shared_ptr<EngineLedger> ledger_;
};

class EngineFactory {
 public:
  EngineFactory() = default;
  EngineFactory(const EngineFactory&) = delete;
  EngineFactory& operator=(const EngineFactory&) = delete;
  virtual ~EngineFactory() = default;

  // Does the code fit the schema? Asked once per version, before any engine is made.
  virtual Status validate(const EngineRequest& request) const = 0;
  // Exactly `count` engines, or an error and none: those made before the failing one are closed.
  Result<std::vector<OwnedEngine>> create(const EngineRequest& request,
                                          std::size_t count,
                                          const std::shared_ptr<EngineLedger>& ledger);

 private:
  virtual Result<std::unique_ptr<Engine>> create_one(const EngineRequest& request) = 0;
};

class EngineFactories {
 public:
  // Replaces the factory of that kind, if there was one.
  void add(EngineKind kind, std::shared_ptr<EngineFactory> factory);
  // err: NoEngineFactory.
  Result<EngineFactory*> find(EngineKind kind) const;

 private:
  std::map<EngineKind, std::shared_ptr<EngineFactory>> factories_;
};

// The engine kinds that the schema mentions, ascending.
std::vector<EngineKind> engine_kinds_of(const AppDef& app_def);

}  // namespace vvm::engines
