// Journal: makes the cluster's changes durable, one entry for each batch of commands.
//
// The cluster's processor owns it. An entry holds all changes of its batch and is inserted at the
// next offset only if nobody has taken that: a batch is stored as a whole or not at all, and of two
// writers one is told. Snapshots bound what a start has to read. Entries are never removed, as
// those of any PLog.
//
// Rows: pk "cluster/log", cc offset (8 octets, big-endian) = entry; pk "cluster/snapshot/<offset>",
// cc chunk (4 octets) = rows; pk "cluster/head" = the offset of the newest whole snapshot. What is
// in a snapshot follows from its offset, so that writing one again, or late, does no harm.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "cluster/state.hpp"
#include "runtime/runtime.hpp"

namespace vvm::cluster {

struct JournalOptions {
  Duration store_limit = seconds(5);        // of one operation
  Duration retry_first = milliseconds(50);  // doubled up to retry_max
  Duration retry_max = seconds(2);
  int tries = 5;                       // to learn the outcome of an insertion
  std::int64_t snapshot_every = 1024;  // entries, and at least as many as there are rows
};

struct Entry {
  std::int64_t offset = 0;
  Bytes writer{};  // tells entries of different processes apart
  WallMs at{};
  std::vector<Change> changes{};
};

Bytes encode(const Entry& entry);
// err: BadRequest.
Result<Entry> decode(BytesView bytes);
// Applies an entry, with its revisions.
void replay(Tables& tables, Entry entry);

// The tables as they are at one revision, as rows of the store but for the slot.
struct Snapshot {
  std::int64_t revision = 0;
  std::vector<Bytes> chunks{};
};

Snapshot take_snapshot(const Tables& tables);

enum class Appended : std::uint8_t { written, superseded };

class Journal {
 public:
  Journal(Runtime rt, JournalOptions options);

  using OnEntry = std::function<void(const Entry& entry)>;
  // The newest snapshot and every entry behind it. On an error `into` is as before.
  // err: StoreUnavailable; InternalError when what is stored cannot be read.
  Task<Status> load(Tables* into, OnEntry on_entry);
  // The entries behind into->revision, which others have written. err: as load.
  Task<Status> catch_up(Tables* into, OnEntry on_entry);
  // `bytes` becomes the entry at `offset`, unless another entry is there. err: StoreUnavailable:
  // nothing was written. UnknownOutcome: nobody knows; ask again with the same arguments before
  // anything else is written.
  Task<Result<Appended>> append(std::int64_t offset, Bytes bytes);

  bool snapshot_due(const Tables& tables) const;
  // Failure leaves the older snapshot in force. One at a time.
  Task<Status> write_snapshot(Snapshot snapshot);

 private:
  struct Head {
    Bytes stored{};  // as it is in the store; empty when there is none
    std::int64_t offset = 0;
    std::int64_t chunks = 0;
  };
  template <class T>
  Task<Result<T>> limited(Task<Result<T>> operation);
  Task<Result<Head>> read_head();
  Task<Status> load_chunks(Tables* into, Head head);
  Task<Result<bool>> move_head(Bytes from, Bytes to);
  Task<Status> remove_chunks(Head head);
  Task<Result<Appended>> try_append(std::int64_t offset, Bytes bytes);

  Runtime rt_;
  JournalOptions options_;
  std::int64_t snapshot_offset_ = 0;  // of the newest one known
};

}  // namespace vvm::cluster
