// BuiltinFactory: extensions that are C++ functions of this program.
//
// vvm fills the registry when it assembles the process; the factory makes engines that share the
// functions and hold no state of their own (docs/spec/vvm.md 9.5). Names are full:
// packagePath.entity. Lookup: stateless functions first, then those of the application, then the
// one that answers for the whole package: whatever such a package declares has code.
#pragma once

#include <functional>
#include <map>

#include "engines/factory.hpp"

namespace vvm::engines {

// Runs on the process's executor. An exception becomes InternalError with what it says;
// cancellation goes through.
using BuiltinFunction = std::function<Task<Result<Bytes>>(ExtensionIo* io)>;
// One function for all extensions of a package; learns which one was called.
using PackageFunction = std::function<Task<Result<Bytes>>(std::string full_name, ExtensionIo* io)>;

// Fixed once the first engine has been made; outlives every engine.
class BuiltinRegistry {
 public:
  // Common to all applications.
  void add_stateless(std::string package_path, const std::string& entity, BuiltinFunction function);
  void add(AppQName app,
           std::string package_path,
           const std::string& entity,
           BuiltinFunction function);

  // Common to all applications, for every extension that they declare in this package.
  void add_package(std::string package_path, PackageFunction function);

  // The same for packages that have no such function: then all that is declared has code.
  void add_fallback(PackageFunction function) { fallback_ = std::move(function); }

  // Null when there is none.
  const BuiltinFunction* find(const AppQName& app, const std::string& full_name) const;
  const PackageFunction* find_package(std::string_view full_name) const;

  struct Entry {
    std::string package_path;
    BuiltinFunction function;
  };

  using Functions = std::map<std::string, Entry>;  // by full name

  const Functions& stateless() const { return stateless_; }

  const Functions& of(const AppQName& app) const;

 private:
  Functions stateless_;
  std::map<AppQName, Functions> apps_;
  std::map<std::string, PackageFunction, std::less<>> packages_;
  PackageFunction fallback_;  // may be empty
  Functions none_;
};

// Both directions, all violations in one error (docs/spec/vvm.md 9.5): every BUILTIN extension has
// a function (503); every function of the application, and every stateless one whose package the
// application has, is a declared extension (504). With violations of both kinds the code is 503.
Status check_builtins(const BuiltinRegistry& registry, const EngineRequest& request);

class BuiltinFactory final : public EngineFactory {
 public:
  explicit BuiltinFactory(std::shared_ptr<const BuiltinRegistry> registry)
      : registry_(std::move(registry)) {}

  Status validate(const EngineRequest& request) const override;

 private:
  Result<std::unique_ptr<Engine>> create_one(const EngineRequest& request) override;

  std::shared_ptr<const BuiltinRegistry> registry_;
};

}  // namespace vvm::engines
