// Lives of processes: start, stop, exit, crash, pause, work and chance.
#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "sim/world/test_script.hpp"

namespace vvm::sim {
namespace {

struct Log {
  std::vector<std::string> lines;
  std::vector<std::int64_t> ms;

  void add(std::string line, Instant at = {}) {
    lines.push_back(std::move(line));
    ms.push_back(at.ns / 1'000'000);
  }
};

using Lines = std::vector<std::string>;

// Every effect a destructor can try, and one that the Store would need an await for.
class TidiesUp {
 public:
  TidiesUp(Runtime rt, Log* log, std::unique_ptr<Listener> listener, std::unique_ptr<Stream> stream)
      : rt_(rt), log_(log), listener_(std::move(listener)), stream_(std::move(stream)) {}

  TidiesUp(const TidiesUp&) = delete;
  TidiesUp& operator=(const TidiesUp&) = delete;

  ~TidiesUp() {
    log_->add(rt_.proc().alive() ? "alive" : "dead");
    rt_.emit({"tidied.up"});
    if (stream_ != nullptr) {
      stream_->close();
    }
    if (listener_ != nullptr) {
      listener_->close();
    }
    log_->add(rt_.net().listen(99).has_value() ? "listens" : "refused");
    rt_.proc().exit(3);
  }

