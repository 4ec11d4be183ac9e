// Client against server, and each against a peer that misbehaves.
#include <boost/asio/as_tuple.hpp>
#include <boost/test/unit_test.hpp>

#include "http/client.hpp"
#include "http/server.hpp"
#include "http/test_world.hpp"

namespace vvm::http {
namespace {

class Pieces final : public BodySource {
 public:
  Pieces(std::vector<Bytes> pieces, std::optional<std::uint64_t> length, bool fails = false)
      : pieces_(std::move(pieces)), length_(length), fails_(fails) {}

  std::optional<std::uint64_t> length() const override { return length_; }

  Task<Result<Bytes>> next() override {
    if (at_ < pieces_.size()) {
      co_return pieces_.at(at_++);
    }
    if (fails_) {
      co_return Error{Code::blob_store_unreachable, "test"};
    }
    co_return Bytes{};
  }

 private:
  std::vector<Bytes> pieces_;
  std::optional<std::uint64_t> length_;
  bool fails_;
  std::size_t at_ = 0;
};

class TestHandler final : public Handler {
 public:
  Task<Response> handle(Request req) override {
    ++calls;
    if (req.path() == "/throw") {
      throw std::runtime_error("as asked");
    }
    if (req.path() == "/known") {
      co_return stream({"hel", "lo"}, 5);
    }
    if (req.path() == "/unknown") {
      co_return stream({"hel", "lo"}, std::nullopt);
    }
    if (req.path() == "/short") {
      co_return stream({"hel"}, 5);
    }
    if (req.path() == "/long") {
      co_return stream({"hello", "!"}, 5);
    }
    if (req.path() == "/fail") {
      co_return stream({"hel"}, 5, true);
    }
    if (req.path() == "/split") {
      Response res;
      res.headers.add("X", "a\nb");
      co_return res;
    }
    if (req.source != nullptr && req.path() == "/upload-refused") {
      co_return Response::text(413, "no");
    }
    if (req.source != nullptr) {
      while (true) {
        const auto piece = co_await req.source->next();
        if (!piece.has_value()) {
          co_return Response::text(400, to_string(piece.error()));
        }
        if (piece.value().empty()) {
          break;
        }
        req.body.append(piece.value());
      }
    }
    Response res = Response::text(200, req.method + " " + req.target + " " + req.body);
    res.headers.add("X-Test", "1");
    co_return res;
  }

  bool streams(const Request& head) const override { return head.path().starts_with("/upload"); }

  int calls = 0;

 private:
  static Response stream(std::vector<Bytes> pieces,
                         std::optional<std::uint64_t> length,
                         bool fails = false) {
    Response res;
    res.source = std::make_unique<Pieces>(std::move(pieces), length, fails);
    return res;
  }
};

// A server in a world of its own.
struct Fixture {
  explicit Fixture(ServerLimits limits = {})
      : server(world.rt(), &handler, limits), scope(world.rt()) {
    to = {.host = "test", .port = server.listen(0).value()};
    scope.spawn("server", server.serve());
  }

  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  ~Fixture() { stop(); }

  void stop() {
    server.stop();
    while (scope.size() != 0) {
      world.step();
    }
  }

  Result<Response> get(std::string target, std::string method = "GET", Bytes body = {}) {
    return world.run(exchange(world.rt(), to, request(target, method, body), limits));
  }

  static Request request(std::string target, std::string method = "GET", Bytes body = {}) {
    Request req;
    req.method = std::move(method);
    req.target = std::move(target);
    req.body = std::move(body);
    return req;
  }

  // Writes octets as they are and reads what comes back until the end of the stream.
  Bytes raw(Bytes octets) { return world.run(raw_task(world.rt(), to, std::move(octets))); }

  static Task<Bytes> raw_task(Runtime rt, Endpoint to, Bytes octets) {
    auto stream = co_await rt.net().connect(to);
    BytesView left = octets;
    while (!left.empty()) {
      auto [ec, n] = co_await stream.value().async_write_some(
          asio::const_buffer(left.data(), left.size()), asio::as_tuple(asio::deferred));
      if (ec) {
        co_return "write failed";
      }
      left.remove_prefix(n);
    }
    Bytes all;
    std::array<char, 256> piece{};
    for (;;) {
      auto [ec, n] = co_await stream.value().async_read_some(
          asio::mutable_buffer(piece.data(), piece.size()), asio::as_tuple(asio::deferred));
      if (ec) {
        co_return all;
      }
      all.append(piece.data(), n);
    }
  }

