// Reading and writing the report file; the first thing found wrong ends the reading.
#include "sim/report/perf/report_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <tuple>

#include <boost/json/parser.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "base/check.hpp"
#include "sim/report/perf/json_text.hpp"

namespace vvm::report {
namespace {

namespace json = boost::json;

constexpr double integer_max = 9'007'199'254'740'991.0;  // 2^53 - 1: exact in a double

// The first thing found wrong; later finds follow from it or can wait for the next run.
class Problem {
 public:
  void set(std::string_view path, std::string_view what) {
    if (text_.empty()) {
      text_ = path.empty() ? std::string{what} : fmt::format("{}: {}", path, what);
    }
  }

  bool found() const { return !text_.empty(); }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string_view kind_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "an array";
    case json::kind::object:
      return "an object";
  }
  UNREACHABLE();
}

// The members of one object; a failed question returns an empty value and notes the problem.
class Fields {
 public:
  Fields(const json::object* object, std::string path, Problem& problem)
      : object_{object}, path_{std::move(path)}, problem_{&problem} {}

  bool has(std::string_view key) const { return present(key) != nullptr; }

  std::string text(std::string_view key) const {
    const json::value* value = required(key);
    if (value == nullptr) {
      return {};
    }
    if (!value->is_string()) {
      return wrong(key, *value, "a string"), std::string{};
    }
    return std::string{value->get_string()};
  }

  std::string text_or_empty(std::string_view key) const {
    return has(key) ? text(key) : std::string{};
  }

  double number(std::string_view key) const {
    const json::value* value = required(key);
    return value == nullptr ? 0 : number_of(*value, place(key));
  }

  double number_or_zero(std::string_view key) const { return has(key) ? number(key) : 0; }

  std::optional<double> number_if_any(std::string_view key) const {
    return has(key) ? std::optional{number(key)} : std::nullopt;
  }

  std::int64_t integer(std::string_view key) const {
    const json::value* value = required(key);
    return value == nullptr ? 0 : integer_of(*value, place(key));
  }

  std::int64_t integer_or_zero(std::string_view key) const { return has(key) ? integer(key) : 0; }

  bool flag_or_false(std::string_view key) const {
    const json::value* value = present(key);
    if (value == nullptr) {
      return false;
    }
    if (!value->is_bool()) {
      return wrong(key, *value, "a boolean"), false;
    }
    return value->get_bool();
  }

  // Missing is an empty object, whose required fields are then missing by their full path.
  Fields inner(std::string_view key) const {
    const json::value* value = present(key);
    if (value != nullptr && !value->is_object()) {
      wrong(key, *value, "an object");
      value = nullptr;
    }
    return {value == nullptr ? nullptr : &value->get_object(), place(key), *problem_};
  }

  // What `read(value, path)` returns for each entry; missing is empty.
  template <class Read>
  auto list(std::string_view key, const Read& read) const {
    std::vector<decltype(read(std::declval<const json::value&>(), std::string{}))> out;
    const json::value* value = present(key);
    if (value != nullptr && !value->is_array()) {
      wrong(key, *value, "an array");
    } else if (value != nullptr) {
      for (const json::value& entry : value->get_array()) {
        out.push_back(read(entry, fmt::format("{}[{}]", place(key), out.size())));
      }
    }
    return out;
  }

  template <class Read>
  auto objects(std::string_view key, const Read& read) const {
    return list(key, [&](const json::value& entry, const std::string& path) {
      if (!entry.is_object()) {
        problem_->set(path, fmt::format("{} where an object belongs", kind_text(entry)));
      }
      return read(Fields{entry.if_object(), path, *problem_});
    });
  }

  Samples numbers(std::string_view key) const {
    return list(key, [&](const json::value& entry, const std::string& path) {
      return number_of(entry, path);
    });
  }

