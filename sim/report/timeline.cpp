// Intervals become lines at their ends; lines are sorted, merged, and chosen.
#include "sim/report/timeline.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/check.hpp"
#include "sim/report/text.hpp"

namespace vvm::report {
namespace {

// A line before lines that say the same of several partitions become one.
struct Raw {
  Instant at{};
  std::string who{};
  std::optional<PartitionKey> key{};
  std::string what{};  // after the key
  Mark mark = Mark::none;
  bool noted = false;     // shown around every violation
  std::size_t order = 0;  // among lines of one instant
};

std::string version_text(AppVersion version) {
  return raw(version) == 0 ? std::string{"nothing"} : fmt::format("v{}", raw(version));
}

// Where the step that failed is the news.
bool in_trouble(Phase phase) {
  return phase == Phase::backoff || phase == Phase::blocked || phase == Phase::lost;
}

std::string phase_text(const ghost::PhaseInterval* before, const ghost::PhaseInterval& now) {
  const bool moves = before != nullptr && before->phase != now.phase;
  std::string out = moves ? fmt::format("{} -> {}", name_of(before->phase), name_of(now.phase))
                          : std::string{name_of(now.phase)};
  if (in_trouble(now.phase) && now.error.has_value()) {
    out += fmt::format(": {}", code_name(*now.error));
  }
  if (in_trouble(now.phase) && now.attempt > 0) {
    out += fmt::format(", attempt {}", now.attempt);
  }
  const bool asks_anew = before == nullptr || before->target != now.target;
  if (asks_anew && raw(now.target) != 0) {
    out += fmt::format(", to {}", version_text(now.target));
  }
  return out;
}

// An error or a count of attempts that is only carried along is no news.
bool same_phase(const ghost::PhaseInterval& a, const ghost::PhaseInterval& b) {
  const bool same_trouble = !in_trouble(a.phase) || (a.error == b.error && a.attempt == b.attempt);
  return a.phase == b.phase && a.target == b.target && same_trouble;
}

void add_partition(const ghost::PartitionHistory& part, std::vector<Raw>& out) {
  const ghost::PhaseInterval* before = nullptr;
  for (const ghost::PhaseInterval& phase : part.phases) {
    if (before == nullptr || !same_phase(*before, phase)) {
      out.push_back({phase.time.from, part.process, part.key, phase_text(before, phase)});
    }
    before = &phase;
  }
  const ghost::ServingInterval* last = nullptr;
  for (const ghost::ServingInterval& serving : part.serving) {
    if (last != nullptr && last->time.to < serving.time.from) {
      out.push_back({last->time.to, part.process, part.key, "serves nothing"});
    }
    out.push_back({serving.time.from,
                   part.process,
                   part.key,
                   fmt::format("serves {}", version_text(serving.version))});
    last = &serving;
  }
}

std::string_view end_text(ghost::LifeEnd end) {
  switch (end) {
    case ghost::LifeEnd::running:
      return "";
    case ghost::LifeEnd::stopped:
      return "stops";
    case ghost::LifeEnd::failed:
      return "ends with a failure";
    case ghost::LifeEnd::crashed:
      return "crashes";
  }
  UNREACHABLE();
}

void add_process(const ghost::ProcessHistory& process, std::vector<Raw>& out) {
  for (const ghost::Life& life : process.lives) {
    std::string begins = life.number == 1 ? "starts" : fmt::format("starts, life {}", life.number);
    if (raw(life.epoch) != 0) {
      begins += fmt::format(", epoch {}", raw(life.epoch));
    }
    out.push_back({life.time.from, process.name, {}, std::move(begins)});
    if (life.end != ghost::LifeEnd::running) {
      const Mark mark = life.end == ghost::LifeEnd::failed ? Mark::alarm : Mark::none;
      out.push_back({life.time.to, process.name, {}, std::string{end_text(life.end)}, mark});
    }
  }
  for (const ghost::Interval& pause : process.paused) {
    out.push_back({pause.from, process.name, {}, "is paused"});
    out.push_back({pause.to, process.name, {}, "goes on"});
  }
}

void add_fault(const ghost::FaultMark& fault, Instant end, std::vector<Raw>& out) {
  const bool idle = fault.effects == 0;
  const Mark mark = idle ? Mark::idle : Mark::fault;
  std::string text = fault.text;
  if (idle) {
    text += " (touches nothing)";
  }
  out.push_back({fault.time.from, fault.who, {}, std::move(text), mark, true});
  if (!idle && fault.time.from < fault.time.to && fault.time.to < end) {
    out.push_back({fault.time.to, fault.who, {}, "over: " + fault.text, mark, true});
  }
}

Mark mark_of(ghost::NoteKind kind) {
  switch (kind) {
    case ghost::NoteKind::violation:
      return Mark::moment;
    case ghost::NoteKind::alarm:
      return Mark::alarm;
    case ghost::NoteKind::operation:
    case ghost::NoteKind::cluster:
    case ghost::NoteKind::vvm:
    case ghost::NoteKind::heal:
    case ghost::NoteKind::expectation:
      return Mark::none;
  }
  UNREACHABLE();
}

std::vector<Raw> raw_lines(const ghost::History& history) {
  std::vector<Raw> out;
  for (const ghost::FaultMark& fault : history.faults) {
    add_fault(fault, history.end, out);
  }
  for (const ghost::ProcessHistory& process : history.processes) {
    add_process(process, out);
  }
  for (const ghost::Note& note : history.notes) {
    const bool noted =
        note.kind != ghost::NoteKind::cluster && note.kind != ghost::NoteKind::violation;
    out.push_back({note.at, note.who, {}, note.text, mark_of(note.kind), noted});
  }
  for (const ghost::PartitionHistory& part : history.partitions) {
    add_partition(part, out);
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].order = i;
  }
  std::sort(out.begin(), out.end(), [](const Raw& a, const Raw& b) {
    return std::pair{a.at, a.order} < std::pair{b.at, b.order};
  });
  return out;
}

// Lines within one printed instant that differ in the partition only become one, at the place of
// the first.
std::vector<TimelineLine> merged(const std::vector<Raw>& lines) {
  struct Group {
    TimelineLine line;
    std::vector<PartitionKey> keys;
  };

  std::vector<Group> groups;
  std::map<std::pair<std::string, std::string>, std::size_t> open;  // of this millisecond
  std::int64_t ms = -1;
  for (const Raw& raw : lines) {
    if (raw.at.ns / 1'000'000 != ms) {
      ms = raw.at.ns / 1'000'000;
      open.clear();
    }
    if (raw.key.has_value()) {
      const auto [at, fresh] = open.try_emplace({raw.who, raw.what}, groups.size());
      if (!fresh) {
        groups[at->second].keys.push_back(*raw.key);
        continue;
      }
      groups.push_back({{raw.at, raw.who, raw.what, raw.mark}, {*raw.key}});
    } else {
      groups.push_back({{raw.at, raw.who, raw.what, raw.mark}, {}});
    }
  }
  std::vector<TimelineLine> out;
  for (Group& group : groups) {
    if (!group.keys.empty()) {
      group.line.what = keys_text(std::move(group.keys)) + " " + group.line.what;
    }
    out.push_back(std::move(group.line));
  }
  return out;
}

bool holds_word(std::string_view text, std::string_view word) {
  const auto inner = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  for (std::size_t at = text.find(word); at != std::string_view::npos && !word.empty();
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !inner(text[at - 1])) && (end == text.size() || !inner(text[end]))) {
      return true;
    }
  }
  return false;
}

