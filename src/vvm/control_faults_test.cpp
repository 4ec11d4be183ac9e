// Tests of faults at every step of the control loop of app partitions (docs/spec/vvm.md 8.9, 8.11;
// T-AP-1): phase, PV and served version are those of the table.
//
// Unit tests of vvm: one process, a cluster in memory, images over HTTP.
#include <functional>

#include "image/testing/breakage.hpp"
#include "vvm/test_loop.hpp"

namespace vvm::node::testing {
namespace {

using engines::ProcessorKind;

// What a fault of one step looks like from outside.
struct Fault {
  std::string name;
  Code code{};
  bool blocks = false;   // Blocked, else Backoff
  bool retries = false;  // Blocked, and tried again after 600 s
  std::function<void(LoopWorld&, SetPoint&)> strike;
  std::function<void(LoopWorld&)> heal{};  // none: only a newer set-point helps
};

Bytes& image_2(LoopWorld& w) { return w.outside->blobs[2]; }

// The set-point asks for these octets in place of the good image of version 2.
void ask_for(LoopWorld& w, SetPoint& sp, Bytes image) {
  sp.image_sha256 = sha256(image);
  sp.image_size = static_cast<std::int64_t>(image.size());
  image_2(w) = std::move(image);
}

Fault blob_fault(std::string name, Code code, unsigned status, bool blocks) {
  return {.name = std::move(name),
          .code = code,
          .blocks = blocks,
          .retries = blocks,
          .strike = [status](LoopWorld& w, SetPoint&) { w.blobs.status = status; },
          .heal = [](LoopWorld& w) { w.blobs.status = 200; }};
}

Fault image_fault(std::string name, Code code, Bytes image) {
  return {
      .name = std::move(name),
      .code = code,
      .blocks = true,
      .strike = [image = std::move(image)](LoopWorld& w, SetPoint& sp) { ask_for(w, sp, image); }};
}

Fault sp_fault(std::string name, Code code, std::function<void(SetPoint&)> change) {
  return {.name = std::move(name),
          .code = code,
          .blocks = true,
          .strike = [change = std::move(change)](LoopWorld&, SetPoint& sp) { change(sp); }};
}

std::vector<Fault> download_faults() {
  return {blob_fault("no BLOB store", Code::blob_store_unreachable, 503, false),
          blob_fault("no BLOB", Code::blob_not_found, 404, true),
          blob_fault("a BLOB that its store calls corrupt", Code::blob_corrupted, 502, true),
          {.name = "a truncated BLOB",
           .code = Code::truncated,
           .strike = [](LoopWorld& w, SetPoint&) { image_2(w).pop_back(); },
           .heal = [](LoopWorld& w) { image_2(w) = good_image(2); }},
          {.name = "a BLOB with another octet",
           .code = Code::checksum_mismatch,
           .strike = [](LoopWorld& w, SetPoint&) { image_2(w).back() ^= 1; },
           .heal = [](LoopWorld& w) { image_2(w) = good_image(2); }},
          sp_fault("a set-point that asks for too much",
                   Code::too_large,
                   [](SetPoint& sp) { sp.image_size = image_size_max + 1; }),
          {.name = "a full disk",
           .code = Code::disk_full,
           .strike = [](LoopWorld& w, SetPoint&) { w.outside->disk.capacity = 1000; },
           .heal = [](LoopWorld& w) { w.outside->disk.capacity = ~std::uint64_t{0}; }},
          {.name = "a disk that fails",
           .code = Code::disk_io,
           .strike =
               [](LoopWorld& w, SetPoint&) {
                 w.outside->disk.before_verb = [&w] {
                   w.outside->disk.fail_at = w.outside->disk.verbs + 1;
                 };
               },
           .heal =
               [](LoopWorld& w) {
                 w.outside->disk.before_verb = nullptr;
                 w.outside->disk.fail_at = 0;
               }}};
}

std::vector<Fault> image_faults() {
  const std::string missing = schema_text({"Refund"});
  return {image_fault("no ZIP", Code::not_a_zip, "certainly not"),
          image_fault("another application's image",
                      Code::manifest_invalid,
                      image_with(schema_text({"Pay1"}), {.owner = "acme", .name = "other"})),
          image_fault("a syntax error", Code::syntax_error, image_with("APPLICATION pos() !!\n")),
          image_fault("no APPLICATION", Code::no_application, image_with("-- nothing\n")),
          image_fault("an APPLICATION of another name",
                      Code::app_name_mismatch,
                      image_with(schema_text({"Pay1"}, "cafe"))),
          image_fault("a command that is gone", Code::incompatible, image_with(missing))};
}

std::vector<Fault> version_faults() {
  return {sp_fault("more partitions",
                   Code::num_partitions_changed,
                   [](SetPoint& sp) { sp.num_partitions = 101; }),
          sp_fault("more workspaces",
                   Code::num_app_workspaces_changed,
                   [](SetPoint& sp) { sp.num_app_workspaces = 11; }),
          sp_fault("a pool below 0", Code::invalid_sp, [](SetPoint& sp) { sp.pool_query = -1; }),
          sp_fault("another build",
                   Code::built_in_mismatch,
                   [](SetPoint& sp) {
                     sp.image_kind = ImageKind::built_in;
                     sp.image_blob = BlobId{};
                     sp.image_sha256 = Sha256{};
                     sp.image_size = 0;
                     sp.built_in_rev = "rev0";
                   }),
          {.name = "code that lacks an extension",
           .code = Code::extension_in_schema_not_in_code,
           .blocks = true,
           .strike =
               [](LoopWorld& w, SetPoint&) {
                 w.script->validation_error = Error{Code::extension_in_schema_not_in_code, "Pay2"};
               }},
          {.name = "an engine that cannot be made",
           .code = Code::engine_init,
           .strike =
               [](LoopWorld& w, SetPoint&) {
                 w.script->fail_creation_at = w.script->creations + 3;
                 w.script->keep_failing = true;
               },
           .heal = [](LoopWorld& w) { w.script->fail_creation_at.reset(); }},
          {.name = "no memory for an engine",
           .code = Code::out_of_memory,
           .strike =
               [](LoopWorld& w, SetPoint&) {
                 w.script->creation_error = Error{Code::out_of_memory, "scripted"};
                 w.script->fail_creation_at = w.script->creations + 1;
                 w.script->keep_failing = true;
               },
           .heal = [](LoopWorld& w) { w.script->fail_creation_at.reset(); }}};
}

void check_refused(LoopWorld& w, const Fault& fault, std::int64_t serving) {
  BOOST_TEST((w.view().error == fault.code), code_name(*w.view().error));
  w.pass(milliseconds(500));
  const ProcessVariable& pv = w.pv();
  BOOST_TEST((pv.phase == (fault.blocks ? Phase::blocked : Phase::backoff)));
  BOOST_TEST((pv.error == fault.code));
  BOOST_TEST(raw(pv.serving_version) == serving);
  BOOST_TEST(raw(pv.serving_alt) == 0);
  BOOST_TEST((pv.next_retry.ms != 0) == (!fault.blocks || fault.retries));
  const Condition* blocked = find_condition(pv.conditions, ConditionType::blocked);
  BOOST_TEST((blocked->status == Truth::yes) == fault.blocks);
  BOOST_TEST((!fault.blocks || blocked->reason == code_name(fault.code)));
  BOOST_TEST(w.serves() == serving);
  BOOST_TEST(w.parts.accounts_balance());
  for (const auto& [path, bytes] : w.outside->disk.files()) {
    BOOST_TEST(!path.starts_with("tmp/"), path);
  }
}

// Version 1 is served, or none; then the fault strikes version 2, lasts, and is healed: by itself,
// or by a set-point that asks for version 3.
void play(const Fault& fault, bool serving) {
  BOOST_TEST_CONTEXT(fault.name << (serving ? ", while version 1 is served" : "")) {
    Outside outside;
    LoopWorld w(&outside);
    if (serving) {
      w.give(outside.present(1));
      BOOST_TEST_REQUIRE(w.reaches(Phase::running));
      w.pass(seconds(20));
    }
    SetPoint sp = outside.present(2);
    fault.strike(w, sp);
    w.give(sp);
    BOOST_TEST_REQUIRE(w.reaches(fault.blocks ? Phase::blocked : Phase::backoff, seconds(20)));
    check_refused(w, fault, serving ? 1 : 0);
    if (fault.heal) {
      fault.heal(w);
      w.blobs.bytes = outside.blobs;
      w.pass(fault.blocks ? seconds(500) : Duration{});
      BOOST_TEST((!fault.blocks || w.view().phase == Phase::blocked));
      BOOST_TEST(w.reaches(Phase::running, fault.blocks ? seconds(165) : seconds(3)));
      BOOST_TEST(w.serves() == 2);
      BOOST_TEST(!w.pv().error.has_value());
    } else {
      w.pass(minutes(30));
      BOOST_TEST((w.view().phase == Phase::blocked));
      BOOST_TEST(w.serves() == (serving ? 1 : 0));
      w.script->validation_error.reset();
      w.give(outside.present(3));
      BOOST_TEST(w.reaches(Phase::running, seconds(8)));  // I-L9
      BOOST_TEST(w.serves() == 3);
    }
    w.stop();
  }
}

void play_all(const std::vector<Fault>& faults) {
  for (const Fault& fault : faults) {
    const bool of_an_update = fault.code == Code::incompatible ||
                              fault.code == Code::num_partitions_changed ||
                              fault.code == Code::num_app_workspaces_changed;
    if (!of_an_update) {
      play(fault, false);
    }
    play(fault, true);
  }
}

BOOST_AUTO_TEST_SUITE(control_faults)

BOOST_AUTO_TEST_CASE(a_fault_of_the_download_leaves_the_old_version_serving) {
  play_all(download_faults());
}

BOOST_AUTO_TEST_CASE(a_bad_image_is_blocked_and_leaves_the_old_version_serving) {
  play_all(image_faults());
}

BOOST_AUTO_TEST_CASE(a_version_that_cannot_be_built_leaves_the_old_one_serving) {
  play_all(version_faults());
}

// The hostile archives of 6.5, each with the name of its rule.
BOOST_AUTO_TEST_CASE(every_hostile_archive_is_blocked_under_the_name_of_its_rule) {
  const std::vector<std::pair<std::string_view, Code>> rules{
      {"zip_slip", Code::path_escape},
      {"ratio_bomb", Code::bomb_ratio},
      {"many_entries", Code::too_many_entries},
      {"wrong_sha", Code::entry_digest_mismatch},
      {"drop_entry", Code::entry_digest_mismatch},
      {"unlisted_entry", Code::unlisted_entry},
      {"duplicate_by_case", Code::duplicate_entry},
      {"symlink_entry", Code::special_entry},
      {"encrypted_entry", Code::special_entry},
      {"two_names", Code::special_entry},
      {"drop_manifest", Code::manifest_missing}};
  std::vector<Fault> faults;
  faults.reserve(rules.size());
  for (const auto& [name, code] : rules) {
    faults.push_back(image_fault(
        std::string{name}, code, image::apply_breakage(good_image(2), name, 0).value()));
  }
  play_all(faults);
}

// 104, 106, 505: five quick tries, then every 600 s.
BOOST_AUTO_TEST_CASE(a_stream_that_stays_truncated_is_tried_five_times_and_then_every_600_s) {
  Outside outside;
  LoopWorld w(&outside);
  SetPoint sp = outside.present(2);
  outside.blobs[2].pop_back();
  w.give(sp);
  BOOST_TEST(w.reaches(Phase::blocked, seconds(30)));
  BOOST_TEST(w.blobs.requests == 5U);
  BOOST_TEST(w.view().attempt == 5);
  w.pass(seconds(530));
  BOOST_TEST(w.blobs.requests == 5U);
  w.pass(seconds(140));
  BOOST_TEST(w.blobs.requests == 6U);
  BOOST_TEST((w.view().phase == Phase::blocked));
  w.stop();
}

// A failure that the same octets must repeat is remembered: the next partition does not download or
// unpack again. A set-point with a new Generation asks for another try.
BOOST_AUTO_TEST_CASE(a_bad_image_is_read_once_for_all_partitions_until_somebody_asks_again) {
  Outside outside;
  LoopWorld w(&outside);
  SetPoint sp = outside.present(2, 0);
  ask_for(w, sp, image_with("APPLICATION pos() !!\n"));
  SetPoint other = outside.present(2, 1);
  w.outside->cluster.put(other);
  w.give(sp);
  BOOST_TEST(w.reaches(Phase::blocked, seconds(5), 0));
  BOOST_TEST(w.reaches(Phase::blocked, seconds(5), 1));
  BOOST_TEST(w.blobs.requests == 1U);
  BOOST_TEST(w.work.charges[WorkKind::parse] == 1U);
  w.pass(minutes(30));
  BOOST_TEST(w.work.charges[WorkKind::parse] == 1U);
  w.give(outside.present(2, 1));
  BOOST_TEST(w.reaches(Phase::blocked, seconds(5), 1));
  BOOST_TEST(w.blobs.requests == 1U);
  BOOST_TEST(w.work.charges[WorkKind::parse] == 2U);
  w.stop();
}

BOOST_AUTO_TEST_CASE(a_schema_that_needs_an_engine_nobody_makes_is_blocked) {
  Outside outside;
  LoopWorld w(&outside);
  w.factories = {};
  w.give(outside.present(1));
  BOOST_TEST(w.reaches(Phase::blocked));
  BOOST_TEST((w.view().error == Code::no_engine_factory));
  w.stop();
}

// 601: the partition was acquired here under a greater F.
BOOST_AUTO_TEST_CASE(a_fenced_out_partition_stays_absent_until_a_newer_set_point) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1, 1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running, minutes(1), 1));
  const auto version = w.parts.ready_version({.app = pos,
                                              .version = AppVersion{1},
                                              .sha = sha256(outside.blobs[1]),
                                              .app_def = {},
                                              .pools = {2, 2, 1, 1},
                                              .partitions = 100,
                                              .app_workspaces = 10,
                                              .modules = {}});
  const FenceToken greater{.partition_epoch = PartitionEpoch{3}, .vvm_epoch = VvmEpoch{9}};
  BOOST_TEST_REQUIRE(w.parts.acquire(w.key(), greater, version).has_value());
  BOOST_TEST_REQUIRE(w.parts.undeploy(w.key()).has_value());
  w.give(outside.present(1, 0));
  BOOST_TEST(w.reaches(Phase::absent));
  w.pass(seconds(1));
  BOOST_TEST((w.pv().error == Code::fenced_out));
  BOOST_TEST(claim_of(w.pv()).empty());
  w.pass(minutes(20));
  BOOST_TEST((w.view().phase == Phase::absent));
  BOOST_TEST(w.lost.times == 0);
  SetPoint newer = outside.present(1, 0);
  newer.partition_epoch = PartitionEpoch{4};
  w.give(newer);
  BOOST_TEST(w.reaches(Phase::running));
  w.stop();
}

