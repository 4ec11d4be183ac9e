// Tables and Change: the cluster's whole state, and the only way in which it changes.
//
// The commands decide over it, the journal makes its changes durable, the processor applies them.
// Plain values, no I/O, no time. A Change is one row put or erased; applying it gives the Change
// that takes it back, so that a batch that could not be made durable leaves no trace.
#pragma once

#include <map>
#include <optional>
#include <variant>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/result.hpp"
#include "cluster/tables.hpp"
#include "records/process_variable.hpp"
#include "records/set_point.hpp"

namespace vvm::cluster {

// A row of ws.cluster.VirtualMachine; all rows of one workspace are neighbours.
struct WorkspaceKey {
  VvmId vvm{};
  PartitionKey partition{};

  auto operator<=>(const WorkspaceKey&) const = default;
};

inline AppQName key_of(const App& row) { return row.name; }

inline ImageKey key_of(const AppImage& row) { return row.key; }

inline NodeId key_of(const VvmNode& row) { return row.id; }

inline VvmId key_of(const VirtualMachine& row) { return row.id; }

inline PartitionKey key_of(const Placement& row) { return row.key; }

WorkspaceKey key_of(const SetPoint& row);
WorkspaceKey key_of(const ProcessVariable& row);

template <class Row>
using KeyOf = decltype(key_of(std::declval<const Row&>()));

template <class Row>
struct RowChange {
  KeyOf<Row> key;
  std::optional<Row> row;  // none: erased

  friend bool operator==(const RowChange&, const RowChange&) = default;
};

// The id that the next BLOB is behind.
struct BlobCounter {
  BlobId last{};

  friend bool operator==(const BlobCounter&, const BlobCounter&) = default;
};

using Change = std::variant<RowChange<App>,
                            RowChange<AppImage>,
                            RowChange<VvmNode>,
                            RowChange<VirtualMachine>,
                            RowChange<Placement>,
                            RowChange<SetPoint>,
                            RowChange<ProcessVariable>,
                            BlobCounter>;

template <class Row>
Change put(Row row) {
  KeyOf<Row> key = key_of(row);
  return RowChange<Row>{.key = std::move(key), .row = std::move(row)};
}

template <class Row>
Change erase(KeyOf<Row> key) {
  return RowChange<Row>{.key = std::move(key), .row = std::nullopt};
}

template <class Row>
using Table = std::map<KeyOf<Row>, Row>;

struct Tables {
  Table<App> apps;
  Table<AppImage> images;
  Table<VvmNode> nodes;
  Table<VirtualMachine> vvms;
  Table<Placement> placements;
  Table<SetPoint> sps;
  Table<ProcessVariable> pvs;
  BlobId last_blob{};
  // Of the journal: the entry that was applied last, and the one that last touched a workspace.
  std::int64_t revision = 0;
  std::map<VvmId, std::int64_t> list_revision;

  friend bool operator==(const Tables&, const Tables&) = default;
  std::size_t rows() const;
};

template <class Key, class Row>
const Row* find(const std::map<Key, Row>& table, const Key& key) {
  const auto it = table.find(key);
  return it == table.end() ? nullptr : &it->second;
}

// Applies one change and returns its opposite.
Change apply(Tables& tables, Change change);
// The workspace that a change touches, or none.
std::optional<VvmId> workspace_of(const Change& change);

boost::json::object to_json(const Change& change);
// err: BadRequest.
Result<Change> change_from_json(const boost::json::object& in);
// Every row, as changes that build these tables from empty ones; without the revisions.
std::vector<Change> as_changes(const Tables& tables);

}  // namespace vvm::cluster
