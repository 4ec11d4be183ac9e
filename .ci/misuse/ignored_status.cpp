// Misuse: a Status, a Result without a value, is dropped all the same.
#include "base/result.hpp"

vvm::Status save();

vvm::Status caller() {
#ifdef MISUSE  // expect: ignoring return value
  save();
#else
  TRY(save());
#endif
  return vvm::ok();
}
