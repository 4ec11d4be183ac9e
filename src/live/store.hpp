// LiveStore: the rows of docs/spec/vvm.md 4.1 in one SQLite file (WAL, synchronous FULL).
//
// Storage owns the Database; each process has a LiveStore on it. Every verb is one statement, or
// one transaction for a batch, on the Worker for stores: linearizable, also between the processes
// of one machine that open the same file. An acknowledged write survives a power loss. Expiry goes
// by the machine's wall clock as it was when the file was opened, and the steady clock since, so
// that a jump of the wall clock expires nothing while the program runs.
#pragma once

#include <memory>
#include <string>

#include "live/worker.hpp"
#include "runtime/store.hpp"

namespace vvm::live {

// The open file; used on one thread at a time.
class Database;

// err: BadInput when the file is no store or a newer one; StoreUnavailable.
Result<std::shared_ptr<Database>> open_database(const std::string& path);

class LiveStore final : public Store {
 public:
  // `worker` outlives the store.
  LiveStore(std::shared_ptr<Life> life, Worker* worker, std::shared_ptr<Database> database);
  LiveStore(const LiveStore&) = delete;
  LiveStore& operator=(const LiveStore&) = delete;
  ~LiveStore() override;

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
  std::shared_ptr<Life> life_;
  Worker* worker_;
  std::shared_ptr<Database> database_;
};

}  // namespace vvm::live
