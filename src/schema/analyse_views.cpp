// Views (docs/spec/vsql.md 5.9).
#include <algorithm>

#include "schema/analyser.hpp"

namespace vvm::schema {

void Analyser::view(const Entry& entry) {
  const auto& stmt = *static_cast<const ViewStmt*>(entry.stmt);
  const Key* key = nullptr;
  view_items(stmt, &key);
  if (key == nullptr) {
    error(Rule::e540, stmt.loc, "primary key not defined");
    return;
  }
  partition_key(stmt, *key);
  if (key->clustering.empty()) {
    error(Rule::e548, key->first, "clustering columns not defined");
    return;
  }
  clustering_columns(stmt, *key);
  if (result_of(stmt)) {
    tags(stmt.with);
  }
}

void Analyser::view_items(const ViewStmt& stmt, const Key** key) {
  ++stamp_;
  for (std::size_t i = 0; i < stmt.items.size(); ++i) {
    const Item& item = stmt.items[i];
    if (item.kind == ItemKind::key) {
      if (*key != nullptr) {
        error(Rule::e541, item.key->first, "redefinition of primary key");
      } else {
        *key = item.key;
      }
      continue;
    }
    const bool again = stamps_[item.name] == stamp_;
    if (again && item.kind != ItemKind::record) {
      error(Rule::e542, item.loc, "redefinition of " + text(item.name));
    } else {
      stamps_[item.name] = stamp_;
      positions_[item.name] = static_cast<std::uint32_t>(i);
    }
    if (item.kind == ItemKind::record && !here_->package->is_sys) {
      error(Rule::e543, item.loc, "record fields are only allowed in sys package");
    }
    if (item.kind == ItemKind::field) {
      data_type(item, false);
    }
  }
}

// What a name in the key stands for. An unknown one stands for the first item (quirk Q28).
const Item* Analyser::key_item(const ViewStmt& stmt, const NameRef& column) {
  if (stamps_[column.name] == stamp_) {
    return &stmt.items[positions_[column.name]];
  }
  error(Rule::e544, column.loc, "undefined field " + text(column.name));
  return stmt.items.data();
}

void Analyser::partition_key(const ViewStmt& stmt, const Key& key) {
  for (const NameRef& column : key.partition) {
    const Item* item = key_item(stmt, column);
    const bool varying = item->kind == ItemKind::field &&
                         (item->type == DataType::varchar || item->type == DataType::bytes);
    if (!varying && item->kind != ItemKind::record) {
      continue;
    }
    const std::string name = text(column.name);
    if (item->kind == ItemKind::record) {
      error(Rule::e547, column.loc, "record field " + name + " not supported in partition key");
    } else if (item->kind == ItemKind::field && item->type == DataType::varchar) {
      error(Rule::e545, column.loc, "varchar field " + name + " not supported in partition key");
    } else if (item->kind == ItemKind::field && item->type == DataType::bytes) {
      error(Rule::e546, column.loc, "bytes field " + name + " not supported in partition key");
    }
  }
}

void Analyser::clustering_columns(const ViewStmt& stmt, const Key& key) {
  for (const NameRef& column : key.clustering) {
    const Item* item = key_item(stmt, column);
    const bool varying = item->kind == ItemKind::field &&
                         (item->type == DataType::varchar || item->type == DataType::bytes);
    if (!varying && item->kind != ItemKind::record) {
      continue;
    }
    const std::string name = text(column.name);
    const bool last = &column == &key.clustering.back();
    if (item->kind == ItemKind::record) {
      error(Rule::e547, column.loc, "record field " + name + " not supported in partition key");
    } else if (item->kind == ItemKind::field && !last &&
               (item->type == DataType::varchar || item->type == DataType::bytes)) {
      const std::string type = item->type == DataType::varchar ? "varchar" : "bytes";
      error(Rule::e549,
            column.loc,
            type + " field " + name + " can only be the last one in clustering key");
    }
  }
}

bool Analyser::result_of(const ViewStmt& stmt) {
  Found maker = bound_.resolve(Want::projector, stmt.result_of, *here_);
  if (maker.symbol == nullptr) {
    maker = bound_.resolve(Want::job, stmt.result_of, *here_);
  }
  if (maker.symbol == nullptr) {
    fail(Want::projector, stmt.result_of, stmt.result_of.loc, *maker.failure);
    return false;
  }
  const auto& extension = *static_cast<const ExtensionStmt*>(maker.symbol->stmt);
  if (intends(extension, *maker.symbol->scope, stmt)) {
    return true;
  }
  const bool is_job = extension.kind == StmtKind::job;
  error(is_job ? Rule::e651 : Rule::e550,
        stmt.result_of.loc,
        text(extension.name) + " does not declare intent for view " + text(stmt.name));
  return false;
}

bool Analyser::intends(const ExtensionStmt& maker, const Scope& scope, const ViewStmt& view) {
  return std::ranges::any_of(maker.intents, [this, &scope, &view](const StorageRef& ref) {
    const bool names_it = std::ranges::any_of(ref.entities, [this, &view](const QRef& entity) {
      return entity.name == view.name &&
             (entity.qualifier == 0 || entity.qualifier == here_->package->local);
    });
    if (!names_it) {
      return false;
    }
    const Found storage = bound_.resolve(Want::storage, ref.storage, scope);
    return storage.symbol != nullptr &&
           static_cast<const StorageStmt*>(storage.symbol->stmt)->of_views;
  });
}

}  // namespace vvm::schema
