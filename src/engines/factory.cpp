// Ownership of engines, and the all-or-nothing of making several.
#include "engines/factory.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace vvm::engines {
namespace {

std::string_view engine_kind_name(EngineKind kind) {
  switch (kind) {
    case EngineKind::builtin:
      return "BUILTIN";
    case EngineKind::wasm:
      return "WASM";
  }
  UNREACHABLE();
}

}  // namespace

OwnedEngine::OwnedEngine(std::shared_ptr<Engine> engine, std::shared_ptr<EngineLedger> ledger)
    : engine_(std::move(engine)), ledger_(std::move(ledger)) {
  ++ledger_->created;
}

OwnedEngine& OwnedEngine::operator=(OwnedEngine&& other) noexcept {
  if (this != &other) {
    close();
    engine_ = std::move(other.engine_);
    ledger_ = std::move(other.ledger_);
  }
  return *this;
}

void OwnedEngine::close() {
  if (engine_ == nullptr) {
    return;
  }
  engine_->close();
  engine_.reset();
  ++ledger_->closed;
}

Result<std::vector<OwnedEngine>> EngineFactory::create(
    const EngineRequest& request, std::size_t count, const std::shared_ptr<EngineLedger>& ledger) {
  std::vector<OwnedEngine> engines;  // closes them on the way out of a failure
  engines.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    TRY(auto engine, create_one(request));
    engines.emplace_back(std::move(engine), ledger);
  }
  return engines;
}

void EngineFactories::add(EngineKind kind, std::shared_ptr<EngineFactory> factory) {
  factories_[kind] = std::move(factory);
}

Result<EngineFactory*> EngineFactories::find(EngineKind kind) const {
  const auto it = factories_.find(kind);
  if (it == factories_.end()) {
    return Error{Code::no_engine_factory, std::string(engine_kind_name(kind))};
  }
  return it->second.get();
}

std::vector<EngineKind> engine_kinds_of(const AppDef& app_def) {
  std::vector<EngineKind> kinds;
  for (const auto& extension : app_def.extensions()) {
    kinds.push_back(extension.engine);
  }
  std::ranges::sort(kinds);
  const auto repeated = std::ranges::unique(kinds);
  kinds.erase(repeated.begin(), repeated.end());
  return kinds;
}

}  // namespace vvm::engines
