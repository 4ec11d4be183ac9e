// Contract of Net, Listener and Stream (runtime/net.hpp).
//
// A server process and a client process; what each saw is compared when both have ended.
#include <boost/asio/as_tuple.hpp>
#include <boost/test/unit_test.hpp>

#include "base/rng.hpp"
#include "runtime/contract/fixture.hpp"

namespace vvm::contract {
namespace {

// What a stream did at one end.
struct Seen {
  Bytes octets;
  ErrorCode end;
  bool ended = false;
};

struct NetTest {
  std::unique_ptr<Fixture> fixture = new_fixture();

  Runtime client() { return fixture->process("client"); }

  Runtime server() { return fixture->process("server"); }

  std::unique_ptr<Listener> listen() {
    auto listener = server().net().listen(0);
    BOOST_TEST_REQUIRE(listener.has_value());
    return std::move(listener.value());
  }

  Endpoint at(std::uint16_t port) { return {.host = fixture->host("server"), .port = port}; }

  std::shared_ptr<Stream> connect(std::uint16_t port) {
    auto stream = fixture->await<Result<Stream>>("client", client().net().connect(at(port)));
    BOOST_TEST_REQUIRE(stream.has_value());
    return std::make_shared<Stream>(std::move(stream.value()));
  }

  std::shared_ptr<Stream> accept(Listener& listener) {
    auto stream = fixture->await<Result<Stream>>("server", listener.accept());
    BOOST_TEST_REQUIRE(stream.has_value());
    return std::make_shared<Stream>(std::move(stream.value()));
  }

