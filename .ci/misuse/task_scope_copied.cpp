// Misuse: two TaskScopes own the same children.
#include "runtime/task_scope.hpp"

std::size_t caller(vvm::TaskScope& left, vvm::TaskScope& right) {
#ifdef MISUSE  // expect: overload resolution selected deleted operator '='
  left = right;
#else
  right.cancel();
#endif
  return left.size();
}
