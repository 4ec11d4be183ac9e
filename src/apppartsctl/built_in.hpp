// BuiltInApps: applications compiled into this program (docs/spec/vvm.md 3.7 ImageKind BuiltIn).
//
// vvm fills it when it assembles the process; the build step takes definitions from it.
#pragma once

#include <map>
#include <memory>

#include "appdef/appdef.hpp"
#include "ids/names.hpp"

namespace vvm::apppartsctl {

using BuiltInApps = std::map<AppQName, std::shared_ptr<const appdef::AppDef>>;

}  // namespace vvm::apppartsctl
