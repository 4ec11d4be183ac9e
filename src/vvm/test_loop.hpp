// LoopWorld: one control loop of app partitions with everything below it: images over HTTP, a disk,
// partitions with scripted engines; and a cluster that is two maps.
//
// Tests of this module rely on it, nothing else. A world is one life of the process: destroying it
// is a crash, unless stop() came before. Disk, cluster and BLOBs outlive it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "apppartsctl/control_loop.hpp"
#include "engines/scripted.hpp"
#include "http/server.hpp"
#include "http/test_world.hpp"
#include "image/pack.hpp"
#include "image/test_disk.hpp"
#include "runtime/testing/test_machine.hpp"

namespace vvm::node::testing {

using apppartsctl::Constants;
using apppartsctl::KeyView;

inline const AppQName pos{.owner = "acme", .name = "pos"};

inline const std::string sys_text = R"(
ABSTRACT WORKSPACE Workspace (
  ABSTRACT TABLE CRecord();
  ABSTRACT TABLE CDoc INHERITS CRecord();
);
)";

// The application with one command each; "-" in front of a command leaves the schema broken.
inline std::string schema_text(const std::vector<std::string>& commands,
                               const std::string& app = "pos") {
  std::string text = "APPLICATION " + app + "();\nWORKSPACE Shop (\n  EXTENSION ENGINE BUILTIN (\n";
  for (const std::string& command : commands) {
    text += "    COMMAND " + command + ";\n";
  }
  return text + "  );\n);\n";
}

inline Bytes image_with(const std::string& schema, const AppQName& app = pos) {
  return image::pack(
             {.app = app,
              .files = {{"pkg/example.com/pos/pos.vsql", schema}, {"pkg/sys/sys.vsql", sys_text}}})
      .value();
}

// A good image of version n, which has the commands of those before.
inline Bytes good_image(int n) {
  std::vector<std::string> commands;
  for (int i = 1; i <= n; ++i) {
    commands.push_back("Pay" + std::to_string(i));
  }
  return image_with(schema_text(commands));
}

// GET /blob/<id>, and what goes wrong with it.
class Blobs final : public http::Handler {
 public:
  std::map<std::uint64_t, Bytes> bytes;
  unsigned status = 200;
  std::set<std::uint64_t> held;  // never answered
  std::size_t requests = 0;

  explicit Blobs(Runtime rt) : rt_(rt) {}

  Task<http::Response> handle(http::Request req) override {
    ++requests;
    const std::uint64_t id = std::stoull(req.target.substr(std::string("/blob/").size()));
    while (held.contains(id)) {
      co_await rt_.clock().sleep_for(milliseconds(100));
    }
    if (status != 200) {
      co_return http::Response::text(status, "no");
    }
    const auto at = bytes.find(id);
    if (at == bytes.end()) {
      co_return http::Response::text(404, "no");
    }
    http::Response response;
    response.body = at->second;
    co_return response;
  }

 private:
  Runtime rt_;
};

// The cluster as a VVM sees it.
class TestCluster final : public apppartsctl::ClusterApi {
 public:
  bool down = false;          // nothing is answered
  bool deaf = false;          // reports are not taken
  bool fences_lists = false;  // a newer epoch is registered
  bool fences_reports = false;
  std::int64_t revision = 0;
  std::map<PartitionKey, SetPoint> sps;
  std::map<PartitionKey, ProcessVariable> pvs;
  std::vector<ProcessVariable> stored;  // in order

  void put(SetPoint sp) {
    ++revision;
    sps.insert_or_assign(sp.key, std::move(sp));
  }

  Task<Result<apppartsctl::SpList>> sp_list(VvmId /*vvm*/, VvmEpoch /*epoch*/) override {
    CO_TRY(reach());
    if (fences_lists) {
      co_return Error{Code::fenced_out, "told to"};
    }
    apppartsctl::SpList list{.revision = revision, .complete = true};
    for (const auto& [key, sp] : sps) {
      list.sps.push_back(sp);
    }
    co_return list;
  }

  // 3.8, I-S13.
  Task<Status> report_pv(ProcessVariable pv) override {
    CO_TRY(reach());
    if (deaf) {
      co_return Error{Code::unavailable, "deaf"};
    }
    if (fences_reports) {
      co_return Error{Code::fenced_out, "told to"};
    }
    const auto at = pvs.find(pv.key);
    if (at != pvs.end() && pv.order() < at->second.order()) {
      co_return Error{Code::stale_report, "older"};
    }
    if (at != pvs.end()) {
      BOOST_TEST((pv.observed_generation >= at->second.observed_generation ||
                  pv.vvm_epoch > at->second.vvm_epoch));
    }
    pvs.insert_or_assign(pv.key, pv);
    stored.push_back(std::move(pv));
    co_return ok();
  }

