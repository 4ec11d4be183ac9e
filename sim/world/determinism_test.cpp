// The same seed gives the same records, whatever else happens in the program.
#include <boost/test/unit_test.hpp>

#include "sim/world/test_streams.hpp"

namespace vvm::sim {
namespace {

// A world with everything at once: streams under losses and delays, store, disk, crash, restart.
struct Busy {
  std::uint64_t seen = 0;
  World world;

  explicit Busy(std::uint64_t seed) : world(seed) {
    world.kernel().trace().keep_hashes(true);
    world.network().set_link(
        "*",
        "*",
        {.latency = Latency::exponential(milliseconds(2), microseconds(200), milliseconds(80))});
    world.network().add({.kind = NetFault::loss, .odds = {.ratio = {.num = 1, .den = 20}}});
    world.store().rules().add(
        {.kind = StoreFault::error_after, .odds = {.ratio = {.num = 1, .den = 5}}});
    run_script(world, "server", serve, &seen);
    for (int i = 0; i < 4; ++i) {
      run_script(world, "client" + std::to_string(i), talk, &seen);
      run_script(world, "writer" + std::to_string(i), write_for_ever, &seen);
    }
  }

  static Task<void> serve(Runtime rt, std::uint64_t* seen) {
    auto listener = rt.net().listen(80);
    TaskScope scope(rt);
    for (;;) {
      auto stream = co_await listener.value()->accept();
      scope.spawn("echo", echo(std::move(stream.value()), seen));
    }
  }

  static Task<void> echo(Stream stream, std::uint64_t* seen) {
    std::array<char, 100> buffer{};
    for (;;) {
      const auto [ec, n] =
          co_await stream.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::deferred));
      const auto [failed, written] = co_await stream.async_write_some(
          asio::buffer(buffer.data(), n), asio::as_tuple(asio::deferred));
      *seen += written;
      if (ec || failed) {
        break;
      }
    }
  }

  static Task<void> talk(Runtime rt, std::uint64_t* seen) {
    for (;;) {
      auto stream = co_await rt.net().connect({.host = "server", .port = 80});
      if (stream.has_value()) {
        TaskScope scope(rt);
        scope.spawn("write", say(rt, &stream.value()));
        scope.spawn("read", hear(&stream.value(), seen));
        co_await scope.join();
      }
      co_await rt.clock().sleep_for(milliseconds(5));
    }
  }

  static Task<void> say(Runtime rt, Stream* stream) {
    Rng rng = rt.rng("say");
    for (int i = 0; i < 20; ++i) {
      std::vector<std::string> log;
      const bool taken = co_await write_octets(rt, stream, Bytes(rng.below(300), 'x'), &log);
      if (!taken) {
        break;
      }
      co_await rt.clock().sleep_for(rng.between(Duration{}, milliseconds(20)));
    }
    stream->close();
  }

  static Task<void> hear(Stream* stream, std::uint64_t* seen) {
    std::array<char, 64> buffer{};
    for (;;) {
      const auto [ec, n] =
          co_await stream->async_read_some(asio::buffer(buffer), asio::as_tuple(asio::deferred));
      if (ec) {
        break;
      }
      *seen += n;
    }
  }

  static Task<void> write_for_ever(Runtime rt, std::uint64_t* seen) {
    Rng rng = rt.rng("writer");
    for (;;) {
      co_await rt.clock().sleep_for(rng.between(milliseconds(1), milliseconds(50)));
      const RowKey key{.partition = "p", .clustering = std::to_string(rng.below(5))};
      const auto put = co_await rt.store().put(key, std::to_string(rng.next()));
      *seen += put.has_value() ? rng.below(100) : 1;
      auto file = co_await rt.disk().create("f");
      if (file.has_value()) {
        const auto written = co_await write_all(file.value().get(), "octets");
        *seen += written.has_value() ? 1 : 0;
      }
    }
  }

  void run_to(std::int64_t ms) { world.run_until(at_ms(ms)); }

  void crash_and_start() {
    world.crash("writer1", CrashKind::power_loss, Unsynced::torn);
    world.crash("server", CrashKind::process);
    world.start("server");
    world.start("writer1");
  }

  std::uint64_t run() {
    run_to(700);
    crash_and_start();
    run_to(5'000);
    return world.kernel().trace().hash();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(determinism)

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_trace_and_another_seed_another) {
  Busy one(1);
  Busy same(1);
  Busy other(2);
  BOOST_TEST(one.run() == same.run());
  BOOST_TEST(one.run() != other.run());
  BOOST_TEST(one.world.kernel().trace().records() > 1'000U);
}

BOOST_AUTO_TEST_CASE(two_worlds_in_one_program_do_not_touch_each_other) {
  Busy alone(1);
  const std::uint64_t hash = alone.run();
  Busy one(1);
  Busy other(2);
  for (std::int64_t ms = 0; ms <= 5'000; ms += 50) {
    if (ms == 700) {
      one.run_to(700);
      one.crash_and_start();
    }
    one.run_to(ms);
    other.run_to(ms);
  }
  BOOST_TEST(one.world.kernel().trace().hash() == hash);
}

BOOST_AUTO_TEST_CASE(one_draw_more_is_named_as_the_first_difference) {
  Busy one(1);
  Busy other(1);
  one.run_to(2'000);
  other.run_to(1'000);
  const std::size_t common = other.world.kernel().trace().records();
  other.world.observers().note("test", "one more record");
  other.run_to(2'000);
  const auto first =
      first_difference(one.world.kernel().trace().hashes(), other.world.kernel().trace().hashes());
  BOOST_TEST_REQUIRE(first.has_value());
  BOOST_TEST(*first == common);
}

BOOST_AUTO_TEST_CASE(listening_to_the_trace_changes_nothing) {
  Busy quiet(1);
  Busy loud(1);
  std::size_t octets = 0;
  loud.world.kernel().trace().listen([&](std::string_view line) { octets += line.size(); });
  BOOST_TEST(quiet.run() == loud.run());
  BOOST_TEST(octets > 10'000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::sim