bool concerns(const Raw& line, const ghost::Violation& violation) {
  if (line.noted) {
    return true;
  }
  const std::string said = violation.subject + " " + violation.expected + " " + violation.seen;
  if (line.key.has_value()) {
    const bool names_process = holds_word(said, line.who);
    const bool names_key = holds_word(said, line.key->str());
    // A subject that names both means this partition in this process.
    return names_key || (names_process && said.find(line.key->app.str()) == std::string::npos);
  }
  return holds_word(said, line.who);
}

}  // namespace

std::string_view name_of(Mark mark) {
  switch (mark) {
    case Mark::none:
      return "";
    case Mark::fault:
      return "fault";
    case Mark::idle:
      return "idle";
    case Mark::alarm:
      return "alarm";
    case Mark::moment:
      return "moment";
  }
  UNREACHABLE();
}

std::vector<TimelineLine> timeline(const ghost::History& history) {
  return merged(raw_lines(history));
}

std::vector<TimelineLine> around(const ghost::History& history,
                                 const ghost::Violation& violation,
                                 AroundOptions options) {
  std::vector<Raw> lines = raw_lines(history);
  std::erase_if(lines, [](const Raw& line) { return line.mark == Mark::moment; });
  const auto moment =
      std::upper_bound(lines.begin(), lines.end(), violation.at, [](Instant at, const Raw& line) {
        return at < line.at;
      });
  std::vector<Raw> before(lines.begin(), moment);
  std::vector<Raw> after(moment, lines.end());
  const auto concerning = std::count_if(
      before.begin(), before.end(), [&](const Raw& line) { return concerns(line, violation); });
  if (static_cast<std::size_t>(concerning) * 2 >= options.before) {
    std::erase_if(before, [&](const Raw& line) { return !concerns(line, violation); });
  }
  std::vector<TimelineLine> out = merged(before);
  if (out.size() > options.before) {
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(options.before));
  }
  out.push_back(
      {.at = violation.at,
       .who = "",
       .what = violation.line > 0 ? violation.expected : violation.property + " " + violation.title,
       .mark = Mark::moment});
  std::vector<TimelineLine> rest = merged(after);
  rest.resize(std::min(rest.size(), options.after));
  std::move(rest.begin(), rest.end(), std::back_inserter(out));
  return out;
}

std::string keys_text(std::vector<PartitionKey> keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::string out;
  for (std::size_t i = 0; i < keys.size();) {
    const bool same_app = i > 0 && keys[i - 1].app == keys[i].app;
    std::size_t last = i;
    while (last + 1 < keys.size() && keys[last + 1].app == keys[i].app &&
           raw(keys[last + 1].partition) == raw(keys[last].partition) + 1) {
      ++last;
    }
    out += same_app ? "," : fmt::format("{}{}/", i == 0 ? "" : " ", keys[i].app.str());
    out += last == i ? fmt::format("{}", raw(keys[i].partition))
                     : fmt::format("{}-{}", raw(keys[i].partition), raw(keys[last].partition));
    i = last + 1;
  }
  return out;
}

}  // namespace vvm::report
