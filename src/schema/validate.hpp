// Validation of a finished AppDef: the rules of S7 (docs/spec/vsql.md 5.14).
#pragma once

#include "appdef/appdef.hpp"
#include "schema/report.hpp"

namespace vvm::schema {

void validate(const appdef::AppDef& app_def, Report* report);

}  // namespace vvm::schema
