// The two questions about an exception that nobody has caught.
#include "runtime/failure.hpp"

#include "runtime/task.hpp"

namespace vvm {

bool is_cancellation(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& e) {
    return is_cancellation(e);
  } catch (...) {  // tidy-ok: only the question is answered, the exception stays with the caller
    return false;
  }
}

std::string what_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {  // tidy-ok: an exception of unknown type becomes text here, nothing is hidden
    return "unknown exception";
  }
}

}  // namespace vvm
