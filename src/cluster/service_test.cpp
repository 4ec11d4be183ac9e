// The cluster process from outside: routes, statuses, BLOBs, restart.
#include "cluster/service.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "cluster/test_stores.hpp"
#include "cluster/testing.hpp"
#include "http/client.hpp"
#include "http/test_world.hpp"
#include "image/pack.hpp"
#include "records/json.hpp"

namespace vvm::cluster {
namespace {

namespace json = boost::json;

struct World : http::TestWorld {
  World() : store(rt()) {
    seams.store = &store;
    seams.blobs = &blobs;
  }

  MemoryStore store;
  MemoryBlobs blobs;
};

struct Process {
  explicit Process(World& w, ClusterOptions options = {.validate_images = false})
      : world(w), program(w.rt(), std::move(options)), scope(w.rt()) {
    scope.spawn("cluster", program.run());
    while (program.port() == 0) {
      world.step();
    }
  }

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  ~Process() { world.run(closed(&scope)); }

  static Task<bool> closed(TaskScope* scope) {
    co_await scope->close();
    co_return true;
  }

  http::Response send(std::string method, std::string target, Bytes body = {}) {
    http::Request req;
    req.method = std::move(method);
    req.target = std::move(target);
    req.body = std::move(body);
    const Endpoint to{.host = "cluster", .port = program.port()};
    auto answer = world.run(http::exchange(
        world.rt(), to, std::move(req), {.body_bytes_max = std::uint64_t{64} << 20U}));
    BOOST_TEST_REQUIRE(answer.has_value());
    return std::move(answer.value());
  }

  http::Response call(WorkspaceId workspace, std::string name, const json::object& body) {
    return send("POST",
                "/api/sys/cluster/" + std::to_string(raw(workspace)) + "/" + name,
                json::serialize(body));
  }

  http::Response call(std::string name, const json::object& body) {
    return call(cluster_workspace(), std::move(name), body);
  }

  json::object must(const http::Response& res) {
    BOOST_TEST_INFO(res.body);
    BOOST_TEST_REQUIRE(res.status == 200U);
    return json::parse(res.body).get_object();
  }

  std::int64_t upload(const Bytes& octets) {
    return must(send("POST", "/blob", octets)).at("BlobID").to_number<std::int64_t>();
  }

  http::Response deploy_image(std::int64_t blob, const Bytes& octets) {
    return call("c.cluster.DeployAppImage",
                {{"AppQName", "acme/pos"},
                 {"BlobID", blob},
                 {"SHA256", sha256(octets).hex()},
                 {"Size", octets.size()}});
  }

  void deploy_app(int partitions) {
    must(call("c.cluster.DeployApp",
              {{"AppQName", "acme/pos"}, {"NumPartitions", partitions}, {"NumAppWorkspaces", 10}}));
  }

  json::object register_vvm(int k, char nonce = 'n') {
    return must(call("c.cluster.RegisterVVM",
                     {{"VvmID", k},
                      {"VvmEpoch", 0},
                      {"Nonce", to_hex(Bytes(16, nonce))},
                      {"NodeID", k},
                      {"Host", "vvm"},
                      {"Port", 1}}));
  }

  json::object sp_list(int k, int epoch) {
    return must(call(vvm_workspace(VvmId(k)), "q.cluster.SPList", {{"VvmEpoch", epoch}}));
  }

  void sleep(Duration duration) { world.run(slept(world.rt(), duration)); }

  static Task<bool> slept(Runtime rt, Duration duration) {
    co_await rt.clock().sleep_for(duration);
    co_return true;
  }

