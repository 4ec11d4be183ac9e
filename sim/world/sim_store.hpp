// SimStore: the Store of one life of a simulated process.
//
// World makes one per process life. Each operation is announced, judged by the server's rules, and
// sent to the StoreServer through the network. A write whose answer does not come in time has an
// unknown outcome.
#pragma once

#include "runtime/store.hpp"
#include "sim/world/remote.hpp"
#include "sim/world/store_state.hpp"

namespace vvm::sim {

class SimStore final : public Store {
 public:
  SimStore(const Guard& guard, Carrier& carrier, StoreServer& server)
      : guard_(guard), remote_(guard, carrier, store_host), server_(server) {}

  Task<Status> put(RowKey key, Bytes value) override;
  Task<Status> put_batch(std::vector<Row> rows) override;
  Task<Result<std::optional<Bytes>>> get(RowKey key) override;
  Task<Result<std::vector<Row>>> read(RowRange range) override;
  Task<Result<bool>> insert_if_not_exists(RowKey key, Bytes value, Duration ttl) override;
  Task<Result<bool>> compare_and_swap(RowKey key,
                                      Bytes expected,
                                      Bytes value,
                                      Duration ttl) override;
  Task<Result<bool>> compare_and_delete(RowKey key, Bytes expected) override;

 private:
  using Request = StoreServer::Request;
  using Answer = StoreServer::Answer;

  Task<Result<Answer>> ask(Request request);
  const StoreRule* striking(const Request& request, std::string_view name, bool slow);
  void lose_some(Request& request);

  const Guard& guard_;
  Remote remote_;
  StoreServer& server_;
};

}  // namespace vvm::sim
