// Local clocks that run fast, slow, stand still and jump.
#include <boost/test/unit_test.hpp>

#include "sim/world/test_script.hpp"

namespace vvm::sim {
namespace {

struct Seen {
  World* world = nullptr;
  std::vector<std::int64_t> local_ms;
  std::vector<std::int64_t> global_ms;
  std::vector<std::int64_t> wall_ms;
  bool early = false;
};

Task<void> tick(Runtime rt, Seen* seen) {
  for (;;) {
    const Instant due = rt.now() + milliseconds(1'000);
    co_await rt.clock().sleep_until(due);
    seen->early = seen->early || rt.now() < due;
    seen->local_ms.push_back(rt.now().ns / 1'000'000);
    seen->global_ms.push_back(seen->world->kernel().now().ns / 1'000'000);
    seen->wall_ms.push_back(rt.clock().wall().ms);
  }
}

using Ms = std::vector<std::int64_t>;

struct ClockTest {
  Seen seen;
  World world{1};

  ClockTest() { seen.world = &world; }

  void run(ClockModel model) { run_script(world, "p", tick, &seen, model); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(clock, ClockTest)

BOOST_AUTO_TEST_CASE(a_fast_clock_reaches_its_deadlines_early) {
  run({.rate_ppm = 250'000});
  world.run_until(at_ms(2'500));
  BOOST_TEST((seen.global_ms == Ms{800, 1'600, 2'400}));
  BOOST_TEST((seen.local_ms == Ms{1'000, 2'000, 3'000}));
}

BOOST_AUTO_TEST_CASE(a_slow_clock_reaches_them_late) {
  run({.rate_ppm = -500'000});
  world.run_until(at_ms(4'500));
  BOOST_TEST((seen.global_ms == Ms{2'000, 4'000}));
  BOOST_TEST((seen.local_ms == Ms{1'000, 2'000}));
}

BOOST_AUTO_TEST_CASE(nobody_wakes_before_the_own_clock_shows_the_deadline) {
  for (const std::int64_t rate : {1, 3, -7, 11, 999'983, -999'983, 33'333}) {
    run_script(world, "p" + std::to_string(rate), tick, &seen, {.rate_ppm = rate});
  }
  world.run_until(at_ms(20'000));
  BOOST_TEST(!seen.early);
  BOOST_TEST(seen.local_ms.size() > 100U);
}

BOOST_AUTO_TEST_CASE(a_rate_that_changes_moves_the_waits_in_progress) {
  run({});
  world.run_until(at_ms(500));
  world.set_clock_rate("p", 1'000'000);  // the second half of the second takes a quarter
  world.run_until(at_ms(1'500));
  BOOST_TEST((seen.global_ms == Ms{750, 1'250}));
  BOOST_TEST((seen.local_ms == Ms{1'000, 2'000}));
}

BOOST_AUTO_TEST_CASE(a_clock_that_stands_still_stops_every_wait_until_it_runs_again) {
  run({});
  world.run_until(at_ms(400));
  world.set_clock_rate("p", -1'000'000);
  world.run_until(at_ms(10'000));
  BOOST_TEST(seen.global_ms.empty());
  BOOST_TEST(world.clock("p").now().ns == at_ms(400).ns);
  world.set_clock_rate("p", 0);
  world.run_until(at_ms(11'000));
  BOOST_TEST((seen.global_ms == Ms{10'600}));
  BOOST_TEST((seen.local_ms == Ms{1'000}));
}

BOOST_AUTO_TEST_CASE(a_wall_clock_jumps_and_nothing_else_does) {
  run({.wall_offset = milliseconds(-3'000)});
  world.run_until(at_ms(1'500));
  world.jump_wall("p", hours(1));
  world.run_until(at_ms(2'500));
  BOOST_TEST((seen.local_ms == Ms{1'000, 2'000}));
  BOOST_TEST(seen.wall_ms[1] - seen.wall_ms[0] == 3'601'000);
  // The jump outlives the process.
  world.crash("p", CrashKind::process);
  world.start("p");
  world.run_until(at_ms(3'500));
  BOOST_TEST(seen.wall_ms[2] - seen.wall_ms[1] == 1'500);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::sim