 private:
  Runtime rt_;
  Log* log_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Stream> stream_;
};

Task<void> tidy_up_when_destroyed(Runtime rt, Log* log) {
  auto listener = rt.net().listen(7);
  auto stream = co_await rt.net().connect({.host = "peer", .port = 7});
  BOOST_TEST_REQUIRE(stream.has_value());
  const TidiesUp guard(
      rt, log, std::move(listener.value()), std::make_unique<Stream>(std::move(stream.value())));
  rt.emit({"ready"});
  co_await rt.clock().sleep_for(hours(1));
}

Task<void> accept_and_read(Runtime rt, Log* log) {
  auto listener = rt.net().listen(7);
  auto stream = co_await listener.value()->accept();
  std::array<char, 8> buffer{};
  try {
    co_await stream.value().async_read_some(asio::buffer(buffer), asio::deferred);
  } catch (const boost::system::system_error& e) {
    log->add(e.code() == asio::error::connection_reset ? "reset" : e.code().message(), rt.now());
  }
}

Task<void> sleep_and_log(Runtime rt, Log* log) {
  log->add("up", rt.now());
  for (int i = 0; i < 3; ++i) {
    co_await rt.clock().sleep_for(milliseconds(10));
    log->add("tick", rt.now());
  }
}

Task<void> exit_with_seven(Runtime rt, Log* log) {
  co_await rt.clock().sleep_for(milliseconds(1));
  rt.proc().exit(7);
  log->add(rt.proc().alive() ? "alive" : "dead");
  const auto put = co_await rt.store().put({.partition = "p", .clustering = "c"}, "late");
  BOOST_TEST(!put.has_value());
  log->add("went on");
}

Task<void> throw_something(Runtime rt, Log* /*log*/) {
  co_await rt.clock().sleep_for(milliseconds(1));
  throw std::runtime_error("as asked");
}

Task<void> wait_until_stopped(Runtime rt, Log* log) {
  try {
    co_await rt.clock().sleep_for(hours(1));
  } catch (const boost::system::system_error&) {
    log->add("stopping", rt.now());
    throw;
  }
}

Task<void> log_identity(Runtime rt, Log* log) {
  log->add(to_hex(rt.proc().nonce()));
  log->add(std::to_string(rt.rng("x").next()));
  co_return;
}

Task<void> work(Runtime rt, std::uint64_t units, Log* log) {
  co_await rt.proc().charge({.kind = WorkKind::parse, .units = units});
  log->add("done", rt.now());
}

Task<void> work_twice_at_once(Runtime rt, Log* log) {
  TaskScope scope(rt);
  scope.spawn("a", work(rt, 1'000'000, log));
  scope.spawn("b", work(rt, 1'000'000, log));
  scope.spawn("c", work(rt, 0, log));
  co_await scope.join();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(world)

// DESIGN 5.4: no flush, no FIN, no event, no new port leaves a dead process.
BOOST_AUTO_TEST_CASE(destructors_of_a_crashed_process_reach_nothing) {
  for (const CrashKind kind : {CrashKind::process, CrashKind::power_loss}) {
    Log victim;
    Log peer;
    World world(1);
    EffectCounter counter(world);
    run_script(world, "peer", accept_and_read, &peer);
    run_script(world, "victim", tidy_up_when_destroyed, &victim);
    world.run_until(at_ms(100));
    BOOST_TEST(counter.events.back() == "victim ready");
    const auto of_victim = [&] {
      return std::ranges::count(counter.processes, std::string("victim"));
    };
    BOOST_TEST(of_victim() == 2);  // listen, connect
    BOOST_TEST(world.refused_effects() == 0U);
    world.crash("victim", kind);
    BOOST_TEST((victim.lines == Lines{"dead", "refused"}));
    BOOST_TEST(!world.exit_code("victim").has_value());
    world.run_until(at_ms(1'000));
    BOOST_TEST(of_victim() == 2);
    BOOST_TEST(counter.events.back() == "victim ready");
    BOOST_TEST(world.refused_effects() == 4U);  // event, close, unlisten, listen
    // The peer learns of a crash from the machine, not from the process; of a power loss nothing.
    BOOST_TEST((peer.lines == (kind == CrashKind::process ? Lines{"reset"} : Lines{})));
  }
}

BOOST_AUTO_TEST_CASE(a_crash_may_come_from_inside_an_effect) {
  Log log;
  World world(1);
  EffectCounter counter(world);
  counter.crash_before(2);  // net.listen is the first, net.connect the second
  run_script(world, "victim", tidy_up_when_destroyed, &log);
  world.run_until(at_ms(100));
  BOOST_TEST(!world.running("victim"));
  BOOST_TEST(counter.seen == 2U);
  BOOST_TEST(world.network().totals().connects == 0U);
  BOOST_TEST(world.refused_effects() == 2U);  // the connect, and the listener's end
}

BOOST_AUTO_TEST_CASE(a_process_ends_with_its_task) {
  Log log;
  World world(1);
  run_script(world, "p", sleep_and_log, &log);
  BOOST_TEST(world.running("p"));
  BOOST_TEST(world.program("p") != nullptr);
  world.run_until(at_ms(100));
  BOOST_TEST(!world.running("p"));
  BOOST_TEST(world.program("p") == nullptr);
  BOOST_TEST(*world.exit_code("p") == 0);
  BOOST_TEST((log.ms == std::vector<std::int64_t>{0, 10, 20, 30}));
}

BOOST_AUTO_TEST_CASE(exit_ends_a_process_in_the_middle_of_a_handler) {
  Log log;
  World world(1);
  run_script(world, "p", exit_with_seven, &log);
  world.run_until(at_ms(100));
  BOOST_TEST(*world.exit_code("p") == 7);
  BOOST_TEST((log.lines == Lines{"dead"}));
  BOOST_TEST(world.store().rows().empty());
  BOOST_TEST(world.refused_effects() == 1U);
}

BOOST_AUTO_TEST_CASE(an_exception_ends_a_process_with_code_one_and_says_so) {
  Log log;
  World world(1);
  EffectCounter counter(world);
  run_script(world, "p", throw_something, &log);
  world.run_until(at_ms(100));
  BOOST_TEST(*world.exit_code("p") == 1);
  BOOST_TEST(counter.events.back() == "p process.failed what=\"as asked\"");
}

BOOST_AUTO_TEST_CASE(stopping_cancels_the_root_task) {
  Log log;
  World world(1);
  run_script(world, "p", wait_until_stopped, &log);
  world.run_until(at_ms(5));
  world.stop("p");
  world.run_until(at_ms(10));
  BOOST_TEST((log.lines == Lines{"stopping"}));
  BOOST_TEST(log.ms.front() == 5);
  BOOST_TEST(*world.exit_code("p") == 0);
}

BOOST_AUTO_TEST_CASE(a_paused_process_wakes_late_and_its_clock_has_gone_on) {
  Log log;
  World world(1);
  run_script(world, "p", sleep_and_log, &log);
  world.run_until(at_ms(12));
  world.pause("p");
  BOOST_TEST(world.paused("p"));
  world.run_until(at_ms(500));
  BOOST_TEST(log.lines.size() == 2U);
  world.resume("p");
  BOOST_TEST(!world.paused("p"));
  world.run_until(at_ms(1'000));
  BOOST_TEST((log.ms == std::vector<std::int64_t>{0, 10, 500, 510}));
}

BOOST_AUTO_TEST_CASE(a_paused_process_can_crash_and_its_next_life_runs) {
  Log log;
  World world(1);
  run_script(world, "p", sleep_and_log, &log);
  world.run_until(at_ms(5));
  world.pause("p");
  world.crash("p", CrashKind::process);
  world.start("p");
  BOOST_TEST(!world.paused("p"));
  BOOST_TEST(world.lives("p") == 2);
  world.run_until(at_ms(100));
  BOOST_TEST((log.ms == std::vector<std::int64_t>{0, 5, 15, 25, 35}));
}

BOOST_AUTO_TEST_CASE(each_life_has_its_own_nonce_and_chance) {
  Log log;
  World world(1);
  run_script(world, "p", log_identity, &log);
  world.run_until(at_ms(1));
  world.start("p");
  world.run_until(at_ms(2));
  run_script(world, "q", log_identity, &log);
  world.run_until(at_ms(3));
  BOOST_TEST_REQUIRE(log.lines.size() == 6U);
  BOOST_TEST(log.lines[0].size() == 32U);
  for (const std::size_t i : {2U, 4U}) {
    BOOST_TEST(log.lines[0] != log.lines[i]);
    BOOST_TEST(log.lines[1] != log.lines[i + 1]);
  }
  BOOST_TEST(log.lines[2] != log.lines[4]);
}

// A million octets to parse are 12 ms by the table; a process has one core.
BOOST_AUTO_TEST_CASE(work_takes_virtual_time_one_piece_after_the_other) {
  Log log;
  World world(1);
  run_script(world, "p", work_twice_at_once, &log);
  world.run_until(at_ms(100));
  BOOST_TEST((log.ms == std::vector<std::int64_t>{0, 12, 24}));
}

BOOST_AUTO_TEST_CASE(observers_hear_of_every_life) {
  class Lives final : public Observer {
   public:
    void on_event(std::string_view, const Event&) override {}

    void on_effect(const Effect&) override {}

    void on_start(std::string_view process) override { seen.push_back("+" + std::string(process)); }

    void on_end(std::string_view process) override { seen.push_back("-" + std::string(process)); }

    Lines seen;
  };

  Log log;
  World world(1);
  Lives lives;
  world.observers().add(&lives);
  run_script(world, "p", sleep_and_log, &log);
  run_script(world, "q", wait_until_stopped, &log);
  world.run_until(at_ms(100));
  world.crash("q", CrashKind::power_loss);
  BOOST_TEST((lives.seen == Lines{"+p", "+q", "-p", "-q"}));
  BOOST_TEST((world.process_names() == Lines{"p", "q"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::sim
