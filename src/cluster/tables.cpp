// The names of the states, as they are stored and shown.
#include "cluster/tables.hpp"

#include "base/check.hpp"

namespace vvm::cluster {

std::string_view name_of(RolloutState state) {
  switch (state) {
    case RolloutState::idle:
      return "Idle";
    case RolloutState::running:
      return "Running";
    case RolloutState::paused:
      return "Paused";
    case RolloutState::rolling_back:
      return "RollingBack";
    case RolloutState::failed:
      return "Failed";
  }
  UNREACHABLE();
}

std::string_view name_of(ImageState state) {
  switch (state) {
    case ImageState::uploading:
      return "Uploading";
    case ImageState::uploaded:
      return "Uploaded";
    case ImageState::validated:
      return "Validated";
    case ImageState::rejected:
      return "Rejected";
    case ImageState::retired:
      return "Retired";
  }
  UNREACHABLE();
}

std::string_view name_of(NodeState state) {
  switch (state) {
    case NodeState::ready:
      return "Ready";
    case NodeState::cordoned:
      return "Cordoned";
    case NodeState::draining:
      return "Draining";
    case NodeState::lost:
      return "Lost";
  }
  UNREACHABLE();
}

std::string_view name_of(VvmState state) {
  switch (state) {
    case VvmState::registered:
      return "Registered";
    case VvmState::going_down:
      return "GoingDown";
    case VvmState::stopped:
      return "Stopped";
  }
  UNREACHABLE();
}

std::string_view name_of(PlacementState state) {
  switch (state) {
    case PlacementState::unplaced:
      return "Unplaced";
    case PlacementState::assigned:
      return "Assigned";
    case PlacementState::releasing:
      return "Releasing";
  }
  UNREACHABLE();
}

}  // namespace vvm::cluster
