// A small script of a cluster's life; times are made up, orders of magnitude are not.
#include "sim/report/testing/sample_runs.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace vvm::report {
namespace {

Instant ms(std::int64_t value) { return Instant{value * 1'000'000}; }

// Phases of one partition, one after another.
class Part {
 public:
  Part(std::string process, std::int64_t partition) {
    part_.key = {{"acme", "pos"}, static_cast<PartitionId>(partition)};
    part_.process = std::move(process);
  }

  Part& enter(std::int64_t at, Phase phase, std::int64_t target) {
    close(at);
    part_.phases.push_back({.time = {ms(at), ms(at)},
                            .phase = phase,
                            .generation = static_cast<Generation>(target),
                            .target = static_cast<AppVersion>(target)});
    return *this;
  }

  Part& fail(std::int64_t at, Code code, std::int32_t attempt, std::int64_t target) {
    enter(at, code == Code::path_escape ? Phase::blocked : Phase::backoff, target);
    part_.phases.back().error = code;
    part_.phases.back().attempt = attempt;
    return *this;
  }

  // From Pending to Running; `ready` when the image is there.
  Part& build(std::int64_t at, std::int64_t ready, std::int64_t target, std::int64_t stagger) {
    enter(at, Phase::pending, target).enter(at + 12, Phase::downloading, target);
    enter(ready, Phase::unpacking, target).enter(ready + 85, Phase::parsing, target);
    enter(ready + 108, Phase::checking, target).enter(ready + 110, Phase::building, target);
    enter(ready + 160 + stagger, Phase::switching, target);
    enter(ready + 185 + stagger, Phase::running, target);
    return serve(ready + 180 + stagger, target);
  }

  Part& serve(std::int64_t at, std::int64_t version) {
    stop(at);
    part_.serving.push_back({{ms(at), ms(at)}, static_cast<AppVersion>(version)});
    serves_ = true;
    return *this;
  }

  Part& stop(std::int64_t at) {
    if (serves_) {
      part_.serving.back().time.to = ms(at);
    }
    serves_ = false;
    return *this;
  }

  Part& close(std::int64_t at) {
    if (open_ && !part_.phases.empty()) {
      part_.phases.back().time.to = ms(at);
    }
    open_ = true;
    return *this;
  }

  // The process is gone: no phase until the next enter().
  Part& crash(std::int64_t at) {
    close(at).stop(at);
    open_ = false;
    return *this;
  }

  ghost::PartitionHistory end(std::int64_t at) {
    close(at).stop(at);
    return part_;
  }

