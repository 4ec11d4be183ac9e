// One description of each value, read by a Writer and by a Reader.
#include "sim/report/run_json.hpp"

#include <array>
#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/check.hpp"
#include "sim/report/perf/json_text.hpp"
#include "sim/report/text.hpp"

namespace vvm::report {
namespace {

namespace json = boost::json;

// A digest or hash: a number that JavaScript would round.
struct Hex {
  std::uint64_t& value;
};

// ------------------------------------------------------------------------------- names of values

template <class E>
struct Names;

template <>
struct Names<ghost::Verdict> {
  static constexpr std::array<std::string_view, 3> list{"held", "violated", "unknown"};
};

template <>
struct Names<ghost::LifeEnd> {
  static constexpr std::array<std::string_view, 4> list{"running", "stopped", "failed", "crashed"};
};

template <>
struct Names<ghost::NoteKind> {
  static constexpr std::array<std::string_view, 7> list{
      "operation", "cluster", "vvm", "alarm", "heal", "expectation", "violation"};
};

template <class E>
concept Named = requires { Names<E>::list.size(); };

template <class T>
concept StrongId =
    std::is_enum_v<T> && !Named<T> && !std::same_as<T, Phase> && !std::same_as<T, Code>;

constexpr int phase_count = 15;

// ----------------------------------------------------------------------------------- description

template <class A>
void describe(A& at, ghost::Violation& v) {
  at("property", v.property);
  at("title", v.title);
  at("subject", v.subject);
  at("expected", v.expected);
  at("seen", v.seen);
  at("at_ns", v.at);
  at("step", v.step);
  at("line", v.line);
}

template <class A>
void describe(A& at, ghost::PropertyCount& v) {
  at("id", v.id);
  at("title", v.title);
  at("evaluations", v.evaluations);
  at("required", v.required);
}

template <class A>
void describe(A& at, ghost::ExpectationOutcome& v) {
  at("text", v.text);
  at("line", v.line);
  at("held", v.held);
  at("evaluations", v.evaluations);
  at("decided_at_ns", v.decided_at);
  at("seen", v.seen);
  at("over_campaign", v.over_campaign);
}

template <class A>
void describe(A& at, ghost::FaultOutcome& v) {
  at("text", v.text);
  at("line", v.line);
  at("scripted", v.scripted);
  at("optional", v.optional);
  at("planned", v.planned);
  at("applied", v.applied);
  at("effects", v.effects);
}

template <class A>
void describe(A& at, ghost::LoadOutcome& v) {
  at("name", v.name);
  at("calls", v.calls);
  at("served", v.served);
  at("refused", v.refused);
  at("failed", v.failed);
}

template <class A>
void describe(A& at, ghost::RunFigures& v) {
  at("virtual_ns", v.virtual_time);
  at("steps", v.steps);
  at("records", v.records);
  at("events", v.events);
  at("effects", v.effects);
  at("refused_effects", v.refused_effects);
  at("full_checks", v.full_checks);
  at("memo_hits", v.memo_hits);
  at("memo_proofs", v.memo_proofs);
  at("bytes_moved", v.bytes_moved);
}

template <class A>
void describe(A& at, ghost::Interval& v) {
  at("from_ns", v.from);
  at("to_ns", v.to);
}

template <class A>
void describe(A& at, ghost::Life& v) {
  describe(at, v.time);
  at("number", v.number);
  at("end", v.end);
  at("epoch", v.epoch);
}

template <class A>
void describe(A& at, ghost::ProcessHistory& v) {
  at("name", v.name);
  at("vvm", v.vvm);
  at("node", v.node);
  at("lives", v.lives);
  at("paused", v.paused);
}

template <class A>
void describe(A& at, ghost::PhaseInterval& v) {
  describe(at, v.time);
  at("phase", v.phase);
  at("attempt", v.attempt);
  at("error", v.error);
  at("generation", v.generation);
  at("target", v.target);
}

template <class A>
void describe(A& at, ghost::ServingInterval& v) {
  describe(at, v.time);
  at("version", v.version);
}

template <class A>
void describe(A& at, ghost::PartitionHistory& v) {
  at("app", v.key.app);
  at("partition", v.key.partition);
  at("process", v.process);
  at("phases", v.phases);
  at("serving", v.serving);
}

template <class A>
void describe(A& at, ghost::FaultMark& v) {
  describe(at, v.time);
  at("kind", v.kind);
  at("text", v.text);
  at("who", v.who);
  at("effects", v.effects);
  at("scripted", v.scripted);
  at("line", v.line);
}

template <class A>
void describe(A& at, ghost::Note& v) {
  at("at_ns", v.at);
  at("kind", v.kind);
  at("who", v.who);
  at("text", v.text);
}

template <class A>
void describe(A& at, ghost::History& v) {
  at("end_ns", v.end);
  at("processes", v.processes);
  at("partitions", v.partitions);
  at("faults", v.faults);
  at("notes", v.notes);
  at("notes_dropped", v.notes_dropped);
}

template <class A>
void describe(A& at, Repetition& v) {
  at("same", v.same);
  at("record", v.record);
  at("first", v.first);
  at("second", v.second);
  at("before", v.before);
}

template <class A>
void describe(A& at, RunCase& v) {
  at("file", v.file);
  at("scenario", v.scenario);
  at("doc", v.doc);
  at("seed", v.seed);
  at("horizon_ns", v.horizon);
  at("heal_at_ns", v.heal_at);
  at("wall_ns", v.wall_ns);
  at("broken", v.broken);
  at("repetition", v.repetition);
  at("verdict", v.result.verdict);
  at("violation", v.result.violation);
  at("doubts", v.result.doubts);
  at("figures", v.result.figures);
  at("trace_hash", Hex{v.result.trace_hash});
  at("faults", v.result.faults);
  at("expectations", v.result.expectations);
  at("properties", v.result.properties);
  at("loads", v.result.loads);
  at("history", v.result.history);
}

// ---------------------------------------------------------------------------------------- writer

class Writer {
 public:
  template <class T>
  void operator()(std::string_view key, T&& value) {
    object_[key] = of(value);
  }

