// Tests of what `vvm ctl` and `vvm up` show, and of the file by which one finds the other.
//
// No cluster: statuses are made by hand. The end-to-end test is sim/cli/up_test.py.
#define BOOST_TEST_MODULE cli_live
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include "cluster/tables_json.hpp"
#include "records/json.hpp"
#include "sim/cli/narrator.hpp"
#include "sim/cli/run_file.hpp"
#include "sim/cli/status_view.hpp"

namespace vvm::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const AppQName pos{.owner = "acme", .name = "pos"};
constexpr WallMs now{1'700'000'000'000};

cluster::App app_row(std::int64_t desired, std::int32_t partitions) {
  cluster::App app;
  app.name = pos;
  app.num_partitions = partitions;
  app.num_app_workspaces = 10;
  app.desired_version = AppVersion{desired};
  app.stable_version = AppVersion{1};
  return app;
}

cluster::AppImage image_row(std::int64_t version, cluster::ImageState state) {
  cluster::AppImage image;
  image.key = {.app = pos, .version = AppVersion{version}};
  image.state = state;
  image.reject_message = state == cluster::ImageState::rejected ? "NotAZip: octets" : "";
  return image;
}

SetPoint sp_row(std::uint16_t partition, std::int64_t generation, std::int64_t version) {
  SetPoint sp;
  sp.key = {.app = pos, .partition = PartitionId{partition}};
  sp.vvm = VvmId{1};
  sp.generation = Generation{generation};
  sp.app_version = AppVersion{version};
  return sp;
}

