// The table, its statements, and what SQLite's answers mean.
#include "live/store.hpp"

#include <chrono>
#include <initializer_list>
#include <utility>

#include <sqlite3.h>

namespace vvm::live {
namespace {

constexpr int application_id = 0x56564D53;  // "VVMS"
constexpr int layout_version = 1;
constexpr int busy_ms = 2'000;
constexpr int writes_between_purges = 1'000;
constexpr std::int64_t never = 0;  // the column `e` of a row without expiry

constexpr const char* layout_sql =
    "CREATE TABLE IF NOT EXISTS rows(p BLOB NOT NULL, c BLOB NOT NULL, v BLOB NOT NULL,"
    " e INTEGER NOT NULL, PRIMARY KEY(p, c)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS expiring ON rows(e) WHERE e <> 0;";

// ?1 partition, ?2 clustering, ?3 value, ?4 its expiry, ?5 now, ?6 the expected value.
constexpr const char* put_sql =
    "INSERT INTO rows(p, c, v, e) VALUES(?1, ?2, ?3, ?4)"
    " ON CONFLICT(p, c) DO UPDATE SET v = excluded.v, e = excluded.e";
constexpr const char* get_sql =
    "SELECT c, v FROM rows WHERE p = ?1 AND c = ?2 AND (e = 0 OR e > ?5)";
constexpr const char* range_sql =
    "SELECT c, v FROM rows WHERE p = ?1 AND c >= ?2 AND (?3 = x'' OR c < ?3)"
    " AND (e = 0 OR e > ?5) ORDER BY c";
constexpr const char* insert_sql =
    "INSERT INTO rows(p, c, v, e) VALUES(?1, ?2, ?3, ?4)"
    " ON CONFLICT(p, c) DO UPDATE SET v = excluded.v, e = excluded.e"
    " WHERE rows.e <> 0 AND rows.e <= ?5";
constexpr const char* swap_sql =
    "UPDATE rows SET v = ?3, e = ?4 WHERE p = ?1 AND c = ?2 AND v = ?6 AND (e = 0 OR e > ?5)";
constexpr const char* delete_sql =
    "DELETE FROM rows WHERE p = ?1 AND c = ?2 AND v = ?6 AND (e = 0 OR e > ?5)";
constexpr const char* purge_sql = "DELETE FROM rows WHERE e <> 0 AND e <= ?5";

enum class Effect : std::uint8_t { reads, writes };

// A write that failed while it was being made durable may have become so all the same.
Error store_error(int code, const char* text, Effect effect) {
  const bool unknown = effect == Effect::writes && (code & 0xFF) == SQLITE_IOERR;
  return {unknown ? Code::unknown_outcome : Code::store_unavailable, text};
}

std::int64_t milliseconds_now(std::chrono::nanoseconds since) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace

class Database {
 public:
  struct Values {
    BytesView partition{};
    BytesView clustering{};
    BytesView value{};
    BytesView expected{};
    std::int64_t expiry = never;
  };

  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  ~Database() {
    for (const auto& [sql, statement] : statements_) {
      sqlite3_finalize(statement);
    }
    sqlite3_close_v2(db_);
  }

  Status open(const std::string& path) {
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path.c_str(), &db_, flags, nullptr) != SQLITE_OK) {
      return Error{Code::store_unavailable, path + ": " + text()};
    }
    sqlite3_busy_timeout(db_, busy_ms);
    const Status laid_out = lay_out();
    if (laid_out.has_error()) {
      return Error{laid_out.error().code, path + ": " + laid_out.error().what};
    }
    return purge();
  }

  // Runs a statement that gives no rows; how many rows it changed.
  Result<int> write(const char* sql, const Values& values) {
    TRY(sqlite3_stmt* const statement, bind(sql, values));
    const int code = sqlite3_step(statement);
    const Error failure = code == SQLITE_DONE ? Error{} : store_error(code, text(), Effect::writes);
    sqlite3_reset(statement);
    if (code != SQLITE_DONE) {
      return failure;
    }
    return sqlite3_changes(db_);
  }

