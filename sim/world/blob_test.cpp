// The BLOB server's faults; what is common to both worlds is in runtime/contract.
#include <boost/test/unit_test.hpp>

#include "sim/world/test_script.hpp"

namespace vvm::sim {
namespace {

constexpr BlobId id{17};

struct Seen {
  Bytes octets;
  std::vector<std::string> lines;
};

using Lines = std::vector<std::string>;

Task<void> download(Runtime rt, Seen* seen) {
  const auto stat = co_await rt.blobs().stat(id);
  if (stat.has_error()) {
    seen->lines.emplace_back(code_name(stat.error().code));
    co_return;
  }
  seen->lines.emplace_back(stat.value().status == BlobStatus::completed ? "completed"
                                                                        : "corrupted");
  for (;;) {
    const auto piece = co_await rt.blobs().read(id, seen->octets.size());
    if (piece.has_error()) {
      seen->lines.emplace_back(code_name(piece.error().code));
      break;
    }
    if (piece.value().empty()) {
      seen->lines.emplace_back("end");
      break;
    }
    seen->octets += piece.value();
  }
}

struct BlobTest {
  Seen seen;
  World world{1};
  Bytes bytes = Bytes(150'000, 'x') + Bytes(150'000, 'y');

  BlobTest() { world.blobs().preset(id, bytes); }

  std::uint64_t run(const BlobRule& rule) {
    const RuleId added = world.blobs().rules().add(rule);
    run_script(world, "p", download, &seen);
    world.run_until(at_ms(100'000));
    return world.blobs().rules().fired(added);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(blobs, BlobTest)

BOOST_AUTO_TEST_CASE(a_rule_of_another_blob_process_or_verb_does_nothing) {
  BOOST_TEST(run({.kind = BlobFault::unavailable, .id = BlobId{18}}) == 0U);
  BOOST_TEST((seen.lines == Lines{"completed", "end"}));
  BOOST_TEST((seen.octets == bytes));
}

BOOST_AUTO_TEST_CASE(an_unavailable_store_is_unreachable) {
  BOOST_TEST(run({.kind = BlobFault::unavailable}) == 1U);
  BOOST_TEST((seen.lines == Lines{"BlobStoreUnreachable"}));
}

BOOST_AUTO_TEST_CASE(a_blob_may_be_hidden) {
  BOOST_TEST(run({.kind = BlobFault::not_found, .verb = "stat"}) == 1U);
  BOOST_TEST((seen.lines == Lines{"BlobNotFound"}));
}

BOOST_AUTO_TEST_CASE(a_corrupted_blob_says_so) {
  BOOST_TEST(run({.kind = BlobFault::corrupted}) == 2U);
  BOOST_TEST((seen.lines == Lines{"corrupted", "BlobCorrupted"}));
}

BOOST_AUTO_TEST_CASE(an_error_comes_at_its_octet) {
  BOOST_TEST(run({.kind = BlobFault::error_at_byte, .at_byte = 160'000}) == 2U);
  BOOST_TEST((seen.lines == Lines{"completed", "BlobStoreUnreachable"}));
  BOOST_TEST(seen.octets.size() == 160'000U);
}

BOOST_AUTO_TEST_CASE(a_truncated_blob_ends_early) {
  BOOST_TEST(run({.kind = BlobFault::truncate, .at_byte = 7}) > 0U);
  BOOST_TEST((seen.lines == Lines{"completed", "end"}));
  BOOST_TEST(seen.octets.size() == 7U);
}

BOOST_AUTO_TEST_CASE(a_flipped_octet_is_flipped_for_one_reader_only) {
  BOOST_TEST(run({.kind = BlobFault::flip, .at_byte = 200'000}) == 1U);
  BOOST_TEST((seen.lines == Lines{"completed", "end"}));
  BOOST_TEST(seen.octets[200'000] == 'x');
  seen.octets[200'000] = 'y';
  BOOST_TEST((seen.octets == bytes));
  BOOST_TEST((world.blobs().peek(id).value() == bytes));
}

BOOST_AUTO_TEST_CASE(a_blob_can_rot_at_rest) {
  BOOST_TEST(world.blobs().flip(id, 0));
  BOOST_TEST(!world.blobs().flip(id, 1'000'000));
  BOOST_TEST(!world.blobs().flip(BlobId{99}, 0));
  BOOST_TEST(world.blobs().peek(id).value().front() == 'y');
}

BOOST_AUTO_TEST_CASE(a_slow_store_takes_its_time) {
  run({.kind = BlobFault::slow, .odds = {.times = 1}, .delay = seconds(20)});
  BOOST_TEST((seen.lines == Lines{"completed", "end"}));
  BOOST_TEST(world.exit_code("p").has_value());
}

BOOST_AUTO_TEST_CASE(a_cut_makes_the_store_unreachable_after_the_clients_limit) {
  world.network().add(Network::isolate("blobs"));
  run({.kind = BlobFault::slow, .process = "q"});
  BOOST_TEST((seen.lines == Lines{"BlobStoreUnreachable"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::sim
