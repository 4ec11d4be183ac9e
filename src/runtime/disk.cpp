// What every Disk offers on top of its verbs.
#include "runtime/disk.hpp"

namespace vvm {

Task<Status> write_all(File* file, BytesView bytes) {
  while (!bytes.empty()) {
    CO_TRY(const std::size_t written, co_await file->write(bytes));
    bytes.remove_prefix(written);
  }
  co_return ok();
}

}  // namespace vvm
