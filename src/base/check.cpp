// Where a failed CHECK ends: the text on stderr, then abort.
#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace vvm::detail {

void check_failed(const char* file, int line, const char* cond, std::string_view what) {
  std::fprintf(stderr,
               "%s:%d: CHECK failed: %s %.*s\n",
               file,
               line,
               cond,
               static_cast<int>(what.size()),
               what.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace vvm::detail
