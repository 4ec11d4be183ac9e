// Disks: what a power loss leaves, and every fault.
#include <set>

#include <boost/test/unit_test.hpp>

#include "sim/world/disk_image.hpp"
#include "sim/world/test_script.hpp"

namespace vvm::sim {
namespace {

using Files = std::map<std::string, Bytes>;

struct ImageTest {
  DiskImage disk{Rng(1)};

  void write(const std::string& path, const Bytes& bytes, bool synced) {
    auto file = disk.create(path);
    BOOST_TEST_REQUIRE(file.has_value());
    BOOST_TEST_REQUIRE(disk.append(*file.value(), bytes).has_value());
    if (synced) {
      disk.sync(*file.value());
    }
  }

  void must(const Status& status) { BOOST_TEST_REQUIRE(status.has_value()); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(disk_image, ImageTest)

BOOST_AUTO_TEST_CASE(a_name_without_sync_dir_is_lost_however_durable_the_octets_are) {
  write("a", "octets", true);
  BOOST_TEST((disk.files() == Files{{"a", "octets"}}));
  disk.power_loss(Unsynced::lost);
  BOOST_TEST(disk.files().empty());
  BOOST_TEST(disk.used_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(octets_without_sync_are_lost_however_durable_the_name_is) {
  auto file = disk.create("a").value();
  BOOST_TEST(disk.append(*file, "first ").has_value());
  disk.sync(*file);
  must(disk.sync_dir(""));
  BOOST_TEST(disk.append(*file, "second").has_value());
  BOOST_TEST((disk.files() == Files{{"a", "first second"}}));
  BOOST_TEST((disk.durable_files() == Files{{"a", "first "}}));
  disk.power_loss(Unsynced::lost);
  BOOST_TEST((disk.files() == Files{{"a", "first "}}));
  BOOST_TEST(disk.used_bytes() == 6U);
}

BOOST_AUTO_TEST_CASE(a_removed_file_comes_back_unless_its_folder_was_synced) {
  disk.put("d/a", "a");
  disk.put("d/b", "b");
  must(disk.remove("d/a"));
  must(disk.sync_dir("d"));
  must(disk.remove("d/b"));
  disk.power_loss(Unsynced::lost);
  BOOST_TEST((disk.files() == Files{{"d/b", "b"}}));
}

BOOST_AUTO_TEST_CASE(a_rename_within_a_folder_is_durable_only_after_sync_dir) {
  disk.put("d/old", "old");
  write("d/tmp", "new", true);
  must(disk.sync_dir("d"));
  must(disk.rename("d/tmp", "d/old"));
  BOOST_TEST((disk.durable_files() == Files{{"d/old", "old"}, {"d/tmp", "new"}}));
  must(disk.sync_dir("d"));
  BOOST_TEST((disk.durable_files() == Files{{"d/old", "new"}}));
}

BOOST_AUTO_TEST_CASE(a_rename_between_folders_is_one_step_whichever_folder_is_synced) {
  for (const std::string synced : {"from", "to"}) {
    disk.wipe();
    disk.put("from/x/file", "octets");
    disk.put("to/other", "");
    must(disk.rename("from/x", "to/y"));
    BOOST_TEST(disk.durable_files().contains("from/x/file"));
    BOOST_TEST(!disk.durable_files().contains("to/y/file"));
    must(disk.sync_dir(synced));
    disk.power_loss(Unsynced::lost);
    BOOST_TEST((disk.files() == Files{{"to/other", ""}, {"to/y/file", "octets"}}));
  }
}

BOOST_AUTO_TEST_CASE(a_name_that_was_renamed_away_and_taken_again_keeps_both_files) {
  disk.put("d/a", "first");
  disk.put("e/x", "");
  must(disk.rename("d/a", "e/a"));
  write("d/a", "second", true);
  must(disk.sync_dir("d"));
  disk.power_loss(Unsynced::lost);
  BOOST_TEST((disk.files() == Files{{"d/a", "second"}, {"e/a", "first"}, {"e/x", ""}}));
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_durable_takes_its_synced_contents_with_it) {
  must(disk.make_dir("d"));
  write("d/a", "a", true);
  must(disk.sync_dir("d"));
  disk.power_loss(Unsynced::lost);
  BOOST_TEST(disk.files().empty());
  BOOST_TEST(disk.folders().empty());
}

BOOST_AUTO_TEST_CASE(a_torn_loss_keeps_prefixes_and_some_names_and_nothing_else) {
  const Bytes synced(1'000, 's');
  const Bytes late(20'000, 'l');
  std::set<std::size_t> lengths;
  bool zeros = false;
  bool name_kept = false;
  bool name_lost = false;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    DiskImage torn{Rng(seed)};
    torn.put("a", synced);
    torn.put("gone", "x");
    must(torn.remove("gone"));
    auto file = torn.create("b").value();
    BOOST_TEST(torn.append(*file, synced).has_value());
    torn.sync(*file);
    must(torn.sync_dir(""));
    BOOST_TEST(torn.append(*file, late).has_value());
    auto fresh = torn.create("c").value();
    BOOST_TEST(torn.append(*fresh, late).has_value());
    torn.power_loss(Unsynced::torn);
    const Files files = torn.files();
    BOOST_TEST(files.at("a") == synced);
    BOOST_TEST(!files.contains("gone"));
    const Bytes& b = files.at("b");
    BOOST_TEST((b.substr(0, synced.size()) == synced));
    for (const char c : b.substr(synced.size())) {
      BOOST_TEST_REQUIRE((c == 'l' || c == '\0'));
      zeros = zeros || c == '\0';
    }
    lengths.insert(b.size());
    name_kept = name_kept || files.contains("c");
    name_lost = name_lost || !files.contains("c");
    std::uint64_t used = 0;
    for (const auto& [path, octets] : files) {
      used += octets.size();
    }
    BOOST_TEST(torn.used_bytes() == used);
  }
  BOOST_TEST(lengths.size() > 30U);
  BOOST_TEST(zeros);
  BOOST_TEST(name_kept);
  BOOST_TEST(name_lost);
}

BOOST_AUTO_TEST_CASE(a_drive_that_had_written_everything_loses_nothing) {
  disk.put("old", "x");
  must(disk.remove("old"));
  must(disk.make_dir("d/e"));
  write("d/e/a", "a", false);
  disk.power_loss(Unsynced::kept);
  BOOST_TEST((disk.files() == Files{{"d/e/a", "a"}}));
}

// A random program of verbs against the obvious model: what was durable at each sync.
BOOST_AUTO_TEST_CASE(after_any_program_the_durable_state_is_what_a_model_says) {
  Rng rng(5);
  for (int round = 0; round < 300; ++round) {
    DiskImage image{Rng(1)};
    // One flat folder: names map to file numbers; octets are per file.
    std::map<std::string, int> names;
    std::map<std::string, int> durable_names;
    std::map<int, Bytes> octets;
    std::map<int, std::size_t> durable_octets;
    std::map<int, DiskImage::NodePtr> open;
    int last = 0;
    for (int step = 0; step < 40; ++step) {
      const std::string name(1, static_cast<char>('a' + rng.below(4)));
      const std::string other(1, static_cast<char>('a' + rng.below(4)));
      switch (rng.below(6)) {
        case 0:
          open[++last] = image.create(name).value();
          names[name] = last;
          octets[last] = "";
          break;
        case 1:
          if (names.contains(name)) {
            const int file = names[name];
            BOOST_TEST_REQUIRE(image.append(*open[file], "xy").has_value());
            octets[file] += "xy";
          }
          break;
        case 2:
          if (names.contains(name)) {
            image.sync(*open[names[name]]);
            durable_octets[names[name]] = octets[names[name]].size();
          }
          break;
        case 3:
          must(image.remove(name));
          names.erase(name);
          break;
        case 4:
          if (names.contains(name) && name != other) {
            must(image.rename(name, other));
            names[other] = names[name];
            names.erase(name);
          }
          break;
        default:
          must(image.sync_dir(""));
          durable_names = names;
          break;
      }
    }
    Files expected;
    for (const auto& [name, file] : durable_names) {
      expected[name] = octets[file].substr(0, durable_octets[file]);
    }
    BOOST_TEST_REQUIRE((image.durable_files() == expected));
    image.power_loss(Unsynced::lost);
    BOOST_TEST_REQUIRE((image.files() == expected));
    BOOST_TEST_REQUIRE((image.durable_files() == expected));
  }
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

// What one attempt to write a file in several steps gave, by step.
struct Tried {
  std::vector<std::optional<Code>> codes;
  std::vector<std::int64_t> ms;
  Bytes read;
  bool verbose = false;
};

template <class T>
std::optional<Code> code_of(const Result<T>& result) {
  return result.has_error() ? std::optional(result.error().code) : std::nullopt;
}

Task<void> write_and_read(Runtime rt, Tried* tried) {
  auto file = co_await rt.disk().create("a");
  tried->codes.push_back(code_of(file));
  if (file.has_value()) {
    const auto written = co_await write_all(file.value().get(), "0123456789");
    tried->codes.push_back(code_of(written));
    const auto synced = co_await file.value()->sync();
    tried->codes.push_back(code_of(synced));
    const auto named = co_await rt.disk().sync_dir("");
    tried->codes.push_back(code_of(named));
  }
  const auto read = co_await rt.disk().read("a", 0, 100);
  tried->codes.push_back(code_of(read));
  tried->read = read.has_value() ? read.value() : "";
  tried->ms.push_back(rt.now().ns / 1'000'000);
  const auto renamed = co_await rt.disk().rename("a", "b");
  tried->codes.push_back(code_of(renamed));
}

using Codes = std::vector<std::optional<Code>>;
constexpr auto fine = std::nullopt;

struct DiskTest {
  Tried tried;
  World world{1};

  RuleId add(const DiskRule& rule) {
    if (!declared_) {
      world.add_process("p", {}, [this](Runtime rt) -> std::unique_ptr<Program> {
        return std::make_unique<Script<Tried>>(rt, write_and_read, &tried);
      });
      declared_ = true;
    }
    return world.disk("p").rules().add(rule);
  }

  std::uint64_t fired(RuleId id) { return world.disk("p").rules().fired(id); }

  void run() {
    world.start("p");
    world.run_until(at_ms(60'000));
  }

 private:
  bool declared_ = false;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(disk_faults, DiskTest)

BOOST_AUTO_TEST_CASE(without_faults_every_verb_succeeds) {
  const RuleId none = add({.kind = DiskFault::io_error, .path = "other"});
  run();
  BOOST_TEST((tried.codes == Codes{fine, fine, fine, fine, fine, fine}));
  BOOST_TEST(tried.read == "0123456789");
  BOOST_TEST(fired(none) == 0U);
}

BOOST_AUTO_TEST_CASE(an_io_error_has_no_effect) {
  const RuleId rule = add({.kind = DiskFault::io_error, .verb = "rename"});
  run();
  BOOST_TEST((tried.codes == Codes{fine, fine, fine, fine, fine, Code::disk_io}));
  BOOST_TEST((world.disk("p").files() == Files{{"a", "0123456789"}}));
  BOOST_TEST(fired(rule) == 1U);
}

BOOST_AUTO_TEST_CASE(a_full_disk_refuses_what_needs_space) {
  const RuleId rule = add({.kind = DiskFault::full, .verb = "write"});
  run();
  BOOST_TEST((tried.codes == Codes{fine, Code::disk_full, fine, fine, fine, fine}));
  BOOST_TEST(fired(rule) == 1U);
}

BOOST_AUTO_TEST_CASE(a_quota_takes_what_fits) {
  add({.path = "none"});
  world.disk("p").model().capacity = 4;
  run();
  BOOST_TEST((tried.codes == Codes{fine, Code::disk_full, fine, fine, fine, fine}));
  BOOST_TEST(tried.read == "0123");
  BOOST_TEST(world.disk("p").free_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(short_writes_are_short_and_go_on) {
  const RuleId rule = add({.kind = DiskFault::short_write, .octets = 3});
  run();
  BOOST_TEST((tried.codes == Codes{fine, fine, fine, fine, fine, fine}));
  BOOST_TEST(tried.read == "0123456789");
  BOOST_TEST(fired(rule) == 4U);
}

BOOST_AUTO_TEST_CASE(a_slow_disk_takes_its_time) {
  const RuleId rule = add({.kind = DiskFault::slow, .verb = "sync", .delay = seconds(2)});
  run();
  BOOST_TEST(tried.ms.front() >= 2'000);
  BOOST_TEST(tried.ms.front() < 2'010);
  BOOST_TEST(fired(rule) == 1U);
}

BOOST_AUTO_TEST_CASE(a_sync_that_lies_makes_nothing_durable) {
  const RuleId rule = add({.kind = DiskFault::sync_lies, .verb = "sync"});
  run();
  BOOST_TEST((tried.codes == Codes{fine, fine, fine, fine, fine, fine}));
  BOOST_TEST((world.disk("p").durable_files() == Files{{"a", ""}}));
  BOOST_TEST(fired(rule) == 1U);
}

BOOST_AUTO_TEST_CASE(a_corrupt_read_differs_in_one_bit_and_the_file_does_not) {
  const RuleId rule = add({.kind = DiskFault::corrupt, .octets = 4});
  run();
  BOOST_TEST(tried.read == "0123556789");
  BOOST_TEST((world.disk("p").files() == Files{{"b", "0123456789"}}));
  BOOST_TEST(fired(rule) == 1U);
}

BOOST_AUTO_TEST_CASE(odds_skip_matches_and_end) {
  const RuleId rule = add(
      {.kind = DiskFault::slow, .verb = "*", .odds = {.skip = 1, .times = 2}, .delay = seconds(1)});
  run();
  BOOST_TEST(fired(rule) == 2U);
  BOOST_TEST(tried.ms.front() / 1'000 == 2);
}

// Before each effect in turn: what is on the disk is a prefix of what the whole run does.
BOOST_AUTO_TEST_CASE(a_crash_before_any_effect_leaves_what_came_before_it) {
  std::vector<Files> states;
  for (std::uint64_t nth = 1; nth <= 7; ++nth) {
    Tried one;
    World w(1);
    EffectCounter counter(w, "disk.");
    counter.crash_before(nth);
    run_script(w, "p", write_and_read, &one);
    w.run_until(at_ms(1'000));
    BOOST_TEST(w.running("p") == false);
    BOOST_TEST(w.refused_effects() == (nth <= 6 ? 1U : 0U));
    states.push_back(w.disk("p").files());
  }
  const std::vector<Files> expected{{},
                                    {{"a", ""}},
                                    {{"a", "0123456789"}},
                                    {{"a", "0123456789"}},
                                    {{"a", "0123456789"}},
                                    {{"a", "0123456789"}},
                                    {{"b", "0123456789"}}};
  BOOST_TEST((states == expected));
}

BOOST_AUTO_TEST_CASE(a_power_loss_before_any_effect_leaves_what_was_synced_by_then) {
  for (std::uint64_t nth = 1; nth <= 6; ++nth) {
    Tried one;
    World w(1);
    EffectCounter counter(w, "disk.");
    counter.crash_before(nth, CrashKind::power_loss);
    run_script(w, "p", write_and_read, &one);
    w.run_until(at_ms(1'000));
    // create, write, sync, sync_dir: only behind the last is there anything to find.
    BOOST_TEST((w.disk("p").files() == (nth <= 4 ? Files{} : Files{{"a", "0123456789"}})));
    BOOST_TEST(w.refused_effects() == 1U);
  }
}

namespace {

Task<void> remove_tree(Runtime rt, Tried* tried) {
  const auto removed = co_await rt.disk().remove_all("d");
  tried->codes.push_back(code_of(removed));
}

}  // namespace

BOOST_AUTO_TEST_CASE(removing_all_can_be_cut_in_the_middle) {
  EffectCounter counter(world);
  counter.crash_before(3);
  world.add_process("q", {}, [this](Runtime rt) -> std::unique_ptr<Program> {
    return std::make_unique<Script<Tried>>(rt, remove_tree, &tried);
  });
  for (const std::string path : {"d/a", "d/b", "d/c/e"}) {
    world.disk("q").put(path, "x");
  }
  world.start("q");
  world.run_until(at_ms(1'000));
  BOOST_TEST(tried.codes.empty());
  BOOST_TEST((world.disk("q").files() == Files{{"d/c/e", "x"}}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::sim
