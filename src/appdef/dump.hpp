// Dump: the canonical JSON of an AppDef (docs/spec/vsql.md 8.4), and its fingerprint.
//
// The same AppDef gives the same octets, in any process. Pure.
#pragma once

#include <string>

#include "appdef/appdef.hpp"
#include "base/sha256.hpp"

namespace vvm::appdef {

std::string dump(const AppDef& app_def);

// SHA-256 of the dump (docs/spec/vvm.md 8.6): the identity of a definition.
Sha256 fingerprint(const AppDef& app_def);

}  // namespace vvm::appdef