  // Rows of one partition.
  Result<std::vector<Row>> read(const char* sql, const Values& values) {
    TRY(sqlite3_stmt* const statement, bind(sql, values));
    std::vector<Row> rows;
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
      rows.push_back(
          {.key = {Bytes{values.partition}, column(statement, 0)}, .value = column(statement, 1)});
    }
    const Error failure = code == SQLITE_DONE ? Error{} : store_error(code, text(), Effect::reads);
    sqlite3_reset(statement);
    if (code != SQLITE_DONE) {
      return failure;
    }
    return rows;
  }

  // A statement without values that gives no rows.
  Status run(const char* sql) {
    const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
      return store_error(code, text(), Effect::writes);
    }
    return ok();
  }

  void roll_back() { sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr); }

  std::int64_t expiry_of(Duration ttl) const {
    return ttl <= Duration{} ? never : now_ms() + std::max<std::int64_t>(1, ttl.ms());
  }

  // Expired rows take room until this.
  Status purge_sometimes() { return ++writes_ % writes_between_purges == 0 ? purge() : ok(); }

 private:
  Status purge() {
    TRY(write(purge_sql, {}));
    return ok();
  }

  std::int64_t now_ms() const {
    const auto passed = std::chrono::steady_clock::now() - opened_at_;
    return milliseconds_now(opened_at_wall_.time_since_epoch() + passed);
  }

  const char* text() const { return sqlite3_errmsg(db_); }

  Result<int> pragma(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr);
    int value = 0;
    if (code == SQLITE_OK) {
      code = sqlite3_step(statement);
      value = code == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    }
    const bool good = code == SQLITE_ROW || code == SQLITE_DONE;
    const bool foreign = (code & 0xFF) == SQLITE_NOTADB || (code & 0xFF) == SQLITE_CORRUPT;
    const Error failure{foreign ? Code::bad_input : Code::store_unavailable, text()};
    sqlite3_finalize(statement);
    if (!good) {
      return failure;
    }
    return value;
  }

  Status lay_out() {
    TRY(const int id, pragma("PRAGMA application_id"));
    TRY(const int version, pragma("PRAGMA user_version"));
    TRY(const int tables, pragma("SELECT count(*) FROM sqlite_schema"));
    if (tables != 0 && (id != application_id || version != layout_version)) {
      return Error{Code::bad_input, "not a store of this version"};
    }
    TRY(pragma("PRAGMA journal_mode = WAL"));
    TRY(pragma("PRAGMA synchronous = FULL"));
    if (tables == 0) {
      const std::string sql = "BEGIN IMMEDIATE;" + std::string(layout_sql) +
                              "PRAGMA application_id = " + std::to_string(application_id) +
                              ";PRAGMA user_version = " + std::to_string(layout_version) +
                              ";COMMIT";
      return run(sql.c_str());
    }
    return ok();
  }

  Result<sqlite3_stmt*> bind(const char* sql, const Values& values) {
    auto it = std::find_if(
        statements_.begin(), statements_.end(), [sql](const auto& s) { return s.first == sql; });
    if (it == statements_.end()) {
      sqlite3_stmt* made = nullptr;
      if (sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr) !=
          SQLITE_OK) {
        return Error{Code::store_unavailable, text()};
      }
      it = statements_.emplace(statements_.end(), sql, made);
    }
    sqlite3_stmt* const statement = it->second;
    bind_octets(statement, 1, values.partition);
    bind_octets(statement, 2, values.clustering);
    bind_octets(statement, 3, values.value);
    bind_number(statement, 4, values.expiry);
    bind_number(statement, 5, now_ms());
    bind_octets(statement, 6, values.expected);
    return statement;
  }

  // Not every statement has every parameter: a number out of range is refused and harmless.
  static void bind_octets(sqlite3_stmt* statement, int at, BytesView octets) {
    // A null pointer would bind NULL.
    const char* const data = octets.data() == nullptr ? "" : octets.data();
    sqlite3_bind_blob64(statement, at, data, octets.size(), SQLITE_STATIC);
  }

  static void bind_number(sqlite3_stmt* statement, int at, std::int64_t number) {
    sqlite3_bind_int64(statement, at, number);
  }

  static Bytes column(sqlite3_stmt* statement, int at) {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement, at));
    const int size = sqlite3_column_bytes(statement, at);
    return data == nullptr ? Bytes{} : Bytes(data, static_cast<std::size_t>(size));
  }

  sqlite3* db_ = nullptr;
  std::vector<std::pair<const char*, sqlite3_stmt*>> statements_;  // by address of the constants
  int writes_ = 0;
  std::chrono::steady_clock::time_point opened_at_ = std::chrono::steady_clock::now();
  std::chrono::system_clock::time_point opened_at_wall_ = std::chrono::system_clock::now();
};