  std::vector<std::string> texts(std::string_view key) const {
    return list(key, [&](const json::value& entry, const std::string& path) {
      if (!entry.is_string()) {
        problem_->set(path, fmt::format("{} where a string belongs", kind_text(entry)));
        return std::string{};
      }
      return std::string{entry.get_string()};
    });
  }

  double number_of(const json::value& value, const std::string& path) const {
    if (!value.is_number()) {
      problem_->set(path, fmt::format("{} where a number belongs", kind_text(value)));
      return 0;
    }
    const auto number = value.to_number<double>();
    // A larger integer would silently become its neighbour, and class A is exact.
    if (!std::isfinite(number) || (!value.is_double() && std::abs(number) > integer_max)) {
      problem_->set(path, "a number beyond 2^53");
      return 0;
    }
    return number;
  }

  std::int64_t integer_of(const json::value& value, const std::string& path) const {
    if (!value.is_int64()) {
      problem_->set(path, fmt::format("{} where an integer belongs", kind_text(value)));
      return 0;
    }
    return value.get_int64();
  }

  std::string place(std::string_view key) const {
    return path_.empty() ? std::string{key} : fmt::format("{}.{}", path_, key);
  }

  void report(std::string_view key, std::string_view what) const {
    problem_->set(place(key), what);
  }

  // Members of an object of strings.
  std::map<std::string, std::string> text_map(std::string_view key) const {
    std::map<std::string, std::string> out;
    const Fields fields = inner(key);
    if (fields.object_ != nullptr) {
      for (const json::key_value_pair& entry : *fields.object_) {
        out.emplace(entry.key(), fields.text(entry.key()));
      }
    }
    return out;
  }

