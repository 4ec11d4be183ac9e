// CompatCheck: may this application definition follow that one (docs/spec/vvm.md 8.7).
//
// The check step calls it once per version that is served. Pure. SchemaCompat is the rule of the
// specification; tests have others.
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

  // err: Incompatible, with what is wrong first and how much more there is.
  virtual Status check(const appdef::AppDef& served, const appdef::AppDef& next) const = 0;
};

class SchemaCompat final : public CompatCheck {
 public:
  Status check(const appdef::AppDef& served, const appdef::AppDef& next) const override;
};

}  // namespace vvm::apppartsctl
