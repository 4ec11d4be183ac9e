// [constants], [topology], [net.*], [apps.*], [images.*], [load.*].
#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "ids/names.hpp"
#include "sim/scenario/read_context.hpp"
#include "sim/scenario/suggest.hpp"
#include "sim/scenario/words.hpp"

namespace vvm::scenario {
namespace {

constexpr std::int64_t nodes_max = 1000;
constexpr std::int64_t vvms_per_node_max = 8;    // docs/spec/vvm.md 3.2
constexpr std::int64_t partitions_max = 65'535;  // 11.1
constexpr std::int64_t workspaces_max = 32'768;  // 1.3
constexpr std::int64_t pool_max = 1000;
constexpr std::int64_t rate_error_max_ppm = 400'000;  // LaneClock's limit is half

// A name in a list of names is a word, so that it can stand in calls and globs.
bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

void check_name(Fields& fields, std::string_view name) {
  if (!is_name(name)) {
    fields.issues().add(
        fields.place(),
        1,
        fmt::format("`{}` is no name; letters, digits, `_`, `-` and `.` are", name));
  }
}

void read_nodes(Fields& fields, Topology& topology) {
  if (!fields.read("nodes", topology.nodes)) {
    return;
  }
  std::vector<std::string> sorted = topology.nodes;
  std::ranges::sort(sorted);
  if (sorted.empty() || sorted.size() > nodes_max) {
    fields.wrong("nodes", fmt::format("there are {} nodes, not 1..{}", sorted.size(), nodes_max));
    topology.nodes = {"n1"};
  } else if (std::ranges::adjacent_find(sorted) != sorted.end()) {
    fields.wrong("nodes", "a node stands twice");
  } else if (!std::ranges::all_of(sorted, is_name)) {
    fields.wrong("nodes", "a node has a name that is none");
  }
}

void read_clocks(Fields& outer, Topology& topology) {
  const toml::node* node = outer.find("clocks");
  if (node == nullptr) {
    return;
  }
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    outer.wrong("clocks", "clocks is { rate_error, wall_offset }");
    return;
  }
  Fields fields(outer.issues(), *table, "clocks");
  PpmRange rate;
  if (fields.read("rate_error", rate)) {
    topology.rate_error_ppm = rate.value;
    if (rate.value.low < -rate_error_max_ppm || rate.value.high > rate_error_max_ppm) {
      fields.wrong("rate_error", "clocks are wrong by 40% at most");
    }
  }
  fields.read("wall_offset", topology.wall_offset);
  fields.finish();
}

void read_vvms(Fields& outer, Topology& topology) {
  const toml::node* node = outer.find("vvms");
  if (node == nullptr) {
    return;
  }
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    outer.wrong("vvms", "vvms is { per_node, max_partitions }");
    return;
  }
  Fields fields(outer.issues(), *table, "vvms");
  fields.read_in("per_node", topology.vvms_per_node, 1, vvms_per_node_max);
  fields.read_in("max_partitions", topology.partitions_max, 1, partitions_max);
  fields.finish();
}

void read_pools(Fields& fields, Pools& pools) {
  fields.read_in("command", pools.command, 0, pool_max);
  fields.read_in("query", pools.query, 0, pool_max);
  fields.read_in("actualizer", pools.actualizer, 0, pool_max);
  fields.read_in("scheduler", pools.scheduler, 0, pool_max);
  fields.finish();
}

void read_constant(ReadContext& ctx,
                   Fields& fields,
                   const std::string& name,
                   std::vector<Constant>& into) {
  const auto& known = ctx.vocabulary.constants;
  const auto word = std::ranges::find(known, name, &ConstantWord::name);
  if (word == known.end()) {
    if (home_of_list(name).has_value()) {
      return;  // finish() says where it belongs
    }
    std::vector<std::string_view> names;
    std::ranges::transform(known, std::back_inserter(names), &ConstantWord::name);
    fields.find(name);
    fields.wrong_key(name, unknown("constant", name, names));
    return;
  }
  const toml::node* node = fields.find(name);
  Constant constant{.place = place_of(node->source()), .name = name, .duration = word->duration};
  bool got = false;
  if (word->duration) {
    Duration value;
    got = fields.get(*node, name, value);
    constant.value = value.ns;
  } else if (node->is_string()) {
    Size value;
    got = fields.get(*node, name, value);
    constant.value = static_cast<std::int64_t>(value.octets);
  } else {
    std::uint64_t value = 0;
    got = fields.get(*node, name, value);
    constant.value = static_cast<std::int64_t>(value);
  }
  if (got && constant.value <= 0) {
    fields.wrong(name, fmt::format("constant `{}` has to be positive", name));
    got = false;
  }
  if (got) {
    into.push_back(std::move(constant));
  }
}

