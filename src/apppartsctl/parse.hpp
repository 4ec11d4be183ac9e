// ParseAppSchemaFiles: schema files of an unpacked image to an AppDef (docs/spec/vvm.md 8.6).
//
// The step runner calls it; the compiler itself is module schema. Charges the octets that are
// parsed. A ParseMemo spares simulated VVMs the work, not its cost.
#pragma once

#include <memory>
#include <vector>

#include "appdef/appdef.hpp"
#include "apppartsctl/step_core.hpp"
#include "image/folder.hpp"
#include "runtime/runtime.hpp"

namespace vvm::apppartsctl {

using AppDefPtr = std::shared_ptr<const appdef::AppDef>;

// A cache of the pure part of parsing, by V, shared by simulated VVMs.
class ParseMemo {
 public:
  using Value = std::shared_ptr<const Result<AppDefPtr>>;

  ParseMemo() = default;
  ParseMemo(const ParseMemo&) = delete;
  ParseMemo& operator=(const ParseMemo&) = delete;
  virtual ~ParseMemo() = default;

  // Null: do the work.
  virtual Value find(const VersionId& version) = 0;
  virtual void keep(const VersionId& version, Value value) = 0;
};

// The pure part: packages by folder, in byte order of file names, compiled; the APPLICATION's name
// must be the version's. err: 3xx.
Result<AppDefPtr> app_def_from(const VersionId& version,
                               const std::vector<image::SchemaFile>& files);

// err: 3xx. `memo` may be null.
Task<Result<AppDefPtr>> parse_schema(Runtime rt,
                                     VersionId version,
                                     std::vector<image::SchemaFile> files,
                                     ParseMemo* memo);

}  // namespace vvm::apppartsctl
