// next_epoch: the epoch under which a process acts as VVM k (docs/spec/vvm.md 5.3).
//
// vvm asks for one at start; the lease driver will at every acquisition. Strictly greater than
// every epoch handed out before for this k, whatever crashed or timed out in between: an epoch that
// was taken and never used is harmless. Takes no lease.
#pragma once

#include "base/result.hpp"
#include "ids/names.hpp"
#include "runtime/runtime.hpp"

namespace vvm::lease {

// Each store operation of a lease has this long (CasTimeout).
constexpr Duration cas_timeout = seconds(1);

// Where the counter of VVM k lives: `sys/vvm`, pKey [u32 5], cCols [u32 k], value u64.
RowKey epoch_row(VvmId vvm);

// Tries again while other processes win the row or the outcome of a write is unknown, `tries` times
// at most. err: StoreUnavailable, Timeout, UnknownOutcome as the last try met them; BadInput when
// the row is not a counter.
Task<Result<VvmEpoch>> next_epoch(Runtime rt, VvmId vvm, int tries = 30);

}  // namespace vvm::lease
