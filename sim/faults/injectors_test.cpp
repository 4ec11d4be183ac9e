// Each fault: that it bites, that it ends, and that its effects are counted.
#include "sim/faults/injectors.hpp"

#define BOOST_TEST_MODULE faults
#include <boost/test/unit_test.hpp>

#include "sim/faults/testing/machines.hpp"

using namespace vvm;
using namespace vvm::faults;
using namespace vvm::faults::testing;

namespace {

// Plays engines: remembers what was asked.
class Switch final : public EngineSwitch {
 public:
  std::uint64_t add(std::string_view process,
                    const EngineFault& /*fault*/,
                    std::uint64_t times) override {
    rows.push_back({.process = std::string{process}, .times = times});
    return rows.size() - 1;
  }

  void remove(std::uint64_t rule) override { rows.at(rule).removed = true; }

  std::uint64_t fired(std::uint64_t rule) const override { return rows.at(rule).removed ? 2 : 1; }

  struct Row {
    std::string process;
    std::uint64_t times = 0;
    bool removed = false;
  };

  std::vector<Row> rows;
};

struct Run {
  Machines machines;
  Switch engines;
  Injectors injectors;

  Run()
      : injectors(
            machines.world,
            {.processes = {{.name = "client", .node = "n1"}, {.name = "server", .node = "n2"}},
             .blob_of = [](std::string_view image) -> std::optional<BlobId> {
               if (image == "there") {
                 return BlobId{7};
               }
               return std::nullopt;
             },
             .engines = &engines}) {
    machines.start();
  }

  sim::World& world() { return machines.world; }

  std::size_t fire(Action action,
                   std::optional<Duration> lasts = {},
                   std::optional<std::uint64_t> times = {}) {
    Fault fault{.action = std::move(action), .times = times};
    if (lasts.has_value()) {
      fault.lasts = DurationRange{.low = *lasts, .high = *lasts};
    }
    return injectors.fire(fault, "test");
  }

  Firing firing(std::size_t index) const { return injectors.firings().at(index); }

  int good_answers_within(Duration duration) {
    const int before = machines.good_answers();
    machines.run_for(duration);
    return machines.good_answers() - before;
  }
};

Link from_server() { return {.from = "server", .to = "client", .direction = Direction::forward}; }

Exchanges blobs() { return {.client = "client", .server = "server", .request = "GET /blob/*"}; }

OctetRange octet(std::uint64_t at) { return {.low = at, .high = at}; }

}  // namespace

BOOST_AUTO_TEST_CASE(without_faults_every_answer_is_good) {
  Run run;
  BOOST_TEST(run.good_answers_within(seconds(10)) >= 8);
  BOOST_TEST(run.machines.seen.disk_failures == 0);
  BOOST_TEST(run.machines.seen.store_failures == 0);
  BOOST_TEST(run.machines.seen.blob_failures == 0);
}

BOOST_AUTO_TEST_CASE(a_cut_link_carries_nothing_until_its_time_is_over) {
  Run run;
  run.machines.run_for(seconds(2));
  const std::size_t cut = run.fire(Cut{.link = from_server()}, seconds(20));
  BOOST_TEST(run.good_answers_within(seconds(20)) == 0);
  BOOST_TEST(run.good_answers_within(seconds(60)) > 0);
  BOOST_TEST(run.firing(cut).effects > 0U);
  BOOST_TEST(run.firing(cut).to.value().ns - run.firing(cut).from.ns == seconds(20).ns);
}

BOOST_AUTO_TEST_CASE(the_direction_of_a_cut_is_kept) {
  Run run;
  const std::size_t cut = run.fire(
      Cut{.link = {.from = "client", .to = "server", .direction = Direction::backward}}, hours(1));
  run.machines.run_for(seconds(5));
  // The request still arrives; the answer does not.
  BOOST_TEST(run.firing(cut).effects > 0U);
  BOOST_TEST(run.machines.good_answers() == 0);
}

