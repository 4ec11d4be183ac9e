// The names of two definitions, compared.
#include "apppartsctl/compat.hpp"

#include <map>
#include <string>

namespace vvm::apppartsctl {

Status NothingRemoved::check(const appdef::AppDef& served, const appdef::AppDef& next) const {
  std::map<QName, appdef::ExtensionKind> kinds;
  for (const appdef::Extension& extension : next.extensions()) {
    kinds.emplace(extension.name, extension.kind);
  }
  for (const appdef::Extension& extension : served.extensions()) {
    const auto at = kinds.find(extension.name);
    const std::string path = "AppDef/Types/" + extension.name.str();
    if (at == kinds.end()) {
      return Error{Code::incompatible, path + ": NodeRemoved"};
    }
    if (at->second != extension.kind) {
      return Error{Code::incompatible, path + ": ValueChanged"};
    }
  }
  return ok();
}

}  // namespace vvm::apppartsctl
