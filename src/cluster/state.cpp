// Applying changes, and their JSON form.
#include "cluster/state.hpp"

#include <utility>

#include "base/check.hpp"
#include "cluster/json_fields.hpp"
#include "cluster/tables_json.hpp"
#include "records/json.hpp"

namespace vvm::cluster {
namespace json = boost::json;

namespace {

template <class Row>
Change apply_row(Table<Row>& table, RowChange<Row> change) {
  RowChange<Row> opposite{.key = change.key, .row = std::nullopt};
  const auto it = table.find(change.key);
  if (it != table.end()) {
    opposite.row = std::move(it->second);
  }
  if (change.row.has_value()) {
    table.insert_or_assign(std::move(change.key), *std::move(change.row));
  } else if (it != table.end()) {
    table.erase(it);
  }
  return opposite;
}

struct Applier {
  Tables& tables;

  Change operator()(RowChange<App> c) { return apply_row(tables.apps, std::move(c)); }

  Change operator()(RowChange<AppImage> c) { return apply_row(tables.images, std::move(c)); }

  Change operator()(RowChange<VvmNode> c) { return apply_row(tables.nodes, std::move(c)); }

  Change operator()(RowChange<VirtualMachine> c) { return apply_row(tables.vvms, std::move(c)); }

  Change operator()(RowChange<Placement> c) { return apply_row(tables.placements, std::move(c)); }

  Change operator()(RowChange<SetPoint> c) { return apply_row(tables.sps, std::move(c)); }

  Change operator()(RowChange<ProcessVariable> c) { return apply_row(tables.pvs, std::move(c)); }

  Change operator()(BlobCounter c) {
    return BlobCounter{.last = std::exchange(tables.last_blob, c.last)};
  }
};

// The names of the tables in the journal.
template <class Row>
constexpr const char* table_name = nullptr;
template <>
constexpr const char* table_name<App> = "App";
template <>
constexpr const char* table_name<AppImage> = "AppImage";
template <>
constexpr const char* table_name<VvmNode> = "VVMNode";
template <>
constexpr const char* table_name<VirtualMachine> = "VirtualMachine";
template <>
constexpr const char* table_name<Placement> = "Placement";
template <>
constexpr const char* table_name<SetPoint> = "SP";
template <>
constexpr const char* table_name<ProcessVariable> = "PV";

// Only rows of a workspace are ever erased.
json::object key_json(const WorkspaceKey& key) {
  return {{"VvmID", raw(key.vvm)},
          {"AppQName", key.partition.app.str()},
          {"PartitionID", raw(key.partition.partition)}};
}

template <class Key>
json::object key_json(const Key&) {
  CHECK(false, "a row of this table is never erased");
  UNREACHABLE();
}

Result<WorkspaceKey> key_from_json(const json::object& object) {
  const Fields in(object);
  WorkspaceKey key;
  TRY(key.vvm, in.id<VvmId>("VvmID", {.low = 1, .high = raw(vvm_id_max)}));
  TRY(key.partition.app, in.app("AppQName"));
  TRY(key.partition.partition, in.id<PartitionId>("PartitionID", {.low = 0, .high = 65'535}));
  return key;
}

struct Writer {
  template <class Row>
  json::object operator()(const RowChange<Row>& change) const {
    json::object out{{"Table", table_name<Row>}};
    if (change.row.has_value()) {
      out.emplace("Row", to_json(*change.row));
    } else {
      out.emplace("Erased", key_json(change.key));
    }
    return out;
  }

  json::object operator()(const BlobCounter& counter) const {
    return {{"Table", "Blob"}, {"Last", static_cast<std::int64_t>(raw(counter.last))}};
  }
};

template <class Row>
Result<Change> row_change(Result<Row> row) {
  if (!row.has_value()) {
    return std::move(row).error();
  }
  return put(std::move(row.value()));
}

Result<Change> erased_from_json(std::string_view table, const json::object& in) {
  TRY(WorkspaceKey key, key_from_json(in));
  if (table == table_name<SetPoint>) {
    return erase<SetPoint>(std::move(key));
  }
  if (table == table_name<ProcessVariable>) {
    return erase<ProcessVariable>(std::move(key));
  }
  return Error{Code::bad_request, "erased row of table `" + std::string{table} + "`"};
}

Result<Change> row_from_json(std::string_view table, const json::object& in) {
  if (table == table_name<App>) {
    return row_change(app_from_json(in));
  }
  if (table == table_name<AppImage>) {
    return row_change(image_from_json(in));
  }
  if (table == table_name<VvmNode>) {
    return row_change(node_from_json(in));
  }
  if (table == table_name<VirtualMachine>) {
    return row_change(vvm_from_json(in));
  }
  if (table == table_name<Placement>) {
    return row_change(placement_from_json(in));
  }
  if (table == table_name<SetPoint>) {
    return row_change(set_point_from_json(in));
  }
  if (table == table_name<ProcessVariable>) {
    return row_change(process_variable_from_json(in));
  }
  return Error{Code::bad_request, "row of table `" + std::string{table} + "`"};
}

template <class Row>
void append_rows(std::vector<Change>& out, const Table<Row>& table) {
  for (const auto& [key, row] : table) {
    out.push_back(put(row));
  }
}

}  // namespace

WorkspaceKey key_of(const SetPoint& row) { return {.vvm = row.vvm, .partition = row.key}; }

WorkspaceKey key_of(const ProcessVariable& row) { return {.vvm = row.vvm, .partition = row.key}; }

std::size_t Tables::rows() const {
  return apps.size() + images.size() + nodes.size() + vvms.size() + placements.size() + sps.size() +
         pvs.size();
}

Change apply(Tables& tables, Change change) {
  return std::visit(Applier{tables}, std::move(change));
}

std::optional<VvmId> workspace_of(const Change& change) {
  if (const auto* sp = std::get_if<RowChange<SetPoint>>(&change)) {
    return sp->key.vvm;
  }
  if (const auto* pv = std::get_if<RowChange<ProcessVariable>>(&change)) {
    return pv->key.vvm;
  }
  return std::nullopt;
}

json::object to_json(const Change& change) { return std::visit(Writer{}, change); }

Result<Change> change_from_json(const json::object& in) {
  const Fields fields(in);
  TRY(const std::string table, fields.text("Table"));
  if (table == "Blob") {
    TRY(const BlobId last, fields.id<BlobId>("Last", {}));
    return BlobCounter{.last = last};
  }
  if (const json::value* row = in.if_contains("Row"); row != nullptr && row->is_object()) {
    return row_from_json(table, row->get_object());
  }
  if (const json::value* key = in.if_contains("Erased"); key != nullptr && key->is_object()) {
    return erased_from_json(table, key->get_object());
  }
  return Error{Code::bad_request, "a change without a row"};
}

std::vector<Change> as_changes(const Tables& tables) {
  std::vector<Change> out;
  out.reserve(tables.rows() + 1);
  append_rows<App>(out, tables.apps);
  append_rows<AppImage>(out, tables.images);
  append_rows<VvmNode>(out, tables.nodes);
  append_rows<VirtualMachine>(out, tables.vvms);
  append_rows<Placement>(out, tables.placements);
  append_rows<SetPoint>(out, tables.sps);
  append_rows<ProcessVariable>(out, tables.pvs);
  out.emplace_back(BlobCounter{.last = tables.last_blob});
  return out;
}

}  // namespace vvm::cluster