  Task<Status> register_vvm(apppartsctl::Registration /*registration*/) override { co_return ok(); }

  Task<Status> going_down(VvmId /*vvm*/, VvmEpoch /*epoch*/) override { co_return ok(); }

 private:
  Status reach() const {
    if (down) {
      return Error{Code::unavailable, "down"};
    }
    return ok();
  }
};

// Charges virtual time for work of some kinds, and counts it.
class CostlyProc final : public Proc {
 public:
  std::map<WorkKind, std::size_t> charges;
  bool dead = false;

  // `cost` of each piece of work; outlives it.
  CostlyProc(Runtime rt, const std::map<WorkKind, Duration>* cost) : rt_(rt), cost_(cost) {}

  std::string_view name() const override { return "test"; }

  BytesView nonce() const override { return "0123456789abcdef"; }

  void exit(int /*code*/) override {}

  bool alive() const override { return !dead; }

  Task<void> charge(Work work) override {
    ++charges[work.kind];
    const auto at = cost_->find(work.kind);
    if (at != cost_->end()) {
      co_await rt_.clock().sleep_for(at->second);
    }
  }

 private:
  Runtime rt_;
  const std::map<WorkKind, Duration>* cost_;
};

// What outlives a process.
struct Outside {
  std::map<WorkKind, Duration> cost;
  image::TestDisk disk;
  TestCluster cluster;
  std::map<std::uint64_t, Bytes> blobs;
  std::int64_t generation = 0;

  // A set-point that asks for the image of this BLOB.
  SetPoint present(int version, int partition = 0) {
    SetPoint sp;
    sp.key = {.app = pos, .partition = PartitionId(partition)};
    sp.vvm = VvmId{1};
    sp.generation = Generation{++generation};
    sp.partition_epoch = PartitionEpoch{1};
    sp.app_version = AppVersion{version};
    sp.image_blob = BlobId(version);
    Bytes& image = blobs[static_cast<std::uint64_t>(version)];
    if (image.empty()) {
      image = good_image(version);
    }
    sp.image_sha256 = sha256(image);
    sp.image_size = static_cast<std::int64_t>(image.size());
    sp.num_partitions = 100;
    sp.num_app_workspaces = 10;
    sp.pool_command = sp.pool_query = 2;
    sp.pool_actualizer = sp.pool_scheduler = 1;
    return sp;
  }

  SetPoint absent(int partition = 0) {
    SetPoint sp = present(1, partition);
    sp.desired = Desired::absent;
    sp.app_version = AppVersion{};
    return sp;
  }
};

struct Lost {
  int times = 0;
  std::string why;
};

struct LoopSeams : http::TestWorld {
  explicit LoopSeams(Outside* world) : work(rt(), &world->cost) {
    seams.disk = &world->disk;
    seams.rand = &rand;
    seams.proc = &work;
  }

  vvm::testing::TestRand rand;
  CostlyProc work;
};

class LoopWorld : public LoopSeams {
 public:
  explicit LoopWorld(Outside* world, std::int64_t epoch = 1, Constants constants = {})
      : LoopSeams(world),
        outside(world),
        blobs(rt()),
        server(rt(), &blobs, {}),
        parts(rt(), {.factories = &factories, .term = &term}),
        demand(&parts),
        images(rt(), store_options(&server), &demand),
        loop(rt(),
             {.vvm = VvmId{1}, .epoch = VvmEpoch{epoch}, .build_rev = "rev1"},
             constants,
             {.api = &world->cluster,
              .demand = &demand,
              .steps = {.images = &images,
                        .partitions = &parts,
                        .demand = &demand,
                        .built_in = &built_in,
                        .compat = &compat}},
             [this](std::string_view why) {
               ++lost.times;
               lost.why = why;
             }),
        scope(rt()) {
    blobs.bytes = world->blobs;
    factories.add(engines::EngineKind::builtin,
                  std::make_shared<engines::ScriptedFactory>(rt(), script));
    scope.spawn("blobs", server.serve());
    BOOST_TEST_REQUIRE(run(images.start()).has_value());
    run(started(&loop));
  }

