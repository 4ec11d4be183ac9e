// The tree of an AppDef, made for one pair of types at a time, and the comparison of nodes.
#include "appdef/compat.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/check.hpp"

namespace vvm::appdef {
namespace {

struct Node {
  std::string name{};
  std::optional<std::string> value{};
  std::vector<Node> children{};
};

Node leaf(std::string_view name, std::string_view value) {
  return {.name = std::string{name}, .value = std::string{value}, .children = {}};
}

Node branch(std::string_view name, std::vector<Node> children) {
  return {.name = std::string{name}, .value = std::nullopt, .children = std::move(children)};
}

// ------------------------------------------------------------------------------------- the tree

Node fields_node(std::string_view name, List<Field> fields) {
  std::vector<Node> children;
  for (const Field& field : fields) {
    children.push_back(leaf(field.name, name_of(field.kind)));
  }
  return branch(name, std::move(children));
}

Node flag_node(std::string_view name, bool value) { return leaf(name, value ? "true" : "false"); }

Node containers_node(const Structure& structure) {
  std::vector<Node> children;
  for (const Container& container : structure.containers) {
    children.push_back(leaf(container.name, container.type->name.str()));
  }
  return branch("Containers", std::move(children));
}

Node uniques_node(const Type& type) {
  std::vector<Node> children;
  for (const Unique& unique : type.structure()->uniques) {
    std::vector<Node> fields;
    for (const std::string_view name : unique.fields) {
      const auto field = std::ranges::find(type.structure()->fields, name, &Field::name);
      fields.push_back(leaf(name, name_of(field->kind)));
    }
    const TypeName name{.pkg = type.name.pkg, .entity = unique.entity};
    children.push_back(branch(name.str(), {branch("UniqueFields", std::move(fields))}));
  }
  return branch("Uniques", std::move(children));
}

// Of a query's parameter or result; none if absent or any.
Node args_node(std::string_view name, const Type* type) {
  return fields_node(
      name,
      type == nullptr || type->structure() == nullptr ? List<Field>{} : type->structure()->fields);
}

Node type_ref_node(std::string_view name, const Type* type) {
  return type == nullptr ? branch(name, {}) : leaf(name, type->name.str());
}

Node workspace_node(const AppDef& app_def, const Type& type) {
  const WorkspaceInfo& info = *type.info();
  std::vector<const Type*> visible(info.types.begin(), info.types.end());
  const auto add = [&visible](List<const Type*> types) {
    visible.insert(visible.end(), types.begin(), types.end());
  };
  for (const Type* ancestor : info.ancestors) {
    add(ancestor->info()->types);
  }
  if (const Type* root = app_def.find("sys", "Workspace"); root != nullptr && root != &type) {
    add(root->info()->types);
  }
  add(info.uses);
  std::ranges::sort(visible, {}, &Type::name);
  const auto repeated = std::ranges::unique(visible);
  visible.erase(repeated.begin(), repeated.end());
  std::vector<Node> types;
  types.reserve(visible.size());
  for (const Type* each : visible) {
    types.push_back(leaf(each->name.str(), each->name.str()));
  }
  return branch(type.name.str(),
                {branch("Types", std::move(types)),
                 leaf("Descriptor", info.descriptor == nullptr ? "." : info.descriptor->name.str()),
                 flag_node("Abstract", type.is_abstract)});
}

Node type_node(const AppDef& app_def, const Type& type) {
  const std::string name = type.name.str();
  if (type.kind == TypeKind::workspace) {
    return workspace_node(app_def, type);
  }
  if (type.kind == TypeKind::view) {
    return branch(name,
                  {fields_node("PartKeyFields", type.view()->partition_key),
                   fields_node("ClustColsFields", type.view()->clustering_columns),
                   fields_node("Fields", type.view()->value)});
  }
  if (type.kind == TypeKind::query) {
    return branch(name,
                  {args_node("QueryArgs", type.extension()->param),
                   args_node("QueryResult", type.extension()->result)});
  }
  if (type.kind == TypeKind::command) {
    return branch(name,
                  {type_ref_node("CommandArgs", type.extension()->param),
                   type_ref_node("UnloggedArgs", type.extension()->unlogged_param),
                   type_ref_node("CommandResult", type.extension()->result)});
  }
  if (is_table(type.kind)) {
    return branch(name,
                  {uniques_node(type),
                   fields_node("Fields", type.structure()->fields),
                   containers_node(*type.structure()),
                   flag_node("Abstract", type.is_abstract)});
  }
  Node node = leaf(name, name);
  if (type.kind == TypeKind::object) {
    node.children = {flag_node("Abstract", type.is_abstract),
                     fields_node("Fields", type.structure()->fields),
                     containers_node(*type.structure())};
  }
  return node;
}

Node packages_node(const AppDef& app_def) {
  std::vector<Node> children;
  for (const Package& package : app_def.packages()) {
    children.push_back(leaf(package.path, package.local_name));
  }
  return branch("Packages", std::move(children));
}

// ------------------------------------------------------------------------------- the comparison

// What a node's name asks of its children.
struct Constraints {
  bool insert_only = false;
  bool append_only = false;
  bool order_only = false;
  bool non_modifiable = false;
};

Constraints constraints_of(std::string_view name) {
  return {.insert_only = name == "Types",
          .append_only = name == "Fields" || name == "Packages",
          .order_only = name == "UniqueFields" || name == "Packages",
          .non_modifiable = name == "PartKeyFields" || name == "ClustColsFields" ||
                            name == "CommandArgs" || name == "CommandResult"};
}

// Names of children of two nodes, matched.
struct Matches {
  std::vector<std::pair<std::size_t, std::size_t>> both;  // indexes, in old order
  std::vector<std::size_t> deleted;                       // of old
  std::size_t inserted = 0;
  std::size_t appended = 0;
};

template <class Names>
Matches match(const Names& before, const Names& after) {
  Matches matches;
  std::map<std::string_view, std::size_t> at;
  for (std::size_t i = 0; i < after.size(); ++i) {
    at.emplace(after[i], i);
  }
  std::vector<bool> taken(after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto it = at.find(before[i]);
    if (it == at.end()) {
      matches.deleted.push_back(i);
      continue;
    }
    taken[it->second] = true;
    matches.both.emplace_back(i, it->second);
  }
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (!taken[i]) {
      ++(i < before.size() ? matches.inserted : matches.appended);
    }
  }
  return matches;
}

class Comparison {
 public:
  std::vector<CompatError> take() { return std::move(errors_); }

