// VvmHost: the program of a simulated VVM process: the VVM, and the loads that use it.
//
// The World makes one per life. Nothing of the VVM is written twice: it is node::Vvm, as it ships.
#pragma once

#include <memory>
#include <vector>

#include "sim/wiring/load.hpp"
#include "vvm/vvm.hpp"

namespace vvm::wiring {

class VvmHost final : public Program {
 public:
  VvmHost(Runtime rt, node::VvmOptions options) : rt_(rt), vvm_(rt, std::move(options)) {}

  // Before run().
  void add_load(LoadPlan* plan, ghost::Ghost* ghost, ghost::ProcessIndex process) {
    loads_.push_back(std::make_unique<LoadPlayer>(rt_, plan, &vvm_.partitions(), ghost, process));
  }

  // As the VVM: cancellation asks for an orderly stop, during which the loads go on.
  Task<void> run() override;

  node::Vvm& vvm() { return vvm_; }

 private:
  Runtime rt_;
  node::Vvm vvm_;
  std::vector<std::unique_ptr<LoadPlayer>> loads_;
};

}  // namespace vvm::wiring