namespace {

// A write whose rows changed answers the question of a conditional operation.
Result<bool> write_one(Database& db, const char* sql, const Database::Values& values) {
  TRY(const int changed, db.write(sql, values));
  static_cast<void>(db.purge_sometimes());  // failed: another time
  return changed != 0;
}

Status write_batch(Database& db, const std::vector<Row>& rows) {
  TRY(db.run("BEGIN IMMEDIATE"));
  for (const Row& row : rows) {
    const auto written = db.write(
        put_sql,
        {.partition = row.key.partition, .clustering = row.key.clustering, .value = row.value});
    if (written.has_error()) {
      db.roll_back();
      return Error{Code::store_unavailable, written.error().what};
    }
  }
  Status committed = db.run("COMMIT");
  if (committed.has_error()) {
    db.roll_back();
  }
  return committed;
}

}  // namespace

Result<std::shared_ptr<Database>> open_database(const std::string& path) {
  auto database = std::make_shared<Database>();
  TRY(database->open(path));
  return database;
}

LiveStore::LiveStore(std::shared_ptr<Life> life, Worker* worker, std::shared_ptr<Database> database)
    : life_(std::move(life)), worker_(worker), database_(std::move(database)) {}

LiveStore::~LiveStore() = default;

Task<Status> LiveStore::put(RowKey key, Bytes value) {
  return worker_->run(life_, [db = database_, key, value]() -> Status {
    TRY(write_one(
        *db, put_sql, {.partition = key.partition, .clustering = key.clustering, .value = value}));
    return ok();
  });
}

Task<Status> LiveStore::put_batch(std::vector<Row> rows) {
  return worker_->run(life_, [db = database_, rows] { return write_batch(*db, rows); });
}

Task<Result<std::optional<Bytes>>> LiveStore::get(RowKey key) {
  return worker_->run(life_, [db = database_, key]() -> Result<std::optional<Bytes>> {
    TRY(auto rows, db->read(get_sql, {.partition = key.partition, .clustering = key.clustering}));
    if (rows.empty()) {
      return std::optional<Bytes>{};
    }
    return std::optional<Bytes>{std::move(rows.front().value)};
  });
}

Task<Result<std::vector<Row>>> LiveStore::read(RowRange range) {
  return worker_->run(life_, [db = database_, range] {
    return db->read(range_sql,
                    {.partition = range.partition, .clustering = range.from, .value = range.to});
  });
}

Task<Result<bool>> LiveStore::insert_if_not_exists(RowKey key, Bytes value, Duration ttl) {
  return worker_->run(life_, [db = database_, key, value, ttl] {
    return write_one(*db,
                     insert_sql,
                     {.partition = key.partition,
                      .clustering = key.clustering,
                      .value = value,
                      .expiry = db->expiry_of(ttl)});
  });
}

Task<Result<bool>> LiveStore::compare_and_swap(RowKey key,
                                               Bytes expected,
                                               Bytes value,
                                               Duration ttl) {
  return worker_->run(life_, [db = database_, key, expected, value, ttl] {
    return write_one(*db,
                     swap_sql,
                     {.partition = key.partition,
                      .clustering = key.clustering,
                      .value = value,
                      .expected = expected,
                      .expiry = db->expiry_of(ttl)});
  });
}

Task<Result<bool>> LiveStore::compare_and_delete(RowKey key, Bytes expected) {
  return worker_->run(life_, [db = database_, key, expected] {
    return write_one(
        *db,
        delete_sql,
        {.partition = key.partition, .clustering = key.clustering, .expected = expected});
  });
}

}  // namespace vvm::live