  void node(const Node& before, const Node& after) {
    path_.push_back(before.name);
    if (before.value != after.value) {
      error(CompatKind::value_changed);
    }
    const std::vector<std::string> old_names = names(before);
    const Matches matches = match(old_names, names(after));
    children(matches, old_names, constraints_of(before.name));
    for (const auto& [i, j] : matches.both) {
      node(before.children[i], after.children[j]);
    }
    path_.pop_back();
  }

  void types(const AppDef& before, const AppDef& after) {
    path_ = {"AppDef", "Types"};
    const auto names_of = [](const AppDef& app_def) {
      std::vector<std::string> out;
      for (const Type* type : app_def.types()) {
        out.push_back(type->name.str());
      }
      return out;
    };
    const std::vector<std::string> old_names = names_of(before);
    const Matches matches = match(old_names, names_of(after));
    children(matches, old_names, constraints_of("Types"));
    for (const auto& [i, j] : matches.both) {
      node(type_node(before, *before.types()[i]), type_node(after, *after.types()[j]));
    }
    path_ = {"AppDef"};
    node(packages_node(before), packages_node(after));
  }

 private:
  static std::vector<std::string> names(const Node& node) {
    std::vector<std::string> out;
    out.reserve(node.children.size());
    for (const Node& child : node.children) {
      out.push_back(child.name);
    }
    return out;
  }

  void error(CompatKind kind) { errors_.push_back({.kind = kind, .path = path_}); }

  void error(CompatKind kind, const std::string& child) {
    error(kind);
    errors_.back().path.push_back(child);
  }

  void children(const Matches& m, const std::vector<std::string>& old_names, Constraints c) {
    const bool order_allowed = c.order_only;
    if (m.inserted > 0 && m.deleted.empty()) {
      if (c.append_only) {
        error(CompatKind::node_inserted);
      }
      if (c.non_modifiable) {
        error(CompatKind::node_modified);
      }
    }
    if (m.appended > 0 && c.non_modifiable) {
      error(CompatKind::node_modified);
    }
    for (const std::size_t i : m.deleted) {
      if (c.insert_only || c.append_only) {
        error(CompatKind::node_removed, old_names[i]);
      }
      if (c.non_modifiable) {
        error(CompatKind::node_modified, old_names[i]);
      }
    }
    for (const auto& [i, j] : m.both) {
      if (i == j || !m.deleted.empty()) {
        continue;
      }
      if (c.append_only && !order_allowed) {
        error(CompatKind::order_changed, old_names[i]);
      }
      if (c.non_modifiable) {
        error(CompatKind::node_modified, old_names[i]);
      }
    }
    if (c.order_only && (m.inserted > 0 || m.appended > 0 || !m.deleted.empty())) {
      error(CompatKind::node_modified);
    }
  }

  std::vector<std::string> path_;
  std::vector<CompatError> errors_;
};

}  // namespace

std::string_view name_of(CompatKind kind) {
  constexpr std::array<std::string_view, 5> names{
      "NodeRemoved", "OrderChanged", "NodeInserted", "ValueChanged", "NodeModified"};
  return names[static_cast<std::size_t>(kind)];
}

std::string CompatError::path_str() const {
  std::string out;
  for (const std::string& part : path) {
    out.append(out.empty() ? "" : "/").append(part);
  }
  return out;
}

std::string CompatError::str() const { return std::string{name_of(kind)} + ": " + path_str(); }

std::vector<CompatError> compare(const AppDef& before, const AppDef& after) {
  Comparison comparison;
  comparison.types(before, after);
  return comparison.take();
}

std::vector<CompatError> without(std::vector<CompatError> errors,
                                 const std::vector<std::string>& paths) {
  std::erase_if(errors, [&paths](const CompatError& error) {
    return std::ranges::find(paths, error.path_str()) != paths.end();
  });
  return errors;
}

}  // namespace vvm::appdef
