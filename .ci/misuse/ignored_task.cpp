// Misuse: a task that nobody awaits does nothing, silently.
#include "runtime/task.hpp"

vvm::Task<void> step();

vvm::Task<void> caller() {
#ifdef MISUSE  // expect: ignoring return value
  step();
  co_return;
#else
  co_await step();
#endif
}
