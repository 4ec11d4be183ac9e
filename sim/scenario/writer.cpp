// Sections in the order of the format, keys aligned, one step a line, defaults left out.
#include "sim/scenario/writer.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/check.hpp"
#include "sim/scenario/value_text.hpp"
#include "sim/scenario/words.hpp"
#include "sim/scenario/write_calls.hpp"

namespace vvm::scenario {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

// Members of a one-line table: `{ a = 1, b = "x" }`.
class Inline {
 public:
  Inline& raw(std::string_view key, std::string_view value) {
    text_ += fmt::format("{}{} = {}", text_.empty() ? "" : ", ", key, value);
    return *this;
  }

  Inline& text(std::string_view key, std::string_view value) { return raw(key, quoted(value)); }

  Inline& text_unless(std::string_view key, std::string_view value, std::string_view usual) {
    return value == usual ? *this : text(key, value);
  }

  Inline& number(std::string_view key, std::integral auto value) {
    return raw(key, std::to_string(value));
  }

  std::string str() const { return "{ " + text_ + " }"; }

 private:
  std::string text_;
};

// `key = value` lines under a header, aligned.
class Section {
 public:
  explicit Section(std::string header) : header_(std::move(header)) {}

  void raw(std::string_view key, std::string value) {
    rows_.push_back({.key = std::string{key}, .value = std::move(value)});
  }

  void text(std::string_view key, std::string_view value) { raw(key, quoted(value)); }

  void number(std::string_view key, std::integral auto value) { raw(key, std::to_string(value)); }

  bool empty() const { return rows_.empty(); }

  std::string str() const {
    std::size_t width = 0;
    for (const Row& row : rows_) {
      width = std::max(width, row.key.size());
    }
    std::string out = "\n[" + header_ + "]\n";
    for (const Row& row : rows_) {
      out += fmt::format("{:<{}} = {}\n", row.key, width, row.value);
    }
    return out;
  }

 private:
  struct Row {
    std::string key;
    std::string value;
  };

  std::string header_;
  std::vector<Row> rows_;
};

std::string spread_text(const Spread& spread) {
  switch (spread.shape) {
    case Spread::Shape::constant:
      return quoted(format_duration(spread.mean));
    case Spread::Shape::uniform:
      return quoted(format_duration_range({.low = spread.min, .high = spread.max}));
    case Spread::Shape::exponential: {
      Inline out;
      out.text("exp", format_duration(spread.mean));
      if (spread.min != Duration{}) {
        out.text("min", format_duration(spread.min));
      }
      if (spread.max != Duration{}) {
        out.text("max", format_duration(spread.max));
      }
      return out.str();
    }
  }
  UNREACHABLE();
}

std::string strings(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) {
    out += (out.empty() ? "" : ", ") + quoted(one);
  }
  return "[" + out + "]";
}

std::string ppm_range(const Range<std::int64_t>& range) {
  const std::string low = format_percent_ppm(range.low);
  return range.low == range.high ? low : low + ".." + format_percent_ppm(range.high);
}

std::string pools_text(const Pools& pools) {
  return Inline{}
      .number("command", pools.command)
      .number("query", pools.query)
      .number("actualizer", pools.actualizer)
      .number("scheduler", pools.scheduler)
      .str();
}

std::string doc_text(const std::string& doc) {
  if (doc.find('\n') == std::string::npos) {
    return quoted(doc);
  }
  // The newline behind the opening quotes is no part of the text.
  std::string inside;
  for (const char& c : doc) {
    const std::string one = quoted({&c, 1});
    inside += c == '\n' ? "\n" : one.substr(1, one.size() - 2);
  }
  return "\"\"\"\n" + inside + "\"\"\"";
}

std::string scenario_text(const Scenario& scenario) {
  Section out("scenario");
  out.text("name", scenario.name);
  if (!scenario.doc.empty()) {
    out.raw("doc", doc_text(scenario.doc));
  }
  if (scenario.seed != 1) {
    out.number("seed", scenario.seed);
  }
  out.text("horizon", format_duration(scenario.horizon));
  if (scenario.heal_at.has_value()) {
    out.text("heal_at", format_duration(*scenario.heal_at));
  }
  return out.str();
}