// Row 16.
BOOST_AUTO_TEST_CASE(a_command_that_does_not_end_makes_the_switch_wait_and_give_up) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  auto held = w.parts.borrow(w.key(), ProcessorKind::command);
  BOOST_TEST_REQUIRE(held.has_value());
  w.give(outside.present(2));
  BOOST_TEST(w.reaches(Phase::backoff, seconds(30)));
  BOOST_TEST((w.view().error == Code::drain_timeout));
  w.pass(milliseconds(200));
  BOOST_TEST(raw(w.pv().serving_version) == 1);
  BOOST_TEST(raw(w.pv().serving_alt) == 0);
  BOOST_TEST(w.serves() == 1);
  held.value().release();
  BOOST_TEST(w.reaches(Phase::running, seconds(30)));
  BOOST_TEST(w.serves() == 2);
  w.stop();
}

// 702.
BOOST_AUTO_TEST_CASE(a_borrow_that_outlives_the_hard_stop_is_revoked_and_recorded) {
  Outside outside;
  LoopWorld w(&outside);
  w.give(outside.present(1));
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  auto held = w.parts.borrow(w.key(), ProcessorKind::query);
  BOOST_TEST_REQUIRE(held.has_value());
  w.give(outside.absent());
  BOOST_TEST(w.reaches(Phase::draining));
  w.pass(seconds(29));
  BOOST_TEST((w.view().phase == Phase::draining));
  BOOST_TEST(held.value().check(w.clock.now()).has_value());
  BOOST_TEST(w.reaches(Phase::absent, seconds(3)));  // I-L4
  w.pass(seconds(1));
  BOOST_TEST((w.pv().error == Code::hard_stop));
  BOOST_TEST((held.value().check(w.clock.now()).error().code == Code::revoked));
  held.value().release();
  w.stop();
}

