// Misuse: an error is dropped where a Result is returned and not looked at.
#include "base/result.hpp"

vvm::Result<int> answer();

int caller() {
#ifdef MISUSE  // expect: ignoring return value
  answer();
  return 0;
#else
  const vvm::Result<int> result = answer();
  return result.has_value() ? result.value() : 0;
#endif
}
