// A client and a server process over one connection, for tests of the network.
//
// What each end saw is a list of lines "<ms> <what>". The client sends pieces at given times and
// reads what comes back; the server reads, and answers if it was told to.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <boost/asio/as_tuple.hpp>

#include "sim/world/test_script.hpp"

namespace vvm::sim {

struct Line {
  // What to do.
  std::vector<std::pair<std::int64_t, Bytes>> pieces{{0, "hello"}};  // ms after the connect
  Bytes answer;  // of the server, after the first octets
  bool close_when_done = true;
  std::size_t buffer = 4'096;  // of the reader
  bool accepts = true;

  // What happened.
  std::vector<std::string> client;
  std::vector<std::string> server;
  Bytes at_server;
  Bytes at_client;

  static void note(std::vector<std::string>& log, Runtime rt, std::string_view what) {
    log.push_back(std::to_string(rt.now().ns / 1'000'000) + " " + std::string(what));
  }
};

inline std::string_view end_name(ErrorCode ec) {
  return ec == asio::error::eof                ? "eof"
         : ec == asio::error::connection_reset ? "reset"
         : ec == asio::error::timed_out        ? "timeout"
         : ec == asio::error::broken_pipe      ? "broken"
                                               : "error";
}

// Reads until the end of the stream.
inline Task<void> read_to_end(
    Runtime rt, Stream* stream, std::size_t size, Bytes* into, std::vector<std::string>* log) {
  Bytes buffer(size, '\0');
  for (;;) {
    const auto [ec, n] =
        co_await stream->async_read_some(asio::buffer(buffer), asio::as_tuple(asio::deferred));
    if (ec) {
      Line::note(*log, rt, end_name(ec));
      break;
    }
    into->append(buffer, 0, n);
    Line::note(*log, rt, "read " + std::to_string(n));
  }
}

// True when all of it was taken.
inline Task<bool> write_octets(Runtime rt,
                               Stream* stream,
                               Bytes octets,
                               std::vector<std::string>* log) {
  BytesView rest = octets;
  while (!rest.empty()) {
    const auto [ec, n] = co_await stream->async_write_some(asio::buffer(rest.data(), rest.size()),
                                                           asio::as_tuple(asio::deferred));
    if (ec) {
      Line::note(*log, rt, "write " + std::string(end_name(ec)));
      co_return false;
    }
    rest.remove_prefix(n);
  }
  co_return true;
}

inline Task<void> run_line_client(Runtime rt, Line* line) {
  auto connected = co_await rt.net().connect({.host = "server", .port = 80});
  if (connected.has_error()) {
    Line::note(line->client, rt, code_name(connected.error().code));
    co_return;
  }
  Stream stream = std::move(connected.value());
  Line::note(line->client, rt, "connected");
  TaskScope scope(rt);
  scope.spawn("read", read_to_end(rt, &stream, line->buffer, &line->at_client, &line->client));
  const Instant begin = rt.now();
  bool goes_on = true;
  for (const auto& [ms, octets] : line->pieces) {
    co_await rt.clock().sleep_until(begin + milliseconds(ms));
    if (goes_on) {
      goes_on = co_await write_octets(rt, &stream, octets, &line->client);
    }
  }
  if (line->close_when_done) {
    stream.close();
  }
  co_await scope.join();
}

inline Task<void> run_line_server(Runtime rt, Line* line) {
  auto listener = rt.net().listen(80);
  BOOST_TEST_REQUIRE(listener.has_value());
  if (!line->accepts) {
    co_await rt.clock().sleep_for(hours(10));
  }
  auto accepted = co_await listener.value()->accept();
  BOOST_TEST_REQUIRE(accepted.has_value());
  Stream stream = std::move(accepted.value());
  Line::note(line->server, rt, "accepted");
  if (!line->answer.empty()) {
    Bytes buffer(line->buffer, '\0');
    const auto [ec, n] =
        co_await stream.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::deferred));
    line->at_server.append(buffer, 0, n);
    co_await write_octets(rt, &stream, line->answer, &line->server);
  }
  co_await read_to_end(rt, &stream, line->buffer, &line->at_server, &line->server);
}

using Lines = std::vector<std::string>;

// Both processes in a world whose links take 10 ms.
struct LineTest {
  Line line;
  World world{1};

  LineTest() { world.network().set_link("*", "*", {.latency = Latency::fixed(milliseconds(10))}); }

  void start() {
    run_script(world, "server", run_line_server, &line);
    run_script(world, "client", run_line_client, &line);
  }

  void run(std::int64_t ms = 3'600'000) {
    start();
    world.run_until(at_ms(ms));
  }
};

}  // namespace vvm::sim
