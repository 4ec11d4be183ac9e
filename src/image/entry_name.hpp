// Which names an entry of an image may have (docs/spec/vvm.md 6.5).
//
// The archive reader, the manifest and pack rely on it. Pure; judges the name as it stands, before
// and without any normalisation, so that nothing is left to normalise.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "image/limits.hpp"

namespace vvm::image {

// A name, quoted and cut for an error text, without control characters.
std::string shown(std::string_view name);

// A file's name; or, without its trailing '/', a folder's. err: PathEscape.
Status check_entry_name(std::string_view name, bool is_folder, const Limits& limits);

// ASCII letters in lower case.
std::string folded(std::string_view name);

}  // namespace vvm::image
