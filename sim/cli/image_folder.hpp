// entries_of: the files of a folder as the entries of an application image.
//
// `vvm image pack`, `vvm up` and `vvm ctl deploy` rely on it.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "image/archive.hpp"

namespace vvm::cli {

// The folder holds pkg/ (all of it is taken, and baseline.json), or the packages themselves (then
// their schemas and modules are taken). What is left out is named on standard error, by `command`.
// err: BadInput.
Result<std::vector<image::Entry>> entries_of(const std::string& folder, const std::string& command);

}  // namespace vvm::cli
