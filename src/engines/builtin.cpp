// The registry of functions, its validation, and engines that look names up in it.
#include "engines/builtin.hpp"

#include <set>

namespace vvm::engines {
namespace {

class BuiltinEngine final : public Engine {
 public:
  BuiltinEngine(std::shared_ptr<const BuiltinRegistry> registry, AppQName app)
      : registry_(std::move(registry)), app_(std::move(app)) {}

  Task<Result<Bytes>> invoke(std::string full_name, ExtensionIo* io) override {
    if (closed_) {
      co_return Error{Code::closed, "engine of " + app_.str()};
    }
    const BuiltinFunction* function = registry_->find(app_, full_name);
    const PackageFunction* package =
        function == nullptr ? registry_->find_package(full_name) : nullptr;
    if (function == nullptr && package == nullptr) {
      co_return Error{Code::not_found, "function " + full_name};
    }
    Error failure{Code::internal_error};
    try {
      if (package != nullptr) {
        co_return co_await (*package)(full_name, io);
      }
      co_return co_await (*function)(io);
    } catch (const boost::system::system_error& e) {
      if (is_cancellation(e)) {
        throw;
      }
      failure.what = full_name + ": " + e.what();
    } catch (const std::exception& e) {
      failure.what = full_name + ": " + e.what();
    }
    co_return failure;
  }

  // The functions are shared and hold no state: nothing breaks for good.
  bool usable() const override { return !closed_; }

  void close() override { closed_ = true; }

 private:
  std::shared_ptr<const BuiltinRegistry> registry_;
  AppQName app_;
  bool closed_ = false;
};

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) {
      text += ", ";
    }
    text += name;
  }
  return text;
}

// What the schema says, in the order of full names.
struct Declared {
  std::set<std::string> builtins;
  std::set<std::string, std::less<>> packages;
};

Declared declared_by(const AppDef& app_def) {
  Declared declared;
  for (const auto& extension : app_def.extensions()) {
    declared.packages.emplace(extension.package_path);
    if (extension.engine == EngineKind::builtin) {
      declared.builtins.insert(full_name(extension.package_path, extension.name.entity));
    }
  }
  return declared;
}

}  // namespace

void BuiltinRegistry::add_stateless(std::string package_path,
                                    const std::string& entity,
                                    BuiltinFunction function) {
  std::string name = full_name(package_path, entity);
  stateless_[std::move(name)] = {std::move(package_path), std::move(function)};
}

void BuiltinRegistry::add(AppQName app,
                          std::string package_path,
                          const std::string& entity,
                          BuiltinFunction function) {
  std::string name = full_name(package_path, entity);
  apps_[std::move(app)][std::move(name)] = {std::move(package_path), std::move(function)};
}

const BuiltinRegistry::Functions& BuiltinRegistry::of(const AppQName& app) const {
  const auto it = apps_.find(app);
  return it == apps_.end() ? none_ : it->second;
}

const BuiltinFunction* BuiltinRegistry::find(const AppQName& app,
                                             const std::string& full_name) const {
  if (const auto it = stateless_.find(full_name); it != stateless_.end()) {
    return &it->second.function;
  }
  const Functions& functions = of(app);
  const auto it = functions.find(full_name);
  return it == functions.end() ? nullptr : &it->second.function;
}

void BuiltinRegistry::add_package(std::string package_path, PackageFunction function) {
  packages_[std::move(package_path)] = std::move(function);
}

const PackageFunction* BuiltinRegistry::find_package(std::string_view full_name) const {
  const std::size_t dot = full_name.rfind('.');  // an entity has none, a path may
  const auto it = packages_.find(full_name.substr(0, dot));
  if (it != packages_.end() && dot != std::string_view::npos) {
    return &it->second;
  }
  return fallback_ ? &fallback_ : nullptr;
}

Status check_builtins(const BuiltinRegistry& registry, const EngineRequest& request) {
  const Declared declared = declared_by(*request.app_def);
  std::vector<std::string> not_in_code;
  for (const std::string& name : declared.builtins) {
    if (registry.find(request.app, name) == nullptr && registry.find_package(name) == nullptr) {
      not_in_code.push_back(name);
    }
  }
  std::vector<std::string> not_in_schema;
  for (const auto& [name, entry] : registry.of(request.app)) {
    if (!declared.builtins.contains(name)) {
      not_in_schema.push_back(name);
    }
  }
  for (const auto& [name, entry] : registry.stateless()) {
    if (declared.packages.contains(entry.package_path) && !declared.builtins.contains(name)) {
      not_in_schema.push_back(name);
    }
  }
  if (not_in_code.empty() && not_in_schema.empty()) {
    return ok();
  }
  Error error{not_in_code.empty() ? Code::extension_in_code_not_in_schema
                                  : Code::extension_in_schema_not_in_code,
              request.app.str() + ":"};
  if (!not_in_code.empty()) {
    error.what += " declared without function: " + join(not_in_code);
  }
  if (!not_in_schema.empty()) {
    error.what += not_in_code.empty() ? " " : "; ";
    error.what += "function without declaration: " + join(not_in_schema);
  }
  return error;
}

Status BuiltinFactory::validate(const EngineRequest& request) const {
  return check_builtins(*registry_, request);
}

Result<std::unique_ptr<Engine>> BuiltinFactory::create_one(const EngineRequest& request) {
  return std::unique_ptr<Engine>(std::make_unique<BuiltinEngine>(registry_, request.app));
}

}  // namespace vvm::engines
