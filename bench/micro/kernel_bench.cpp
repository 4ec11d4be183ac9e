// Costs of the simulator: a wake-up, a message through a simulated socket, an HTTP exchange.
//
// Everything runs in a World with its seams, traces and rules as a scenario has them, none of which
// is switched off for the benchmark.
#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <boost/asio/as_tuple.hpp>

#include "base/check.hpp"
#include "bench/micro/register.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "runtime/task_scope.hpp"
#include "sim/world/world.hpp"

namespace vvm::bench {
namespace {

// What the processes of a benchmark count.
struct Counts {
  std::uint64_t events = 0;
  bool wrong = false;
};

// A process whose coroutines are started by its constructor's argument.
class Busy final : public Program {
 public:
  using Start = void (*)(Runtime rt, TaskScope* scope, std::int64_t arg, Counts* counts);

  Busy(Runtime rt, Start start, std::int64_t arg, Counts* counts)
      : rt_(rt), scope_(rt), start_(start), arg_(arg), counts_(counts) {}

  Task<void> run() override {
    start_(rt_, &scope_, arg_, counts_);
    co_await scope_.join();
  }

 private:
  Runtime rt_;
  TaskScope scope_;
  Start start_;
  std::int64_t arg_;
  Counts* counts_;
};

void add_busy(
    sim::World& world, const std::string& name, Busy::Start start, std::int64_t arg, Counts* c) {
  world.add_process(name, {}, [start, arg, c](Runtime rt) -> std::unique_ptr<Program> {
    return std::make_unique<Busy>(rt, start, arg, c);
  });
  world.start(name);
}

// Steps until one more event was counted, for each iteration.
void count_events(benchmark::State& state, sim::World& world, const Counts& counts) {
  std::uint64_t wanted = counts.events;
  const std::uint64_t first = wanted;
  const std::uint64_t steps = world.kernel().steps();
  for (auto round : state) {
    static_cast<void>(round);
    ++wanted;
    while (counts.events < wanted) {
      CHECK(world.kernel().step(Instant::max()), "nothing is left to happen");
    }
  }
  if (counts.wrong) {
    state.SkipWithError("a process saw what it should not");
  }
  const auto counted = static_cast<double>(counts.events - first);
  state.SetItemsProcessed(static_cast<std::int64_t>(counts.events - first));
  state.counters["steps"] = static_cast<double>(world.kernel().steps() - steps) / counted;
}

// --- Wake-ups ---

Task<void> sleep_for_ever(Runtime rt, Counts* counts) {
  Rng rng = rt.rng("sleeper");
  for (;;) {
    const Instant due = rt.now() + rng.between(microseconds(1), milliseconds(1));
    co_await rt.clock().sleep_until(due);
    counts->wrong = counts->wrong || rt.now() != due;
    ++counts->events;
  }
}

void start_sleepers(Runtime rt, TaskScope* scope, std::int64_t sleepers, Counts* counts) {
  for (std::int64_t i = 0; i < sleepers; ++i) {
    scope->spawn("sleeper", sleep_for_ever(rt, counts));
  }
}

void timers(benchmark::State& state) {
  constexpr std::int64_t processes = 100;
  sim::World world(1);
  Counts counts;
  for (std::int64_t i = 0; i < processes; ++i) {
    add_busy(world, "p" + std::to_string(i), start_sleepers, state.range(0) / processes, &counts);
  }
  world.run_until(Instant{} + milliseconds(2));
  count_events(state, world, counts);
}

// --- Messages ---

constexpr std::uint16_t port = 7;
constexpr std::size_t message_octets = 64;

// Sends back what comes, once more by one in its first octet.
Task<void> play(Stream* stream, bool begins, Counts* counts) {
  std::array<char, message_octets> message{};
  bool goes_on = true;
  char expected = 1;
  if (begins) {
    const auto [ec, n] =
        co_await stream->async_write_some(asio::buffer(message), asio::as_tuple(asio::deferred));
    goes_on = !ec && n == message.size();
  } else {
    expected = 0;
  }
  while (goes_on) {
    const auto [ec, n] =
        co_await stream->async_read_some(asio::buffer(message), asio::as_tuple(asio::deferred));
    counts->wrong = counts->wrong || ec || n != message.size() || message[0] != expected;
    ++counts->events;
    expected = static_cast<char>(expected + 2);
    message[0] = static_cast<char>(message[0] + 1);
    const auto [failed, written] =
        co_await stream->async_write_some(asio::buffer(message), asio::as_tuple(asio::deferred));
    goes_on = !failed && written == message.size();
  }
}

Task<void> play_near(Runtime rt, std::int64_t pair, Counts* counts) {
  auto stream = co_await rt.net().connect({.host = "far" + std::to_string(pair), .port = port});
  CHECK(stream.has_value(), "connect");
  co_await play(&stream.value(), true, counts);
}

Task<void> play_far(Runtime rt, Counts* counts) {
  auto listener = rt.net().listen(port);
  CHECK(listener.has_value(), "listen");
  auto stream = co_await listener.value()->accept();
  CHECK(stream.has_value(), "accept");
  co_await play(&stream.value(), false, counts);
}

void start_near(Runtime rt, TaskScope* scope, std::int64_t pair, Counts* counts) {
  scope->spawn("near", play_near(rt, pair, counts));
}

void start_far(Runtime rt, TaskScope* scope, std::int64_t /*pair*/, Counts* counts) {
  scope->spawn("far", play_far(rt, counts));
}

void messages(benchmark::State& state) {
  sim::World world(1);
  Counts counts;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    add_busy(world, "far" + std::to_string(i), start_far, i, &counts);
    add_busy(world, "near" + std::to_string(i), start_near, i, &counts);
  }
  world.run_until(Instant{} + milliseconds(10));
  count_events(state, world, counts);
}

// --- HTTP ---

class Echo final : public http::Handler {
 public:
  Task<http::Response> handle(http::Request req) override {
    co_return http::Response::text(200, std::move(req.body));
  }
};

Task<void> serve(Runtime rt) {
  Echo echo;
  http::Server server(rt, &echo, {});
  CHECK(server.listen(port).has_value(), "listen");
  co_await server.serve();
}

Task<void> ask_for_ever(Runtime rt, std::int64_t body_octets, Counts* counts) {
  http::ClientPool pool(rt, {});
  const Bytes body(static_cast<std::size_t>(body_octets), 'x');
  for (;;) {
    http::Request req;
    req.method = "POST";
    req.target = "/echo";
    req.body = body;
    const auto res = co_await pool.exchange({.host = "server", .port = port}, std::move(req));
    counts->wrong = counts->wrong || !res.has_value() || res.value().body != body;
    ++counts->events;
  }
}

void start_server(Runtime rt, TaskScope* scope, std::int64_t /*arg*/, Counts* /*counts*/) {
  scope->spawn("server", serve(rt));
}

void start_client(Runtime rt, TaskScope* scope, std::int64_t body_octets, Counts* counts) {
  scope->spawn("client", ask_for_ever(rt, body_octets, counts));
}

void http_exchanges(benchmark::State& state) {
  sim::World world(1);
  Counts counts;
  add_busy(world, "server", start_server, 0, &counts);
  add_busy(world, "client", start_client, state.range(0), &counts);
  world.run_until(Instant{} + milliseconds(10));
  count_events(state, world, counts);
}

// --- Lives ---

// A process that starts, connects, and loses its power.
void lives(benchmark::State& state) {
  sim::World world(1);
  Counts counts;
  add_busy(world, "far0", start_far, 0, &counts);
  add_busy(world, "near0", start_near, 0, &counts);
  for (auto round : state) {
    static_cast<void>(round);
    world.run_until(world.kernel().now() + milliseconds(2));
    world.crash("near0", sim::CrashKind::power_loss);
    world.crash("far0", sim::CrashKind::process);
    world.start("far0");
    world.start("near0");
  }
}

}  // namespace

void register_kernel_benchmarks() {
  benchmark::RegisterBenchmark("kernel/timers", timers)
      ->Arg(100)
      ->Arg(1'000)
      ->Arg(10'000)
      ->Arg(100'000);
  benchmark::RegisterBenchmark("kernel/messages", messages)->Arg(1)->Arg(10)->Arg(100)->Arg(1'000);
  benchmark::RegisterBenchmark("kernel/http", http_exchanges)
      ->Arg(0)
      ->Arg(1'024)
      ->Arg(16'384)
      ->Arg(65'536);
  benchmark::RegisterBenchmark("kernel/lives", lives);
}

}  // namespace vvm::bench