  World& world;
  ClusterProcess program;
  TaskScope scope;
};

void refused(const http::Response& res, unsigned status, std::string_view code) {
  BOOST_TEST_INFO(res.body);
  BOOST_TEST(res.status == status);
  const json::object error = json::parse(res.body).at("Error").get_object();
  BOOST_TEST(std::string_view{error.at("Code").get_string()} == code);
  BOOST_TEST(error.at("Status").to_number<unsigned>() == status);
}

BOOST_AUTO_TEST_CASE(an_image_becomes_set_points_of_the_vvms) {
  World world;
  Process p(world);
  p.deploy_app(4);
  p.register_vvm(1);
  p.register_vvm(2);
  const Bytes octets(250'000, 'z');
  const std::int64_t blob = p.upload(octets);
  BOOST_TEST(p.must(p.deploy_image(blob, octets)).at("Version").to_number<int>() == 1);
  p.sleep(seconds(1));
  const json::object list = p.sp_list(1, 1);
  BOOST_TEST(list.at("Complete").as_bool());
  BOOST_TEST_REQUIRE(list.at("SP").as_array().size() == 2U);
  const auto sp = set_point_from_json(list.at("SP").as_array().at(0).get_object());
  BOOST_TEST((sp.value().image_sha256 == sha256(octets)));
  BOOST_TEST((sp.value().image_blob == BlobId{static_cast<std::uint64_t>(blob)}));
}

Bytes packed(const AppQName& app) {
  return image::pack(
             {.app = app,
              .files = {{.path = "pkg/acme.com/pos/pos.vsql", .bytes = "APPLICATION pos();"}}})
      .value();
}

std::string image_state(Process& p, std::size_t index) {
  const json::object status = p.must(p.call("q.cluster.Status", {}));
  return json::serialize(status.at("Images").as_array().at(index).at("State"));
}

BOOST_AUTO_TEST_CASE(only_images_that_pass_are_rolled_out) {
  World world;
  Process p(world, {});
  p.deploy_app(1);
  p.register_vvm(1);
  const Bytes good = packed(pos);
  const Bytes other = packed({.owner = "acme", .name = "other"});
  p.must(p.deploy_image(p.upload("no archive"), "no archive"));
  p.sleep(seconds(1));
  BOOST_TEST(image_state(p, 0) == "\"Rejected\"");
  p.must(p.deploy_image(p.upload(other), other));
  p.sleep(seconds(1));
  BOOST_TEST(image_state(p, 1) == "\"Rejected\"");
  BOOST_TEST(p.sp_list(1, 1).at("SP").as_array().empty());
  p.must(p.deploy_image(p.upload(good), good));
  p.sleep(seconds(1));
  BOOST_TEST(image_state(p, 2) == "\"Validated\"");
  BOOST_TEST(p.sp_list(1, 1).at("SP").as_array().at(0).at("AppVersion").to_number<int>() == 3);
}

BOOST_AUTO_TEST_CASE(an_image_waits_for_the_blob_store_and_then_gets_its_verdict) {
  World world;
  Process p(world, {});
  p.deploy_app(1);
  const Bytes good = packed(pos);
  const std::int64_t blob = p.upload(good);
  world.blobs.fail_from = 0;
  p.must(p.deploy_image(blob, good));
  p.sleep(seconds(20));
  BOOST_TEST(image_state(p, 0) == "\"Uploaded\"");
  world.blobs.fail_from = ~std::uint64_t{0};
  p.sleep(seconds(31));
  BOOST_TEST(image_state(p, 0) == "\"Validated\"");
}

BOOST_AUTO_TEST_CASE(a_blob_comes_back_in_full_chunks_with_its_digest) {
  World world;
  Process p(world);
  Bytes octets;
  for (int i = 0; i < 300'000; ++i) {
    octets.push_back(static_cast<char>(i * 31));
  }
  const std::string id = std::to_string(p.upload(octets));
  BOOST_TEST(world.blobs.blobs.at(BlobId{1}).appends == 3U);
  const auto res = p.send("GET", "/blob/" + id);
  BOOST_TEST(res.status == 200U);
  BOOST_TEST((res.body == octets));
  BOOST_TEST(res.headers.find("X-Blob-SHA256").value() == sha256(octets).hex());
  BOOST_TEST(res.headers.find("Content-Length").value() == "300000");
  const auto head = p.send("HEAD", "/blob/" + id);
  BOOST_TEST(head.headers.find("Content-Length").value() == "300000");
  BOOST_TEST(head.body.empty());
}

BOOST_AUTO_TEST_CASE(blobs_that_cannot_be_given_say_why) {
  World world;
  Process p(world, {.validate_images = false, .images = {.limits = {.image_bytes_max = 1000}}});
  refused(p.send("GET", "/blob/7"), 404, "BlobNotFound");
  refused(p.send("GET", "/blob/x"), 404, "NotFound");
  BOOST_TEST(p.send("PUT", "/blob/7").status == 405U);
  refused(p.send("POST", "/blob", Bytes(1001, 'x')), 413, "TooLarge");
  const std::string id = std::to_string(p.upload("octets"));
  world.blobs.blobs.at(BlobId{2}).status = BlobStatus::corrupted;
  refused(p.send("GET", "/blob/" + id), 502, "BlobCorrupted");
  world.blobs.blobs.at(BlobId{2}).status = BlobStatus::in_process;
  refused(p.send("GET", "/blob/" + id), 404, "BlobNotFound");
  world.blobs.unreachable = true;
  refused(p.send("GET", "/blob/" + id), 503, "BlobStoreUnreachable");
}

BOOST_AUTO_TEST_CASE(a_blob_that_fails_half_way_is_truncated_for_the_reader) {
  World world;
  Process p(world);
  p.upload(Bytes(300'000, 'x'));
  world.blobs.fail_from = blob_chunk_bytes;
  http::Request req;
  req.target = "/blob/1";
  const Endpoint to{.host = "cluster", .port = p.program.port()};
  const auto res = world.run(http::exchange(world.rt(), to, std::move(req), {}));
  BOOST_TEST((res.error().code == Code::truncated));
}

BOOST_AUTO_TEST_CASE(what_is_not_a_command_is_said_to_be_so) {
  World world;
  Process p(world);
  refused(p.send("POST", "/api/sys/cluster/x/c.cluster.DeployApp", "{}"), 404, "NotFound");
  refused(p.send("POST", "/nothing", "{}"), 404, "NotFound");
  refused(p.call("c.cluster.Unknown", {}), 404, "NotFound");
  refused(p.call(WorkspaceId{5}, "c.cluster.DeployApp", {}), 404, "NotFound");
  refused(p.call("q.cluster.SPList", {{"VvmEpoch", 1}}), 404, "NotFound");
  BOOST_TEST(p.send("GET", "/api/sys/cluster/1/q.cluster.Status").status == 405U);
}

BOOST_AUTO_TEST_CASE(arguments_are_read_strictly_and_named_in_the_refusal) {
  World world;
  Process p(world);
  const auto target =
      "/api/sys/cluster/" + std::to_string(raw(cluster_workspace())) + "/c.cluster.DeployApp";
  refused(p.send("POST", target, "{"), 400, "BadRequest");
  refused(p.send("POST", target, "[]"), 400, "BadRequest");
  for (const char* body : {R"({"AppQName":"acme/pos","NumPartitions":1})",
                           R"({"AppQName":"acme/pos","NumPartitions":"1","NumAppWorkspaces":1})",
                           R"({"AppQName":"acme/pos","NumPartitions":1.5,"NumAppWorkspaces":1})",
                           R"({"AppQName":"acme/pos","NumPartitions":-1,"NumAppWorkspaces":1})",
                           R"({"AppQName":"acmepos","NumPartitions":1,"NumAppWorkspaces":1})",
                           R"({"AppQName":7,"NumPartitions":1,"NumAppWorkspaces":1})"}) {
    refused(p.send("POST", target, body), 400, "BadRequest");
  }
  const auto res =
      p.send("POST", target, R"({"AppQName":"a/b","NumPartitions":1,"NumAppWorkspaces":"x"})");
  BOOST_TEST(res.body.find("`NumAppWorkspaces` is not an integer") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(reports_belong_to_their_workspace_and_epoch) {
  World world;
  Process p(world);
  p.register_vvm(1);
  const json::object report = to_json(pv_of(1, 0, 1, 5));
  refused(p.call(vvm_workspace(VvmId{2}), "c.cluster.ReportPV", report), 400, "BadRequest");
  p.must(p.call(vvm_workspace(VvmId{1}), "c.cluster.ReportPV", report));
  p.must(p.call(vvm_workspace(VvmId{1}), "c.cluster.ReportPV", report));
  refused(p.call(vvm_workspace(VvmId{1}), "c.cluster.ReportPV", to_json(pv_of(1, 0, 1, 4))),
          409,
          "StaleReport");
  p.register_vvm(1, 'm');
  refused(p.call(vvm_workspace(VvmId{1}), "c.cluster.ReportPV", to_json(pv_of(1, 0, 1, 6))),
          409,
          "FencedOut");
}

BOOST_AUTO_TEST_CASE(everything_survives_a_restart_and_lists_never_go_back) {
  World world;
  json::object before;
  json::object status;
  {
    Process p(world);
    p.deploy_app(3);
    p.register_vvm(1);
    p.must(p.deploy_image(p.upload("image one"), "image one"));
    p.sleep(seconds(1));
    p.must(p.call(vvm_workspace(VvmId{1}), "c.cluster.ReportPV", to_json(pv_of(1, 0, 1, 5))));
    before = p.sp_list(1, 1);
    status = p.must(p.call("q.cluster.Status", {}));
  }
  Process p(world);
  BOOST_TEST((p.sp_list(1, 1) == before));
  BOOST_TEST((p.must(p.call("q.cluster.Status", {})) == status));
  BOOST_TEST(p.upload("another") == 2);
}

BOOST_AUTO_TEST_CASE(a_store_without_answer_is_503_and_the_process_goes_on) {
  World world;
  Process p(world);
  p.sleep(milliseconds(100));
  world.store.plan = {Fault::before};
  refused(p.call("c.cluster.DeployApp",
                 {{"AppQName", "acme/pos"}, {"NumPartitions", 1}, {"NumAppWorkspaces", 1}}),
          503,
          "StoreUnavailable");
  p.deploy_app(1);
}

BOOST_AUTO_TEST_CASE(status_can_be_narrowed_to_one_application) {
  World world;
  Process p(world);
  p.deploy_app(1);
  BOOST_TEST(
      p.must(p.call("q.cluster.Status", {{"AppQName", "acme/pos"}})).at("Apps").as_array().size() ==
      1U);
  BOOST_TEST(p.must(p.call("q.cluster.Status", {{"AppQName", "acme/other"}}))
                 .at("Apps")
                 .as_array()
                 .empty());
}

}  // namespace
}  // namespace vvm::cluster