ProcessVariable pv_row(std::uint16_t partition,
                       std::int64_t generation,
                       Phase phase,
                       std::int64_t serving) {
  ProcessVariable pv;
  pv.key = {.app = pos, .partition = PartitionId{partition}};
  pv.vvm = VvmId{1};
  pv.observed_generation = Generation{generation};
  pv.phase = phase;
  pv.serving_version = AppVersion{serving};
  pv.updated_at = WallMs{now.ms - 90'000};
  return pv;
}

// Version 2 on three partitions: one runs it, one still runs 1, one has not seen its set-point.
ClusterStatus upgrade() {
  ClusterStatus status;
  status.revision = 42;
  status.apps = {app_row(2, 3)};
  status.images = {image_row(1, cluster::ImageState::validated),
                   image_row(2, cluster::ImageState::validated)};
  status.sps = {sp_row(0, 2, 2), sp_row(1, 2, 2), sp_row(2, 2, 2)};
  status.pvs = {pv_row(0, 2, Phase::running, 2),
                pv_row(1, 2, Phase::parsing, 1),
                pv_row(2, 1, Phase::running, 1)};
  cluster::VirtualMachine vvm;
  vvm.id = VvmId{1};
  vvm.node = NodeId{1};
  vvm.epoch = VvmEpoch{3};
  vvm.host = "127.0.0.1";
  vvm.port = 4711;
  status.vvms = {vvm};
  return status;
}

// The environment that decides where the run file is, for the time of a test.
struct RunFolder {
  RunFolder() {
    std::string pattern = (fs::temp_directory_path() / "vvm-run-XXXXXX").string();
    BOOST_TEST_REQUIRE((mkdtemp(pattern.data()) != nullptr));
    folder = pattern;
    BOOST_TEST_REQUIRE(setenv("XDG_RUNTIME_DIR", pattern.c_str(), 1) == 0);
  }

  ~RunFolder() {
    unsetenv("XDG_RUNTIME_DIR");
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }

  fs::path folder;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(progress)

BOOST_AUTO_TEST_CASE(partitions_are_counted_by_what_they_do) {
  const AppProgress seen = progress_of(upgrade(), pos);
  BOOST_TEST(seen.running == 1);
  BOOST_TEST(!seen.done());
  BOOST_TEST(progress_text(seen) == "version 2: 1 of 3 running, 1 Parsing, 1 at version 1");
}

BOOST_AUTO_TEST_CASE(an_application_is_done_when_every_partition_runs_the_wanted_version) {
  ClusterStatus status = upgrade();
  for (ProcessVariable& pv : status.pvs) {
    pv.phase = Phase::running;
    pv.serving_version = AppVersion{2};
  }
  BOOST_TEST(progress_of(status, pos).done());
  status.pvs.pop_back();
  BOOST_TEST(!progress_of(status, pos).done());
  BOOST_TEST(!progress_of(ClusterStatus{}, pos).done());
}

BOOST_AUTO_TEST_CASE(a_blocked_partition_is_a_problem_unless_it_is_of_an_earlier_set_point) {
  ClusterStatus status = upgrade();
  status.pvs[1].phase = Phase::blocked;
  status.pvs[1].error = Code::syntax_error;
  status.pvs[1].error_message = "pos.vsql:3:12: bad";
  BOOST_TEST(progress_of(status, pos).problem == "partition 1: SyntaxError: pos.vsql:3:12: bad");
  BOOST_TEST((progress_of(status, pos).problem_of == AppVersion{2}));
  status.sps[1].generation = Generation{3};
  BOOST_TEST(progress_of(status, pos).problem.empty());
  status.sps[1].generation = Generation{2};
  status.apps[0].desired_version = AppVersion{3};
  BOOST_TEST(progress_of(status, pos).problem.empty());
}

BOOST_AUTO_TEST_CASE(a_refused_image_is_a_problem_until_the_next_one) {
  ClusterStatus status = upgrade();
  status.images.push_back(image_row(3, cluster::ImageState::rejected));
  BOOST_TEST(progress_of(status, pos).problem == "version 3 is refused: NotAZip: octets");
  BOOST_TEST((progress_of(status, pos).problem_of == AppVersion{3}));
  status.images.push_back(image_row(4, cluster::ImageState::uploaded));
  BOOST_TEST(progress_of(status, pos).problem.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(views)

BOOST_AUTO_TEST_CASE(a_status_is_three_aligned_tables) {
  const std::string text = status_text(upgrade(), now, report::Colour::off);
  const std::string expected =
      "VVM  NODE  EPOCH  STATE       STATUS AT                     BUILD\n"
      "1    1     3      Registered  http://127.0.0.1:4711/status\n"
      "\n"
      "APP       DESIRED  STABLE  ROLLOUT  RUNNING  IMAGE\n"
      "acme/pos  2        1       Idle     1 of 3   Validated 000000000000\n"
      "\n"
      "APP       PARTITION  VVM  PHASE    VERSION  GENERATION  AGE   ERROR\n"
      "acme/pos  0          1    Running  2        2           90 s\n"
      "acme/pos  1          1    Parsing  1        2           90 s\n"
      "acme/pos  2          1    Running  1        1 of 2      90 s\n";
  BOOST_TEST(text == expected);
}

BOOST_AUTO_TEST_CASE(an_empty_cluster_says_so) {
  BOOST_TEST(status_text({}, now, report::Colour::off) ==
             "no VVMs\n\nno applications\n\nno partitions\n");
}

BOOST_AUTO_TEST_CASE(colour_only_where_it_is_asked_for_and_nothing_of_a_peer_steers_the_terminal) {
  ClusterStatus status = upgrade();
  status.pvs[1].error = Code::internal_error;
  status.pvs[1].error_message = "\x1b[2Jgone\n";
  const std::string plain = status_text(status, now, report::Colour::off);
  BOOST_TEST(plain.find('\x1b') == std::string::npos);
  BOOST_TEST(plain.find("InternalError: ?[2Jgone?") != std::string::npos);
  const std::string coloured = status_text(status, now, report::Colour::on);
  BOOST_TEST(coloured.find("\x1b[32mRunning\x1b[0m") != std::string::npos);
  BOOST_TEST(coloured.find("\x1b[2J") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(obeyed_tombstones_are_left_out_of_the_table) {
  ClusterStatus status = upgrade();
  status.sps[1].desired = Desired::absent;
  status.pvs[1].phase = Phase::absent;
  const std::string text = status_text(status, now, report::Colour::off);
  BOOST_TEST(text.find("acme/pos  1 ") == std::string::npos);
  BOOST_TEST(text.find("acme/pos  2 ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_json_has_what_programs_wait_for) {
  const json::object all = json::parse(status_json(upgrade(), now)).get_object();
  BOOST_TEST(all.at("revision").get_int64() == 42);
  const json::object& app = all.at("apps").get_array().at(0).get_object();
  BOOST_TEST(!app.at("done").get_bool());
  BOOST_TEST(app.at("running").get_int64() == 1);
  const json::object& row = all.at("partitions").get_array().at(1).get_object();
  BOOST_TEST((row.at("phase").get_string() == "Parsing"));
  BOOST_TEST(row.at("servingVersion").get_int64() == 1);
  BOOST_TEST(row.at("ageMs").get_int64() == 90'000);
  BOOST_TEST(row.at("error").is_null());
  ClusterStatus silent = upgrade();
  silent.pvs.clear();
  const json::object before = json::parse(status_json(silent, now)).get_object();
  const json::object& quiet = before.at("partitions").get_array().at(1).get_object();
  BOOST_TEST(quiet.at("phase").is_null());
  BOOST_TEST(quiet.at("servingVersion").get_int64() == 0);
  BOOST_TEST(quiet.size() == row.size());
}

BOOST_AUTO_TEST_CASE(an_answer_with_a_bad_row_is_refused_as_a_whole) {
  const ClusterStatus status = upgrade();
  json::object good{{"Revision", 42},
                    {"Apps", json::array{cluster::to_json(status.apps[0])}},
                    {"Images", json::array{cluster::to_json(status.images[0])}},
                    {"VVMs", json::array{}},
                    {"SP", json::array{to_json(status.sps[0])}},
                    {"PV", json::array{to_json(status.pvs[0])}}};
  const auto read = status_from_json(good);
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST((read.value().sps.at(0) == status.sps[0]));
  BOOST_TEST((read.value().pvs.at(0) == status.pvs[0]));
  for (const std::string_view table : {"Apps", "Images", "VVMs", "SP", "PV"}) {
    json::object bad = good;
    bad[table] = json::array{json::object{}};
    BOOST_TEST((status_from_json(bad).error().code == Code::protocol_error), table);
    bad[table] = json::array{7};
    BOOST_TEST((status_from_json(bad).error().code == Code::protocol_error), table);
    bad.erase(table);
    BOOST_TEST((status_from_json(bad).error().code == Code::protocol_error), table);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(run_files, RunFolder)

BOOST_AUTO_TEST_CASE(a_run_file_is_read_back_and_removed_by_its_owner_only) {
  BOOST_TEST((read_run_file().error().code == Code::not_found));
  const RunningCluster mine{.cluster = {"127.0.0.1", 8822}, .pid = 4711, .data = "/d \"x\""};
  BOOST_TEST_REQUIRE(write_run_file(mine).has_value());
  const auto read = read_run_file();
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST((read.value().cluster == mine.cluster));
  BOOST_TEST(read.value().pid == 4711);
  BOOST_TEST(read.value().data == mine.data);
  remove_run_file(4712);
  BOOST_TEST(read_run_file().has_value());
  remove_run_file(4711);
  BOOST_TEST(fs::is_empty(folder));
}

BOOST_AUTO_TEST_CASE(a_damaged_run_file_is_bad_input) {
  for (const std::string text : {"", "{", "[]", "{}", R"({"cluster":"x","pid":1,"data":""})"}) {
    std::ofstream(run_file_path()) << text;
    BOOST_TEST((read_run_file().error().code == Code::bad_input), text);
  }
}

BOOST_AUTO_TEST_CASE(an_address_has_a_host_and_a_port) {
  BOOST_TEST((parse_endpoint("localhost:80").value() == Endpoint{"localhost", 80}));
  BOOST_TEST((parse_endpoint("::1:80").value() == Endpoint{"::1", 80}));
  for (const std::string text : {"", "localhost", ":80", "a:", "a:0", "a:65536", "a:8o", "a:-1"}) {
    BOOST_TEST((parse_endpoint(text).error().code == Code::bad_input), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::cli
