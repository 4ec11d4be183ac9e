// The verdict on a comparison.
#include "apppartsctl/compat.hpp"

#include "appdef/compat.hpp"

namespace vvm::apppartsctl {

Status SchemaCompat::check(const appdef::AppDef& served, const appdef::AppDef& next) const {
  std::vector<appdef::CompatError> changes = appdef::compare(served, next);
  // Packages may be added (8.7): of the node itself nothing else is told, a package that has gone
  // is told by its name.
  std::erase_if(changes, [](const appdef::CompatError& change) {
    return change.path.size() == 2 && change.path.back() == "Packages";
  });
  if (changes.empty()) {
    return ok();
  }
  std::string what = changes.front().str();
  if (changes.size() > 1) {
    what += " (and " + std::to_string(changes.size() - 1) + " more)";
  }
  return Error{Code::incompatible, std::move(what)};
}

}  // namespace vvm::apppartsctl
