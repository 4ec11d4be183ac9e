// Program: what one process runs.
//
// sim/wiring and the live program start them; vvm and cluster implement them. The object outlives
// every coroutine of the process: in a crash the frames are destroyed first, in any order, and the
// Program last. A destructor in a frame may therefore touch the Program, what it shares ownership
// of, and nothing else.
#pragma once

#include "runtime/runtime.hpp"

namespace vvm {

class Program {
 public:
  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  virtual ~Program() = default;

  // The process lives as long as this task. Cancelling it asks for an orderly stop.
  virtual Task<void> run() = 0;
};

}  // namespace vvm