void read_image(ReadContext& ctx, const NamedTable& row) {
  Fields fields(ctx.issues, *row.table, fmt::format("[images.{}]", row.name));
  check_name(fields, row.name);
  Image image{.place = fields.place(), .name = row.name};
  const bool derived = fields.has("from");
  if (derived == fields.has("schema")) {
    ctx.issues.add(fields.place(), 1, fields.what() + " needs either `schema` or `from`");
  }
  fields.read("schema", image.schema);
  fields.read("from", image.from);
  if (!derived) {
    fields.read("build", image.build);
  }
  if (!derived && fields.need("app", image.app)) {
    if (const auto wrong = wrong_app(ctx.scenario, image.app)) {
      fields.wrong("app", *wrong);
    }
  } else if (derived && fields.has("app")) {
    fields.find("app");
    fields.wrong_key("app", "an image with `from` is for the application of the other image");
  }
  if (const toml::node* node = fields.find("break")) {
    const toml::table* table = node->as_table();
    if (!derived) {
      fields.wrong_key("break", "`break` needs `from`: it breaks another image");
    } else if (table == nullptr || table->size() != 1) {
      fields.wrong("break", "`break` is one breakage: { truncate_at = 4000 }, { zip_slip = true }");
    } else {
      Fields breaks(ctx.issues, *table, "break");
      std::vector<std::string_view> names;
      for (const BreakageWord& word : ctx.vocabulary.breakages) {
        names.push_back(word.name);
        if (const toml::node* value = breaks.find(word.name)) {
          Breakage breakage{.place = place_of(value->source()), .name = word.name};
          bool on = true;
          if (word.argument) {
            std::uint64_t argument = 0;
            breaks.get(*value, word.name, argument);
            breakage.argument = argument;
          } else if (breaks.get(*value, word.name, on) && !on) {
            breaks.wrong(word.name, "a breakage is `true`, or left out");
          }
          image.breakage = breakage;
        }
      }
      breaks.finish();
    }
  }
  fields.finish();
  ctx.scenario.images.push_back(std::move(image));
}

// `from` may name an image that stands further below.
void link_images(ReadContext& ctx, const std::vector<NamedTable>& tables) {
  std::vector<Image>& images = ctx.scenario.images;
  for (std::size_t i = 0; i < images.size(); ++i) {
    Image& image = images[i];
    if (image.from.empty()) {
      continue;
    }
    const toml::node* node = tables[i].table->get("from");
    const auto other = std::ranges::find(images, image.from, &Image::name);
    if (other == images.end()) {
      ctx.issues.add(*node, *wrong_image(ctx.scenario, image.from));
    } else if (other->schema.empty()) {
      ctx.issues.add(*node, fmt::format("`{}` has no `schema` of its own", image.from));
    } else {
      image.app = other->app;
    }
  }
}

void read_load_row(ReadContext& ctx, const NamedTable& row) {
  Fields fields(ctx.issues, *row.table, fmt::format("[load.{}]", row.name));
  check_name(fields, row.name);
  Load load{.place = fields.place(), .name = row.name};
  std::string kind = "commands";
  fields.read("kind", kind);
  if (const auto why = why_later(later_loads(), kind)) {
    ctx.issues.add(
        fields.place(),
        1,
        fmt::format(
            "this version cannot run a load of {}: {}; kind = \"borrows\" it can", kind, *why));
  } else if (std::ranges::find(load_words, kind) == load_words.end()) {
    fields.wrong("kind", unknown("kind of load", kind, load_words));
  }
  if (fields.need("app", load.app)) {
    if (const auto wrong = wrong_app(ctx.scenario, load.app)) {
      fields.wrong("app", *wrong);
    }
  }
  if (fields.read("who", load.who)) {
    if (const auto wrong = wrong_vvm(ctx.scenario, load.who)) {
      fields.wrong("who", *wrong);
    }
  }
  PerMinute rate;
  if (fields.need("rate", rate)) {
    load.per_minute = rate.events;
    if (rate.events == 0) {
      fields.wrong("rate", "a load of nothing");
    }
  }
  std::vector<std::string> processors;
  if (fields.read("processors", processors)) {
    load.processors.clear();
    for (const std::string& word : processors) {
      const auto at = std::ranges::find(processor_words, word);
      if (at == processor_words.end()) {
        fields.wrong("processors", unknown("processor", word, processor_words));
      } else {
        load.processors.push_back(static_cast<Processor>(at - processor_words.begin()));
      }
    }
    if (processors.empty()) {
      fields.wrong("processors", "no processor");
    }
  }
  fields.read("hold", load.hold);
  fields.read("from", load.from);
  fields.read("until", load.until);
  bool ignored = false;
  if (kind == "commands") {
    fields.read("retry_with_key", ignored);
  }
  fields.finish();
  ctx.scenario.load.push_back(std::move(load));
}

}  // namespace

