// Triggers, predicates and countables: `name(...)` against a signature, to typed values.
#include <algorithm>
#include <charconv>
#include <memory>
#include <ranges>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.hpp"
#include "sim/scenario/call_text.hpp"
#include "sim/scenario/read_context.hpp"
#include "sim/scenario/suggest.hpp"
#include "sim/scenario/words.hpp"

namespace vvm::scenario {
namespace {

// Everything that an argument can be; what a call does not have keeps its default.
struct Arguments {
  std::string who = "*";
  PartitionGlob partition{};
  std::string image{};
  std::string query{};
  std::string step{};
  std::string kind{};
  std::string object{};
  std::string name{};
  std::optional<Phase> phase{};
  std::optional<std::int64_t> version{};
  std::optional<Code> error{};
};

// One call: where it stands, and what it says.
struct Call {
  ReadContext& ctx;
  const toml::node& node;
  CallText text;

  void wrong(const Piece& piece, std::string what) const {
    ctx.issues.add_inside(node, piece.offset, piece.text.size(), std::move(what));
  }
};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (const auto word : std::views::split(text, ' ')) {
    if (!std::ranges::empty(word)) {
      words.emplace_back(word.begin(), word.end());
    }
  }
  return words;
}

PartitionGlob partition_of(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) {
    return {.app = std::string{text}, .partition = ""};
  }
  return {.app = std::string{text.substr(0, slash)},
          .partition = std::string{text.substr(slash + 1)}};
}

// A word of a closed list.
bool word_in(const Call& call,
             const Piece& piece,
             std::string_view what,
             std::span<const std::string_view> words) {
  if (std::ranges::find(words, piece.text) != words.end()) {
    return true;
  }
  call.wrong(piece, unknown(what, piece.text, words));
  return false;
}

bool accept(const Call& call, const Piece& piece, const std::optional<std::string>& wrong) {
  if (wrong.has_value()) {
    call.wrong(piece, *wrong);
  }
  return !wrong.has_value();
}

bool set_version(const Call& call, const Piece& piece, Arguments& into) {
  std::int64_t version = 0;
  const char* begin = std::to_address(piece.text.begin());
  const char* end = std::to_address(piece.text.end());
  const auto [at, error] = std::from_chars(begin, end, version);
  if (error != std::errc{} || at != end || version < 1) {
    call.wrong(piece, fmt::format("`{}` is no version; they are numbered from 1", piece.text));
    return false;
  }
  into.version = version;
  return true;
}

bool set_error(const Call& call, const Piece& piece, Arguments& into) {
  into.error = code_from_name(piece.text);
  if (into.error.has_value()) {
    return true;
  }
  std::vector<std::string_view> names;
#define VVM_CODE(number, name, text, cls) names.push_back(text);
#include "base/codes.def"
#undef VVM_CODE
  return word_in(call, piece, "error", names);
}

// One argument of this kind. False when it is wrong, which has been reported.
bool set_argument(const Call& call, std::string_view kind, const Piece& piece, Arguments& into) {
  const Scenario& scenario = call.ctx.scenario;
  const std::string text{piece.text};
  if (kind == "partition") {
    into.partition = partition_of(piece.text);
    return accept(call, piece, wrong_partition(scenario, into.partition));
  }
  if (kind == "vvm" || kind == "process") {
    into.who = text;
    return accept(
        call, piece, kind == "vvm" ? wrong_vvm(scenario, text) : wrong_process(scenario, text));
  }
  if (kind == "image") {
    into.image = text;
    return accept(call, piece, wrong_image(scenario, text));
  }
  if (kind == "phase") {
    into.phase = phase_from_name(text);
    return into.phase.has_value() || word_in(call, piece, "phase", phase_words());
  }
  if (kind == "step") {
    into.step = text;
    return word_in(call, piece, "step", step_words);
  }
  if (kind == "query") {
    into.query = text;
    return word_in(call, piece, "command or query", call_words);
  }
  if (kind == "version") {
    return set_version(call, piece, into);
  }
  if (kind == "error") {
    return set_error(call, piece, into);
  }
  (kind == "kind" ? into.kind : kind == "object" ? into.object : into.name) = text;
  return true;
}

// The arguments by position, then the named ones.
bool bind(const Call& call, std::string_view signature, Arguments& into) {
  const std::size_t semicolon = std::min(signature.find(';'), signature.size());
  const std::vector<std::string_view> positional = words_of(signature.substr(0, semicolon));
  const std::vector<std::string_view> named = semicolon < signature.size()
                                                  ? words_of(signature.substr(semicolon + 1))
                                                  : std::vector<std::string_view>{};
  std::size_t position = 0;
  bool ok = true;
  for (const ArgumentText& argument : call.text.arguments) {
    std::string_view kind = argument.key.text;
    if (kind.empty()) {
      if (position >= positional.size()) {
        call.wrong(
            argument.value,
            fmt::format(
                "`{}` takes {} arguments by position", call.text.name.text, positional.size()));
        return false;
      }
      kind = positional[position++];
    } else if (std::ranges::find(named, kind) == named.end()) {
      call.wrong(
          argument.key,
          unknown("argument", kind, named) + " of `" + std::string{call.text.name.text} + "`");
      ok = false;
      continue;
    }
    ok = set_argument(call, kind, argument.value, into) && ok;
  }
  if (position < positional.size()) {
    call.wrong(call.text.name,
               fmt::format("`{}` needs its argument `{}`: {}({})",
                           call.text.name.text,
                           positional[position],
                           call.text.name.text,
                           fmt::join(positional, ", ")));
    return false;
  }
  return ok;
}