std::string origin_text(const Origin& origin) {
  Section out("origin");
  out.text("explorer", origin.explorer);
  out.text("commit", origin.commit);
  out.text("property", origin.property);
  out.text("trace", origin.trace);
  return out.str();
}

std::string constants_text(const std::vector<Constant>& constants) {
  Section out("constants");
  for (const Constant& constant : constants) {
    constant.duration ? out.text(constant.name, format_duration({constant.value}))
                      : out.number(constant.name, constant.value);
  }
  return out.str();
}

std::string topology_text(const Topology& topology) {
  const Topology usual;
  Section out("topology");
  out.raw("nodes", strings(topology.nodes));
  Inline vvms;
  vvms.number("per_node", topology.vvms_per_node);
  if (topology.partitions_max != usual.partitions_max) {
    vvms.number("max_partitions", topology.partitions_max);
  }
  out.raw("vvms", vvms.str());
  if (!topology.routers.empty()) {
    out.raw("routers", strings(topology.routers));
  }
  if (topology.rate_error_ppm != usual.rate_error_ppm ||
      topology.wall_offset != usual.wall_offset) {
    out.raw("clocks",
            Inline{}
                .text("rate_error", ppm_range(topology.rate_error_ppm))
                .text("wall_offset", format_duration_range(topology.wall_offset))
                .str());
  }
  if (topology.disk.has_value()) {
    out.text("disk", format_size(*topology.disk));
  }
  return out.str();
}

std::string net_text(const NetRule& rule) {
  Section out("net." + key_text(rule.name));
  if (rule.name != "default") {
    out.text("from", rule.link.from);
    out.text("to", rule.link.to);
    if (rule.link.direction != faults::Direction::both) {
      out.text("dir", direction_words[static_cast<std::size_t>(rule.link.direction)]);
    }
  }
  if (rule.latency.has_value()) {
    out.raw("latency", spread_text(*rule.latency));
  }
  if (rule.octets_per_second.has_value()) {
    out.text("bandwidth", format_bandwidth(*rule.octets_per_second));
  }
  return out.str();
}

std::string app_text(const App& app) {
  Section out("apps." + key_text(app.name));
  out.number("partitions", app.partitions);
  out.number("workspaces", app.workspaces);
  if (app.pools != Pools{}) {
    out.raw("pools", pools_text(app.pools));
  }
  if (app.drain_timeout.has_value()) {
    out.text("drain_timeout", format_duration(*app.drain_timeout));
  }
  if (app.cron_schedule.has_value()) {
    out.text("cron_schedule", *app.cron_schedule);
  }
  if (app.start_time_tolerance.has_value()) {
    out.text("start_time_tolerance", format_duration(*app.start_time_tolerance));
  }
  return out.str();
}

std::string image_text(const Image& image) {
  Section out("images." + key_text(image.name));
  if (image.from.empty()) {
    out.text("app", image.app);
    out.text("schema", image.schema);
    if (!image.build.empty()) {
      out.text("build", image.build);
    }
  } else {
    out.text("from", image.from);
  }
  if (image.breakage.has_value()) {
    const Breakage& breakage = *image.breakage;
    out.raw("break",
            Inline{}
                .raw(breakage.name,
                     breakage.argument.has_value() ? std::to_string(*breakage.argument) : "true")
                .str());
  }
  return out.str();
}

std::string load_text(const Load& load) {
  const Load usual;
  Section out("load." + key_text(load.name));
  out.text("kind", load_words[static_cast<std::size_t>(load.kind)]);
  out.text("app", load.app);
  if (load.who != usual.who) {
    out.text("who", load.who);
  }
  out.text("rate", format_rate(load.per_minute));
  if (load.processors != usual.processors) {
    std::vector<std::string> words;
    words.reserve(load.processors.size());
    for (const Processor one : load.processors) {
      words.emplace_back(processor_words[static_cast<std::size_t>(one)]);
    }
    out.raw("processors", strings(words));
  }
  if (load.hold != usual.hold) {
    out.raw("hold", spread_text(load.hold));
  }
  if (load.from != usual.from) {
    out.text("from", format_duration(load.from));
  }
  if (load.until.has_value()) {
    out.text("until", format_duration(*load.until));
  }
  return out.str();
}