  json::object take() { return std::move(object_); }

 private:
  template <class T>
  static json::value of(T& value) {
    using V = std::remove_const_t<T>;
    if constexpr (std::same_as<V, std::string>) {
      return json::string(valid_utf8(value));
    } else if constexpr (std::same_as<V, bool> || std::integral<V>) {
      return value;
    } else if constexpr (std::same_as<V, Instant> || std::same_as<V, Duration>) {
      return value.ns;
    } else if constexpr (std::same_as<V, Hex>) {
      return json::string(fmt::format("{:016x}", value.value));
    } else if constexpr (std::same_as<V, AppQName>) {
      return json::string(valid_utf8(value.str()));
    } else if constexpr (std::same_as<V, Phase>) {
      return json::string(name_of(value));
    } else if constexpr (std::same_as<V, Code>) {
      return json::string(code_name(value));
    } else if constexpr (Named<V>) {
      return json::string(Names<V>::list[static_cast<std::size_t>(value)]);
    } else if constexpr (StrongId<V>) {
      return raw(value);
    } else {
      return compound(value);
    }
  }

  template <class T>
  static json::value compound(std::vector<T>& values) {
    json::array out;
    out.reserve(values.size());
    for (T& value : values) {
      out.push_back(of(value));
    }
    return out;
  }

  template <class T>
  static json::value compound(std::optional<T>& value) {
    return value.has_value() ? of(*value) : json::value(nullptr);
  }

  template <class T>
  static json::value compound(T& value) {
    Writer inner;
    describe(inner, value);
    return inner.take();
  }