// 9.4: an engine that a trap has spoilt is rebuilt; while none is left, the PV says so.
BOOST_AUTO_TEST_CASE(a_partition_without_engines_says_so_until_they_are_rebuilt) {
  Outside outside;
  LoopWorld w(&outside);
  SetPoint sp = outside.present(1);
  sp.pool_command = 1;
  w.give(sp);
  BOOST_TEST_REQUIRE(w.reaches(Phase::running));
  w.pass(seconds(1));
  const auto engines_ready = [&w] {
    return *find_condition(w.pv().conditions, ConditionType::engines_ready);
  };
  const WallMs since = engines_ready().last_transition;
  w.script->ends = {engines::ScriptedEnd::trap};
  w.script->fail_creation_at = w.script->creations + 1;
  w.script->keep_failing = true;
  {
    auto borrowed = w.parts.borrow(w.key(), ProcessorKind::command).value();
    const QName pay = borrowed.app_def().value()->extensions().front().name.qname();
    engines::ArgumentIo io("");
    BOOST_TEST(w.run(borrowed.invoke(pay, &io)).has_error());
  }
  w.pass(seconds(70));
  BOOST_TEST((engines_ready().status == Truth::no));
  BOOST_TEST((engines_ready().last_transition > since));
  BOOST_TEST(raw(w.pv().serving_version) == 1);
  const WallMs broken = engines_ready().last_transition;
  w.pass(seconds(60));
  BOOST_TEST((engines_ready().last_transition == broken));
  w.script->fail_creation_at.reset();
  w.pass(seconds(70));
  BOOST_TEST((engines_ready().status == Truth::yes));
  BOOST_TEST(w.serves() == 1);
  w.stop();
}

// Three of four things that can be on the disk turn bad under a process that has not used them yet.
BOOST_AUTO_TEST_CASE(damage_on_the_disk_is_found_and_made_good) {
  for (const std::string victim : {"img/", "/image/pkg/example.com/pos/pos.vsql", "/READY"}) {
    BOOST_TEST_CONTEXT(victim) {
      Outside outside;
      {
        LoopWorld w(&outside, 1);
        w.give(outside.present(1));
        BOOST_TEST_REQUIRE(w.reaches(Phase::running));
        w.pass(seconds(1));
        w.stop();
      }
      for (const auto& [path, bytes] : outside.disk.files()) {
        if (path.find(victim) != std::string::npos) {
          Bytes damaged = bytes;
          damaged.empty() ? damaged.push_back('x') : damaged.pop_back();
          outside.disk.put(path, damaged);
        }
      }
      LoopWorld w(&outside, 2);
      BOOST_TEST(w.reaches(Phase::running, seconds(30)));
      BOOST_TEST(w.serves() == 1);
      w.stop();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::node::testing