void write_when(Inline& out, const faults::When& when) {
  std::visit(Overloaded{
                 [&](const faults::At& at) { out.text("at", format_duration_range(at.time)); },
                 [&](const faults::On& on) {
                   out.text("on", trigger_text(on.trigger));
                   if (on.nth != 1) {
                     out.number("nth", on.nth);
                   }
                   if (on.after.has_value()) {
                     out.text("after", format_duration_range(*on.after));
                   }
                 },
                 [&](const faults::After& after) {
                   using What = faults::After::What;
                   out.text("after",
                            after.what == What::heal        ? "heal"
                            : after.what == What::converged ? "converged"
                                                            : std::string_view{after.step});
                 },
             },
             when);
}

void write_operation(Inline& out, const Operation& operation) {
  std::visit(Overloaded{
                 [&](const Upload& op) { out.text("do", "upload").text("image", op.image); },
                 [&](const Deploy& op) {
                   out.text("do", "deploy").text("app", op.app);
                   if (op.pools.has_value()) {
                     out.raw("pools", pools_text(*op.pools));
                   }
                   if (op.drain_timeout.has_value()) {
                     out.text("drain_timeout", format_duration(*op.drain_timeout));
                   }
                 },
                 [&](const Rollback& op) {
                   out.text("do", "rollback").text("app", op.app).number("to", op.to);
                 },
                 [&](const DeleteApp& op) { out.text("do", "delete").text("app", op.app); },
                 [&](const Drain& op) { out.text("do", "drain").text("who", op.who); },
                 [&](const Start& op) { out.text("do", "start").text("who", op.who); },
             },
             operation);
}

void write_link(Inline& out, const faults::Link& link) {
  if (link.from != "*" || link.to == "*") {
    out.text("from", link.from);
  }
  out.text_unless("to", link.to, "*");
  if (link.direction != faults::Direction::both) {
    out.text("dir", direction_words[static_cast<std::size_t>(link.direction)]);
  }
}

void write_exchanges(Inline& out, const faults::Exchanges& on) {
  out.text("path", on.request)
      .text_unless("peer", on.client, "*")
      .text_unless("server", on.server, "*");
}

void write_at(Inline& out, const faults::OctetRange& at) {
  if (at.low == at.high) {
    out.number("at_byte", at.low);
  } else {
    out.text("at_byte", format_octet_range(at));
  }
}

void write_by(Inline& out, Duration by) {
  if (by != Duration{}) {
    out.text("by", format_duration(by));
  }
}

void write_link_fault(Inline& out, const faults::Action& action) {
  if (const auto* cut = std::get_if<faults::Cut>(&action)) {
    write_link(out, cut->link);
  } else if (const auto* hold = std::get_if<faults::Hold>(&action)) {
    write_link(out, hold->link);
  } else if (const auto* loss = std::get_if<faults::Loss>(&action)) {
    write_link(out, loss->link);
    out.text("rate", format_percent_ppm(loss->rate.num));
  } else if (const auto* delay = std::get_if<faults::Delay>(&action)) {
    write_link(out, delay->link);
    out.raw("by", spread_text(delay->by));
  } else if (const auto* bandwidth = std::get_if<faults::Bandwidth>(&action)) {
    write_link(out, bandwidth->link);
    out.text("rate", format_bandwidth(bandwidth->octets_per_second));
  }
}

