// Misuse: a TaskScope moves away from under its children.
#include <utility>

#include "runtime/task_scope.hpp"

std::size_t caller(vvm::TaskScope& scope) {
#ifdef MISUSE  // expect: call to deleted constructor
  const vvm::TaskScope other(std::move(scope));
#else
  const vvm::TaskScope& other = scope;
#endif
  return other.size();
}