std::optional<Call> parse(ReadContext& ctx, const toml::node& node) {
  const auto* value = node.as_string();
  if (value == nullptr) {
    ctx.issues.add(node, fmt::format("{} where \"name(...)\" belongs", kind_of(node)));
    return std::nullopt;
  }
  auto parsed = parse_call(value->get());
  if (const auto* error = std::get_if<CallError>(&parsed)) {
    ctx.issues.add_inside(node, error->offset, 1, std::string{error->what});
    return std::nullopt;
  }
  return Call{.ctx = ctx, .node = node, .text = std::get<CallText>(std::move(parsed))};
}

// The position of the call's name in the table; arguments bound.
std::optional<std::size_t> resolve(const Call& call,
                                   std::string_view what,
                                   std::span<const Signed> table,
                                   std::span<const LaterWord> later,
                                   Arguments& into) {
  const std::string_view name = call.text.name.text;
  if (const auto why = why_later(later, name)) {
    call.wrong(call.text.name, fmt::format("this version cannot evaluate `{}`: {}", name, *why));
    return std::nullopt;
  }
  const auto at = std::ranges::find(table, name, &Signed::name);
  if (at == table.end()) {
    std::vector<std::string_view> names;
    std::ranges::transform(table, std::back_inserter(names), &Signed::name);
    call.wrong(call.text.name, unknown(what, name, names));
    return std::nullopt;
  }
  if (!bind(call, at->signature, into)) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(at - table.begin());
}

// event(process, name, key=value...): any keys.
std::optional<faults::Trigger> event_trigger(const Call& call) {
  faults::EventTrigger trigger;
  std::vector<Piece> positional;
  for (const ArgumentText& argument : call.text.arguments) {
    if (argument.key.text.empty()) {
      positional.push_back(argument.value);
    } else {
      trigger.fields.push_back(
          {.key = std::string{argument.key.text}, .value = std::string{argument.value.text}});
    }
  }
  if (positional.size() != 2) {
    call.wrong(call.text.name, "`event` needs two arguments: event(process, name, key=value...)");
    return std::nullopt;
  }
  trigger.process = positional[0].text;
  trigger.name = positional[1].text;
  if (!accept(call, positional[0], wrong_process(call.ctx.scenario, trigger.process))) {
    return std::nullopt;
  }
  return trigger;
}

enum class TriggerWord : std::uint8_t { phase, step, effect, call };

constexpr std::array trigger_table{
    Signed{"phase", "vvm partition phase", ""},
    Signed{"step", "vvm partition step", ""},
    Signed{"effect", "process kind object", ""},
    Signed{"call", "query; process", ""},
};

}  // namespace

std::optional<faults::Trigger> read_trigger(ReadContext& ctx, const toml::node& node) {
  const std::optional<Call> call = parse(ctx, node);
  if (!call.has_value()) {
    return std::nullopt;
  }
  const std::string name{call->text.name.text};
  if (!call->text.parentheses) {
    if (!accept(*call, call->text.name, wrong_step(ctx, name))) {
      return std::nullopt;
    }
    return faults::NamedTrigger{.step = name};
  }
  if (name == "event") {
    return event_trigger(*call);
  }
  Arguments args;
  const auto at = resolve(*call, "trigger", trigger_table, later_triggers(), args);
  if (!at.has_value()) {
    return std::nullopt;
  }
  switch (static_cast<TriggerWord>(*at)) {
    case TriggerWord::phase:
      return faults::PhaseTrigger{
          .vvm = args.who, .partition = args.partition, .phase = std::string{name_of(*args.phase)}};
    case TriggerWord::step:
      return faults::StepTrigger{.vvm = args.who, .partition = args.partition, .step = args.step};
    case TriggerWord::effect:
      return faults::EffectTrigger{.process = args.who, .kind = args.kind, .object = args.object};
    case TriggerWord::call:
      return faults::CallTrigger{.name = args.query, .process = args.who};
  }
  UNREACHABLE();
}

std::optional<Condition> read_condition(ReadContext& ctx, const toml::node& node) {
  const std::optional<Call> call = parse(ctx, node);
  if (!call.has_value()) {
    return std::nullopt;
  }
  Arguments args;
  const auto at = resolve(*call, "predicate", predicates(), later_predicates(), args);
  if (!at.has_value()) {
    return std::nullopt;
  }
  return Condition{.place = place_of(node.source()),
                   .predicate = static_cast<Predicate>(*at),
                   .who = args.who,
                   .partition = args.partition,
                   .image = args.image,
                   .phase = args.phase,
                   .version = args.version,
                   .error = args.error};
}

std::optional<Count> read_count(ReadContext& ctx, const toml::node& node) {
  const std::optional<Call> call = parse(ctx, node);
  if (!call.has_value()) {
    return std::nullopt;
  }
  Arguments args;
  const auto at = resolve(*call, "countable", countables(), {}, args);
  if (!at.has_value()) {
    return std::nullopt;
  }
  return Count{.place = place_of(node.source()),
               .countable = static_cast<Countable>(*at),
               .who = args.who,
               .partition = args.partition,
               .image = args.image,
               .query = args.query,
               .phase = args.phase};
}

}  // namespace vvm::scenario
