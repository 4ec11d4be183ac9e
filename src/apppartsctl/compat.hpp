// CompatCheck: may this application definition follow that one (docs/spec/vvm.md 8.7).
//
// The check step calls it once per version that is served. Pure. NothingRemoved is the part of the
// rules that needs no more than names: every type that the served definition has must still be
// there, as the same kind of type. What the fields, containers, arguments and views of a type may
// become is not compared by it.
#pragma once

#include "appdef/appdef.hpp"
#include "base/result.hpp"

namespace vvm::apppartsctl {

class CompatCheck {
 public:
  CompatCheck() = default;
  CompatCheck(const CompatCheck&) = delete;
  CompatCheck& operator=(const CompatCheck&) = delete;
  virtual ~CompatCheck() = default;

  // err: Incompatible, with the path of the first difference.
  virtual Status check(const appdef::AppDef& served, const appdef::AppDef& next) const = 0;
};

class NothingRemoved final : public CompatCheck {
 public:
  Status check(const appdef::AppDef& served, const appdef::AppDef& next) const override;
};

}  // namespace vvm::apppartsctl