 private:
  ghost::PartitionHistory part_;
  bool serves_ = false;
  bool open_ = true;
};

constexpr std::int64_t partitions = 4;

ghost::ProcessHistory process(std::string name, int vvm, int node, std::int64_t end) {
  ghost::ProcessHistory out{
      .name = std::move(name), .vvm = static_cast<VvmId>(vvm), .node = static_cast<NodeId>(node)};
  out.lives.push_back(
      {.number = 1, .time = {ms(0), ms(end)}, .epoch = static_cast<VvmEpoch>(vvm == 0 ? 0 : 1)});
  return out;
}

void add_processes(ghost::History& history, std::int64_t end) {
  history.processes = {process("cluster", 0, 1, end),
                       process("vvm1", 1, 1, end),
                       process("vvm2", 2, 2, end),
                       process("vvm3", 3, 3, end)};
  std::vector<ghost::Life>& lives = history.processes[2].lives;
  lives[0].time.to = ms(61'200);
  lives[0].end = ghost::LifeEnd::crashed;
  lives.push_back({.number = 2, .time = {ms(69'200), ms(end)}, .epoch = static_cast<VvmEpoch>(2)});
  history.processes[3].paused.push_back({ms(90'000), ms(115'000)});
}

void add_partitions(ghost::History& history, std::int64_t end) {
  for (std::int64_t vvm = 1; vvm <= 3; ++vvm) {
    for (std::int64_t i = 0; i < partitions; ++i) {
      const std::int64_t id = (vvm - 1) * partitions + i;
      Part part(fmt::format("vvm{}", vvm), id);
      part.build(1'005, 1'340 + vvm * 21, 1, i * 4);
      if (vvm == 1) {
        part.enter(60'400, Phase::pending, 2).enter(60'412, Phase::downloading, 2);
        part.fail(60'630, Code::blob_store_unreachable, 1, 2);
        part.enter(61'620, Phase::downloading, 2);
        part.fail(61'850, Code::blob_store_unreachable, 2, 2);
        part.build(63'840, 64'210, 2, i * 4);
      } else if (vvm == 2) {
        part.enter(60'420, Phase::pending, 2).enter(60'431, Phase::downloading, 2);
        part.enter(60'890, Phase::unpacking, 2).crash(61'200);
        part.build(69'900, 70'310, 2, i * 5);
      } else {
        part.build(60'440, 65'020, 2, i * 4);
      }
      history.partitions.push_back(part.end(end));
    }
  }
}

void add_faults(RunCase& run, std::int64_t end) {
  ghost::History& history = run.result.history;
  history.faults = {
      {"blob", "blob store unreachable for 4s", "", {ms(60'500), ms(64'500)}, 6, true, 41},
      {"crash",
       "crash vvm2, disk loses what was not synced, restart after 8s",
       "vvm2",
       {ms(61'200), ms(61'200)},
       1,
       true,
       42},
      {"pause", "pause vvm3 for 25s", "vvm3", {ms(90'000), ms(115'000)}, 1, true, 43},
      {"cut", "cut vvm2 -> store for 35s", "vvm2", {ms(200'000), ms(235'000)}, 14, true, 44},
      {"reset",
       "reset GET /blob/** of vvm1 at byte 17408",
       "vvm1",
       {ms(240'000), ms(end)},
       0,
       true,
       45},
      {"loss", "lose 5 % of vvm1 -> cluster", "vvm1", {ms(72'000), ms(81'500)}, 9, false, 0},
      {"loss", "lose 5 % of vvm1 -> cluster", "vvm1", {ms(150'000), ms(158'250)}, 4, false, 0}};
  run.result.faults = {
      {"blob store unreachable for 4s", 41, true, false, 1, 1, 6},
      {"crash vvm2, disk loses what was not synced, restart after 8s", 42, true, false, 1, 1, 1},
      {"pause vvm3 for 25s", 43, true, false, 1, 1, 1},
      {"cut vvm2 -> store for 35s", 44, true, false, 1, 1, 14},
      {"reset GET /blob/** of vvm1 at byte 17408", 45, true, true, 1, 1, 0},
      {"loss", 0, false, false, 2, 2, 13}};
}

void add_notes(ghost::History& history) {
  using ghost::NoteKind;
  history.notes = {
      {ms(0), NoteKind::operation, "", "upload pos1"},
      {ms(820), NoteKind::cluster, "cluster", "image 1 of acme/pos is stored"},
      {ms(60'000), NoteKind::operation, "", "upload pos2"},
      {ms(60'350), NoteKind::cluster, "cluster", "image 2 of acme/pos is stored"},
      {ms(69'410), NoteKind::vvm, "vvm2", "registered, epoch 2"},
      {ms(115'020), NoteKind::alarm, "vvm3", "set-point ignored: older generation"},
      {ms(66'000), NoteKind::expectation, "", "running(acme/pos/*, version=2) is met"}};
  std::sort(history.notes.begin(), history.notes.end(), [](const auto& a, const auto& b) {
    return a.at < b.at;
  });
}

RunCase sample(std::uint64_t seed, std::int64_t end) {
  RunCase run{.file = "scenarios/faults/rollout_under_faults.toml",
              .scenario = "rollout-under-faults",
              .doc =
                  "The BLOB store goes away, vvm2 loses power and vvm3 is paused while acme/pos "
                  "goes from version 1 to 2; nothing may be served twice.",
              .seed = seed,
              .horizon = minutes(20),
              .heal_at = ms(720'000),
              .wall_ns = 38'400'000};
  run.result.scenario = run.scenario;
  run.result.seed = seed;
  run.result.verdict = ghost::Verdict::held;
  run.result.trace_hash = 0x9F0C6A1BE2D74C55U + seed;
  run.result.figures = {.virtual_time = ms(end),
                        .steps = 120'331,
                        .records = 150'112,
                        .events = 5'210,
                        .effects = 8'904,
                        .full_checks = 30,
                        .bytes_moved = 4'194'304,
                        .memo_hits = 10};
  run.result.history.end = ms(end);
  add_processes(run.result.history, end);
  add_partitions(run.result.history, end);
  add_faults(run, end);
  add_notes(run.result.history);
  run.result.properties = {{"I-S9", "borrow snapshot", 10'402, true},
                           {"I-S12", "no over-claim", 41'877, true},
                           {"I-S20", "engine accounting", 88'120, true},
                           {"I-L1", "convergence", 12, true},
                           {"I-S18", "confinement", 0, false}};
  run.result.expectations = {{.text = "eventually running(acme/pos/*, version=2) within 10m",
                              .line = 60,
                              .held = true,
                              .evaluations = 3'120,
                              .decided_at = ms(70'520)},
                             {.text = "sometimes phase(*, acme/pos/*, Blocked)",
                              .line = 61,
                              .held = false,
                              .evaluations = 9'044,
                              .over_campaign = true}};
  run.result.loads = {{"sales", 2'410, 2'377, 33, 0}};
  return run;
}

}  // namespace

RunCase held_run(std::uint64_t seed) {
  RunCase run = sample(seed, 1'200'000);
  run.repetition = Repetition{};
  run.result.history.notes.push_back(
      {ms(720'000), ghost::NoteKind::heal, "", "faults end, all is undone"});
  return run;
}

RunCase failed_run(std::uint64_t seed) {
  constexpr std::int64_t end = 241'203;
  RunCase run = sample(seed, end);
  run.heal_at.reset();
  for (ghost::PartitionHistory& part : run.result.history.partitions) {
    if (part.process == "vvm2" && raw(part.key.partition) == 7) {
      part.serving.back().time.to = ms(240'000);
      part.serving.push_back({{ms(240'000), ms(end)}, static_cast<AppVersion>(1)});
    }
  }
  run.result.verdict = ghost::Verdict::violated;
  run.result.violation =
      ghost::Violation{.property = "I-S12",
                       .title = "no over-claim",
                       .subject = "acme/pos/7 at vvm2",
                       .expected = "vvm2 serves one of the versions that its report claims: 2",
                       .seen = "vvm2 serves version 1; the report with sequence 31 is stored",
                       .at = ms(end),
                       .step = 98'112};
  run.result.history.notes.push_back(
      {ms(end), ghost::NoteKind::violation, "vvm2", "I-S12 no over-claim"});
  return run;
}

RunCase unknown_run(std::uint64_t seed) {
  RunCase run = sample(seed, 300'000);
  run.file = "scenarios/faults/reset_download.toml";
  run.scenario = "reset-download";
  run.result.scenario = run.scenario;
  run.result.verdict = ghost::Verdict::unknown;
  run.result.doubts = {"line 45: reset GET /blob/** of vvm1 at byte 17408 touched nothing"};
  return run;
}

RunCase broken_run(std::uint64_t seed) {
  RunCase run{.file = "scenarios/smoke/first_deploy.toml",
              .scenario = "first-deploy",
              .seed = seed,
              .broken =
                  "the process ended by signal 6 (Aborted)\n"
                  "src/appparts/borrow.cpp:81: CHECK failed: left >= 0 engines -1"};
  return run;
}

RunCase hostile_run() {
  RunCase run = failed_run(1);
  const std::string bad = "</script><img src=x onerror=\"boom()\">'&\x1b[31mred\xff\u202Eend";
  run.file = "it's -- $(rm) " + bad + ".toml";
  run.scenario = bad;
  run.doc = bad;
  run.result.doubts = {bad};
  run.result.violation->title = bad;
  run.result.violation->subject = bad;
  run.result.violation->expected = bad;
  run.result.violation->seen = bad;
  for (ghost::ProcessHistory& process : run.result.history.processes) {
    process.name += bad;
  }
  for (ghost::PartitionHistory& part : run.result.history.partitions) {
    part.process += bad;
    part.key.app.name += "<img>\"\xff";  // a slash cannot be in it
  }
  for (ghost::FaultMark& fault : run.result.history.faults) {
    fault.text = bad;
  }
  for (ghost::FaultOutcome& fault : run.result.faults) {
    fault.text = bad;
  }
  for (ghost::Note& note : run.result.history.notes) {
    note.text = bad;
  }
  for (ghost::PropertyCount& property : run.result.properties) {
    property.title = bad;
  }
  for (ghost::ExpectationOutcome& expectation : run.result.expectations) {
    expectation.text = bad;
    expectation.seen = bad;
  }
  return run;
}

Campaign sample_campaign() {
  Campaign out{.elapsed_ns = 612'000'000, .jobs = 2};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    out.runs.push_back(seed % 6 == 5 ? failed_run(seed) : held_run(seed));
  }
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RunCase run = held_run(seed);
    run.file =
        "scenarios/faults/a_name_that_is_rather_long_for_a_table_of_one_hundred_columns.toml";
    out.runs.push_back(std::move(run));
  }
  out.runs.push_back(unknown_run());
  out.runs.push_back(broken_run());
  RunCase smoke = held_run(1);
  smoke.file = "scenarios/smoke/upgrade.toml";
  smoke.result.faults.clear();
  out.runs.push_back(std::move(smoke));
  return out;
}

}  // namespace vvm::report
