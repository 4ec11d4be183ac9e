// Store: rows with conditional operations and expiry (docs/spec/vvm.md 4.1).
//
// Implemented by live and by sim/world; linearizable on one row. An operation may fail before or
// after its effect: UnknownOutcome says that nobody knows, StoreUnavailable that nothing happened.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "runtime/task.hpp"

namespace vvm {

// Ordered by unsigned octets, partition key first.
struct RowKey {
  Bytes partition;
  Bytes clustering;

  auto operator<=>(const RowKey&) const = default;
};

struct Row {
  RowKey key;
  Bytes value;

  friend bool operator==(const Row&, const Row&) = default;
};

// Half open: [from, to) of the clustering part; empty `to` means to the end.
struct RowRange {
  Bytes partition;
  Bytes from;
  Bytes to;
};

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  virtual Task<Status> put(RowKey key, Bytes value) = 0;
  // Row by row, not isolated: a failure leaves any subset written.
  virtual Task<Status> put_batch(std::vector<Row> rows) = 0;
  // Never sees an expired row.
  virtual Task<Result<std::optional<Bytes>>> get(RowKey key) = 0;
  virtual Task<Result<std::vector<Row>>> read(RowRange range) = 0;
  // ttl 0 = no expiry. True when inserted.
  virtual Task<Result<bool>> insert_if_not_exists(RowKey key, Bytes value, Duration ttl) = 0;
  // True when the row held `expected` and now holds `value` with a fresh ttl.
  virtual Task<Result<bool>> compare_and_swap(RowKey key,
                                              Bytes expected,
                                              Bytes value,
                                              Duration ttl) = 0;
  virtual Task<Result<bool>> compare_and_delete(RowKey key, Bytes expected) = 0;
};

}  // namespace vvm