 private:
  // Null counts as missing: the format writes what it could not find out as null.
  const json::value* present(std::string_view key) const {
    const json::value* value = object_ == nullptr ? nullptr : object_->if_contains(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  const json::value* required(std::string_view key) const {
    const json::value* value = present(key);
    if (value == nullptr) {
      problem_->set(place(key), "missing");
    }
    return value;
  }

  void wrong(std::string_view key, const json::value& value, std::string_view wanted) const {
    report(key, fmt::format("{} where {} belongs", kind_text(value), wanted));
  }

  const json::object* object_;
  std::string path_;
  Problem* problem_;
};

ProgramInfo read_program(const Fields& fields) {
  const Fields build = fields.inner("build");
  return {.commit = fields.text("commit"),
          .dirty = fields.flag_or_false("dirty"),
          .build = {.type = build.text_or_empty("type"),
                    .compiler = build.text("compiler"),
                    .flags = build.text_or_empty("flags"),
                    .lto = build.flag_or_false("lto"),
                    .libs = build.text_map("libs")},
          .binary_sha256 = fields.text_or_empty("binary_sha256")};
}

MachineInfo read_machine(const Fields& fields) {
  MachineInfo out;
  out.fingerprint = fields.text("fingerprint");
  out.cpu = fields.text_or_empty("cpu");
  out.cores = fields.integer_or_zero("cores");
  out.smt = fields.flag_or_false("smt");
  if (fields.has("governor")) {
    out.governor = fields.text("governor");
  }
  if (fields.has("turbo")) {
    out.turbo = fields.flag_or_false("turbo");
  }
  out.memory_gib = fields.number_or_zero("memory");
  out.kernel = fields.text_or_empty("kernel");
  out.libc = fields.text("libc");
  out.virtualisation = fields.text_or_empty("virtual");
  if (fields.has("aslr")) {
    out.aslr = fields.integer("aslr");
  }
  out.load1_before = fields.number_or_zero("load1_before");
  out.load1_after = fields.number_or_zero("load1_after");
  out.steal_pct = fields.number_if_any("steal_pct");
  return out;
}

ProtocolInfo read_protocol(const Fields& fields) {
  ProtocolInfo out;
  out.class_c = fields.text_or_empty("class_c");
  out.session = fields.text_or_empty("session");
  out.pairs = fields.integer_or_zero("pairs");
  out.warmup = fields.integer_or_zero("warmup");
  out.pinned = fields.flag_or_false("pinned");
  if (fields.has("seeds")) {
    const auto ends = fields.list("seeds", [&](const json::value& entry, const std::string& path) {
      return fields.integer_of(entry, path);
    });
    if (ends.size() == 2) {
      out.seeds.emplace(ends[0], ends[1]);
    } else {
      fields.report("seeds", "not a pair of first and last seed");
    }
  }
  return out;
}

NoiseProbe read_probe(const Fields& fields) {
  NoiseProbe out{.before_us = fields.number("before_us"),
                 .after_us = fields.number("after_us"),
                 .spread_pct = fields.number_or_zero("spread_pct"),
                 .between_us = fields.numbers("between_us")};
  if (out.before_us <= 0 || out.after_us <= 0) {
    fields.report("before_us", "probe times are above 0");
  }
  for (const double reading : out.between_us) {
    if (reading <= 0) {
      fields.report("between_us", "probe times are above 0");
    }
  }
  return out;
}

std::vector<SeedValue> read_seeds(const Fields& row) {
  auto out = row.list("by_seed", [&](const json::value& entry, const std::string& path) {
    const json::array* pair = entry.if_array();
    if (pair == nullptr || pair->size() != 2) {
      row.report("by_seed", fmt::format("{} is not [seed, value]", path));
      return SeedValue{};
    }
    return SeedValue{.seed = row.integer_of((*pair)[0], path + "[0]"),
                     .value = row.number_of((*pair)[1], path + "[1]")};
  });
  std::sort(out.begin(), out.end(), [](const SeedValue& a, const SeedValue& b) {
    return a.seed < b.seed;
  });
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (out[i - 1].seed == out[i].seed) {
      row.report("by_seed", fmt::format("seed {} stands twice", out[i].seed));
    }
  }
  return out;
}

void check_values(const PerfRow& row, const Fields& fields) {
  const bool by_seed = row.cls == MetricClass::a;
  if (by_seed != row.samples.empty() || by_seed == row.by_seed.empty()) {
    fields.report(by_seed ? "by_seed" : "samples",
                  by_seed ? "class A has values by seed, and no samples"
                          : "classes B and C have samples, and no values by seed");
  }
  for (const double sample : row.samples) {
    if (sample < 0 || (sample == 0 && row.cls == MetricClass::c)) {
      fields.report("samples", fmt::format("{} is not a possible value", sample));
    }
  }
}

Better read_better(const Fields& fields) {
  const std::string better = fields.text("better");
  if (better != better_name(Better::more) && better != better_name(Better::less)) {
    fields.report("better", fmt::format("`{}` is neither `less` nor `more`", better));
  }
  return better == better_name(Better::more) ? Better::more : Better::less;
}

PerfRow read_row(const Fields& fields) {
  PerfRow out;
  out.id = fields.text("id");
  const std::string letter = fields.text("class");
  if (const auto cls = class_from_letter(letter)) {
    out.cls = *cls;
  } else {
    fields.report("class", fmt::format("`{}` is no class of figures", letter));
  }
  out.unit = fields.text("unit");
  out.better = read_better(fields);
  out.samples = fields.numbers("samples");
  out.by_seed = read_seeds(fields);
  out.order = fields.text_or_empty("order");
  out.budget = fields.number_if_any("budget");
  out.notes = fields.texts("notes");
  check_values(out, fields);
  return out;
}

PerfGoal read_goal(const Fields& fields) {
  return {.id = fields.text("id"),
          .row = fields.text("row"),
          .unit = fields.text("unit"),
          .better = read_better(fields),
          .goal = fields.number("goal"),
          .median = fields.number("median"),
          .best = fields.number("best")};
}

void check_duplicates(const std::vector<PerfRow>& rows, Problem& problem) {
  std::set<std::tuple<std::string, MetricClass, std::string>> seen;
  for (const PerfRow& row : rows) {
    if (!seen.emplace(row.id, row.cls, row.unit).second) {
      problem.set(
          "rows",
          fmt::format(
              "`{}`, class {}, unit {} stands twice", row.id, class_letter(row.cls), row.unit));
    }
  }
}

PerfReport read_report(const Fields& fields, Problem& problem) {
  PerfReport out;
  out.created = fields.text_or_empty("created");
  out.program = read_program(fields.inner("program"));
  out.machine = read_machine(fields.inner("machine"));
  out.protocol = read_protocol(fields.inner("protocol"));
  out.scenarios = fields.inner("inputs").objects("scenarios", [](const Fields& entry) {
    return InputFile{.name = entry.text("name"), .sha256 = entry.text_or_empty("sha256")};
  });
  if (!fields.has("rows")) {
    fields.report("rows", "missing");
  }
  out.rows = fields.objects("rows", read_row);
  check_duplicates(out.rows, problem);
  out.goals = fields.objects("goals", read_goal);
  const Fields self = fields.inner("self");
  out.self.wall_s = self.number_or_zero("wall_s");
  if (self.has("noise_probe")) {
    out.self.noise_probe = read_probe(self.inner("noise_probe"));
  }
  return out;
}

// "line 3, column 14" of an offset, both from 1.
std::string place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n');
  const std::size_t column = before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
  return fmt::format("line {}, column {}", line, column);
}

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value json_of(const std::string& text) { return json::string_view{text}; }

json::object json_of(const ProgramInfo& program) {
  json::object libs;
  for (const auto& [name, version] : program.build.libs) {
    libs.emplace(name, version);
  }
  json::object build{{"type", program.build.type},
                     {"compiler", program.build.compiler},
                     {"flags", program.build.flags},
                     {"lto", program.build.lto},
                     {"libs", std::move(libs)}};
  return {{"commit", program.commit},
          {"dirty", program.dirty},
          {"build", std::move(build)},
          {"binary_sha256", program.binary_sha256}};
}

json::object json_of(const MachineInfo& machine) {
  return {{"fingerprint", machine.fingerprint},
          {"cpu", machine.cpu},
          {"cores", machine.cores},
          {"smt", machine.smt},
          {"governor", machine.governor ? json_of(*machine.governor) : json::value(nullptr)},
          {"turbo", or_null(machine.turbo)},
          {"memory", machine.memory_gib},
          {"kernel", machine.kernel},
          {"libc", machine.libc},
          {"virtual", machine.virtualisation},
          {"aslr", or_null(machine.aslr)},
          {"load1_before", machine.load1_before},
          {"load1_after", machine.load1_after},
          {"steal_pct", or_null(machine.steal_pct)}};
}

json::object json_of(const ProtocolInfo& protocol) {
  json::value seeds = nullptr;  // braces would make an array of it
  if (protocol.seeds) {
    seeds = json::array{protocol.seeds->first, protocol.seeds->second};
  }
  return {{"class_c", protocol.class_c},
          {"session", protocol.session},
          {"pairs", protocol.pairs},
          {"warmup", protocol.warmup},
          {"pinned", protocol.pinned},
          {"seeds", std::move(seeds)}};
}

json::object json_of(const PerfRow& row) {
  json::object out{{"id", row.id},
                   {"class", std::string(1, class_letter(row.cls))},
                   {"unit", row.unit},
                   {"better", better_name(row.better)}};
  if (row.cls == MetricClass::a) {
    json::array by_seed;
    for (const SeedValue& entry : row.by_seed) {
      by_seed.push_back(json::array{entry.seed, entry.value});
    }
    out.emplace("by_seed", std::move(by_seed));
  } else {
    out.emplace("samples", json::array(row.samples.begin(), row.samples.end()));
  }
  if (!row.order.empty()) {
    out.emplace("order", row.order);
  }
  if (row.budget) {
    out.emplace("budget", *row.budget);
  }
  out.emplace("notes", json::array(row.notes.begin(), row.notes.end()));
  return out;
}

json::object json_of(const PerfGoal& goal) {
  return {{"id", goal.id},
          {"row", goal.row},
          {"unit", goal.unit},
          {"better", better_name(goal.better)},
          {"goal", goal.goal},
          {"median", goal.median},
          {"best", goal.best}};
}

json::object json_of(const SelfInfo& self) {
  json::object out{{"wall_s", self.wall_s}, {"noise_probe", nullptr}};
  if (self.noise_probe) {
    const NoiseProbe& probe = *self.noise_probe;
    out["noise_probe"] =
        json::object{{"before_us", probe.before_us},
                     {"between_us", json::array(probe.between_us.begin(), probe.between_us.end())},
                     {"after_us", probe.after_us},
                     {"spread_pct", probe.spread_pct}};
  }
  return out;
}

}  // namespace

