// Encoding, insertion and reading of journal entries and snapshots.
#include "cluster/journal.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>

#include "base/check.hpp"
#include "cluster/json_fields.hpp"
#include "runtime/timeout.hpp"

namespace vvm::cluster {
namespace json = boost::json;

namespace {

constexpr std::size_t rows_per_chunk = 64;
constexpr std::int64_t entries_per_read = 256;

Bytes snapshot_partition(std::int64_t offset) {
  return "cluster/snapshot/" + std::to_string(offset);
}

RowKey head_key() { return {.partition = "cluster/head", .clustering = "head"}; }

Bytes log_partition() { return "cluster/log"; }

Bytes offset_key(std::int64_t offset) {
  Bytes key;
  append_be64(key, static_cast<std::uint64_t>(offset));
  return key;
}

Bytes chunk_key(std::int64_t chunk) {
  Bytes key;
  append_be32(key, static_cast<std::uint32_t>(chunk));
  return key;
}

RowKey entry_key(std::int64_t offset) {
  return {.partition = log_partition(), .clustering = offset_key(offset)};
}

// What is stored and cannot be read is a broken cluster, not a bad request.
Error unreadable(std::string_view where, const Error& error) {
  return {Code::internal_error, std::string{where} + ": " + to_string(error)};
}

// An operation that was cut short may have had its effect.
bool outcome_known(const Error& error) { return error.code == Code::store_unavailable; }

json::object workspace_row(VvmId vvm, std::int64_t revision) {
  return {{"Table", "Workspace"}, {"VvmID", raw(vvm)}, {"Revision", revision}};
}

Status load_row(Tables& into, const json::object& row) {
  const Fields fields(row);
  TRY(const std::string table, fields.text("Table"));
  if (table == "Workspace") {
    TRY(const VvmId vvm, fields.id<VvmId>("VvmID", {.low = 1, .high = raw(vvm_id_max)}));
    TRY(into.list_revision[vvm], fields.integer("Revision", {}));
    return ok();
  }
  TRY(Change change, change_from_json(row));
  apply(into, std::move(change));
  return ok();
}

Status load_chunk(Tables& into, BytesView bytes) {
  TRY(const json::object chunk, parse_json_object(bytes));
  TRY(const json::array* rows, Fields(chunk).array("Rows"));
  for (const json::value& row : *rows) {
    if (!row.is_object()) {
      return Error{Code::bad_request, "a row that is no object"};
    }
    TRY(load_row(into, row.get_object()));
  }
  return ok();
}

}  // namespace

Bytes encode(const Entry& entry) {
  json::array changes;
  for (const Change& change : entry.changes) {
    changes.emplace_back(to_json(change));
  }
  const json::object out{{"Offset", entry.offset},
                         {"Writer", to_hex(entry.writer)},
                         {"AtMs", entry.at.ms},
                         {"Changes", std::move(changes)}};
  return json::serialize(out);
}

Result<Entry> decode(BytesView bytes) {
  TRY(const json::object in, parse_json_object(bytes));
  const Fields fields(in);
  Entry entry;
  TRY(entry.offset, fields.integer("Offset", {.low = 1}));
  TRY(entry.writer, fields.octets("Writer", 16));
  TRY(entry.at.ms, fields.integer("AtMs", {.low = std::numeric_limits<std::int64_t>::min()}));
  TRY(const json::array* changes, fields.array("Changes"));
  for (const json::value& item : *changes) {
    if (!item.is_object()) {
      return Error{Code::bad_request, "a change that is no object"};
    }
    TRY(Change change, change_from_json(item.get_object()));
    entry.changes.push_back(std::move(change));
  }
  return entry;
}

void replay(Tables& tables, Entry entry) {
  CHECK(entry.offset == tables.revision + 1, "an entry out of order", entry.offset);
  tables.revision = entry.offset;
  for (Change& change : entry.changes) {
    if (const auto vvm = workspace_of(change)) {
      tables.list_revision[*vvm] = entry.offset;
    }
    apply(tables, std::move(change));
  }
}

Snapshot take_snapshot(const Tables& tables) {
  json::array rows;
  Snapshot out{.revision = tables.revision};
  const auto flush = [&rows, &out] {
    if (rows.empty()) {
      return;
    }
    const json::object chunk{{"Rows", std::move(rows)}};
    out.chunks.push_back(json::serialize(chunk));
    rows = {};
  };
  const auto add = [&rows, &flush](json::object row) {
    rows.emplace_back(std::move(row));
    if (rows.size() == rows_per_chunk) {
      flush();
    }
  };
  for (const Change& change : as_changes(tables)) {
    add(to_json(change));
  }
  for (const auto& [vvm, revision] : tables.list_revision) {
    add(workspace_row(vvm, revision));
  }
  flush();
  return out;
}

Journal::Journal(Runtime rt, JournalOptions options) : rt_(rt), options_(options) {}

template <class T>
Task<Result<T>> Journal::limited(Task<Result<T>> operation) {
  return with_timeout(rt_, options_.store_limit, std::move(operation));
}

Task<Result<Journal::Head>> Journal::read_head() {
  CO_TRY(const auto stored, co_await limited(rt_.store().get(head_key())));
  if (!stored.has_value()) {
    co_return Head{};
  }
  const auto parsed = parse_json_object(*stored);
  if (!parsed.has_value()) {
    co_return unreadable("head", parsed.error());
  }
  const Fields fields(parsed.value());
  Head head{.stored = *stored};
  const auto offset = fields.integer("Offset", {.low = 1});
  if (!offset.has_value()) {
    co_return unreadable("head", offset.error());
  }
  const auto chunks = fields.integer("Chunks", {.low = 0, .high = 1'000'000'000});
  if (!chunks.has_value()) {
    co_return unreadable("head", chunks.error());
  }
  head.offset = offset.value();
  head.chunks = chunks.value();
  co_return head;
}

Task<Status> Journal::load_chunks(Tables* into, Head head) {
  for (std::int64_t chunk = 0; chunk < head.chunks; ++chunk) {
    RowKey key{.partition = snapshot_partition(head.offset), .clustering = chunk_key(chunk)};
    CO_TRY(const auto bytes, co_await limited(rt_.store().get(std::move(key))));
    if (!bytes.has_value()) {
      co_return Error{Code::unavailable, "a snapshot with a hole"};
    }
    const Status loaded = load_chunk(*into, *bytes);
    if (!loaded.has_value()) {
      co_return unreadable("snapshot", loaded.error());
    }
  }
  into->revision = head.offset;
  snapshot_offset_ = head.offset;
  co_return ok();
}

Task<Status> Journal::load(Tables* into, OnEntry on_entry) {
  Tables tables;
  CO_TRY(Head head, co_await read_head());
  CO_TRY(co_await load_chunks(&tables, std::move(head)));
  CO_TRY(co_await catch_up(&tables, std::move(on_entry)));
  *into = std::move(tables);
  co_return ok();
}

Task<Status> Journal::catch_up(Tables* into, OnEntry on_entry) {
  for (;;) {
    const std::int64_t from = into->revision + 1;
    RowRange range{.partition = log_partition(),
                   .from = offset_key(from),
                   .to = offset_key(from + entries_per_read)};
    CO_TRY(const std::vector<Row> rows, co_await limited(rt_.store().read(std::move(range))));
    for (const Row& row : rows) {
      auto entry = decode(row.value);
      if (!entry.has_value()) {
        co_return unreadable("log", entry.error());
      }
      if (entry.value().offset != into->revision + 1) {
        co_return Error{Code::internal_error, "the log has a hole"};
      }
      on_entry(entry.value());
      replay(*into, std::move(entry.value()));
    }
    if (rows.empty()) {
      co_return ok();
    }
  }
}

Task<Result<Appended>> Journal::try_append(std::int64_t offset, Bytes bytes) {
  const RowKey key = entry_key(offset);
  CO_TRY(const bool inserted,
         co_await limited(rt_.store().insert_if_not_exists(key, bytes, Duration{})));
  if (inserted) {
    co_return Appended::written;
  }
  // Whose is it? An insertion of our own may have come through before.
  const auto stored = co_await limited(rt_.store().get(key));
  if (!stored.has_value() || !stored.value().has_value()) {
    co_return Error{Code::unknown_outcome, "an entry that cannot be read back"};
  }
  co_return *stored.value() == bytes ? Appended::written : Appended::superseded;
}

Task<Result<Appended>> Journal::append(std::int64_t offset, Bytes bytes) {
  Duration pause = options_.retry_first;
  bool doubtful = false;
  for (int attempt = 1;; ++attempt) {
    const auto result = co_await try_append(offset, bytes);
    if (result.has_value()) {
      co_return result.value();
    }
    // Once one attempt is in doubt, a later one that had no effect proves nothing.
    doubtful = doubtful || !outcome_known(result.error());
    if (!doubtful) {
      co_return result.error();
    }
    if (attempt >= options_.tries) {
      co_return Error{Code::unknown_outcome, "entry " + std::to_string(offset)};
    }
    co_await rt_.clock().sleep_for(pause);
    pause = std::min(pause * 2, options_.retry_max);
  }
}

bool Journal::snapshot_due(const Tables& tables) const {
  const std::int64_t behind = tables.revision - snapshot_offset_;
  return behind >= std::max(options_.snapshot_every, static_cast<std::int64_t>(tables.rows()));
}

Task<Result<bool>> Journal::move_head(Bytes from, Bytes to) {
  if (from.empty()) {
    return limited(rt_.store().insert_if_not_exists(head_key(), std::move(to), Duration{}));
  }
  return limited(
      rt_.store().compare_and_swap(head_key(), std::move(from), std::move(to), Duration{}));
}

Task<Status> Journal::remove_chunks(Head head) {
  for (std::int64_t chunk = 0; chunk < head.chunks; ++chunk) {
    const RowKey key{.partition = snapshot_partition(head.offset), .clustering = chunk_key(chunk)};
    CO_TRY(const auto bytes, co_await limited(rt_.store().get(key)));
    if (!bytes.has_value()) {
      continue;
    }
    CO_TRY(co_await limited(rt_.store().compare_and_delete(key, *bytes)));
  }
  co_return ok();
}

Task<Status> Journal::write_snapshot(Snapshot snapshot) {
  CO_TRY(Head old, co_await read_head());
  if (old.offset >= snapshot.revision) {
    co_return ok();
  }
  const auto chunks = static_cast<std::int64_t>(snapshot.chunks.size());
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
    RowKey key{.partition = snapshot_partition(snapshot.revision), .clustering = chunk_key(chunk)};
    Bytes bytes = std::move(snapshot.chunks.at(static_cast<std::size_t>(chunk)));
    CO_TRY(co_await limited(rt_.store().put(std::move(key), std::move(bytes))));
  }
  const json::object head{{"Offset", snapshot.revision}, {"Chunks", chunks}};
  CO_TRY(const bool moved, co_await move_head(old.stored, json::serialize(head)));
  if (!moved) {
    co_return Error{Code::conflict, "another snapshot came first"};
  }
  snapshot_offset_ = snapshot.revision;
  co_return co_await remove_chunks(std::move(old));
}

}  // namespace vvm::cluster
