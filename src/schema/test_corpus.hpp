// packages_of: packages as the cases of the corpus write them in JSON. For tests only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "schema/schema.hpp"

namespace vvm::schema::testing {

// Throws on anything else than [{"path": ..., "files": [{"name": ..., "text": ...}]}].
inline std::vector<PackageText> packages_of(const boost::json::value& value) {
  std::vector<PackageText> packages;
  for (const boost::json::value& each : value.as_array()) {
    PackageText package{.path = std::string{each.at("path").as_string()}, .files = {}};
    for (const boost::json::value& file : each.at("files").as_array()) {
      package.files.push_back({.name = std::string{file.at("name").as_string()},
                               .text = std::string{file.at("text").as_string()}});
    }
    packages.push_back(std::move(package));
  }
  return packages;
}

}  // namespace vvm::schema::testing