  json::object object_;
};

// ---------------------------------------------------------------------------------------- reader

// The first thing found wrong; everything after it stays as it was.
class Problem {
 public:
  void set(const std::string& path, std::string_view what) {
    if (text_.empty()) {
      text_ = fmt::format("{}: {}", path, what);
    }
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class Reader {
 public:
  Reader(const json::object& object, std::string path, Problem& problem)
      : object_(object), path_(std::move(path)), problem_(problem) {}

  template <class T>
  void operator()(std::string_view key, T&& into) {
    const json::value* value = object_.if_contains(key);
    const std::string path = fmt::format("{}{}{}", path_, path_.empty() ? "" : ".", key);
    if (value == nullptr) {
      problem_.set(path, "is missing");
      return;
    }
    read(*value, into, path, problem_);
  }

  template <class T>
  static void read(const json::value& value, T& into, const std::string& path, Problem& problem) {
    if constexpr (std::same_as<T, bool>) {
      value.is_bool() ? void(into = value.get_bool()) : problem.set(path, "is no boolean");
    } else if constexpr (std::integral<T>) {
      read_integer(value, into, path, problem);
    } else if constexpr (std::same_as<T, Instant> || std::same_as<T, Duration>) {
      read_integer(value, into.ns, path, problem);
    } else if constexpr (StrongId<T>) {
      std::underlying_type_t<T> number{};
      read_integer(value, number, path, problem);
      into = static_cast<T>(number);
    } else if constexpr (std::same_as<T, std::string> || std::same_as<T, AppQName> ||
                         std::same_as<T, Phase> || std::same_as<T, Code> || Named<T> ||
                         std::same_as<std::remove_const_t<T>, Hex>) {
      if (!value.is_string()) {
        problem.set(path, "is no string");
      } else if (!from_text(std::string_view{value.get_string()}, into)) {
        problem.set(path, "has no such value");
      }
    } else {
      read_compound(value, into, path, problem);
    }
  }

 private:
  template <class T>
  static void read_integer(const json::value& value,
                           T& into,
                           const std::string& path,
                           Problem& problem) {
    boost::system::error_code ec;
    const T number = value.to_number<T>(ec);
    if (ec || value.is_double()) {
      problem.set(path, "is no integer that fits");
      return;
    }
    into = number;
  }

  static bool from_text(std::string_view text, std::string& into) {
    into = text;
    return true;
  }

  static bool from_text(std::string_view text, const Hex& into) {
    std::uint64_t value = 0;
    for (const char c : text) {
      const std::size_t digit = std::string_view{"0123456789abcdef"}.find(c);
      if (digit == std::string_view::npos) {
        return false;
      }
      value = value << 4U | digit;
    }
    into.value = value;
    return text.size() == 16;
  }

  static bool from_text(std::string_view text, AppQName& into) {
    Result<AppQName> parsed = AppQName::parse(text);
    if (parsed.has_error()) {
      return false;
    }
    into = std::move(parsed).value();
    return true;
  }

  static bool from_text(std::string_view text, Phase& into) {
    for (int number = 1; number <= phase_count; ++number) {
      if (name_of(static_cast<Phase>(number)) == text) {
        into = static_cast<Phase>(number);
        return true;
      }
    }
    return false;
  }

  static bool from_text(std::string_view text, Code& into) {
    const std::optional<Code> code = code_from_name(text);
    into = code.value_or(into);
    return code.has_value();
  }

  template <Named E>
  static bool from_text(std::string_view text, E& into) {
    for (std::size_t i = 0; i < Names<E>::list.size(); ++i) {
      if (Names<E>::list[i] == text) {
        into = static_cast<E>(i);
        return true;
      }
    }
    return false;
  }

  template <class T>
  static void read_compound(const json::value& value,
                            std::vector<T>& into,
                            const std::string& path,
                            Problem& problem) {
    if (!value.is_array()) {
      problem.set(path, "is no array");
      return;
    }
    into.resize(value.get_array().size());
    for (std::size_t i = 0; i < into.size(); ++i) {
      read(value.get_array()[i], into[i], fmt::format("{}[{}]", path, i), problem);
    }
  }

  template <class T>
  static void read_compound(const json::value& value,
                            std::optional<T>& into,
                            const std::string& path,
                            Problem& problem) {
    if (!value.is_null()) {
      read(value, into.emplace(), path, problem);
    }
  }

  template <class T>
  static void read_compound(const json::value& value,
                            T& into,
                            const std::string& path,
                            Problem& problem) {
    if (!value.is_object()) {
      problem.set(path, "is no object");
      return;
    }
    Reader inner(value.get_object(), path, problem);
    describe(inner, into);
  }

  const json::object& object_;
  std::string path_;
  Problem& problem_;
};

Error wrong(const std::string& what) { return {Code::bad_input, what}; }

}  // namespace

json::value run_json(const RunCase& run) {
  Writer writer;
  RunCase copy = run;  // a description serves both directions, so it takes what it may change
  describe(writer, copy);
  json::object out = writer.take();
  out["outcome"] = name_of(outcome_of(run));
  out["replay"] = valid_utf8(replay_command(run));
  return out;
}

Result<RunCase> read_run(const json::value& value) {
  RunCase out;
  Problem problem;
  Reader::read(value, out, "run", problem);
  if (!problem.text().empty()) {
    return wrong(problem.text());
  }
  out.result.scenario = out.scenario;
  out.result.seed = out.seed;
  return out;
}

std::string campaign_json(const Campaign& campaign) {
  json::array runs;
  for (const RunCase& run : campaign.runs) {
    runs.push_back(run_json(run));
  }
  const json::object out{{"format", campaign_format},
                         {"elapsed_ns", campaign.elapsed_ns},
                         {"jobs", campaign.jobs},
                         {"exit_code", exit_code_of(campaign)},
                         {"runs", std::move(runs)}};
  constexpr int open_levels = 6;  // the entries of a history are the first that share a line
  return json_text(out, open_levels) + "\n";
}

Result<Campaign> read_campaign(std::string_view text) {
  boost::system::error_code ec;
  const json::value value = json::parse(json::string_view{text.data(), text.size()}, ec);
  if (ec || !value.is_object()) {
    return wrong(ec ? ec.message() : "no JSON object");
  }
  Campaign out;
  Problem problem;
  std::string format;
  Reader reader(value.get_object(), "", problem);
  reader("format", format);
  if (format != campaign_format) {
    return wrong(fmt::format("format is `{}`, not `{}`", format, campaign_format));
  }
  reader("elapsed_ns", out.elapsed_ns);
  reader("jobs", out.jobs);
  reader("runs", out.runs);
  if (!problem.text().empty()) {
    return wrong(problem.text());
  }
  for (RunCase& run : out.runs) {
    run.result.scenario = run.scenario;
    run.result.seed = run.seed;
  }
  return out;
}

}  // namespace vvm::report
