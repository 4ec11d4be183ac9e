// Build: bound statements to an AppDef (docs/spec/vsql.md 8), with the checks of S6 (5.12, 5.13).
//
// pre: analysis found nothing. Adds messages to the report; null when there were any.
#pragma once

#include <memory>

#include "schema/analyse.hpp"

namespace vvm::schema {

std::shared_ptr<const appdef::AppDef> build(Bound* bound, const Variables& variables);

}  // namespace vvm::schema
