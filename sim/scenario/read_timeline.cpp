// [timeline] steps: when, what, and who.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "sim/scenario/read_context.hpp"
#include "sim/scenario/suggest.hpp"
#include "sim/scenario/value_text.hpp"
#include "sim/scenario/words.hpp"

namespace vvm::scenario {
namespace {

constexpr std::int64_t pool_max = 1000;
constexpr std::int64_t version_max = 1'000'000;
constexpr std::array<std::string_view, 6> operation_words{
    "upload", "deploy", "rollback", "delete", "drain", "start"};

void accept(Fields& fields, std::string_view key, const std::optional<std::string>& wrong) {
  if (wrong.has_value()) {
    fields.wrong(key, *wrong);
  }
}

Upload read_upload(ReadContext& ctx, Fields& fields) {
  Upload upload;
  if (fields.need("image", upload.image)) {
    accept(fields, "image", wrong_image(ctx.scenario, upload.image));
  }
  return upload;
}

std::string read_app_name(ReadContext& ctx, Fields& fields) {
  std::string app;
  if (fields.need("app", app)) {
    accept(fields, "app", wrong_app(ctx.scenario, app));
  }
  return app;
}

Deploy read_deploy(ReadContext& ctx, Fields& fields) {
  Deploy deploy{.app = read_app_name(ctx, fields)};
  if (const toml::node* node = fields.find("pools")) {
    if (const toml::table* table = node->as_table()) {
      Fields pools(ctx.issues, *table, "pools");
      const auto app = std::ranges::find(ctx.scenario.apps, deploy.app, &App::name);
      Pools value = app == ctx.scenario.apps.end() ? Pools{} : app->pools;
      pools.read_in("command", value.command, 0, pool_max);
      pools.read_in("query", value.query, 0, pool_max);
      pools.read_in("actualizer", value.actualizer, 0, pool_max);
      pools.read_in("scheduler", value.scheduler, 0, pool_max);
      pools.finish();
      deploy.pools = value;
    } else {
      fields.wrong("pools", "pools is { command, query, actualizer, scheduler }");
    }
  }
  fields.read("drain_timeout", deploy.drain_timeout);
  return deploy;
}

std::string read_who(ReadContext& ctx, Fields& fields, bool vvms_only) {
  std::string who;
  if (fields.need("who", who)) {
    accept(
        fields, "who", vvms_only ? wrong_vvm(ctx.scenario, who) : wrong_process(ctx.scenario, who));
  }
  return who;
}

std::optional<Operation> read_operation(ReadContext& ctx, Fields& fields, const std::string& word) {
  if (const auto why = why_later(later_operations(), word)) {
    fields.wrong("do", fmt::format("this version cannot do `{}`: {}", word, *why));
    return std::nullopt;
  }
  if (word == "upload") {
    return read_upload(ctx, fields);
  }
  if (word == "deploy") {
    return read_deploy(ctx, fields);
  }
  if (word == "rollback") {
    Rollback rollback{.app = read_app_name(ctx, fields)};
    if (fields.has("to")) {
      fields.read_in("to", rollback.to, 1, version_max);
    } else {
      fields.missing("to");
    }
    return rollback;
  }
  if (word == "delete") {
    return DeleteApp{.app = read_app_name(ctx, fields)};
  }
  if (word == "drain") {
    return Drain{.who = read_who(ctx, fields, true)};
  }
  if (word == "start") {
    return Start{.who = read_who(ctx, fields, false)};
  }
  std::vector<std::string_view> words(operation_words.begin(), operation_words.end());
  fields.wrong("do", unknown("operation", word, words));
  return std::nullopt;
}

faults::When read_at(ReadContext& ctx, Fields& fields) {
  faults::At at;
  if (fields.read("at", at.time)) {
    if (at.time.low < Duration{}) {
      fields.wrong("at", "a step before the start");
    } else if (at.time.high > ctx.scenario.horizon) {
      fields.wrong(
          "at", fmt::format("a step after the horizon, {}", format_duration(ctx.scenario.horizon)));
    }
  }
  return at;
}

std::optional<faults::When> read_on(ReadContext& ctx, Fields& fields) {
  faults::On on;
  const std::optional<faults::Trigger> trigger = read_trigger(ctx, *fields.find("on"));
  fields.read_in("nth", on.nth, 1, std::numeric_limits<std::int32_t>::max());
  if (fields.read("after", on.after) && on.after->low < Duration{}) {
    fields.wrong("after", "before its trigger");
  }
  if (!trigger.has_value()) {
    return std::nullopt;
  }
  on.trigger = *trigger;
  return on;
}

std::optional<faults::When> read_after(ReadContext& ctx, Fields& fields) {
  using What = faults::After::What;
  std::string text;
  if (!fields.read("after", text)) {
    return std::nullopt;
  }
  if (text == "heal" || text == "converged") {
    return faults::After{.what = text == "heal" ? What::heal : What::converged};
  }
  if (parse_duration_range(text).has_value()) {
    fields.wrong("after",
                 "after = " + text + " is a delay and needs `on`, what it is counted from");
    return std::nullopt;
  }
  if (const auto wrong = wrong_step(ctx, text)) {
    fields.wrong("after", *wrong + "; `heal` and `converged` are moments, too");
    return std::nullopt;
  }
  return faults::After{.what = What::step, .step = text};
}

std::optional<faults::When> read_when(ReadContext& ctx, Fields& fields) {
  const bool at = fields.has("at");
  const bool on = fields.has("on");
  const bool after = fields.has("after");
  if (fields.has("nth") && !on) {
    fields.find("nth");
    fields.wrong_key("nth", "`nth` needs `on`" + std::string{at ? "; this step has `at`" : ""});
  }
  if (at && (on || after)) {
    fields.find("at");
    fields.find("on");
    fields.find("after");
    fields.wrong_key("at", "a step has one moment: `at`, `on` or `after`");
    return std::nullopt;
  }
  if (at) {
    return read_at(ctx, fields);
  }
  if (on) {
    return read_on(ctx, fields);
  }
  if (after) {
    return read_after(ctx, fields);
  }
  for (const std::string_view key : {"at", "on", "after"}) {
    fields.find(key);
  }
  ctx.issues.add(fields.place(), 1, "a step needs a moment: `at`, `on` or `after`");
  return std::nullopt;
}

void read_step(ReadContext& ctx, const toml::table& table) {
  Fields fields(ctx.issues, table, "step");
  Step step{.place = fields.place()};
  const std::optional<faults::When> when = read_when(ctx, fields);
  if (when.has_value()) {
    step.when = *when;
  }
  fields.read("as", step.name);
  fields.read("optional", step.optional);
  std::string word;
  if (fields.has("do") == fields.has("fault")) {
    fields.find("do");
    fields.find("fault");
    ctx.issues.add(fields.place(), 1, "a step does one thing: `do` or `fault`");
    return;
  }
  if (fields.read("do", word)) {
    const std::optional<Operation> operation = read_operation(ctx, fields, word);
    if (!operation.has_value()) {
      return;  // its keys are unknown, too
    }
    step.what = *operation;
  } else if (fields.read("fault", word)) {
    const std::optional<faults::Fault> fault = read_fault(ctx, fields, word);
    if (!fault.has_value()) {
      return;
    }
    step.what = *fault;
    const auto* at = std::get_if<faults::At>(&step.when);
    if (at != nullptr && ctx.scenario.heal_at.has_value() &&
        at->time.high >= *ctx.scenario.heal_at) {
      fields.wrong("at",
                   fmt::format("a fault after heal_at, {}: it would do nothing",
                               format_duration(*ctx.scenario.heal_at)));
    }
  }
  fields.finish();
  ctx.scenario.steps.push_back(std::move(step));
}

void collect_names(ReadContext& ctx, const toml::array& steps) {
  for (const toml::node& node : steps) {
    const toml::table* table = node.as_table();
    const toml::node* name = table == nullptr ? nullptr : table->get("as");
    const auto* text = name == nullptr ? nullptr : name->as_string();
    if (text == nullptr) {
      continue;
    }
    if (text->get().empty() || text->get() == "heal" || text->get() == "converged" ||
        text->get() == "start") {
      ctx.issues.add(*name, fmt::format("`{}` cannot be the name of a step", text->get()));
    } else if (std::ranges::find(ctx.step_names, text->get()) != ctx.step_names.end()) {
      ctx.issues.add(*name, fmt::format("two steps are called `{}`", text->get()));
    } else {
      ctx.step_names.push_back(text->get());
    }
  }
}

// The step that this one waits for; empty: none.
std::string_view waits_for(const Step& step) {
  if (const auto* after = std::get_if<faults::After>(&step.when)) {
    return after->step;
  }
  if (const auto* on = std::get_if<faults::On>(&step.when)) {
    if (const auto* named = std::get_if<faults::NamedTrigger>(&on->trigger)) {
      return named->step;
    }
  }
  return {};
}

// A step fires once, so a circle of steps that wait for each other never fires.
void check_circles(ReadContext& ctx) {
  const std::vector<Step>& steps = ctx.scenario.steps;
  for (const Step& step : steps) {
    std::string_view next = waits_for(step);
    for (std::size_t hops = 0; hops < steps.size() && !next.empty(); ++hops) {
      if (next == step.name) {
        ctx.issues.add(step.place, 1, fmt::format("step `{}` waits for itself", step.name));
        break;
      }
      const auto at = std::ranges::find(steps, next, &Step::name);
      next = at == steps.end() ? std::string_view{} : waits_for(*at);
    }
  }
}

}  // namespace

void read_timeline(ReadContext& ctx, const toml::table& root) {
  const toml::table* table = section_of(ctx, root, "timeline");
  if (table == nullptr) {
    return;
  }
  Fields fields(ctx.issues, *table, "[timeline]");
  const toml::node* node = fields.find("steps");
  const toml::array* steps = node == nullptr ? nullptr : node->as_array();
  if (node != nullptr && steps == nullptr) {
    fields.wrong("steps", fmt::format("steps is {} where a list of steps belongs", kind_of(*node)));
  }
  if (steps != nullptr) {
    collect_names(ctx, *steps);
    for (const toml::node& step : *steps) {
      if (const toml::table* one = step.as_table()) {
        read_step(ctx, *one);
      } else {
        ctx.issues.add(step,
                       "a step is a table: { at = \"3m\", fault = \"crash\", who = \"vvm1\" }");
      }
    }
    check_circles(ctx);
  }
  fields.finish();
}

}  // namespace vvm::scenario