char class_letter(MetricClass cls) {
  switch (cls) {
    case MetricClass::a:
      return 'A';
    case MetricClass::b:
      return 'B';
    case MetricClass::c:
      return 'C';
  }
  UNREACHABLE();
}

std::optional<MetricClass> class_from_letter(std::string_view letter) {
  for (const MetricClass cls : {MetricClass::a, MetricClass::b, MetricClass::c}) {
    if (letter.size() == 1 && letter.front() == class_letter(cls)) {
      return cls;
    }
  }
  return std::nullopt;
}

std::string_view better_name(Better better) {
  switch (better) {
    case Better::less:
      return "less";
    case Better::more:
      return "more";
  }
  UNREACHABLE();
}

bool meets(const PerfGoal& goal, double value) {
  return goal.better == Better::more ? value >= goal.goal : value <= goal.goal;
}

Result<PerfReport> parse_report(std::string_view text, std::string_view name) {
  json::parser parser;
  json::error_code error;
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  const auto fail = [&](std::string_view what) {
    return Error{Code::bad_input, fmt::format("{}: {}", name, what)};
  };
  if (error) {
    return fail(fmt::format("{}: not JSON: {}", place_of(text, used), error.message()));
  }
  const std::size_t rest = text.find_first_not_of(" \t\r\n", used);
  if (rest != std::string_view::npos) {
    return fail(fmt::format("{}: not JSON: text after the end", place_of(text, rest)));
  }
  const json::value document = parser.release();
  if (!document.is_object()) {
    return fail(fmt::format("not a report: {} at the top", kind_text(document)));
  }
  Problem problem;
  const Fields fields{&document.get_object(), "", problem};
  const std::int64_t format = fields.integer("format");
  if (!problem.found() && format > report_format) {
    return fail(fmt::format(
        "format {} is newer than {}, the newest that this program reads", format, report_format));
  }
  if (!problem.found() && format < 1) {
    return fail(fmt::format("format {} does not exist", format));
  }
  PerfReport report = read_report(fields, problem);
  if (problem.found()) {
    return fail(problem.text());
  }
  return report;
}

std::string write_report(const PerfReport& report) {
  json::array scenarios;
  for (const InputFile& file : report.scenarios) {
    scenarios.push_back(json::object{{"name", file.name}, {"sha256", file.sha256}});
  }
  json::array rows;
  for (const PerfRow& row : report.rows) {
    rows.push_back(json_of(row));
  }
  json::object out{{"format", report_format},
                   {"created", report.created},
                   {"program", json_of(report.program)},
                   {"machine", json_of(report.machine)},
                   {"protocol", json_of(report.protocol)},
                   {"inputs", json::object{{"scenarios", std::move(scenarios)}}},
                   {"rows", std::move(rows)},
                   {"self", json_of(report.self)}};
  if (!report.goals.empty()) {
    json::array goals;
    for (const PerfGoal& goal : report.goals) {
      goals.push_back(json_of(goal));
    }
    out.emplace("goals", std::move(goals));
  }
  return json_text(out, 2) + "\n";
}

}  // namespace vvm::report
