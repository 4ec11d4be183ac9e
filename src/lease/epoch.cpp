// The counter of epochs: read, then write conditionally; see epoch.hpp.
//
// A write whose outcome nobody knows may have burnt an epoch: it is never taken for this process's
// own, because another process may have written the same number. The row is read again instead.
#include "lease/epoch.hpp"

#include <limits>

#include "base/bytes.hpp"
#include "runtime/timeout.hpp"

namespace vvm::lease {
namespace {

constexpr std::uint32_t epoch_rows = 5;
constexpr Duration pause_between_tries = seconds(1);

Bytes encode(std::uint64_t counter) {
  Bytes out;
  append_be64(out, counter);
  return out;
}

struct Attempt {
  bool won = false;
  std::uint64_t epoch = 0;
};

// One read and one conditional write.
Task<Result<Attempt>> try_once(Runtime rt, RowKey row) {
  CO_TRY(auto stored, co_await with_timeout(rt, cas_timeout, rt.store().get(row)));
  if (!stored.has_value()) {
    CO_TRY(const bool won,
           co_await with_timeout(
               rt, cas_timeout, rt.store().insert_if_not_exists(row, encode(1), Duration{})));
    co_return Attempt{won, 1};
  }
  if (stored->size() != sizeof(std::uint64_t)) {
    co_return Error{Code::bad_input,
                    "epoch counter of " + std::to_string(stored->size()) + " octets"};
  }
  const std::uint64_t last = read_be64(*stored);
  if (last >= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    co_return Error{Code::bad_input, "epoch counter at " + std::to_string(last)};
  }
  CO_TRY(const bool won,
         co_await with_timeout(
             rt,
             cas_timeout,
             rt.store().compare_and_swap(row, *stored, encode(last + 1), Duration{})));
  co_return Attempt{won, last + 1};
}

}  // namespace

RowKey epoch_row(VvmId vvm) {
  RowKey row;
  append_be32(row.partition, epoch_rows);
  append_be32(row.clustering, raw(vvm));
  return row;
}

Task<Result<VvmEpoch>> next_epoch(Runtime rt, VvmId vvm, int tries) {
  Error last{Code::store_unavailable, "no try was made"};
  for (int i = 0; i < tries; ++i) {
    Result<Attempt> attempt = co_await try_once(rt, epoch_row(vvm));
    if (attempt.has_value()) {
      if (attempt.value().won) {
        co_return VvmEpoch{static_cast<std::int64_t>(attempt.value().epoch)};
      }
      last = Error{Code::store_unavailable, "other processes keep changing the epoch counter"};
      continue;  // somebody else made progress: read again at once
    }
    if (!transient(attempt.error().code)) {
      co_return attempt.error();
    }
    last = attempt.error();
    if (i + 1 < tries) {
      co_await rt.clock().sleep_for(pause_between_tries);
    }
  }
  co_return last;
}

}  // namespace vvm::lease
