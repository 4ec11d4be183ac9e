// Faults at an octet of a stream: reset, truncate, flip, duplicate, stall, drip.
#include <boost/test/unit_test.hpp>

#include "sim/world/glob.hpp"
#include "sim/world/test_streams.hpp"

namespace vvm::sim {
namespace {

struct FaultTest : LineTest {
  RuleId rule{};

  // On what the client sends.
  void run_with(NetRule r) {
    if (r.from == "*") {
      r.from = "client";
      r.to = "server";
    }
    rule = world.network().add(std::move(r));
    run();
  }

  std::uint64_t fired() { return world.network().fired(rule); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(net_faults, FaultTest)

// For every octet of a message in three pieces: what comes before it arrives, nothing behind.
BOOST_AUTO_TEST_CASE(a_reset_at_any_octet_lets_exactly_the_octets_before_it_pass) {
  for (std::uint64_t at = 0; at <= 9; ++at) {
    Line one;
    one.pieces = {{0, "abc"}, {0, "def"}, {100, "ghi"}, {200, "jkl"}};
    one.close_when_done = false;
    World w(1);
    w.network().set_link("*", "*", {.latency = Latency::fixed(milliseconds(10))});
    const RuleId reset =
        w.network().add({.kind = NetFault::reset, .from = "client", .to = "server", .at_byte = at});
    run_script(w, "server", run_line_server, &one);
    run_script(w, "client", run_line_client, &one);
    w.run_until(at_ms(10'000));
    BOOST_TEST(one.at_server == Bytes("abcdefghijkl").substr(0, at));
    BOOST_TEST(one.server.back().ends_with(" reset"));
    BOOST_TEST(w.network().fired(reset) == 1U);
    bool client_knows = false;
    for (const std::string& seen : one.client) {
      client_knows = client_knows || seen.ends_with(" reset");
    }
    BOOST_TEST(client_knows);
    BOOST_TEST(w.network().streams() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_rule_for_an_octet_that_is_never_sent_does_not_fire) {
  run_with({.kind = NetFault::reset, .at_byte = 5});
  BOOST_TEST(line.at_server == "hello");
  BOOST_TEST(fired() == 0U);
}

BOOST_AUTO_TEST_CASE(a_truncated_stream_ends_in_order) {
  line.close_when_done = false;
  run_with({.kind = NetFault::truncate, .at_byte = 3});
  BOOST_TEST((line.server == Lines{"30 accepted", "30 read 3", "30 eof"}));
  BOOST_TEST(line.at_server == "hel");
  BOOST_TEST(fired() == 1U);
}

BOOST_AUTO_TEST_CASE(a_flipped_octet_differs_in_one_bit) {
  run_with({.kind = NetFault::flip, .at_byte = 4});
  BOOST_TEST(line.at_server == "helln");
  BOOST_TEST(fired() == 1U);
}

BOOST_AUTO_TEST_CASE(a_flip_is_made_once_however_often_the_octets_are_repeated) {
  world.network().add(
      {.kind = NetFault::loss, .from = "client", .to = "server", .odds = {.skip = 2, .times = 3}});
  run_with({.kind = NetFault::flip, .at_byte = 4});
  BOOST_TEST(line.at_server == "helln");
  BOOST_TEST(fired() == 1U);
}

BOOST_AUTO_TEST_CASE(duplicated_octets_come_twice) {
  line.pieces = {{0, "hello"}, {100, "world"}};
  run_with({.kind = NetFault::duplicate, .at_byte = 3});
  BOOST_TEST(line.at_server == "helloloworld");
  BOOST_TEST(fired() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stalled_stream_goes_on_when_the_rule_goes) {
  rule = world.network().add(
      {.kind = NetFault::stall, .from = "client", .to = "server", .at_byte = 2});
  start();
  world.run_until(at_ms(60'000));
  BOOST_TEST((line.server == Lines{"30 accepted", "30 read 2"}));
  world.network().remove(rule);
  world.run_until(at_ms(70'000));
  BOOST_TEST((line.server == Lines{"30 accepted", "30 read 2", "60010 read 3", "60010 eof"}));
  BOOST_TEST(fired() == 1U);
}

BOOST_AUTO_TEST_CASE(a_dripping_stream_gives_a_few_octets_at_a_time) {
  run_with({.kind = NetFault::drip, .at_byte = 1, .piece = 2, .every = seconds(1)});
  BOOST_TEST(
      (line.server == Lines{"30 accepted", "30 read 1", "30 read 2", "1030 read 2", "1030 eof"}));
  BOOST_TEST(line.at_server == "hello");
  BOOST_TEST(fired() == 1U);
}

BOOST_AUTO_TEST_CASE(a_rule_may_concern_the_answer_to_one_request) {
  line.answer = "HTTP/1.1 200 OK\r\n\r\nbody";
  line.close_when_done = false;
  line.pieces = {{0, "GET /blob/17?x=1 HTTP/1.1\r\n\r\n"}};
  run_with({.kind = NetFault::truncate,
            .from = "server",
            .to = "client",
            .request = "GET /blob/**",
            .at_byte = 8});
  BOOST_TEST(line.at_client == "HTTP/1.1");
  BOOST_TEST(fired() == 1U);
}

BOOST_AUTO_TEST_CASE(octets_of_a_request_rule_count_from_its_own_request) {
  line.pieces = {{0, "GET /a HTTP/1.1\r\n\r\n"}, {100, "PUT /b HTTP/1.1\r\n\r\n"}};
  run_with({.kind = NetFault::flip, .request = "PUT /b", .at_byte = 5});
  BOOST_TEST(line.at_server == "GET /a HTTP/1.1\r\n\r\nPUT /c HTTP/1.1\r\n\r\n");
  BOOST_TEST(fired() == 1U);
}

BOOST_AUTO_TEST_CASE(a_rule_of_another_request_does_nothing) {
  line.pieces = {{0, "GET /a HTTP/1.1\r\n\r\n"}};
  run_with({.kind = NetFault::flip, .request = "GET /b", .at_byte = 0});
  BOOST_TEST(line.at_server == line.pieces.front().second);
  BOOST_TEST(fired() == 0U);
}

BOOST_AUTO_TEST_CASE(requests_are_effects_of_their_own) {
  EffectCounter counter(world, "net.");
  line.pieces = {{0, "POST /api/x HTTP/1.1\r\n\r\n"}, {10, "more"}};
  run();
  BOOST_TEST((counter.effects == Lines{"net.listen server:80",
                                       "net.connect server:80",
                                       "net.request POST /api/x",
                                       "net.send server",
                                       "net.close server",
                                       "net.close client",
                                       "net.unlisten server:80"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(globs_match_as_documented) {
  const auto yes = [](std::string_view pattern, std::string_view text) {
    BOOST_TEST(glob_match(pattern, text), pattern << " does not match " << text);
  };
  const auto no = [](std::string_view pattern, std::string_view text) {
    BOOST_TEST(!glob_match(pattern, text), pattern << " matches " << text);
  };
  yes("", "");
  no("", "a");
  yes("vvm1", "vvm1");
  no("vvm1", "vvm12");
  yes("vvm*", "vvm12");
  yes("*", "vvm12");
  yes("*1*", "vvm12");
  yes("v?m1", "vvm1");
  no("v?m1", "v/m1");
  no("*", "acme/pos");
  yes("**", "acme/pos/3");
  yes("acme/*/3", "acme/pos/3");
  no("acme/*", "acme/pos/3");
  yes("acme/**", "acme/pos/3");
  yes("GET /blob/**", "GET /blob/3f2a/x?y=1");
  no("GET /blob/**", "GET /blobs/1");
  yes("**/x/*", "a/x/b/x/c");
  yes("*a*b", "aaab");
  no("*a*b", "aaac");
  yes("**a*/b", "x/ya/yaz/b");
}

}  // namespace vvm::sim
