// What the names and globs of a scenario file refer to.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/scenario/read_context.hpp"
#include "sim/scenario/suggest.hpp"
#include "sim/world/glob.hpp"

namespace vvm::scenario {
namespace {

constexpr std::string_view store_host = "store";
constexpr std::string_view blob_host = "blobs";

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t listed_max = 4;
  if (names.size() <= listed_max) {
    return fmt::format("{}", fmt::join(names, ", "));
  }
  return names.front() + ".." + names.back();
}

std::vector<std::string_view> views(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

std::optional<std::string> wrong_glob(std::string_view glob,
                                      std::string_view what,
                                      const std::vector<std::string>& names) {
  if (std::ranges::any_of(names, [&](const auto& one) { return sim::glob_match(glob, one); })) {
    return std::nullopt;
  }
  std::string text = fmt::format("`{}` matches no {} ({})", glob, what, list_of(names));
  if (const auto near = nearest(glob, views(names)); near.has_value() && names.size() > 4) {
    text += fmt::format("; did you mean `{}`?", *near);
  }
  return text;
}

template <class Rows>
std::vector<std::string> names_of(const Rows& rows) {
  std::vector<std::string> names;
  names.reserve(rows.size());
  for (const auto& row : rows) {
    names.push_back(row.name);
  }
  return names;
}

std::optional<std::string> wrong_name(std::string_view name,
                                      std::string_view what,
                                      const std::vector<std::string>& names) {
  if (std::ranges::find(names, name) != names.end()) {
    return std::nullopt;
  }
  return unknown(what, name, views(names));
}

}  // namespace

std::optional<std::string> wrong_process(const Scenario& scenario, std::string_view glob) {
  return wrong_glob(glob, "process", process_names(scenario.topology));
}

std::optional<std::string> wrong_vvm(const Scenario& scenario, std::string_view glob) {
  return wrong_glob(glob, "VVM", vvm_names(scenario.topology));
}

std::optional<std::string> wrong_node(const Scenario& scenario, std::string_view glob) {
  return wrong_glob(glob, "node", scenario.topology.nodes);
}

std::optional<std::string> wrong_host(const Scenario& scenario, std::string_view glob) {
  std::vector<std::string> names = process_names(scenario.topology);
  names.emplace_back(store_host);
  names.emplace_back(blob_host);
  return wrong_glob(glob, "process or service", names);
}

std::optional<std::string> wrong_app(const Scenario& scenario, std::string_view name) {
  return wrong_name(name, "application", names_of(scenario.apps));
}

std::optional<std::string> wrong_image(const Scenario& scenario, std::string_view name) {
  return wrong_name(name, "image", names_of(scenario.images));
}

std::optional<std::string> wrong_partition(const Scenario& scenario, const PartitionGlob& glob) {
  if (const auto wrong = wrong_glob(glob.app, "application", names_of(scenario.apps))) {
    return wrong;
  }
  for (const App& app : scenario.apps) {
    for (std::int32_t part = 0; part < app.partitions; ++part) {
      if (sim::glob_match(glob.app, app.name) &&
          sim::glob_match(glob.partition, std::to_string(part))) {
        return std::nullopt;
      }
    }
  }
  return fmt::format(
      "`{}/{}` matches no partition; they are numbered from 0", glob.app, glob.partition);
}

std::optional<std::string> wrong_step(const ReadContext& ctx, std::string_view name) {
  return wrong_name(name, "step", ctx.step_names);
}

std::vector<std::string> vvm_names(const Topology& topology) {
  std::vector<std::string> names;
  const std::size_t count = topology.nodes.size() * topology.vvms_per_node;
  for (std::size_t i = 1; i <= count; ++i) {
    names.push_back("vvm" + std::to_string(i));
  }
  return names;
}

std::vector<std::string> node_of_vvms(const Topology& topology) {
  std::vector<std::string> nodes;
  const std::size_t count = topology.nodes.size() * topology.vvms_per_node;
  nodes.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    nodes.push_back(topology.nodes[i % topology.nodes.size()]);
  }
  return nodes;
}

std::vector<std::string> process_names(const Topology& topology) {
  std::vector<std::string> names = vvm_names(topology);
  names.emplace_back(cluster_process);
  return names;
}

const toml::table* section_of(ReadContext& ctx, const toml::table& root, std::string_view section) {
  const toml::node* node = root.get(section);
  if (node == nullptr) {
    return nullptr;
  }
  if (!node->is_table()) {
    ctx.issues.add(*node, fmt::format("`{}` is a section: [{}]", section, section));
    return nullptr;
  }
  return node->as_table();
}

std::vector<NamedTable> named_tables(ReadContext& ctx,
                                     const toml::table& root,
                                     std::string_view section) {
  std::vector<NamedTable> tables;
  const toml::table* table = section_of(ctx, root, section);
  if (table == nullptr) {
    return tables;
  }
  for (const auto& [key, node] : *table) {
    if (const toml::table* one = node.as_table()) {
      tables.push_back({.name = std::string{key.str()}, .table = one});
    } else {
      ctx.issues.add(
          key.source(),
          fmt::format("`{}` stands in no table: [{}.NAME] holds such keys", key.str(), section));
    }
  }
  std::ranges::sort(tables, [](const NamedTable& a, const NamedTable& b) {
    const toml::source_position& x = a.table->source().begin;
    const toml::source_position& y = b.table->source().begin;
    return std::pair(x.line, x.column) < std::pair(y.line, y.column);
  });
  return tables;
}

}  // namespace vvm::scenario
