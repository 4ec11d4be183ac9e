// What tests of the reader and the writer share.
#pragma once

#include "sim/scenario/vocabulary.hpp"

namespace vvm::scenario::testing {

inline Vocabulary test_vocabulary() {
  return {.constants = {{.name = "SPPollInterval", .duration = true},
                        {.name = "LoopWorkers", .duration = false},
                        {.name = "DiskQuota", .duration = false}},
          .breakages = {{.name = "truncate_at", .argument = true},
                        {.name = "flip_bit", .argument = true},
                        {.name = "zip_slip", .argument = false}}};
}

}  // namespace vvm::scenario::testing