void write_answer_fault(Inline& out, const faults::Action& action) {
  const auto at = [&](const auto& fault) {
    write_exchanges(out, fault.on);
    write_at(out, fault.at);
  };
  if (const auto* reset = std::get_if<faults::Reset>(&action)) {
    at(*reset);
  } else if (const auto* truncate = std::get_if<faults::Truncate>(&action)) {
    at(*truncate);
  } else if (const auto* flip = std::get_if<faults::Flip>(&action)) {
    at(*flip);
  } else if (const auto* dup = std::get_if<faults::Dup>(&action)) {
    at(*dup);
  } else if (const auto* replay = std::get_if<faults::Replay>(&action)) {
    write_exchanges(out, replay->on);
    out.text("rate", format_percent_ppm(replay->rate.num));
  } else if (const auto* stall = std::get_if<faults::Stall>(&action)) {
    at(*stall);
  } else if (const auto* drip = std::get_if<faults::Drip>(&action)) {
    at(*drip);
    out.text("rate", format_bandwidth(drip->octets_per_second));
  } else if (const auto* late = std::get_if<faults::Late>(&action)) {
    write_exchanges(out, late->on);
    out.raw("by", spread_text(late->by));
  }
}

void write_restart(Inline& out, const std::optional<DurationRange>& after) {
  if (after.has_value()) {
    out.text("restart_after", format_duration_range(*after));
  }
}

void write_process_fault(Inline& out, const faults::Action& action) {
  if (const auto* crash = std::get_if<faults::Crash>(&action)) {
    out.text("who", crash->who);
    if (crash->disk != faults::Crash{}.disk) {
      out.text("disk", loses_words[static_cast<std::size_t>(crash->disk)]);
    }
    write_restart(out, crash->restart_after);
  } else if (const auto* wipe = std::get_if<faults::Wipe>(&action)) {
    out.text("who", wipe->who);
    write_restart(out, wipe->restart_after);
  } else if (const auto* pause = std::get_if<faults::Pause>(&action)) {
    out.text("who", pause->who);
  } else if (const auto* reboot = std::get_if<faults::Reboot>(&action)) {
    out.text("who", reboot->who).text("down", format_duration_range(reboot->down));
  } else if (const auto* clock = std::get_if<faults::ClockFault>(&action)) {
    out.text("who", clock->who);
    if (clock->wall_jump != Duration{} || !clock->rate_ppm.has_value()) {
      out.text("wall_jump", format_duration(clock->wall_jump));
    }
    if (clock->rate_ppm.has_value()) {
      out.text("rate", format_percent_ppm(*clock->rate_ppm));
    }
  } else if (const auto* engine = std::get_if<faults::EngineFault>(&action)) {
    out.text("who", engine->who);
    out.text("outcome", engine_words[static_cast<std::size_t>(engine->outcome)]);
    if (engine->at_engine != 1) {
      out.number("at_engine", engine->at_engine);
    }
  }
}

void write_service_fault(Inline& out, const faults::Action& action) {
  if (const auto* disk = std::get_if<faults::DiskFault>(&action)) {
    out.text("who", disk->who).text("mode", disk_words[static_cast<std::size_t>(disk->mode)]);
    out.text_unless("path", disk->path, "**").text_unless("verb", disk->verb, "*");
    if (disk->octets != 1) {
      out.number("octets", disk->octets);
    }
    write_by(out, disk->by);
  } else if (const auto* store = std::get_if<faults::StoreFault>(&action)) {
    out.text_unless("who", store->who, "*").text_unless("op", store->op, "*");
    out.text_unless("key", store->key, "**");
    out.text("outcome", store_words[static_cast<std::size_t>(store->outcome)]);
    write_by(out, store->by);
  } else if (const auto* early = std::get_if<faults::ExpireEarly>(&action)) {
    out.text_unless("key", early->key, "**").text("by", format_duration(early->by));
  } else if (const auto* blob = std::get_if<faults::BlobFault>(&action)) {
    out.text_unless("image", blob->image, "").text_unless("verb", blob->verb, "*");
    out.text("outcome", blob_words[static_cast<std::size_t>(blob->outcome)]);
    write_by(out, blob->by);
  }
}

