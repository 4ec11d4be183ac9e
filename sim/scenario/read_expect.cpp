// [expect]: always, never, sometimes, at, eventually, budget.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "sim/scenario/read_context.hpp"
#include "sim/scenario/suggest.hpp"
#include "sim/scenario/value_text.hpp"
#include "sim/scenario/words.hpp"
#include "sim/world/glob.hpp"

namespace vvm::scenario {
namespace {

// The items of a list; nothing when it is not there or no list.
template <class Each>
void for_each(ReadContext& ctx, Fields& fields, std::string_view key, Each each) {
  const toml::node* node = fields.find(key);
  if (node == nullptr) {
    return;
  }
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    ctx.issues.add(*node, fmt::format("{} is {} where a list belongs", key, kind_of(*node)));
    return;
  }
  for (const toml::node& item : *list) {
    each(item);
  }
}

// The items that are tables, as Fields.
template <class Each>
void for_each_table(ReadContext& ctx, Fields& fields, std::string_view key, Each each) {
  for_each(ctx, fields, key, [&](const toml::node& item) {
    const toml::table* table = item.as_table();
    if (table == nullptr) {
      ctx.issues.add(item, fmt::format("an item of `{}` is a table", key));
      return;
    }
    Fields row(ctx.issues, *table, std::string{key});
    each(row);
    row.finish();
  });
}

void read_always(ReadContext& ctx, const toml::node& item, Expect& expect) {
  const auto* text = item.as_string();
  if (text == nullptr || !text->get().starts_with("I-")) {
    if (auto condition = read_condition(ctx, item)) {
      expect.always.emplace_back(std::move(*condition));
    }
    return;
  }
  const std::vector<std::string> names = invariant_names();
  const std::string& glob = text->get();
  if (!std::ranges::any_of(names, [&](const auto& one) { return sim::glob_match(glob, one); })) {
    ctx.issues.add(
        item, fmt::format("`{}` names no invariant; there are I-S1..I-S40 and I-L1..I-L16", glob));
    return;
  }
  expect.always.emplace_back(Invariants{.place = place_of(item.source()), .glob = glob});
}

std::optional<Condition> read_that(ReadContext& ctx, Fields& row) {
  const toml::node* node = row.find("that");
  if (node == nullptr) {
    row.missing("that");
    return std::nullopt;
  }
  return read_condition(ctx, *node);
}

void read_at_row(ReadContext& ctx, Fields& row, Expect& expect) {
  AtExpectation at{.place = row.place(), .that = {}};
  if (row.need("t", at.time) && (at.time < Duration{} || at.time > ctx.scenario.horizon)) {
    row.wrong("t",
              fmt::format("not between the start and the horizon, {}",
                          format_duration(ctx.scenario.horizon)));
  }
  if (auto that = read_that(ctx, row)) {
    at.that = std::move(*that);
    expect.at.push_back(std::move(at));
  }
}

void read_eventually(ReadContext& ctx, Fields& row, Expect& expect) {
  EventuallyExpectation eventually{.place = row.place(), .that = {}};
  if (row.need("within", eventually.within) && eventually.within <= Duration{}) {
    row.wrong("within", "within no time");
  }
  if (row.read("stable_for", eventually.stable_for) && eventually.stable_for < Duration{}) {
    row.wrong("stable_for", "stable for less than nothing");
  }
  std::string after = "heal";
  row.read("after", after);
  constexpr std::array<std::string_view, 3> words{"start", "heal", "converged"};
  const auto word = std::ranges::find(words, after);
  if (word != words.end()) {
    eventually.after = static_cast<Since>(word - words.begin());
  } else if (const auto wrong = wrong_step(ctx, after)) {
    row.wrong("after", *wrong + "; `start`, `heal` and `converged` are moments, too");
  } else {
    eventually.after = Since::step;
    eventually.step = after;
  }
  if (auto that = read_that(ctx, row)) {
    eventually.that = std::move(*that);
    expect.eventually.push_back(std::move(eventually));
  }
}

void read_per(Fields& row, BudgetExpectation& budget) {
  std::string per;
  if (!row.read("per", per)) {
    return;
  }
  for (std::size_t begin = 0; begin <= per.size();) {
    const std::size_t end = std::min(per.find(',', begin), per.size());
    std::string_view part = std::string_view{per}.substr(begin, end - begin);
    while (part.starts_with(' ')) {
      part.remove_prefix(1);
    }
    while (part.ends_with(' ')) {
      part.remove_suffix(1);
    }
    if (part == "vvm") {
      budget.per_process = true;
    } else if (const auto window = parse_duration(part);
               window.has_value() && *window > Duration{}) {
      budget.per_window = *window;
    } else {
      row.wrong("per", fmt::format("`{}` is neither `vvm` nor a duration", part));
    }
    begin = end + 1;
  }
}

void read_budget(ReadContext& ctx, Fields& row, Expect& expect) {
  BudgetExpectation budget{.place = row.place(), .count = {}};
  row.need("max", budget.max);
  read_per(row, budget);
  const toml::node* node = row.find("count");
  if (node == nullptr) {
    row.missing("count");
    return;
  }
  if (auto count = read_count(ctx, *node)) {
    budget.count = std::move(*count);
    expect.budget.push_back(std::move(budget));
  }
}

}  // namespace

void read_expect(ReadContext& ctx, const toml::table& root) {
  const toml::table* table = section_of(ctx, root, "expect");
  if (table == nullptr) {
    return;
  }
  Expect& expect = ctx.scenario.expect;
  Fields fields(ctx.issues, *table, "[expect]");
  expect.place = fields.place();
  for_each(ctx, fields, "always", [&](const toml::node& item) { read_always(ctx, item, expect); });
  const auto conditions = [&](std::string_view key, std::vector<Condition>& into) {
    for_each(ctx, fields, key, [&](const toml::node& item) {
      if (auto condition = read_condition(ctx, item)) {
        into.push_back(std::move(*condition));
      }
    });
  };
  conditions("never", expect.never);
  conditions("sometimes", expect.sometimes);
  for_each_table(ctx, fields, "at", [&](Fields& row) { read_at_row(ctx, row, expect); });
  for_each_table(
      ctx, fields, "eventually", [&](Fields& row) { read_eventually(ctx, row, expect); });
  for_each_table(ctx, fields, "budget", [&](Fields& row) { read_budget(ctx, row, expect); });
  fields.finish();
}

}  // namespace vvm::scenario
