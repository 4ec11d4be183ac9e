// The network without faults of octets: latency, order, bandwidth, windows, cuts and ends.
#include <boost/test/unit_test.hpp>

#include "sim/world/test_streams.hpp"

namespace vvm::sim {

BOOST_FIXTURE_TEST_SUITE(network, LineTest)

BOOST_AUTO_TEST_CASE(connecting_takes_two_ways_and_octets_and_ends_take_one) {
  run();
  BOOST_TEST((line.client == Lines{"20 connected", "20 eof"}));
  BOOST_TEST((line.server == Lines{"30 accepted", "30 read 5", "30 eof"}));
  BOOST_TEST(line.at_server == "hello");
  BOOST_TEST(world.network().streams() == 0U);
}

BOOST_AUTO_TEST_CASE(nobody_listens_means_refused_after_two_ways) {
  run_script(
      world,
      "server",
      +[](Runtime rt, Line*) -> Task<void> { co_await rt.clock().sleep_for(hours(1)); },
      &line);
  run_script(world, "client", run_line_client, &line);
  world.run_until(at_ms(1'000));
  BOOST_TEST((line.client == Lines{"20 ConnectionRefused"}));
  BOOST_TEST(world.network().totals().refused == 1U);
}

BOOST_AUTO_TEST_CASE(octets_keep_their_order_whatever_their_latencies) {
  world.network().set_link(
      "*", "*", {.latency = Latency::uniform(milliseconds(1), milliseconds(100))});
  Bytes all;
  line.pieces.clear();
  for (int i = 0; i < 200; ++i) {
    line.pieces.emplace_back(i, std::to_string(i) + ",");
    all += line.pieces.back().second;
  }
  run();
  BOOST_TEST(line.at_server == all);
}

BOOST_AUTO_TEST_CASE(the_reader_gets_no_more_than_its_buffer_holds) {
  line.buffer = 2;
  run();
  BOOST_TEST(
      (line.server == Lines{"30 accepted", "30 read 2", "30 read 2", "30 read 1", "30 eof"}));
}

// 1,000 octets a second: 500 octets take half a second, and the next ones wait for them.
BOOST_AUTO_TEST_CASE(bandwidth_is_shared_by_all_that_is_sent_over_a_link) {
  world.network().set_link(
      "client", "server", {.latency = Latency::fixed(milliseconds(10)), .bytes_per_second = 1'000});
  line.pieces = {{0, Bytes(500, 'a')}, {0, Bytes(250, 'b')}, {2'000, Bytes(100, 'c')}};
  run();
  BOOST_TEST((line.server ==
              Lines{"30 accepted", "530 read 500", "780 read 250", "2130 read 100", "2130 eof"}));
}

BOOST_AUTO_TEST_CASE(a_writer_waits_when_the_window_is_full_and_goes_on_when_it_is_read) {
  world.network().transport().window = 1'000;
  line.pieces = {{0, Bytes(2'500, 'x')}};
  line.buffer = 10'000;
  run();
  // 1,000 octets at once; the credit for them comes back one way after they were read.
  BOOST_TEST((line.server ==
              Lines{"30 accepted", "30 read 1000", "50 read 1000", "70 read 500", "70 eof"}));
}

BOOST_AUTO_TEST_CASE(a_cut_delays_octets_until_a_repetition_passes) {
  line.pieces = {{0, "a"}, {100, "b"}, {150, "c"}};
  start();
  world.run_until(at_ms(50));
  const RuleId cut = world.network().add(Network::cut_pair("client", "server"));
  world.run_until(at_ms(1'000));
  BOOST_TEST((line.server == Lines{"30 accepted", "30 read 1"}));
  BOOST_TEST(world.network().remove(cut));
  BOOST_TEST(!world.network().remove(cut));
  world.run_until(at_ms(10'000));
  // Sent at 120, repeated after 0.2, 0.4, 0.8 s: at 320, 720 and 1,520.
  BOOST_TEST(
      (line.server == Lines{"30 accepted", "30 read 1", "1530 read 1", "1530 read 1", "1530 eof"}));
  BOOST_TEST(line.at_server == "abc");
  BOOST_TEST(world.network().fired(cut) == 3U);
}

BOOST_AUTO_TEST_CASE(a_cut_one_way_lets_the_other_way_pass) {
  line.answer = "answer";
  line.pieces = {{0, "a"}, {100, "b"}};
  line.close_when_done = false;
  start();
  world.run_until(at_ms(35));
  const RuleId cut = world.network().add(Network::cut_one_way("client", "server"));
  world.run_until(at_ms(5'000));
  BOOST_TEST(line.at_server == "a");
  BOOST_TEST(line.at_client == "answer");
  BOOST_TEST(world.network().fired(cut) > 0U);
}

BOOST_AUTO_TEST_CASE(a_sender_that_gets_nothing_through_gives_up_after_fifteen_minutes) {
  line.pieces = {{0, "a"}, {100, "b"}};
  line.close_when_done = false;
  start();
  world.run_until(at_ms(50));
  world.network().add(Network::isolate("server"));
  world.run_until(at_ms(3'600'000));
  // 924.6 s after it was sent at 120 ms, in Linux as here.
  BOOST_TEST(line.client.back() == "924720 timeout");
  BOOST_TEST(line.at_server == "a");
}

BOOST_AUTO_TEST_CASE(connecting_under_a_cut_ends_after_127_seconds) {
  const RuleId cut = world.network().add(Network::isolate("client"));
  run();
  BOOST_TEST((line.client == Lines{"127000 Timeout"}));
  BOOST_TEST(world.network().fired(cut) == 7U);
}

BOOST_AUTO_TEST_CASE(connecting_passes_with_a_repetition_after_the_cut) {
  const RuleId cut = world.network().add(Network::cut_one_way("server", "client"));
  start();
  world.run_until(at_ms(5'000));
  world.network().remove(cut);
  world.run_until(at_ms(60'000));
  BOOST_TEST(line.client.front() == "7020 connected");  // tries at 0, 1, 3 and 7 s
}

BOOST_AUTO_TEST_CASE(what_is_held_passes_at_once_when_the_rule_goes) {
  line.pieces = {{0, "a"}, {100, "b"}, {200, "c"}};
  start();
  world.run_until(at_ms(50));
  const RuleId hold =
      world.network().add({.kind = NetFault::hold, .from = "client", .to = "server"});
  world.run_until(at_ms(5'000));
  world.network().remove(hold);
  world.run_until(at_ms(10'000));
  BOOST_TEST(
      (line.server == Lines{"30 accepted", "30 read 1", "5010 read 1", "5010 read 1", "5010 eof"}));
  BOOST_TEST(world.network().fired(hold) > 0U);
}

BOOST_AUTO_TEST_CASE(a_connect_that_is_held_passes_at_once_when_the_rule_goes) {
  const RuleId hold = world.network().add({.kind = NetFault::hold, .to = "server"});
  start();
  world.run_until(at_ms(400));
  world.network().remove(hold);
  world.run_until(at_ms(10'000));
  BOOST_TEST(line.client.front() == "420 connected");
}

BOOST_AUTO_TEST_CASE(losses_are_repeated_and_counted) {
  line.pieces = {{0, Bytes(10, 'a')}};
  const RuleId loss = world.network().add(
      {.kind = NetFault::loss, .from = "client", .to = "server", .odds = {.skip = 2, .times = 2}});
  run();
  // The connect and its third leg pass; the octets are lost twice: 0.2 and 0.4 s.
  BOOST_TEST((line.server == Lines{"30 accepted", "630 read 10", "630 eof"}));
  BOOST_TEST(world.network().fired(loss) == 2U);
  BOOST_TEST(world.network().totals().repeats == 2U);
}

BOOST_AUTO_TEST_CASE(delays_add_to_the_latency) {
  const RuleId delay = world.network().add({.kind = NetFault::delay,
                                            .from = "client",
                                            .to = "server",
                                            .odds = {.skip = 2, .times = 1},
                                            .extra = Latency::fixed(seconds(3))});
  run();
  BOOST_TEST((line.server == Lines{"30 accepted", "3030 read 5", "3030 eof"}));
  BOOST_TEST(world.network().fired(delay) == 1U);
}

BOOST_AUTO_TEST_CASE(a_rule_may_slow_a_link_down) {
  line.pieces = {{0, Bytes(500, 'a')}};
  const RuleId slow = world.network().add(
      {.kind = NetFault::bandwidth, .from = "client", .to = "server", .bytes_per_second = 1'000});
  run();
  BOOST_TEST((line.server == Lines{"30 accepted", "530 read 500", "530 eof"}));
  BOOST_TEST(world.network().fired(slow) > 0U);
}

BOOST_AUTO_TEST_CASE(rules_of_another_port_or_another_link_do_nothing) {
  const std::vector<RuleId> rules{
      world.network().add({.kind = NetFault::cut, .port = 81}),
      world.network().add(Network::isolate("somebody")),
      world.network().add({.kind = NetFault::cut, .from = "server", .to = "server"}),
      world.network().add({.kind = NetFault::cut, .request = "GET /**"})};
  run();
  BOOST_TEST(line.at_server == "hello");
  for (const RuleId rule : rules) {
    BOOST_TEST(world.network().fired(rule) == 0U);
  }
}

// --- Ends of machines ---

BOOST_AUTO_TEST_CASE(a_crashed_process_resets_its_peers_after_what_it_had_sent) {
  line.close_when_done = false;
  line.pieces = {{0, "a"}, {30, "last"}, {5'000, "never"}};
  start();
  world.run_until(at_ms(51));  // "last" is on its way
  world.crash("client", CrashKind::process);
  world.run_until(at_ms(10'000));
  BOOST_TEST((line.server == Lines{"30 accepted", "30 read 1", "60 read 4", "61 reset"}));
}

BOOST_AUTO_TEST_CASE(after_a_power_loss_a_peer_sees_nothing_until_it_sends_and_the_machine_is_up) {
  line.close_when_done = false;
  line.answer = "answer";
  line.pieces = {{0, "a"}, {1'000, "b"}};
  start();
  world.run_until(at_ms(500));
  world.crash("server", CrashKind::power_loss);
  world.run_until(at_ms(900));
  BOOST_TEST(line.client.back() == "40 read 6");
  world.run_until(at_ms(5'000));  // it sends at 1,020: silence
  BOOST_TEST(line.client.back() == "40 read 6");
  world.start("server");
  world.run_until(at_ms(20'000));
  // Repeated at 1,220, 1,620, 2,420, 4,020 and 7,220: answered with a reset by the new life.
  BOOST_TEST(line.client.back() == "7240 reset");
}

BOOST_AUTO_TEST_CASE(a_machine_without_power_answers_no_connect_and_one_with_power_refuses) {
  line.accepts = false;
  run_script(world, "server", run_line_server, &line);
  world.run_until(at_ms(100));
  world.crash("server", CrashKind::power_loss);
  run_script(world, "client", run_line_client, &line);
  world.run_until(at_ms(600'000));
  BOOST_TEST((line.client == Lines{"127100 Timeout"}));
  world.start("server");
  world.run_until(at_ms(600'100));
  world.crash("server", CrashKind::process);
  world.start("client");
  world.run_until(at_ms(700'000));
  BOOST_TEST(line.client.back() == "600120 ConnectionRefused");
}

BOOST_AUTO_TEST_CASE(a_full_backlog_makes_connects_wait) {
  line.accepts = false;
  world.network().transport().backlog = 2;
  run_script(world, "server", run_line_server, &line);
  for (int i = 0; i < 3; ++i) {
    run_script(world, "client" + std::to_string(i), run_line_client, &line);
  }
  world.run_until(at_ms(900));
  // The third leg of the first two fills it; the others have been let in before.
  BOOST_TEST(line.client.size() == 6U);  // connected, and the end of their own close
  run_script(world, "late", run_line_client, &line);
  world.run_until(at_ms(200'000));
  BOOST_TEST(line.client.back() == "127970 Timeout");
}

BOOST_AUTO_TEST_CASE(a_listener_that_goes_resets_those_it_has_not_accepted) {
  line.accepts = false;
  line.close_when_done = false;
  start();
  world.run_until(at_ms(500));
  world.crash("server", CrashKind::process);
  world.run_until(at_ms(1'000));
  BOOST_TEST((line.client == Lines{"20 connected", "510 reset"}));
}

BOOST_AUTO_TEST_CASE(a_process_that_is_paused_still_has_a_machine_that_takes_octets) {
  line.pieces = {{0, "a"}, {100, "b"}};
  start();
  world.run_until(at_ms(50));
  world.pause("server");
  world.run_until(at_ms(5'000));
  BOOST_TEST(line.server.size() == 2U);
  BOOST_TEST(line.client.back() == "120 eof");
  world.resume("server");
  world.run_until(at_ms(6'000));
  BOOST_TEST((line.server == Lines{"30 accepted", "30 read 1", "5000 read 1", "5000 eof"}));
}

BOOST_AUTO_TEST_CASE(loopback_knows_no_rules) {
  world.network().add({.kind = NetFault::cut, .from = "**", .to = "**", .both = true});
  run_script(
      world,
      "server",
      +[](Runtime rt, Line* l) -> Task<void> {
        auto listener = rt.net().listen(80);
        auto stream = co_await rt.net().connect({.host = "server", .port = 80});
        auto accepted = co_await listener.value()->accept();
        l->client.emplace_back(stream.has_value() && accepted.has_value() ? "both" : "none");
        // The process ends with both ends open.
      },
      &line);
  world.run_until(at_ms(1'000));
  BOOST_TEST((line.client == Lines{"both"}));
  BOOST_TEST(world.network().streams() == 0U);
}

BOOST_AUTO_TEST_CASE(nothing_is_left_of_connections_that_have_ended) {
  start();
  for (int i = 0; i < 20; ++i) {
    world.run_until(world.kernel().now() + seconds(2));
    if (world.running("server")) {
      world.crash("server", i % 2 == 0 ? CrashKind::process : CrashKind::power_loss);
    }
    world.start("server");
    if (!world.running("client")) {
      world.start("client");
    }
  }
  world.run_until(world.kernel().now() + hours(1));
  for (const std::string name : {"server", "client"}) {
    if (world.running(name)) {
      world.crash(name, CrashKind::process);
    }
  }
  world.run_until(world.kernel().now() + hours(1));
  BOOST_TEST(world.network().streams() == 0U);
}

BOOST_AUTO_TEST_CASE(everything_on_its_way_is_told) {
  std::vector<std::string> told;
  world.network().listen([&](const Delivery& d) {
    told.push_back(std::string(d.from) + ">" + std::string(d.to) + " " + std::to_string(d.octets) +
                   " " + std::to_string((d.arrives - d.sent).ms()));
  });
  run();
  BOOST_TEST((told == Lines{"client>server 0 10",
                            "client>server 5 10",
                            "client>server 0 10",
                            "server>client 0 10"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::sim
