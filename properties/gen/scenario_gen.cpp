// From draws to a scenario, section by section.
#include "properties/gen/scenario_gen.hpp"

#include <array>
#include <string_view>

#include "sim/faults/value_text.hpp"
#include "sim/scenario/words.hpp"
#include "sim/scenario/writer.hpp"

namespace vvm::gen {
namespace {

using namespace vvm::scenario;

class Draws {
 public:
  explicit Draws(std::vector<std::uint32_t> draws) : draws_(std::move(draws)) {}

  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  bool coin() { return below(2) == 1; }

  std::uint64_t next() { return at_ < draws_.size() ? draws_[at_++] : 0; }

  template <std::size_t N>
  std::string one_of(const std::array<std::string_view, N>& words) {
    return std::string{words.at(below(N))};
  }

 private:
  std::vector<std::uint32_t> draws_;
  std::size_t at_ = 0;
};

// Texts that TOML has to escape.
std::string any_text(Draws& d) {
  constexpr std::array<std::string_view, 8> pieces{
      "plain", "", "a \"quote\"", "back\\slash", "two\nlines", "tab\t", "\xC3\xA9", "\x01#'"};
  std::string text;
  for (std::uint64_t n = 1 + d.below(3); n > 0; --n) {
    text += pieces.at(d.below(pieces.size()));
  }
  return text;
}

Duration any_duration(Draws& d, Duration max) {
  constexpr std::array<std::int64_t, 5> units{1'000'000'000, 60'000'000'000, 1'000'000, 1'000, 1};
  const std::int64_t unit = units.at(d.below(units.size()));
  return {static_cast<std::int64_t>(d.next() % 1000) * unit % (max.ns + 1)};
}

Duration some_duration(Draws& d, Duration max) { return any_duration(d, max) + Duration{1}; }

DurationRange any_range(Draws& d, Duration max) {
  const Duration a = some_duration(d, max);
  const Duration b = d.coin() ? some_duration(d, max) : a;
  return {.low = std::min(a, b), .high = std::max(a, b)};
}

faults::OctetRange any_octets(Draws& d) {
  const std::uint64_t low = d.next() % 100'000;
  return {.low = low, .high = low + d.below(3) * d.next() % 100'000};
}

Spread any_spread(Draws& d) {
  using Shape = Spread::Shape;
  const Duration a = some_duration(d, seconds(30));
  const Duration b = a + some_duration(d, seconds(30));
  switch (d.below(3)) {
    case 0:
      return {.shape = Shape::constant, .mean = a};
    case 1:
      return {.shape = Shape::uniform, .min = a, .max = b};
    default:
      return {.shape = Shape::exponential,
              .mean = a,
              .min = d.coin() ? a : Duration{},
              .max = d.coin() ? b : Duration{}};
  }
}

template <class T, class Make>
std::optional<T> perhaps(Draws& d, Make make) {
  return d.coin() ? std::optional<T>{make()} : std::nullopt;
}

Pools any_pools(Draws& d) {
  return {.command = static_cast<std::int32_t>(d.below(4)),
          .query = static_cast<std::int32_t>(d.below(9)),
          .actualizer = static_cast<std::int32_t>(d.below(4)),
          .scheduler = static_cast<std::int32_t>(d.below(4))};
}

// Makes the parts that refer to others; those are made first.
class Maker {
 public:
  explicit Maker(Draws draws) : d_(std::move(draws)) {}

  Scenario make() {
    head();
    topology();
    apps();
    images();
    nets();
    loads();
    for (std::uint64_t n = d_.below(8); n > 0; --n) {
      s_.steps.push_back(step());
    }
    expect();
    return std::move(s_);
  }

 private:
  void head() {
    s_.name = "s" + any_text(d_);
    s_.doc = d_.coin() ? any_text(d_) : "";
    s_.seed = d_.coin() ? d_.next() : 1;
    s_.horizon = minutes(20) + any_duration(d_, minutes(20));
    s_.heal_at = perhaps<Duration>(d_, [&] { return minutes(10) + any_duration(d_, minutes(5)); });
    if (d_.coin()) {
      s_.origin = Origin{.explorer = any_text(d_), .trace = "9f0c"};
    }
    if (d_.coin()) {
      s_.constants.push_back(
          {.name = "SPPollInterval", .duration = true, .value = some_duration(d_, minutes(1)).ns});
    }
    if (d_.coin()) {
      s_.constants.push_back(
          {.name = "LoopWorkers", .value = static_cast<std::int64_t>(1 + d_.below(9))});
    }
  }

  void topology() {
    Topology& t = s_.topology;
    for (std::uint64_t n = d_.below(3); n > 0; --n) {
      t.nodes.push_back("n" + std::to_string(t.nodes.size() + 1));
    }
    t.vvms_per_node = static_cast<std::uint32_t>(1 + d_.below(3));
    t.partitions_max = d_.coin() ? 64 : 256;
    if (d_.coin()) {
      t.rate_error_ppm = {.low = -static_cast<std::int64_t>(d_.below(20'000)),
                          .high = static_cast<std::int64_t>(d_.below(20'000))};
      t.wall_offset = {.low = -any_duration(d_, hours(1)), .high = any_duration(d_, hours(1))};
    }
    t.disk = perhaps<std::uint64_t>(d_, [&] { return 1 + d_.next(); });
  }

  void apps() {
    constexpr std::array<std::string_view, 3> names{"acme/pos", "acme/kiosk", "a.b/c-d"};
    for (std::uint64_t n = 1 + d_.below(names.size()); n > 0; --n) {
      App app{.name = std::string{names.at(s_.apps.size())}};
      app.partitions = static_cast<std::int32_t>(1 + d_.below(12));
      app.workspaces = static_cast<std::int32_t>(1 + d_.below(10));
      app.pools = d_.coin() ? any_pools(d_) : Pools{};
      app.drain_timeout = perhaps<Duration>(d_, [&] { return some_duration(d_, minutes(1)); });
      app.cron_schedule = perhaps<std::string>(d_, [&] { return "*/5 * * * *"; });
      app.start_time_tolerance =
          perhaps<Duration>(d_, [&] { return some_duration(d_, minutes(1)); });
      s_.apps.push_back(std::move(app));
    }
  }

  void images() {
    for (std::uint64_t n = 1 + d_.below(3); n > 0; --n) {
      s_.images.push_back({.name = "i" + std::to_string(s_.images.size()),
                           .app = app(),
                           .schema = "../apps/" + any_text(d_),
                           .build = d_.coin() ? any_text(d_) : ""});
    }
    if (d_.coin()) {
      Breakage breakage{.name = d_.coin() ? "zip_slip" : "truncate_at"};
      if (breakage.name == "truncate_at") {
        breakage.argument = d_.next();
      }
      s_.images.push_back({.name = "broken.1",
                           .app = s_.images.front().app,
                           .from = s_.images.front().name,
                           .breakage = breakage});
    }
  }

  void nets() {
    if (d_.coin()) {
      s_.net.push_back({.name = "default", .latency = any_spread(d_)});
    }
    if (d_.coin()) {
      s_.net.push_back({.name = "far",
                        .link = {.from = who(), .to = "store", .direction = direction()},
                        .octets_per_second = 1 + d_.next()});
    }
  }

  void loads() {
    for (std::uint64_t n = d_.below(3); n > 0; --n) {
      Load load{.name = "l" + std::to_string(s_.load.size()), .app = app()};
      load.who = d_.coin() ? vvm() : "vvm*";
      load.per_minute = 1 + d_.below(6000);
      if (d_.coin()) {
        load.processors = {Processor::scheduler, Processor::query, Processor::query};
      }
      load.hold = d_.coin() ? any_spread(d_) : Spread{};
      load.from = d_.coin() ? any_duration(d_, minutes(3)) : Duration{};
      load.until = perhaps<Duration>(d_, [&] { return some_duration(d_, minutes(9)); });
      s_.load.push_back(std::move(load));
    }
  }

  std::string app() { return s_.apps.at(d_.below(s_.apps.size())).name; }

  std::string image() { return s_.images.at(d_.below(s_.images.size())).name; }

  std::string vvm() {
    return "vvm" +
           std::to_string(1 + d_.below(s_.topology.nodes.size() * s_.topology.vvms_per_node));
  }

  std::string who() { return d_.one_of<4>({"vvm*", "cluster", "*", "vvm1"}); }

  faults::Direction direction() { return static_cast<faults::Direction>(d_.below(3)); }

  PartitionGlob partition() {
    return {.app = d_.coin() ? "*/*" : app(), .partition = d_.coin() ? "0" : "*"};
  }

  std::string phase() { return std::string{name_of(static_cast<Phase>(1 + d_.below(14)))}; }

  faults::Trigger trigger() {
    switch (d_.below(6)) {
      case 0:
        return faults::PhaseTrigger{.vvm = vvm(), .partition = partition(), .phase = phase()};
      case 1:
        return faults::StepTrigger{
            .vvm = "vvm*", .partition = partition(), .step = d_.one_of(step_words)};
      case 2:
        return faults::EffectTrigger{
            .process = who(), .kind = "disk.rename", .object = d_.coin() ? "lease(1)" : "img/**"};
      case 3: {
        faults::EventTrigger event{.process = who(), .name = "image.unpack.start"};
        for (std::uint64_t n = d_.below(3); n > 0; --n) {
          event.fields.push_back({.key = "k" + std::to_string(n), .value = "v(1)/*"});
        }
        return event;
      }
      case 4:
        return faults::CallTrigger{.name = d_.one_of(call_words), .process = who()};
      default:
        if (names_.empty()) {
          return faults::CallTrigger{.name = "q.cluster.SPList"};
        }
        return faults::NamedTrigger{.step = names_.at(d_.below(names_.size()))};
    }
  }

  faults::When when() {
    switch (d_.below(3)) {
      case 0: {
        const DurationRange range = any_range(d_, minutes(9));
        return faults::At{.time = range};
      }
      case 1: {
        faults::On on{.trigger = trigger(), .nth = static_cast<std::uint32_t>(1 + d_.below(4))};
        on.after = perhaps<DurationRange>(d_, [&] { return any_range(d_, minutes(1)); });
        return on;
      }
      default: {
        const std::uint64_t what = d_.below(3);
        if (what == 2 && names_.empty()) {
          return faults::After{};
        }
        return faults::After{.what = static_cast<faults::After::What>(what),
                             .step = what == 2 ? names_.back() : ""};
      }
    }
  }

  Operation operation() {
    switch (d_.below(6)) {
      case 0:
        return Upload{.image = image()};
      case 1:
        return Deploy{
            .app = app(),
            .pools = perhaps<Pools>(d_, [&] { return any_pools(d_); }),
            .drain_timeout = perhaps<Duration>(d_, [&] { return some_duration(d_, seconds(50)); })};
      case 2:
        return Rollback{.app = app(), .to = static_cast<std::int64_t>(1 + d_.below(9))};
      case 3:
        return DeleteApp{.app = app()};
      case 4:
        return Drain{.who = vvm()};
      default:
        return Start{.who = who()};
    }
  }

  faults::Link link() { return {.from = who(), .to = who(), .direction = direction()}; }

  faults::Exchanges exchanges() {
    return {.client = d_.coin() ? "*" : vvm(),
            .server = d_.coin() ? "*" : "cluster",
            .request = d_.coin() ? "GET /blob/**" : any_text(d_)};
  }

  std::optional<DurationRange> restart() {
    return perhaps<DurationRange>(d_, [&] { return any_range(d_, minutes(1)); });
  }

  faults::Action link_or_answer() {
    switch (d_.below(13)) {
      case 0:
        return faults::Cut{.link = link()};
      case 1:
        return faults::Hold{.link = link()};
      case 2:
        return faults::Loss{.link = link(),
                            .rate = {.num = static_cast<std::uint32_t>(1 + d_.below(1'000'000)),
                                     .den = faults::ppm_den}};
      case 3:
        return faults::Delay{.link = link(), .by = any_spread(d_)};
      case 4:
        return faults::Bandwidth{.link = link(), .octets_per_second = 1 + d_.next()};
      case 5:
        return faults::Reset{.on = exchanges(), .at = any_octets(d_)};
      case 6:
        return faults::Truncate{.on = exchanges(), .at = any_octets(d_)};
      case 7:
        return faults::Flip{.on = exchanges(), .at = any_octets(d_)};
      case 8:
        return faults::Dup{.on = exchanges(), .at = any_octets(d_)};
      case 9:
        return faults::Stall{.on = exchanges(), .at = any_octets(d_)};
      case 10:
        return faults::Drip{
            .on = exchanges(), .at = any_octets(d_), .octets_per_second = 1 + d_.next()};
      case 11:
        return faults::Replay{.on = exchanges(),
                              .rate = {.num = static_cast<std::uint32_t>(1 + d_.below(1'000'000)),
                                       .den = faults::ppm_den}};
      default:
        return faults::Late{.on = exchanges(), .by = any_spread(d_)};
    }
  }

  faults::Action process_fault() {
    switch (d_.below(6)) {
      case 0:
        return faults::Crash{.who = who(),
                             .disk = static_cast<faults::Loses>(d_.below(3)),
                             .restart_after = restart()};
      case 1:
        return faults::Wipe{.who = who(), .restart_after = restart()};
      case 2:
        return faults::Pause{.who = who()};
      case 3:
        return faults::Reboot{.who = "n*", .down = any_range(d_, minutes(1))};
      case 4: {
        faults::ClockFault clock{.who = who(), .wall_jump = -some_duration(d_, hours(1))};
        clock.rate_ppm = perhaps<std::int64_t>(
            d_, [&] { return static_cast<std::int64_t>(d_.below(2'000'001)) - 1'000'000; });
        return clock;
      }
      default: {
        faults::EngineFault engine{.who = vvm(),
                                   .outcome = static_cast<faults::EngineOutcome>(d_.below(3))};
        if (engine.outcome != faults::EngineOutcome::trap) {
          engine.at_engine = static_cast<std::uint32_t>(1 + d_.below(9));
        }
        return engine;
      }
    }
  }

  faults::Action service_fault() {
    switch (d_.below(4)) {
      case 0: {
        faults::DiskFault disk{.who = who(),
                               .mode = static_cast<faults::DiskMode>(d_.below(6)),
                               .path = d_.coin() ? "**" : "img/*",
                               .verb = d_.coin() ? "*" : "sync"};
        using faults::DiskMode;
        if (disk.mode == DiskMode::short_writes || disk.mode == DiskMode::corrupt) {
          disk.octets = d_.below(1000);
        }
        disk.by = disk.mode == DiskMode::slow ? some_duration(d_, seconds(9)) : Duration{};
        return disk;
      }
      case 1: {
        faults::StoreFault store{.who = d_.coin() ? "*" : "cluster",
                                 .op = d_.coin() ? "*" : "Put",
                                 .key = d_.coin() ? "**" : "lease(1)",
                                 .outcome = static_cast<faults::StoreOutcome>(d_.below(7))};
        using faults::StoreOutcome;
        if (store.outcome == StoreOutcome::slow || store.outcome == StoreOutcome::timeout_applied) {
          store.by = some_duration(d_, seconds(9));
        }
        return store;
      }
      case 2:
        return faults::ExpireEarly{.key = d_.coin() ? "**" : "lease(1)",
                                   .by = some_duration(d_, seconds(9))};
      default: {
        faults::BlobFault blob{.image = d_.coin() ? "" : image(),
                               .verb = d_.coin() ? "*" : "read",
                               .outcome = static_cast<faults::BlobOutcome>(d_.below(4))};
        blob.by =
            blob.outcome == faults::BlobOutcome::slow ? some_duration(d_, seconds(9)) : Duration{};
        return blob;
      }
    }
  }

  faults::Fault fault() {
    faults::Fault fault;
    const std::uint64_t kind = d_.below(3);
    fault.action = kind == 0 ? link_or_answer() : kind == 1 ? process_fault() : service_fault();
    const std::string_view word = faults::word_of(fault.action);
    const bool at_once = word == "crash" || word == "wipe" || word == "reboot";
    if (!at_once) {
      fault.lasts = perhaps<DurationRange>(d_, [&] { return any_range(d_, minutes(1)); });
    }
    const bool link = word == "cut" || word == "hold" || word == "loss" || word == "bandwidth" ||
                      std::holds_alternative<faults::Delay>(fault.action);
    if (!at_once && !link && word != "pause" && word != "clock") {
      fault.times = perhaps<std::uint64_t>(d_, [&] { return 1 + d_.below(9); });
      if (!fault.times.has_value() && faults::times_default_to_one(fault)) {
        fault.times = 1;
      }
    }
    return fault;
  }

  Step step() {
    Step step{.when = when()};
    if (d_.coin()) {
      step.what = operation();
    } else {
      step.what = fault();
    }
    step.optional = d_.coin();
    if (d_.coin()) {
      step.name = "step-" + std::to_string(names_.size());
      names_.push_back(step.name);
    }
    return step;
  }

  scenario::Condition condition() {
    scenario::Condition c{.predicate = static_cast<Predicate>(d_.below(predicates().size()))};
    const std::string_view signature =
        predicates()[static_cast<std::size_t>(c.predicate)].signature;
    const auto has = [&](std::string_view kind) {
      return signature.find(kind) != std::string_view::npos;
    };
    if (has("vvm")) {
      c.who = d_.coin() ? "*" : vvm();
    } else if (has("process")) {
      c.who = who();
    }
    if (has("partition")) {
      c.partition = partition();
    }
    if (has("image")) {
      c.image = image();
    }
    if (has("phase")) {
      c.phase = static_cast<Phase>(1 + d_.below(14));
    }
    if (has("version")) {
      c.version =
          perhaps<std::int64_t>(d_, [&] { return static_cast<std::int64_t>(1 + d_.below(9)); });
    }
    if (has("error")) {
      c.error = perhaps<Code>(d_, [] { return Code::path_escape; });
    }
    return c;
  }

  Count count() {
    Count c{.countable = static_cast<Countable>(d_.below(countables().size()))};
    const std::string_view signature =
        countables()[static_cast<std::size_t>(c.countable)].signature;
    const auto has = [&](std::string_view kind) {
      return signature.find(kind) != std::string_view::npos;
    };
    if (has("vvm")) {
      c.who = d_.coin() ? "*" : vvm();
    } else if (has("process")) {
      c.who = who();
    }
    if (has("partition")) {
      c.partition = partition();
    }
    if (has("image")) {
      c.image = image();
    }
    if (has("query")) {
      c.query = d_.one_of(call_words);
    }
    if (has("phase")) {
      c.phase = static_cast<Phase>(1 + d_.below(14));
    }
    return c;
  }

  void expect() {
    Expect& e = s_.expect;
    for (std::uint64_t n = d_.below(3); n > 0; --n) {
      if (d_.coin()) {
        e.always.emplace_back(condition());
      } else {
        e.always.emplace_back(Invariants{.glob = d_.coin() ? "I-S*" : "I-L1"});
      }
      e.never.push_back(condition());
      e.sometimes.push_back(condition());
      e.at.push_back({.time = any_duration(d_, minutes(20)), .that = condition()});
      EventuallyExpectation row{.that = condition(), .within = some_duration(d_, minutes(9))};
      row.after = static_cast<Since>(d_.below(names_.empty() ? 3 : 4));
      row.step = row.after == Since::step ? names_.front() : "";
      row.stable_for = d_.coin() ? any_duration(d_, minutes(1)) : Duration{};
      e.eventually.push_back(std::move(row));
      e.budget.push_back(
          {.count = count(),
           .max = d_.next(),
           .per_process = d_.coin(),
           .per_window = perhaps<Duration>(d_, [&] { return some_duration(d_, minutes(1)); })});
    }
  }

  Draws d_;
  Scenario s_;
  std::vector<std::string> names_;
};

}  // namespace

rc::Gen<AnyScenario> any_scenario() {
  // A scenario of middling size takes some 300 draws; rapidcheck's sizes end at 100.
  constexpr double draws_per_size = 8;
  return rc::gen::map(rc::gen::scale(draws_per_size,
                                     rc::gen::container<std::vector<std::uint32_t>>(
                                         rc::gen::inRange<std::uint32_t>(0, 1'000'000))),
                      [](std::vector<std::uint32_t> draws) {
                        return AnyScenario{Maker(Draws(std::move(draws))).make()};
                      });
}

void showValue(const AnyScenario& scenario, std::ostream& out) {
  out << scenario::write(scenario.value);
}

scenario::Vocabulary scenario_vocabulary() {
  return {.constants = {{.name = "SPPollInterval", .duration = true},
                        {.name = "LoopWorkers", .duration = false}},
          .breakages = {{.name = "truncate_at", .argument = true},
                        {.name = "zip_slip", .argument = false}}};
}

}  // namespace vvm::gen
