// Compatibility: may data written under one definition be read under another
// (docs/spec/vsql.md 9)?
//
// apppartsctl asks in its Check step, `vvm schema compat` for people. Pure. An empty list means
// yes; every change is reported or it is not, there is nothing in between.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "appdef/appdef.hpp"

namespace vvm::appdef {

enum class CompatKind : std::uint8_t {
  node_removed,
  order_changed,
  node_inserted,
  value_changed,
  node_modified,
};

std::string_view name_of(CompatKind kind);

struct CompatError {
  CompatKind kind{};
  std::vector<std::string> path;  // {"AppDef", "Types", "pos.Bill", "Fields", "Total"}

  // "NodeRemoved: AppDef/Types/pos.Bill/Fields/Total"
  std::string str() const;
  std::string path_str() const;
};

std::vector<CompatError> compare(const AppDef& before, const AppDef& after);

// Without the errors at exactly these paths, whose elements are joined by `/`.
std::vector<CompatError> without(std::vector<CompatError> errors,
                                 const std::vector<std::string>& paths);

}  // namespace vvm::appdef
