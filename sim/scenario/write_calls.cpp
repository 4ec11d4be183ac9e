// By the signatures of words.cpp, so that reader and writer cannot disagree.
#include "sim/scenario/write_calls.hpp"

#include <algorithm>
#include <ranges>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/scenario/words.hpp"

namespace vvm::scenario {
namespace {

std::string partition_text(const PartitionGlob& glob) { return glob.app + "/" + glob.partition; }

// The text of one argument; empty when it has its default.
template <class Value>
std::string argument(const Value& value, std::string_view kind) {
  if (kind == "partition") {
    return partition_text(value.partition);
  }
  if (kind == "image") {
    return value.image;
  }
  if (kind == "phase") {
    return value.phase.has_value() ? std::string{name_of(*value.phase)} : "";
  }
  if constexpr (requires { value.version; }) {
    if (kind == "version") {
      return value.version.has_value() ? std::to_string(*value.version) : "";
    }
    if (kind == "error") {
      return value.error.has_value() ? std::string{code_name(*value.error)} : "";
    }
  }
  if constexpr (requires { value.query; }) {
    if (kind == "query") {
      return value.query;
    }
  }
  return value.who;
}

template <class Value>
std::string call_text(const Signed& row, const Value& value) {
  std::vector<std::string> parts;
  bool named = false;
  for (const auto piece : std::views::split(row.signature, ' ')) {
    std::string_view kind{piece.begin(), piece.end()};
    if (kind.empty()) {
      continue;
    }
    const bool last_positional = kind.ends_with(';');
    if (last_positional) {
      kind.remove_suffix(1);
    }
    if (!kind.empty()) {
      std::string text = argument(value, kind);
      const bool usual =
          text.empty() || (named && (kind == "vvm" || kind == "process") && text == "*");
      if (!named) {
        parts.push_back(std::move(text));
      } else if (!usual) {
        parts.push_back(fmt::format("{}={}", kind, text));
      }
    }
    named = named || last_positional;
  }
  return fmt::format("{}({})", row.name, fmt::join(parts, ", "));
}

struct TriggerText {
  std::string operator()(const faults::PhaseTrigger& t) const {
    return fmt::format("phase({}, {}, {})", t.vvm, partition_text(t.partition), t.phase);
  }

  std::string operator()(const faults::StepTrigger& t) const {
    return fmt::format("step({}, {}, {})", t.vvm, partition_text(t.partition), t.step);
  }

  std::string operator()(const faults::EffectTrigger& t) const {
    return fmt::format("effect({}, {}, {})", t.process, t.kind, t.object);
  }

  std::string operator()(const faults::EventTrigger& t) const {
    std::string out = fmt::format("event({}, {}", t.process, t.name);
    for (const auto& field : t.fields) {
      out += fmt::format(", {}={}", field.key, field.value);
    }
    return out + ")";
  }

  std::string operator()(const faults::CallTrigger& t) const {
    return t.process == "*" ? fmt::format("call({})", t.name)
                            : fmt::format("call({}, process={})", t.name, t.process);
  }

  std::string operator()(const faults::NamedTrigger& t) const { return t.step; }
};

}  // namespace

std::string condition_text(const Condition& condition) {
  return call_text(predicates()[static_cast<std::size_t>(condition.predicate)], condition);
}

std::string count_text(const Count& count) {
  return call_text(countables()[static_cast<std::size_t>(count.countable)], count);
}

std::string trigger_text(const faults::Trigger& trigger) {
  return std::visit(TriggerText{}, trigger);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string key_text(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare ? std::string{key} : quoted(key);
}

}  // namespace vvm::scenario
