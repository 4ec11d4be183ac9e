// Hub: the way from a handler in flight to an AppPartitions that may be gone. Inside appparts only.
#pragma once

#include "appparts/app_partitions.hpp"

namespace vvm::appparts {

struct AppPartitions::Hub {
  AppPartitions* owner = nullptr;  // null once it is destroyed
};

}  // namespace vvm::appparts
