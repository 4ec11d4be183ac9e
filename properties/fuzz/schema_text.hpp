// Schema text: the packages of an application as one text, which a fuzzer can change and people
// can read.
//
// What stands below a line `### github.com/acme/pos/floor.vsql` is the file floor.vsql of package
// github.com/acme/pos; the line break in front of such a line belongs to it. One path is one
// package, and texts of one file follow each other; `### github.com/acme/pos/` is a package without
// files. What stands above the first such line is app.vsql of example.com/app. A text without a
// package sys gets that of the compiler's tests in front. Every text has a meaning. Owned by
// properties/fuzz.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/schema.hpp"

namespace vvm::fuzz {

std::vector<schema::PackageText> packages_of(std::string_view text);

// A text with these packages, of which sys is left out where packages_of adds it.
// pre: no line of a file begins as a separator does.
std::string text_of(const std::vector<schema::PackageText>& packages);

// The text of package sys where the input has none: src/schema/testdata/sys.vsql.
std::string_view default_sys();

}  // namespace vvm::fuzz
