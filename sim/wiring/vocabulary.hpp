// vocabulary: the names of this program's constants and breakages, for the reader of scenarios.
//
// Whoever reads a scenario file hands it in: the command line, properties, benchmarks, tests.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "apppartsctl/constants.hpp"
#include "image/testing/breakage.hpp"
#include "sim/scenario/vocabulary.hpp"

namespace vvm::wiring {

inline scenario::Vocabulary vocabulary() {
  constexpr std::array<std::string_view, 3> with_argument{"truncate_at", "flip_bit", "not_a_zip"};
  scenario::Vocabulary out;
  for (const apppartsctl::ConstantName& row : apppartsctl::constant_names()) {
    out.constants.push_back(
        {.name = std::string{row.name},
         .duration = apppartsctl::constant_is_duration(row.name).value_or(false)});
  }
  for (const std::string_view name : image::breakage_names()) {
    out.breakages.push_back(
        {.name = std::string{name},
         .argument = std::ranges::find(with_argument, name) != with_argument.end()});
  }
  return out;
}

}  // namespace vvm::wiring
