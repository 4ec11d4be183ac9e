// Client and server over the simulated network, end to end: pooled exchanges, downloads, faults.
#include <boost/test/unit_test.hpp>

#include "http/client.hpp"
#include "http/server.hpp"
#include "sim/world/test_script.hpp"

namespace vvm::http {
namespace {

using sim::at_ms;
using sim::NetFault;
using sim::RuleId;

class Pieces final : public BodySource {
 public:
  explicit Pieces(Bytes all) : all_(std::move(all)) {}

  std::optional<std::uint64_t> length() const override { return all_.size(); }

  Task<Result<Bytes>> next() override {
    Bytes piece = all_.substr(at_, 4'000);
    at_ += piece.size();
    co_return piece;
  }

 private:
  Bytes all_;
  std::size_t at_ = 0;
};

Bytes image() {
  Bytes bytes(100'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(i * 7 + i / 256);
  }
  return bytes;
}

Bytes short_image() { return image().substr(0, 40'000); }

class Blobs final : public Handler {
 public:
  Task<Response> handle(Request req) override {
    Response res;
    if (req.method == "GET") {
      res.source = std::make_unique<Pieces>(req.target == "/blob/17" ? image() : short_image());
    } else {
      res = Response::text(200, "got " + req.body);
    }
    co_return res;
  }
};

struct Seen {
  std::vector<std::string> lines;
  Bytes body;
};

using Lines = std::vector<std::string>;

Task<void> serve(Runtime rt, Seen* /*seen*/) {
  Blobs blobs;
  Server server(rt, &blobs, {});
  BOOST_TEST_REQUIRE(server.listen(80).has_value());
  co_await server.serve();
}

constexpr const char* server_name = "server";

Task<void> post_each(Runtime rt, std::vector<Bytes> bodies, Seen* seen) {
  ClientPool pool(rt, {});
  for (Bytes& body : bodies) {
    Request req;
    req.method = "POST";
    req.target = "/api";
    req.body = std::move(body);
    const auto res = co_await pool.exchange({.host = server_name, .port = 80}, std::move(req));
    seen->lines.push_back(res.has_error() ? std::string(code_name(res.error().code))
                                          : res.value().body);
    co_await rt.clock().sleep_for(seconds(1));
  }
}

Task<void> post_three_times(Runtime rt, Seen* seen) {
  return post_each(rt, {"1", "22", "3"}, seen);
}

// The second answer takes more than one piece.
Task<void> post_a_long_one(Runtime rt, Seen* seen) {
  return post_each(rt, {"1", Bytes(400'000, 'x'), "3"}, seen);
}

Task<void> download_from(Runtime rt, std::string target, Seen* seen) {
  Request req;
  req.method = "GET";
  req.target = std::move(target);
  auto opened = co_await open(rt, {.host = server_name, .port = 80}, std::move(req), {});
  if (opened.has_error()) {
    seen->lines.emplace_back(code_name(opened.error().code));
    co_return;
  }
  for (;;) {
    const auto piece = co_await opened.value()->read_some();
    if (piece.has_error() || piece.value().empty()) {
      seen->lines.emplace_back(piece.has_error() ? code_name(piece.error().code) : "end");
      break;
    }
    seen->body += piece.value();
  }
}

Task<void> download(Runtime rt, Seen* seen) { return download_from(rt, "/blob/17", seen); }

Task<void> download_two(Runtime rt, Seen* seen) {
  co_await download_from(rt, "/blob/17", seen);
  co_await download_from(rt, "/blob/18", seen);
}

struct HttpTest {
  Seen seen;
  sim::World world{1};

  void run(Task<void> (*client)(Runtime, Seen*), std::int64_t ms = 60'000) {
    sim::run_script(world, "server", serve, &seen);
    sim::run_script(world, "client", client, &seen);
    world.run_until(at_ms(ms));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(http_over_the_network, HttpTest)

BOOST_AUTO_TEST_CASE(exchanges_share_a_connection) {
  run(post_three_times);
  BOOST_TEST((seen.lines == Lines{"got 1", "got 22", "got 3"}));
  BOOST_TEST(world.network().totals().connects == 1U);
}

BOOST_AUTO_TEST_CASE(a_download_arrives_whole) {
  run(download);
  BOOST_TEST((seen.lines == Lines{"end"}));
  BOOST_TEST((seen.body == image()));
}

BOOST_AUTO_TEST_CASE(a_reset_in_the_body_is_no_end) {
  const RuleId reset = world.network().add(
      {.kind = NetFault::reset, .to = "client", .request = "GET /blob/**", .at_byte = 17'408});
  run(download);
  BOOST_TEST((seen.lines == Lines{"ConnectionReset"}));
  BOOST_TEST(seen.body.size() < 17'408U);
  BOOST_TEST(seen.body.size() > 17'000U);
  BOOST_TEST((seen.body == image().substr(0, seen.body.size())));
  BOOST_TEST(world.network().fired(reset) == 1U);
}

BOOST_AUTO_TEST_CASE(a_short_body_is_no_end) {
  world.network().add(
      {.kind = NetFault::truncate, .to = "client", .request = "GET /blob/**", .at_byte = 50'000});
  run(download);
  BOOST_TEST((seen.lines == Lines{"Truncated"}));
}

BOOST_AUTO_TEST_CASE(a_stalled_body_ends_by_the_clients_limit) {
  world.network().add(
      {.kind = NetFault::stall, .to = "client", .request = "GET /blob/**", .at_byte = 50'000});
  run(download);
  BOOST_TEST((seen.lines == Lines{"Timeout"}));
}

BOOST_AUTO_TEST_CASE(a_replayed_answer_stands_in_for_the_whole_of_a_later_one) {
  const RuleId replay = world.network().add(
      {.kind = NetFault::replay, .to = "client", .request = "POST /api", .odds = {.times = 1}});
  run(post_three_times);
  BOOST_TEST((seen.lines == Lines{"got 1", "got 1", "got 3"}));
  BOOST_TEST(world.network().fired(replay) == 1U);
  BOOST_TEST(world.network().totals().connects == 1U);
}

BOOST_AUTO_TEST_CASE(nothing_of_a_replaced_answer_comes_through) {
  world.network().add(
      {.kind = NetFault::replay, .to = "client", .request = "POST /api", .odds = {.times = 1}});
  run(post_a_long_one);
  BOOST_TEST((seen.lines == Lines{"got 1", "got 1", "got 3"}));
  BOOST_TEST(world.network().totals().connects == 1U);
}

BOOST_AUTO_TEST_CASE(octets_of_a_later_answer_count_from_its_own_request) {
  world.network().add(
      {.kind = NetFault::replay, .to = "client", .request = "POST /api", .odds = {.times = 1}});
  const RuleId cut = world.network().add({.kind = NetFault::truncate,
                                          .to = "client",
                                          .request = "POST /api",
                                          .odds = {.skip = 2},
                                          .at_byte = 12});
  run(post_three_times);
  BOOST_TEST((seen.lines == Lines{"got 1", "got 1", "Truncated"}));
  BOOST_TEST(world.network().fired(cut) == 1U);
}

BOOST_AUTO_TEST_CASE(an_answer_in_many_pieces_is_replayed_on_another_connection) {
  const RuleId replay =
      world.network().add({.kind = NetFault::replay, .to = "client", .request = "GET /blob/**"});
  run(download_two);
  BOOST_TEST((seen.lines == Lines{"end", "end"}));
  BOOST_TEST((seen.body == image() + image()));
  BOOST_TEST(world.network().fired(replay) == 1U);
}

BOOST_AUTO_TEST_CASE(a_server_that_comes_back_is_found_again) {
  run(post_three_times, 500);
  world.crash("server", sim::CrashKind::power_loss);
  world.start("server");
  world.run_until(at_ms(60'000));
  // The kept connection is answered with a reset by the new life; a POST is not sent twice.
  BOOST_TEST((seen.lines == Lines{"got 1", "ConnectionReset", "got 3"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::http