  TestWorld world;
  TestHandler handler;
  Server server;
  Endpoint to;
  ClientLimits limits;
  TaskScope scope;
};

Task<bool> drain(BodyReader* reader, Bytes* into, std::optional<Error>* error) {
  for (;;) {
    const auto piece = co_await reader->read_some();
    if (!piece.has_value()) {
      *error = piece.error();
      co_return false;
    }
    if (piece.value().empty()) {
      co_return true;
    }
    into->append(piece.value());
  }
}

Task<bool> sleep_then_true(Runtime rt, Duration duration) {
  co_await rt.clock().sleep_for(duration);
  co_return true;
}

BOOST_AUTO_TEST_CASE(an_exchange_carries_method_target_headers_and_bodies) {
  Fixture f;
  const auto res = f.get("/a?b=c", "POST", "body").value();
  BOOST_TEST(res.status == 200U);
  BOOST_TEST(res.body == "POST /a?b=c body");
  BOOST_TEST(res.headers.find("x-test").value() == "1");
  BOOST_TEST((res.end == BodyEnd::marked));
}

BOOST_AUTO_TEST_CASE(streamed_answers_arrive_whole_with_and_without_length) {
  Fixture f;
  BOOST_TEST(f.get("/known").value().body == "hello");
  BOOST_TEST(f.get("/known").value().headers.find("Content-Length").value() == "5");
  BOOST_TEST(f.get("/unknown").value().body == "hello");
}

BOOST_AUTO_TEST_CASE(a_streamed_answer_that_does_not_keep_its_length_is_truncated) {
  Fixture f;
  for (const char* target : {"/short", "/fail"}) {
    const auto res = f.get(target);
    BOOST_TEST_REQUIRE(!res.has_value());
    BOOST_TEST((res.error().code == Code::truncated));
  }
  // Octets beyond the length never reach the wire.
  BOOST_TEST(f.get("/long").value().body == "hello");
}

BOOST_AUTO_TEST_CASE(an_answer_cut_at_any_octet_is_never_complete) {
  for (const char* target : {"/plain", "/known", "/unknown"}) {
    std::size_t whole = 0;
    for (std::uint64_t cut = 0;; ++cut) {
      Fixture f;
      f.world.net.to_client.cut_after = cut;
      f.world.net.to_client.reset = cut % 2 == 1;
      const auto res = f.get(target);
      if (res.has_value()) {
        whole = cut;
        break;
      }
      const Code code = res.error().code;
      const bool reset = cut % 2 == 1 || cut == 0;
      BOOST_TEST((code == (reset ? Code::connection_reset : Code::truncated)));
    }
    BOOST_TEST(whole > 60U);
    Fixture f;
    BOOST_TEST(f.raw(Bytes{"GET "} + target + " HTTP/1.1\r\nConnection: close\r\n\r\n").size() ==
               whole);
  }
}

BOOST_AUTO_TEST_CASE(a_download_cut_at_any_octet_is_never_complete) {
  for (std::uint64_t cut = 60;; ++cut) {
    Fixture f;
    f.world.net.to_client.cut_after = cut;
    f.world.net.to_client.piece_max = 9;
    auto reader = f.world.run(open(f.world.rt(), f.to, f.request("/known"), {}));
    if (!reader.has_value()) {
      continue;
    }
    BOOST_TEST(reader.value()->content_length().value() == 5U);
    Bytes got;
    std::optional<Error> error;
    const bool whole = f.world.run(drain(reader.value().get(), &got, &error));
    if (whole) {
      BOOST_TEST(got == "hello");
      break;
    }
    BOOST_TEST((error->code == Code::truncated));
    BOOST_TEST(got.size() < 5U);
    // The error stays.
    BOOST_TEST(!f.world.run(reader.value()->read_some()).has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_silent_peer_ends_in_a_timeout_at_the_limit) {
  Fixture f;
  f.world.net.to_client.stall_after = 20;
  f.limits.total = seconds(7);
  const Instant start = f.world.clock.now();
  const auto res = f.get("/plain");
  BOOST_TEST((res.error().code == Code::timed_out));
  BOOST_TEST(((f.world.clock.now() - start) == seconds(7)));
}

BOOST_AUTO_TEST_CASE(a_download_that_stalls_ends_at_the_idle_limit) {
  Fixture f;
  f.world.net.to_client.stall_after = 70;
  auto reader = f.world.run(open(f.world.rt(), f.to, f.request("/unknown"), {.idle = seconds(3)}));
  const Instant start = f.world.clock.now();
  Bytes got;
  std::optional<Error> error;
  BOOST_TEST(!f.world.run(drain(reader.value().get(), &got, &error)));
  BOOST_TEST((error->code == Code::timed_out));
  BOOST_TEST(((f.world.clock.now() - start) == seconds(3)));
}

BOOST_AUTO_TEST_CASE(bodies_and_headers_above_the_clients_limits_are_refused) {
  Fixture f;
  f.limits.body_bytes_max = 4;
  BOOST_TEST((f.get("/known").error().code == Code::limit_exceeded));
  BOOST_TEST((f.get("/unknown").error().code == Code::limit_exceeded));
  f.limits = {.header_bytes_max = 20};
  BOOST_TEST((f.get("/plain").error().code == Code::limit_exceeded));
}

BOOST_AUTO_TEST_CASE(nobody_listening_is_connection_refused) {
  Fixture f;
  f.to.port = 4711;
  BOOST_TEST((f.get("/").error().code == Code::connection_refused));
}

BOOST_AUTO_TEST_CASE(uploads_are_streamed_in_both_framings) {
  Fixture f;
  for (const bool known : {true, false}) {
    Request req = f.request("/upload", "POST");
    req.source = std::make_unique<Pieces>(std::vector<Bytes>{"ab", "cde"},
                                          known ? std::optional<std::uint64_t>{5} : std::nullopt);
    const auto res = f.world.run(exchange(f.world.rt(), f.to, std::move(req), {}));
    BOOST_TEST(res.value().body == "POST /upload abcde");
  }
}

BOOST_AUTO_TEST_CASE(a_refused_upload_still_gets_its_answer) {
  Fixture f;
  Request req = f.request("/upload-refused", "POST");
  req.source = std::make_unique<Pieces>(std::vector<Bytes>(20, Bytes(50'000, 'x')), 1'000'000);
  const auto res = f.world.run(exchange(f.world.rt(), f.to, std::move(req), {}));
  BOOST_TEST(res.value().status == 413U);
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_gives_500_and_the_server_goes_on) {
  Fixture f;
  BOOST_TEST(f.get("/throw").value().status == 500U);
  BOOST_TEST(f.get("/split").value().status == 500U);
  BOOST_TEST(f.get("/plain").value().status == 200U);
}

BOOST_AUTO_TEST_CASE(a_head_answer_has_a_length_and_no_body) {
  Fixture f;
  const auto res = f.get("/known", "HEAD").value();
  BOOST_TEST(res.headers.find("Content-Length").value() == "5");
  BOOST_TEST(res.body.empty());
}

BOOST_AUTO_TEST_CASE(one_connection_serves_several_requests_in_order) {
  Fixture f;
  const Bytes got = f.raw(
      "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"
      "GET /3 HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto first = got.find("GET /1");
  const auto second = got.find("POST /2 ab");
  const auto third = got.find("GET /3");
  BOOST_TEST_REQUIRE(third != Bytes::npos);
  BOOST_TEST(first < second);
  BOOST_TEST(second < third);
}

BOOST_AUTO_TEST_CASE(hostile_octets_get_an_answer_or_a_closed_connection) {
  Fixture f({.header_bytes_max = 200, .body_bytes_max = 10});
  BOOST_TEST(f.raw("\x01\x02 nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  BOOST_TEST(f.raw("GET /" + Bytes(500, 'a') + " HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 431 "));
  BOOST_TEST(f.raw("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\nhello world")
                 .starts_with("HTTP/1.1 413 "));
  BOOST_TEST(
      f.raw("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n")
          .starts_with("HTTP/1.1 413 "));
  BOOST_TEST(f.raw("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
                 .starts_with("HTTP/1.1 400 "));
  BOOST_TEST(f.handler.calls == 0);
  BOOST_TEST(f.get("/plain").value().status == 200U);
}

BOOST_AUTO_TEST_CASE(random_octets_never_stop_the_server) {
  Fixture f;
  Rng rng(1);
  const Bytes valid =
      "POST /upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (int i = 0; i < 300; ++i) {
    Bytes octets = valid;
    for (std::uint64_t k = rng.below(4) + 1; k > 0; --k) {
      octets.at(rng.below(octets.size())) = static_cast<char>(rng.below(256));
    }
    octets.resize(rng.below(octets.size()) + 1);
    static_cast<void>(f.raw(std::move(octets)));
  }
  BOOST_TEST(f.get("/plain").value().status == 200U);
}

BOOST_AUTO_TEST_CASE(a_request_that_stalls_is_answered_408_and_a_silent_connection_is_closed) {
  Fixture f({.idle = seconds(60), .header = seconds(10), .piece = seconds(5)});
  Instant start = f.world.clock.now();
  BOOST_TEST(f.raw("GET / HT").starts_with("HTTP/1.1 408 "));
  BOOST_TEST(((f.world.clock.now() - start) >= seconds(10)));
  BOOST_TEST(f.raw("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab").starts_with("HTTP/1.1 408 "));
  start = f.world.clock.now();
  BOOST_TEST(f.raw("").empty());
  BOOST_TEST(((f.world.clock.now() - start) == seconds(60)));
}

BOOST_AUTO_TEST_CASE(a_client_that_waits_for_100_continue_gets_it) {
  Fixture f;
  const Bytes got = f.raw(
      "POST / HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: "
      "2\r\n\r\nab");
  BOOST_TEST(got.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

BOOST_AUTO_TEST_CASE(connections_above_the_limit_are_closed_at_once) {
  Fixture f({.connections_max = 0});
  BOOST_TEST((f.get("/plain").error().code == Code::connection_reset));
  BOOST_TEST(f.handler.calls == 0);
}

BOOST_AUTO_TEST_CASE(stop_ends_idle_connections_and_then_serve) {
  Fixture f;
  ClientPool pool(f.world.rt(), {});
  BOOST_TEST(f.world.run(pool.exchange(f.to, f.request("/plain"))).has_value());
  BOOST_TEST(f.server.connections() == 1U);
  f.server.stop();
  while (f.scope.size() != 0) {
    f.world.ctx.restart();
    if (f.world.ctx.poll() == 0) {
      BOOST_TEST_REQUIRE(f.world.clock.advance());
    }
  }
  BOOST_TEST(f.server.connections() == 0U);
}

BOOST_AUTO_TEST_CASE(the_pool_keeps_a_connection_and_replaces_a_stale_one) {
  Fixture f({.idle = seconds(5)});
  ClientPool pool(f.world.rt(), {});
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(f.world.run(pool.exchange(f.to, f.request("/plain"))).value().status == 200U);
  }
  BOOST_TEST(f.world.net.connects == 1U);
  // The server gives up on it meanwhile; a GET is repeated on a new one, a POST is not.
  f.world.run(sleep_then_true(f.world.rt(), seconds(6)));
  BOOST_TEST(f.world.run(pool.exchange(f.to, f.request("/plain"))).value().status == 200U);
  BOOST_TEST(f.world.net.connects == 2U);
  f.world.run(sleep_then_true(f.world.rt(), seconds(6)));
  const auto post = f.world.run(pool.exchange(f.to, f.request("/plain", "POST")));
  BOOST_TEST((post.error().code == Code::connection_reset));
  BOOST_TEST(f.world.net.connects == 2U);
  BOOST_TEST(f.handler.calls == 4);
}

}  // namespace
}  // namespace vvm::http