  LoopWorld(const LoopWorld&) = delete;
  LoopWorld& operator=(const LoopWorld&) = delete;

  // A crash, unless it is stopped. pre: no exchange is in progress.
  ~LoopWorld() {
    work.dead = true;
    proc.dead = true;
    clock.drop_all();
    ctx.restart();
    ctx.poll();
  }

  void stop() {
    run(stopped(this));
    BOOST_TEST(parts.accounts_balance());
  }

  void pass(Duration duration) { run(slept(rt(), duration)); }

  // False when it has not become true within `limit`.
  template <class Predicate>
  bool until(Predicate predicate, Duration limit = minutes(2)) {
    const Instant end = clock.now() + limit;
    while (!predicate() && clock.now() < end) {
      step();
    }
    return predicate();
  }

  // Follows it at once.
  void give(SetPoint sp) {
    blobs.bytes = outside->blobs;
    outside->cluster.put(std::move(sp));
    loop.poke();
  }

  // In it, and for the newest set-point.
  bool reaches(Phase phase, Duration limit = minutes(2), int partition = 0) {
    return until(
        [&] {
          const KeyView* v = find_view(partition);
          const auto sp = outside->cluster.sps.find(key(partition));
          return v != nullptr && v->phase == phase &&
                 (sp == outside->cluster.sps.end() || v->observed == sp->second.generation);
        },
        limit);
  }

  static PartitionKey key(int partition = 0) {
    return {.app = pos, .partition = PartitionId(partition)};
  }

  const KeyView* find_view(int partition = 0) const {
    const auto at = loop.keys().find(key(partition));
    return at == loop.keys().end() ? nullptr : &at->second;
  }

  const KeyView& view(int partition = 0) const {
    const KeyView* found = find_view(partition);
    BOOST_TEST_REQUIRE(found != nullptr);
    return *found;
  }

  const ProcessVariable& pv(int partition = 0) const {
    const auto at = outside->cluster.pvs.find(key(partition));
    BOOST_TEST_REQUIRE((at != outside->cluster.pvs.end()));
    return at->second;
  }

  // The version that a command would run under now; 0: none.
  std::int64_t serves(int partition = 0) {
    auto borrowed = parts.borrow(key(partition), engines::ProcessorKind::command);
    return borrowed ? raw(borrowed.value().version().value()) : 0;
  }

  std::size_t count(std::string_view prefix) const {
    const auto starts = [prefix](const std::string& line) { return line.starts_with(prefix); };
    return static_cast<std::size_t>(std::count_if(events.seen.begin(), events.seen.end(), starts));
  }

  // Phases of the PVs that were produced for partition 0.
  std::vector<std::string> phases() const {
    std::vector<std::string> out;
    for (const std::string& line : events.seen) {
      if (line.starts_with("pv.produced app=acme/pos part=0 ")) {
        const std::size_t at = line.find("phase=") + 6;
        out.push_back(line.substr(at, line.find(' ', at) - at));
      }
    }
    return out;
  }

  Outside* outside;
  Blobs blobs;
  http::Server server;
  std::shared_ptr<engines::EngineScript> script = std::make_shared<engines::EngineScript>();
  engines::EngineFactories factories;
  lease::LocalTerm term;
  appparts::AppPartitions parts;
  apppartsctl::Demand demand;
  image::ImageStore images;
  apppartsctl::BuiltInApps built_in;
  apppartsctl::SchemaCompat compat;
  Lost lost;
  apppartsctl::ControlLoop loop;
  TaskScope scope;

 private:
  static image::StoreOptions store_options(http::Server* server) {
    image::StoreOptions options;
    options.download.cluster = {.host = "cluster", .port = server->listen(0).value()};
    return options;
  }

  static Task<bool> started(apppartsctl::ControlLoop* loop) {
    co_await loop->start();
    co_return true;
  }

  static Task<bool> slept(Runtime rt, Duration duration) {
    co_await rt.clock().sleep_for(duration);
    co_return true;
  }

  static Task<bool> stopped(LoopWorld* world) {
    const bool all = co_await world->loop.close();
    BOOST_TEST(all);
    for (const appparts::AppView& app : world->parts.inspect().apps) {
      for (const appparts::PartitionView& partition : app.partitions) {
        BOOST_TEST(world->parts.undeploy({app.app, partition.id}).has_value());
      }
    }
    co_await world->parts.close();
    world->server.stop();
    co_await world->scope.close();
    co_return true;
  }
};

}  // namespace vvm::node::testing