void read_constants(ReadContext& ctx, const toml::table& root) {
  const toml::table* table = section_of(ctx, root, "constants");
  if (table == nullptr) {
    return;
  }
  Fields fields(ctx.issues, *table, "[constants]");
  for (const auto& [key, node] : *table) {
    read_constant(ctx, fields, std::string{key.str()}, ctx.scenario.constants);
  }
  fields.finish();
  std::ranges::sort(ctx.scenario.constants, [](const Constant& a, const Constant& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
}

void read_topology(ReadContext& ctx, const toml::table& root) {
  const toml::table* table = section_of(ctx, root, "topology");
  if (table == nullptr) {
    return;
  }
  Topology& topology = ctx.scenario.topology;
  Fields fields(ctx.issues, *table, "[topology]");
  topology.place = fields.place();
  read_nodes(fields, topology);
  read_vvms(fields, topology);
  if (fields.read("routers", topology.routers) && !topology.routers.empty()) {
    fields.wrong("routers", "this version cannot run routers; leave them out");
  }
  read_clocks(fields, topology);
  Size disk;
  if (fields.read("disk", disk)) {
    topology.disk = disk.octets;
  }
  fields.finish();
}

void read_net(ReadContext& ctx, const toml::table& root) {
  for (const NamedTable& row : named_tables(ctx, root, "net")) {
    Fields fields(ctx.issues, *row.table, fmt::format("[net.{}]", row.name));
    check_name(fields, row.name);
    NetRule rule{.place = fields.place(), .name = row.name};
    if (row.name != "default") {
      fields.need("from", rule.link.from);
      fields.need("to", rule.link.to);
      for (const auto& [key, glob] : {std::pair{"from", rule.link.from}, {"to", rule.link.to}}) {
        if (const auto wrong = wrong_host(ctx.scenario, glob)) {
          fields.wrong(key, *wrong);
        }
      }
      std::size_t direction = 0;
      if (fields.read_word("dir", direction_words, direction, "direction")) {
        rule.link.direction = static_cast<faults::Direction>(direction);
      }
    }
    fields.read("latency", rule.latency);
    Throughput bandwidth;
    if (fields.read("bandwidth", bandwidth)) {
      rule.octets_per_second = bandwidth.octets_per_second;
    }
    fields.finish();
    ctx.scenario.net.push_back(std::move(rule));
  }
}

void read_apps(ReadContext& ctx, const toml::table& root) {
  for (const NamedTable& row : named_tables(ctx, root, "apps")) {
    Fields fields(ctx.issues, *row.table, fmt::format("[apps.\"{}\"]", row.name));
    App app{.place = fields.place(), .name = row.name};
    const auto name = AppQName::parse(row.name);
    const bool plain = name && is_name(name.value().owner) && is_name(name.value().name);
    if (!plain || row.name == "sys/cluster") {
      ctx.issues.add(
          app.place, 1, fmt::format("`{}` is no application of users: OWNER/NAME", row.name));
    }
    fields.read_in("partitions", app.partitions, 1, partitions_max);
    fields.read_in("workspaces", app.workspaces, 1, workspaces_max);
    if (const toml::node* node = fields.find("pools")) {
      if (const toml::table* table = node->as_table()) {
        Fields pools(ctx.issues, *table, "pools");
        read_pools(pools, app.pools);
      } else {
        fields.wrong("pools", "pools is { command, query, actualizer, scheduler }");
      }
    }
    fields.read("drain_timeout", app.drain_timeout);
    fields.read("cron_schedule", app.cron_schedule);
    fields.read("start_time_tolerance", app.start_time_tolerance);
    fields.finish();
    ctx.scenario.apps.push_back(std::move(app));
  }
}

void read_images(ReadContext& ctx, const toml::table& root) {
  const std::vector<NamedTable> tables = named_tables(ctx, root, "images");
  for (const NamedTable& row : tables) {
    read_image(ctx, row);
  }
  link_images(ctx, tables);
}

void read_load(ReadContext& ctx, const toml::table& root) {
  for (const NamedTable& row : named_tables(ctx, root, "load")) {
    read_load_row(ctx, row);
  }
}

}  // namespace vvm::scenario
