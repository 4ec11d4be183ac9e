// Tests of the VVM as a whole beside a real cluster process (docs/spec/vvm.md 3.3; T-VM-4, I-L14).
//
// Unit tests of vvm: both in one process in memory, which talk HTTP. Several processes, crashes and
// faults are the simulator's.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/service.hpp"
#include "cluster/test_stores.hpp"
#include "engines/builtin.hpp"
#include "http/client.hpp"
#include "vvm/test_loop.hpp"
#include "vvm/vvm.hpp"

namespace vvm::node::testing {
namespace {

namespace json = boost::json;

Task<Result<Bytes>> answer(std::string full_name, engines::ExtensionIo* /*io*/) {
  co_return full_name;
}

struct NodeWorld : http::TestWorld {
  NodeWorld() : store(rt()), scope(rt()) {
    seams.store = &store;
    seams.blobs = &blobs;
    seams.disk = &disk;
    seams.rand = &rand;
    start_cluster();
  }

  ~NodeWorld() {
    proc.dead = true;
    clock.drop_all();
    ctx.restart();
    ctx.poll();
  }

  NodeWorld(const NodeWorld&) = delete;
  NodeWorld& operator=(const NodeWorld&) = delete;

  void start_cluster() {
    cluster = std::make_unique<cluster::ClusterProcess>(
        rt(), cluster::ClusterOptions{.port = cluster_port});
    scope.spawn("cluster", cluster->run());
    while (cluster->port() == 0) {
      step();
    }
  }

  VvmOptions options() {
    VvmOptions options;
    options.cluster = {.host = "cluster", .port = cluster_port};
    options.host = "vvm";
    auto registry = std::make_shared<engines::BuiltinRegistry>();
    registry->add_fallback(answer);
    options.factories.add(engines::EngineKind::builtin,
                          std::make_shared<engines::BuiltinFactory>(std::move(registry)));
    return options;
  }

  // Runs a VVM in the scope.
  std::unique_ptr<Vvm> start_vvm(VvmOptions with) {
    auto vvm = std::make_unique<Vvm>(rt(), std::move(with));
    scope.spawn("vvm", ran(vvm.get(), &ended));
    return vvm;
  }

  template <class Predicate>
  bool until(Predicate predicate, Duration limit = minutes(2)) {
    const Instant end = clock.now() + limit;
    while (!predicate() && clock.now() < end) {
      step();
    }
    return predicate();
  }

  http::Response send(std::uint16_t port, std::string method, std::string target, Bytes body = {}) {
    http::Request req;
    req.method = std::move(method);
    req.target = std::move(target);
    req.body = std::move(body);
    std::optional<Result<http::Response>> response;
    scope.spawn(
        "request",
        keep(&response, http::exchange(rt(), {.host = "x", .port = port}, std::move(req), {})));
    until([&] { return response.has_value(); });
    BOOST_TEST_REQUIRE(response.has_value());
    BOOST_TEST_REQUIRE(response->has_value());
    return std::move(response->value());
  }

  json::object call(const std::string& name, const json::object& body) {
    const std::uint64_t workspace = raw(make_wsid(main_cluster, cluster_base_wsid));
    const http::Response response =
        send(cluster_port,
             "POST",
             "/api/sys/cluster/" + std::to_string(workspace) + "/" + name,
             json::serialize(body));
    BOOST_TEST_REQUIRE(response.status == 200U);
    return json::parse(response.body).get_object();
  }

  void deploy(int partitions, const Bytes& image) {
    call("c.cluster.DeployApp",
         {{"AppQName", "acme/pos"}, {"NumPartitions", partitions}, {"NumAppWorkspaces", 10}});
    deploy_image(image);
  }

  void deploy_image(const Bytes& image) {
    const http::Response uploaded = send(cluster_port, "POST", "/blob", image);
    const json::object blob = json::parse(uploaded.body).get_object();
    call("c.cluster.DeployAppImage",
         {{"AppQName", "acme/pos"},
          {"BlobID", blob.at("BlobID")},
          {"SHA256", blob.at("SHA256")},
          {"Size", blob.at("Size")}});
  }

  // Partitions whose stored PV is Running at this version.
  std::size_t running(std::int64_t version) const {
    std::size_t count = 0;
    for (const auto& [key, pv] : cluster->tables().pvs) {
      count += pv.phase == Phase::running && raw(pv.serving_version) == version ? 1 : 0;
    }
    return count;
  }

  bool saw(std::string_view event) const {
    const auto starts = [event](const std::string& line) { return line.starts_with(event); };
    return std::any_of(events.seen.begin(), events.seen.end(), starts);
  }

  static constexpr std::uint16_t cluster_port = 8822;
  cluster::MemoryStore store;
  cluster::MemoryBlobs blobs;
  image::TestDisk disk;
  vvm::testing::TestRand rand;
  std::unique_ptr<cluster::ClusterProcess> cluster;
  int ended = 0;  // VVMs whose run() has returned
  TaskScope scope;