  bool run(const std::shared_ptr<Seen>& seen) {
    return fixture->run_until([seen] { return seen->ended; });
  }
};

Bytes some_octets(std::size_t size) {
  Rng rng(size);
  Bytes bytes(size, '\0');
  for (char& c : bytes) {
    c = static_cast<char>(rng.next());
  }
  return bytes;
}

// Reads until the end of the stream or a number of octets.
Task<void> read_until(std::shared_ptr<Stream> stream,
                      std::size_t enough,
                      std::shared_ptr<Seen> seen) {
  Bytes buffer(10'000, '\0');
  while (!seen->end && seen->octets.size() < enough) {
    const auto [ec, n] =
        co_await stream->async_read_some(asio::buffer(buffer), asio::as_tuple(asio::deferred));
    seen->octets.append(buffer, 0, n);
    seen->end = ec;
  }
  seen->ended = true;
}

constexpr std::size_t everything = ~std::size_t{0};

Task<void> write_whole(std::shared_ptr<Stream> stream,
                       Bytes octets,
                       bool close,
                       std::shared_ptr<Seen> seen) {
  BytesView rest = octets;
  while (!rest.empty() && !seen->end) {
    const auto [ec, n] = co_await stream->async_write_some(asio::buffer(rest.data(), rest.size()),
                                                           asio::as_tuple(asio::deferred));
    rest.remove_prefix(n);
    seen->end = ec;
  }
  if (close) {
    stream->close();
  }
  seen->ended = true;
}

Task<void> accept_until_closed(std::shared_ptr<Listener> listener, std::shared_ptr<Seen> seen) {
  for (;;) {
    const auto stream = co_await listener->accept();
    if (stream.has_error()) {
      seen->octets = code_name(stream.error().code);
      break;
    }
  }
  seen->ended = true;
}

// Writes without end, until the peer is gone.
Task<void> flood(std::shared_ptr<Stream> stream, std::shared_ptr<Seen> seen) {
  const Bytes octets(100'000, 'x');
  while (!seen->end) {
    const auto [ec, n] =
        co_await stream->async_write_some(asio::buffer(octets), asio::as_tuple(asio::deferred));
    seen->octets.assign(n > 0 ? 1 : 0, 'w');
    seen->end = ec;
  }
  seen->ended = true;
}

Task<bool> sleep_a_little(Runtime rt) {
  co_await rt.clock().sleep_for(milliseconds(20));
  co_return true;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(net_contract, NetTest)

BOOST_AUTO_TEST_CASE(octets_arrive_in_order_both_ways) {
  const auto listener = listen();
  const auto near = connect(listener->port());
  const auto far = accept(*listener);
  const Bytes there = some_octets(1'000'000);
  const Bytes back = some_octets(300'001);
  const auto sent = std::make_shared<Seen>();
  const auto answered = std::make_shared<Seen>();
  const auto got = std::make_shared<Seen>();
  const auto got_back = std::make_shared<Seen>();
  fixture->spawn("client", write_whole(near, there, false, sent));
  fixture->spawn("server", write_whole(far, back, false, answered));
  fixture->spawn("server", read_until(far, there.size(), got));
  fixture->spawn("client", read_until(near, back.size(), got_back));
  for (const auto& seen : {sent, answered, got, got_back}) {
    BOOST_TEST_REQUIRE(run(seen));
    BOOST_TEST(!seen->end);
  }
  BOOST_TEST((got->octets == there));
  BOOST_TEST((got_back->octets == back));
}

BOOST_AUTO_TEST_CASE(a_connection_is_made_before_anybody_accepts_it) {
  const auto listener = listen();
  const auto near = connect(listener->port());
  const auto sent = std::make_shared<Seen>();
  fixture->spawn("client", write_whole(near, "early", false, sent));
  BOOST_TEST_REQUIRE(run(sent));
  const auto far = accept(*listener);
  const auto got = std::make_shared<Seen>();
  fixture->spawn("server", read_until(far, 5, got));
  BOOST_TEST_REQUIRE(run(got));
  BOOST_TEST(got->octets == "early");
}

BOOST_AUTO_TEST_CASE(the_peer_reads_what_was_written_before_the_close_then_the_end) {
  const auto listener = listen();
  const auto near = connect(listener->port());
  const auto far = accept(*listener);
  const auto sent = std::make_shared<Seen>();
  fixture->spawn("client", write_whole(near, some_octets(50'000), true, sent));
  BOOST_TEST_REQUIRE(run(sent));
  near->close();  // again
  const auto got = std::make_shared<Seen>();
  fixture->spawn("server", read_until(far, everything, got));
  BOOST_TEST_REQUIRE(run(got));
  BOOST_TEST((got->octets == some_octets(50'000)));
  BOOST_TEST((got->end == asio::error::eof));
}

// An answer that is still on its way must not be lost because the question was not read to its end.
BOOST_AUTO_TEST_CASE(a_close_with_unread_octets_still_delivers_what_was_written) {
  const auto listener = listen();
  const auto near = connect(listener->port());
  const auto far = accept(*listener);
  const auto asked = std::make_shared<Seen>();
  fixture->spawn("client", write_whole(near, some_octets(10'000), false, asked));
  BOOST_TEST_REQUIRE(run(asked));
  const auto some = std::make_shared<Seen>();
  fixture->spawn("server", read_until(far, 1, some));
  BOOST_TEST_REQUIRE(run(some));
  const auto again = std::make_shared<Seen>();
  fixture->spawn("client", write_whole(near, some_octets(10'000), false, again));
  BOOST_TEST_REQUIRE(run(again));  // some of it stays unread
  const Bytes answer = some_octets(400'000);
  const auto answered = std::make_shared<Seen>();
  fixture->spawn("server", write_whole(far, answer, true, answered));
  fixture->await<bool>("client", sleep_a_little(client()));
  const auto got = std::make_shared<Seen>();
  fixture->spawn("client", read_until(near, everything, got));
  BOOST_TEST_REQUIRE(run(got));
  BOOST_TEST((got->octets == answer));
}

BOOST_AUTO_TEST_CASE(destroying_a_stream_ends_it_for_the_peer) {
  const auto listener = listen();
  auto near = connect(listener->port());
  const auto far = accept(*listener);
  near.reset();
  const auto got = std::make_shared<Seen>();
  fixture->spawn("server", read_until(far, everything, got));
  BOOST_TEST_REQUIRE(run(got));
  BOOST_TEST(got->octets.empty());
  BOOST_TEST(static_cast<bool>(got->end));
}

BOOST_AUTO_TEST_CASE(nobody_listens_there) {
  std::uint16_t port = 0;
  {
    const auto listener = listen();
    port = listener->port();
  }
  const auto refused = fixture->await<Result<Stream>>("client", client().net().connect(at(port)));
  BOOST_TEST_REQUIRE(refused.has_error());
  BOOST_TEST((refused.error().code == Code::connection_refused));
}

BOOST_AUTO_TEST_CASE(a_port_is_taken_once) {
  const auto first = listen();
  BOOST_TEST(first->port() != 0);
  const auto second = server().net().listen(first->port());
  BOOST_TEST_REQUIRE(second.has_error());
  BOOST_TEST((second.error().code == Code::address_in_use));
  const auto other = listen();
  BOOST_TEST(other->port() != first->port());
}

BOOST_AUTO_TEST_CASE(a_port_may_be_taken_again_when_its_listener_is_gone) {
  auto first = listen();
  const std::uint16_t port = first->port();
  const auto near = connect(port);
  const auto far = accept(*first);
  first.reset();
  BOOST_TEST(server().net().listen(port).has_value());
}

BOOST_AUTO_TEST_CASE(a_closed_listener_says_so) {
  const std::shared_ptr<Listener> listener = listen();
  const auto seen = std::make_shared<Seen>();
  fixture->spawn("server", accept_until_closed(listener, seen));
  const auto near = connect(listener->port());
  listener->close();
  BOOST_TEST_REQUIRE(run(seen));
  BOOST_TEST(seen->octets == "Closed");
  const auto late = fixture->await<Result<Stream>>("server", listener->accept());
  BOOST_TEST_REQUIRE(late.has_error());
  BOOST_TEST((late.error().code == Code::closed));
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_slows_the_writer_down) {
  const auto listener = listen();
  const auto near = connect(listener->port());
  const auto far = accept(*listener);
  const auto flooded = std::make_shared<Seen>();
  fixture->spawn("client", flood(near, flooded));
  const auto some = std::make_shared<Seen>();
  fixture->spawn("server", read_until(far, 1'000'000, some));
  BOOST_TEST_REQUIRE(run(some));
  BOOST_TEST(!flooded->ended);
  far->close();
  BOOST_TEST_REQUIRE(run(flooded));
  BOOST_TEST(flooded->octets.size() <= 1U);
}

BOOST_AUTO_TEST_CASE(a_killed_process_ends_its_connections) {
  const auto listener = listen();
  const auto near = connect(listener->port());
  const auto far = accept(*listener);
  const auto waiting = std::make_shared<Seen>();
  fixture->spawn("server", read_until(far, everything, waiting));
  const auto sent = std::make_shared<Seen>();
  fixture->spawn("client", write_whole(near, "x", false, sent));
  BOOST_TEST_REQUIRE(run(sent));
  fixture->kill("client");
  BOOST_TEST_REQUIRE(run(waiting));
  BOOST_TEST(static_cast<bool>(waiting->end));
}

BOOST_AUTO_TEST_CASE(the_listeners_of_a_killed_process_refuse) {
  const auto listener = listen();
  const std::uint16_t port = listener->port();
  connect(port);
  fixture->kill("server");
  const auto refused = fixture->await<Result<Stream>>("client", client().net().connect(at(port)));
  BOOST_TEST_REQUIRE(refused.has_error());
  BOOST_TEST((refused.error().code == Code::connection_refused));
}

BOOST_AUTO_TEST_CASE(cancellation_ends_a_read) {
  const auto listener = listen();
  const auto near = connect(listener->port());
  const auto far = accept(*listener);
  const auto got = std::make_shared<Seen>();
  fixture->spawn("server", read_until(far, everything, got));
  fixture->await<bool>("client", sleep_a_little(client()));
  fixture->cancel("server");
  BOOST_TEST_REQUIRE(run(got));
  BOOST_TEST((got->end == asio::error::operation_aborted));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::contract