void write_fault(Inline& out, const faults::Fault& fault) {
  out.text("fault", faults::word_of(fault.action));
  write_link_fault(out, fault.action);
  write_answer_fault(out, fault.action);
  write_process_fault(out, fault.action);
  write_service_fault(out, fault.action);
  if (fault.lasts.has_value()) {
    out.text("for", format_duration_range(*fault.lasts));
  }
  if (fault.times.has_value() && (*fault.times != 1 || !faults::times_default_to_one(fault))) {
    out.number("times", *fault.times);
  }
}

template <class Rows, class Text>
void write_list(std::string& out, std::string_view key, const Rows& rows, Text text) {
  if (rows.empty()) {
    return;
  }
  out += fmt::format("{} = [\n", key);
  for (const auto& row : rows) {
    out += fmt::format("  {},\n", text(row));
  }
  out += "]\n";
}

std::string expect_text(const Expect& expect) {
  std::string out;
  write_list(out, "always", expect.always, [](const auto& row) {
    const auto* invariants = std::get_if<Invariants>(&row);
    return quoted(invariants != nullptr ? invariants->glob
                                        : condition_text(std::get<Condition>(row)));
  });
  const auto condition = [](const Condition& row) { return quoted(condition_text(row)); };
  write_list(out, "never", expect.never, condition);
  write_list(out, "sometimes", expect.sometimes, condition);
  write_list(out, "at", expect.at, at_text);
  write_list(out, "eventually", expect.eventually, eventually_text);
  write_list(out, "budget", expect.budget, budget_text);
  return out.empty() ? out : "\n[expect]\n" + out;
}

}  // namespace

std::string eventually_text(const EventuallyExpectation& row) {
  constexpr std::array<std::string_view, 3> words{"start", "heal", "converged"};
  Inline out;
  out.text("that", condition_text(row.that)).text("within", format_duration(row.within));
  if (row.after == Since::step) {
    out.text("after", row.step);
  } else if (row.after != Since::heal) {
    out.text("after", words[static_cast<std::size_t>(row.after)]);
  }
  if (row.stable_for != Duration{}) {
    out.text("stable_for", format_duration(row.stable_for));
  }
  return out.str();
}

std::string budget_text(const BudgetExpectation& row) {
  Inline out;
  out.text("count", count_text(row.count));
  std::string per = row.per_process ? "vvm" : "";
  if (row.per_window.has_value()) {
    per += (per.empty() ? "" : ", ") + format_duration(*row.per_window);
  }
  out.text_unless("per", per, "");
  out.number("max", row.max);
  return out.str();
}

std::string at_text(const AtExpectation& row) {
  return Inline{}.text("t", format_duration(row.time)).text("that", condition_text(row.that)).str();
}

std::string step_text(const Step& step) {
  Inline out;
  write_when(out, step.when);
  if (const auto* operation = std::get_if<Operation>(&step.what)) {
    write_operation(out, *operation);
  } else {
    write_fault(out, std::get<faults::Fault>(step.what));
  }
  out.text_unless("as", step.name, "");
  if (step.optional) {
    out.raw("optional", "true");
  }
  return out.str();
}

std::string write(const Scenario& scenario) {
  std::string out = "format = 1\n" + scenario_text(scenario);
  if (scenario.origin.has_value()) {
    out += origin_text(*scenario.origin);
  }
  if (!scenario.constants.empty()) {
    out += constants_text(scenario.constants);
  }
  out += topology_text(scenario.topology);
  for (const NetRule& rule : scenario.net) {
    out += net_text(rule);
  }
  for (const App& app : scenario.apps) {
    out += app_text(app);
  }
  for (const Image& image : scenario.images) {
    out += image_text(image);
  }
  for (const Load& load : scenario.load) {
    out += load_text(load);
  }
  if (!scenario.steps.empty()) {
    out += "\n[timeline]\n";
    write_list(out, "steps", scenario.steps, step_text);
  }
  return out + expect_text(scenario.expect);
}

}  // namespace vvm::scenario