BOOST_AUTO_TEST_CASE(what_a_hold_keeps_arrives_when_it_ends) {
  Run run;
  run.fire(Hold{.link = from_server()}, seconds(30));
  BOOST_TEST(run.good_answers_within(seconds(29)) == 0);
  BOOST_TEST(run.good_answers_within(seconds(2)) >= 1);
}

BOOST_AUTO_TEST_CASE(delay_loss_and_bandwidth_slow_a_link_down) {
  for (const Action& action :
       std::vector<Action>{Delay{.link = from_server(), .by = {.mean = seconds(3)}},
                           Loss{.link = from_server(), .rate = {.num = 600'000, .den = 1'000'000}},
                           Bandwidth{.link = from_server(), .octets_per_second = 200}}) {
    Run run;
    const std::size_t index = run.fire(action);
    const int slow = run.good_answers_within(seconds(20));
    BOOST_TEST(slow < 16, word_of(action));
    BOOST_TEST(run.firing(index).effects > 0U, word_of(action));
    BOOST_TEST(!run.firing(index).to.has_value());
    run.injectors.heal();
    BOOST_TEST(run.good_answers_within(minutes(3)) > 100, word_of(action));
  }
}

BOOST_AUTO_TEST_CASE(a_truncated_answer_ends_in_order_and_only_as_often_as_asked) {
  Run run;
  const std::size_t index = run.fire(Truncate{.on = blobs(), .at = octet(400)}, {}, 2);
  run.machines.run_for(seconds(6));
  int short_ones = 0;
  for (const Answer& answer : run.machines.seen.answers) {
    short_ones += answer.octets.size() == 400 && answer.end == asio::error::eof ? 1 : 0;
  }
  BOOST_TEST(short_ones == 2);
  BOOST_TEST(run.firing(index).effects == 2U);
  BOOST_TEST(run.machines.good_answers() >= 2);
}

BOOST_AUTO_TEST_CASE(a_reset_answer_breaks_and_a_flipped_one_lies) {
  Run reset;
  reset.fire(Reset{.on = blobs(), .at = octet(0)}, {}, 1);
  reset.machines.run_for(seconds(3));
  BOOST_TEST((reset.machines.seen.answers.front().end == asio::error::connection_reset));

  Run flip;
  flip.fire(Flip{.on = blobs(), .at = octet(999)}, {}, 1);
  flip.machines.run_for(seconds(3));
  const std::string& octets = flip.machines.seen.answers.front().octets;
  BOOST_TEST(octets.size() == answer_octets);
  BOOST_TEST(octets.substr(0, 999) == std::string(999, 'x'));
  BOOST_TEST((octets.back() == static_cast<char>('x' ^ 1)));

  Run dup;
  dup.fire(Dup{.on = blobs(), .at = octet(10)}, {}, 1);
  dup.machines.run_for(seconds(3));
  BOOST_TEST(dup.machines.seen.answers.front().octets.size() > answer_octets);
}

BOOST_AUTO_TEST_CASE(replayed_answers_are_counted) {
  Run replay;
  const std::size_t index =
      replay.fire(Replay{.on = blobs(), .rate = {.num = 1, .den = 1}}, seconds(30));
  replay.machines.run_for(seconds(4));
  BOOST_TEST(replay.machines.seen.answers.size() >= 3U);
  BOOST_TEST(replay.firing(index).effects == replay.machines.seen.answers.size() - 1);
}

BOOST_AUTO_TEST_CASE(stalled_dripping_and_late_answers_come_later) {
  Run stall;
  stall.fire(Stall{.on = blobs(), .at = octet(10)}, seconds(30), 1);
  stall.machines.run_for(seconds(40));
  BOOST_TEST(stall.machines.seen.answers.front().at.ns > seconds(30).ns);
  BOOST_TEST(stall.machines.seen.answers.front().octets.size() == answer_octets);

  Run drip;
  drip.fire(Drip{.on = blobs(), .at = octet(0), .octets_per_second = 100}, {}, 1);
  drip.machines.run_for(seconds(30));
  const Instant dripped = drip.machines.seen.answers.front().at;
  BOOST_TEST(dripped.ns > seconds(10).ns);
  BOOST_TEST(dripped.ns < seconds(13).ns);

  Run late;
  late.fire(Late{.on = blobs(), .by = {.mean = seconds(5)}}, {}, 1);
  late.machines.run_for(seconds(20));
  BOOST_TEST(late.machines.seen.answers.front().at.ns > seconds(6).ns);
}

BOOST_AUTO_TEST_CASE(a_crashed_process_starts_again_after_its_time) {
  Run run;
  run.machines.run_for(seconds(2));
  const std::size_t index =
      run.fire(Crash{.who = "server", .restart_after = DurationRange{seconds(5), seconds(5)}});
  BOOST_TEST(!run.world().running("server"));
  run.machines.run_for(seconds(6));
  BOOST_TEST(run.world().running("server"));
  BOOST_TEST(run.world().lives("server") == 2);
  BOOST_TEST(run.firing(index).effects == 1U);
  BOOST_TEST(run.firing(index).to.value().ns == seconds(7).ns);
  BOOST_TEST(run.firing(index).who == "server");
}

BOOST_AUTO_TEST_CASE(without_a_time_it_stays_down_until_heal) {
  Run run;
  run.fire(Crash{.who = "client", .disk = Loses::nothing});
  run.machines.run_for(hours(1));
  BOOST_TEST(!run.world().running("client"));
  run.injectors.heal();
  BOOST_TEST(run.world().running("client"));
  const std::size_t late = run.fire(Crash{.who = "client"});
  BOOST_TEST(run.world().running("client"));
  BOOST_TEST(run.firing(late).effects == 0U);
}

BOOST_AUTO_TEST_CASE(a_crash_of_what_is_down_does_nothing_and_says_so) {
  Run run;
  run.fire(Crash{.who = "server"});
  const std::size_t second = run.fire(Crash{.who = "server"});
  BOOST_TEST(run.firing(second).effects == 0U);
}

BOOST_AUTO_TEST_CASE(a_crash_loses_what_was_not_synced_and_a_wipe_all) {
  const auto lines = [](Run& run) { return run.world().disk("client").files().count("log"); };
  Run keep;
  keep.machines.run_for(seconds(3));
  keep.fire(Crash{.who = "client", .disk = Loses::nothing});
  BOOST_TEST(lines(keep) == 1U);
  Run power;
  power.machines.run_for(seconds(3));
  power.fire(Crash{.who = "client"});
  BOOST_TEST(lines(power) == 0U);
  Run wipe;
  wipe.world().disk("client").put("kept", "x");
  wipe.machines.run_for(seconds(3));
  wipe.fire(Wipe{.who = "client"});
  BOOST_TEST(wipe.world().disk("client").files().empty());
}

BOOST_AUTO_TEST_CASE(a_reboot_takes_the_processes_of_a_node_only) {
  Run run;
  const std::size_t index = run.fire(Reboot{.who = "n1", .down = {seconds(3), seconds(3)}});
  BOOST_TEST(!run.world().running("client"));
  BOOST_TEST(run.world().running("server"));
  run.machines.run_for(seconds(4));
  BOOST_TEST(run.world().running("client"));
  BOOST_TEST(run.firing(index).effects == 1U);
}

BOOST_AUTO_TEST_CASE(a_paused_process_does_nothing_until_its_time_is_over) {
  Run run;
  const std::size_t index = run.fire(Pause{.who = "client"}, seconds(20));
  run.machines.run_for(seconds(19));
  BOOST_TEST(run.machines.seen.answers.empty());
  run.machines.run_for(seconds(5));
  BOOST_TEST(!run.machines.seen.answers.empty());
  BOOST_TEST(run.firing(index).effects == 1U);
}

BOOST_AUTO_TEST_CASE(a_clock_jumps_or_runs_wrong_until_it_is_undone) {
  Run run;
  run.machines.run_for(seconds(1));
  const std::int64_t before = run.world().clock("client").wall().ms;
  run.fire(ClockFault{.who = "client", .wall_jump = -hours(1)});
  BOOST_TEST(run.world().clock("client").wall().ms == before - 3'600'000);
  run.fire(ClockFault{.who = "client", .rate_ppm = 500'000}, seconds(10));
  const std::int64_t start = run.world().clock("client").now().ns;
  run.machines.run_for(seconds(20));
  BOOST_TEST(run.world().clock("client").now().ns - start == seconds(25).ns);
}

BOOST_AUTO_TEST_CASE(disks_stores_and_blobs_fail_as_asked_and_recover) {
  Run run;
  const std::size_t disk = run.fire(DiskFault{.who = "client", .mode = DiskMode::full}, seconds(5));
  const std::size_t store =
      run.fire(StoreFault{.who = "client", .outcome = StoreOutcome::error_before}, seconds(5));
  const std::size_t blob =
      run.fire(BlobFault{.image = "there", .outcome = BlobOutcome::unavailable}, seconds(5));
  run.machines.run_for(seconds(5));
  const Seen then = run.machines.seen;
  BOOST_TEST(then.disk_failures > 0);
  BOOST_TEST(then.store_failures > 0);
  BOOST_TEST(then.blob_failures > 0);
  for (const std::size_t index : {disk, store, blob}) {
    BOOST_TEST(run.firing(index).effects > 0U);
    BOOST_TEST(run.firing(index).to.has_value());
  }
  run.machines.run_for(seconds(10));
  BOOST_TEST(run.machines.seen.disk_failures == then.disk_failures);
  BOOST_TEST(run.machines.seen.store_failures == then.store_failures);
  BOOST_TEST(run.machines.seen.blob_failures == then.blob_failures);
}

BOOST_AUTO_TEST_CASE(a_blob_that_is_not_there_yet_is_said_to_be_so) {
  Run run;
  const std::size_t index =
      run.fire(BlobFault{.image = "missing", .outcome = BlobOutcome::corrupt});
  BOOST_TEST(run.firing(index).effects == 0U);
  BOOST_TEST(run.firing(index).text == "BLOB missing: corrupt (not uploaded yet)");
}

BOOST_AUTO_TEST_CASE(engines_are_left_to_their_switch) {
  Run run;
  const std::size_t index =
      run.fire(EngineFault{.who = "*", .outcome = EngineOutcome::trap}, {}, 3);
  BOOST_TEST(run.engines.rows.size() == 2U);
  BOOST_TEST(run.engines.rows.front().times == 3U);
  BOOST_TEST(run.firing(index).effects == 2U);
  run.injectors.heal();
  BOOST_TEST(run.engines.rows.back().removed);
  BOOST_TEST(run.firing(index).effects == 4U);
}

BOOST_AUTO_TEST_CASE(faults_and_their_ends_are_lines_of_the_trace) {
  Run run;
  std::string lines;
  run.world().kernel().trace().listen([&](std::string_view line) {
    if (line.find("fault") != std::string_view::npos) {
      lines += std::string{line} + "\n";
    }
  });
  run.fire(Pause{.who = "client"}, seconds(2));
  run.machines.run_for(seconds(3));
  BOOST_TEST(lines.find("pause client for 2s") != std::string::npos);
  BOOST_TEST(lines.find("end of pause client for 2s") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_drawn_depends_on_the_label_and_the_seed_only) {
  const auto drawn = [](std::string_view label) {
    Run run;
    Fault fault{.action = Flip{.on = blobs(), .at = {.low = 0, .high = 1'000'000}}};
    run.injectors.fire(fault, label);
    return run.firing(0).text;
  };
  BOOST_TEST(drawn("a") == drawn("a"));
  BOOST_TEST(drawn("a") != drawn("b"));
}
