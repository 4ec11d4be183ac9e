// Misuse: the Result of a co_await is dropped; g++ 12 says nothing here, clang must.
#include "base/result.hpp"
#include "runtime/task.hpp"

vvm::Task<vvm::Result<int>> answer();

vvm::Task<vvm::Status> caller() {
#ifdef MISUSE  // expect: ignoring return value
  co_await answer();
#else
  CO_TRY(const int value, co_await answer());
  static_cast<void>(value);
#endif
  co_return vvm::ok();
}