 private:
  static Task<void> ran(Vvm* vvm, int* ended) {
    co_await vvm->run();
    ++*ended;
  }

  static Task<void> keep(std::optional<Result<http::Response>>* into,
                         Task<Result<http::Response>> task) {
    into->emplace(co_await std::move(task));
  }
};

BOOST_AUTO_TEST_SUITE(node)

BOOST_AUTO_TEST_CASE(a_vvm_registers_serves_updates_and_goes_down_in_order) {
  NodeWorld w;
  const auto vvm = w.start_vvm(w.options());
  BOOST_TEST(w.until([&] { return vvm->state() == VvmState::serving; }));
  BOOST_TEST(raw(vvm->epoch()) == 1);
  w.deploy(6, good_image(1));
  BOOST_TEST(w.until([&] { return w.running(1) == 6; }));
  w.deploy_image(good_image(2));
  BOOST_TEST(w.until([&] { return w.running(2) == 6; }, minutes(5)));
  vvm->stop();
  const Instant asked = w.clock.now();
  BOOST_TEST(w.until([&] { return w.ended == 1; }, seconds(120)));  // I-L14
  BOOST_TEST((w.clock.now() - asked < seconds(20)));                // nothing was borrowed
  BOOST_TEST((vvm->state() == VvmState::stopped));
  BOOST_TEST(!w.proc.exit_code.has_value());
  BOOST_TEST(w.saw("vvm.drained vvm=1 all=1"));
  for (const auto& [key, pv] : w.cluster->tables().pvs) {
    BOOST_TEST((pv.phase == Phase::absent));
  }
  BOOST_TEST(vvm->partitions().accounts_balance());
  for (const appparts::AppView& app : vvm->partitions().inspect().apps) {
    BOOST_TEST(app.partitions.empty());
    BOOST_TEST(app.versions.empty());
  }
  std::vector<std::string> states;
  for (const std::string& line : w.events.seen) {
    if (line.starts_with("vvm.state")) {
      states.push_back(line.substr(line.find("state=") + 6));
    }
  }
  const std::vector<std::string> order{"Registering", "Serving", "Draining", "Stopping", "Stopped"};
  BOOST_TEST(states == order, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(its_status_shows_what_it_serves_and_so_does_the_cluster) {
  NodeWorld w;
  const auto vvm = w.start_vvm(w.options());
  w.deploy(2, good_image(1));
  BOOST_TEST(w.until([&] { return w.running(1) == 2; }));
  w.until([] { return false; }, seconds(1));  // the acks are on their way
  const http::Response status = w.send(vvm->status_port(), "GET", "/status");
  const json::object body = json::parse(status.body).get_object();
  BOOST_TEST(body.at("State").as_string() == "Serving");
  BOOST_TEST(body.at("VvmEpoch").to_number<int>() == 1);
  const json::array& rows = body.at("Partitions").as_array();
  BOOST_TEST_REQUIRE(rows.size() == 2U);
  const json::object& row = rows.at(1).as_object();
  BOOST_TEST(row.at("AppQName").as_string() == "acme/pos");
  BOOST_TEST(row.at("PartitionID").to_number<int>() == 1);
  BOOST_TEST(row.at("Phase").as_string() == "Running");
  BOOST_TEST(row.at("ServingVersion").to_number<int>() == 1);
  BOOST_TEST(row.at("Stored").as_bool());
  const json::object& image = body.at("Images").as_array().at(0).as_object();
  BOOST_TEST(image.at("SHA256").as_string() == std::string_view{sha256(good_image(1)).hex()});
  BOOST_TEST(w.send(vvm->status_port(), "GET", "/healthz").status == 200U);
  BOOST_TEST(w.send(vvm->status_port(), "GET", "/nothing").status == 404U);
  BOOST_TEST(w.send(vvm->status_port(), "POST", "/status").status == 405U);

  const json::object all = w.call("q.cluster.Status", {});
  BOOST_TEST(all.at("PV").as_array().size() == 2U);
  const json::object& pv = all.at("PV").as_array().at(0).as_object();
  BOOST_TEST(pv.at("Phase").to_number<int>() == static_cast<int>(Phase::running));
  const json::object& machine = all.at("VVMs").as_array().at(0).as_object();
  BOOST_TEST(machine.at("VvmID").to_number<int>() == 1);
  BOOST_TEST(machine.at("Port").to_number<int>() == vvm->status_port());
  vvm->stop();
  BOOST_TEST(w.until([&] { return w.ended == 1; }));
}

BOOST_AUTO_TEST_CASE(a_borrowed_partition_runs_what_the_image_declares) {
  NodeWorld w;
  const auto vvm = w.start_vvm(w.options());
  w.deploy(1, good_image(2));
  BOOST_TEST(w.until([&] { return w.running(1) == 1; }));
  auto borrowed =
      vvm->partitions().borrow(LoopWorld::key(), engines::ProcessorKind::command).value();
  const auto def = borrowed.app_def().value();
  BOOST_TEST_REQUIRE(def->extensions().size() == 2U);
  engines::ArgumentIo io("");
  const Result<Bytes> result = w.run(borrowed.invoke(def->extensions().front().name.qname(), &io));
  BOOST_TEST(result.value() == "example.com/pos.Pay1");
  borrowed.release();
  vvm->stop();
  BOOST_TEST(w.until([&] { return w.ended == 1; }));
}

BOOST_AUTO_TEST_CASE(a_newer_process_of_the_same_vvm_fences_the_older_one) {
  NodeWorld w;
  const auto older = w.start_vvm(w.options());
  w.deploy(2, good_image(1));
  BOOST_TEST(w.until([&] { return w.running(1) == 2; }));
  const auto newer = w.start_vvm(w.options());
  BOOST_TEST(w.until([&] { return older->state() == VvmState::fenced; }, seconds(10)));
  BOOST_TEST((w.proc.exit_code == 1));
  BOOST_TEST(raw(newer->epoch()) == 2);
  const auto refused = older->partitions().borrow(LoopWorld::key(), engines::ProcessorKind::query);
  BOOST_TEST(refused.has_error());
  BOOST_TEST(w.until([&] { return w.ended == 1; }));
  BOOST_TEST(w.until([&] { return w.running(1) == 2; }, seconds(30)));
  for (const auto& [key, pv] : w.cluster->tables().pvs) {
    BOOST_TEST(raw(pv.vvm_epoch) == 2);
  }
  newer->stop();
  BOOST_TEST(w.until([&] { return w.ended == 2; }));
}

// T-VM-4.
BOOST_AUTO_TEST_CASE(nothing_is_served_before_the_registration_which_is_tried_until_it_succeeds) {
  NodeWorld w;
  VvmOptions with = w.options();
  with.cluster.port = 9999;  // nobody is there
  const auto lost = w.start_vvm(with);
  w.until([] { return false; }, minutes(10));
  BOOST_TEST((lost->state() == VvmState::registering));
  BOOST_TEST(lost->control() == nullptr);
  const http::Response health = w.send(lost->status_port(), "GET", "/healthz");
  BOOST_TEST(health.status == 503U);
  lost->stop();
  BOOST_TEST(w.until([&] { return w.ended == 1; }, seconds(5)));
  BOOST_TEST((lost->state() == VvmState::stopped));
  BOOST_TEST(!w.proc.exit_code.has_value());
}

BOOST_AUTO_TEST_CASE(a_disk_or_store_that_fails_at_the_start_is_tried_again) {
  NodeWorld w;
  w.disk.before_verb = [&w] { w.disk.fail_at = w.disk.verbs + 1; };
  w.store.reads_fail = true;
  const auto vvm = w.start_vvm(w.options());
  w.until([] { return false; }, seconds(10));
  BOOST_TEST((vvm->state() == VvmState::registering));
  BOOST_TEST(w.saw("vvm.start_failed what=images"));
  w.disk.before_verb = nullptr;
  w.disk.fail_at = 0;
  w.until([] { return false; }, seconds(60));
  BOOST_TEST(w.saw("vvm.start_failed what=epoch"));
  w.store.reads_fail = false;
  BOOST_TEST(w.until([&] { return vvm->state() == VvmState::serving; }, minutes(1)));
  vvm->stop();
  BOOST_TEST(w.until([&] { return w.ended == 1; }));
}

BOOST_AUTO_TEST_CASE(a_shutdown_without_the_cluster_ends_and_leaves_nothing_running) {
  NodeWorld w;
  const auto vvm = w.start_vvm(w.options());
  w.deploy(3, good_image(1));
  BOOST_TEST(w.until([&] { return w.running(1) == 3; }));
  auto held = vvm->partitions().borrow(LoopWorld::key(), engines::ProcessorKind::query).value();
  w.store.reads_fail = true;
  w.store.plan.assign(100'000, cluster::Fault::before);  // the cluster can store nothing
  vvm->stop();
  BOOST_TEST(w.until([&] { return w.ended == 1; }, seconds(120)));  // I-L14
  BOOST_TEST(w.saw("vvm.drained vvm=1 all=0"));
  BOOST_TEST((held.check(w.clock.now()).error().code == Code::revoked));
  for (const appparts::AppView& app : vvm->partitions().inspect().apps) {
    for (const appparts::PartitionView& partition : app.partitions) {
      BOOST_TEST(!partition.present);
    }
  }
  held.release();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::node::testing
