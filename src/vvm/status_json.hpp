// status_of: the state of a VVM as the status endpoint shows it.
//
// Vvm's endpoint asks for it; the members of a row are named as in the PV (docs/spec/vvm.md 3.8).
#pragma once

#include "vvm/status.hpp"

namespace vvm::node {

class Vvm;

StatusReport status_of(const Vvm& vvm);

}  // namespace vvm::node
