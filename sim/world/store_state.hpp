// Requests to the StoreServer and its answers; the Store seam makes the ones and reads the others.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sim/world/store_server.hpp"

namespace vvm::sim {

enum class StoreOp : std::uint8_t {
  put,
  put_batch,
  get,
  read,
  insert_if_not_exists,
  compare_and_swap,
  compare_and_delete,
};

// "CompareAndSwap"; the spec's name.
std::string_view op_name(StoreOp op);

constexpr bool reads_only(StoreOp op) { return op == StoreOp::get || op == StoreOp::read; }

struct StoreServer::Request {
  std::string process;
  StoreOp op = StoreOp::get;
  RowKey key;             // all but put_batch; read: `partition` only
  Bytes value;            // new
  Bytes expected;         // compare_and_*
  std::vector<Row> rows;  // put_batch
  RowRange range;         // read
  Duration ttl{};
  bool stale = false;  // a read that sees the rows as they were before their last change
};

struct StoreServer::Answer {
  bool done = false;           // of conditional operations
  std::optional<Bytes> value;  // get
  std::vector<Row> rows;       // read
};

}  // namespace vvm::sim
