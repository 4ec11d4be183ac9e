// PartsFixture: one AppPartitions on a test machine, with scripted engines and recording workers.
//
// Tests and properties of appparts and its micro benchmarks rely on it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "appparts/app_partitions.hpp"
#include "engines/scripted.hpp"
#include "engines/testing/app_def.hpp"
#include "runtime/testing/test_machine.hpp"

namespace vvm::testing {

using engines::ExtensionKind;
using engines::ProcessorKind;

inline const AppQName test_app{"acme", "pos"};

// Workers that do nothing but remember; stop() takes `stop_takes`.
class TestWorkers final : public appparts::PartWorkers {
 public:
  struct Log {
    Duration stop_takes{};
    std::vector<std::string> lines;  // "start 1", "stop 1", "stopped 1": of which version
    std::size_t running = 0;         // sets of workers
    std::size_t running_most = 0;
  };

  TestWorkers(Runtime rt, std::shared_ptr<Log> log, AppVersion version)
      : rt_(rt), log_(std::move(log)), version_(std::to_string(raw(version))) {}

  void start() override {
    log_->lines.push_back("start " + version_);
    if (!running_) {
      ++log_->running;
    }
    running_ = true;
    log_->running_most = std::max(log_->running_most, log_->running);
  }

  Task<Status> stop() override {
    log_->lines.push_back("stop " + version_);
    co_await rt_.clock().sleep_for(log_->stop_takes);
    log_->lines.push_back("stopped " + version_);
    if (running_) {
      --log_->running;
    }
    running_ = false;
    co_return ok();
  }

  std::size_t running() const override { return running_ ? 1 : 0; }

 private:
  Runtime rt_;
  std::shared_ptr<Log> log_;
  std::string version_;
  bool running_ = false;
};

class TestWorkersFactory final : public appparts::PartWorkersFactory {
 public:
  explicit TestWorkersFactory(Runtime rt) : rt_(rt) {}

  std::shared_ptr<appparts::PartWorkers> make(const appparts::PartVersionInfo& info) override {
    return std::make_shared<TestWorkers>(rt_, log, info.version);
  }

  std::shared_ptr<TestWorkers::Log> log = std::make_shared<TestWorkers::Log>();

 private:
  Runtime rt_;
};

struct PartsFixture {
  struct With {
    bool workers = true;
    bool count_borrows = true;
    std::uint16_t partitions = 10;
    engines::PoolSizes pools{2, 2, 1, 1};
  };

  TestMachine machine;
  With with;
  std::shared_ptr<engines::EngineScript> script = std::make_shared<engines::EngineScript>();
  engines::EngineFactories factories;
  lease::LocalTerm term;
  TestWorkersFactory workers{machine.rt()};
  std::unique_ptr<appparts::AppPartitions> parts;

  PartsFixture() : PartsFixture(With{}) {}

  explicit PartsFixture(With options) : with(options) {
    factories.add(engines::EngineKind::builtin,
                  std::make_shared<engines::ScriptedFactory>(machine.rt(), script));
    parts = std::make_unique<appparts::AppPartitions>(
        machine.rt(),
        appparts::AppPartitions::Parts{.factories = &factories,
                                       .term = &term,
                                       .workers = with.workers ? &workers : nullptr,
                                       .count_borrows = with.count_borrows});
  }

  PartsFixture(const PartsFixture&) = delete;
  PartsFixture& operator=(const PartsFixture&) = delete;

  ~PartsFixture() {
    if (machine.proc.is_alive) {
      (void)machine.await(close_parts(parts.get()));
    }
  }

  appparts::VersionSpec spec(std::int64_t version) const {
    appparts::VersionSpec spec;
    spec.app = test_app;
    spec.version = AppVersion{version};
    spec.sha = sha256("version " + std::to_string(version));
    spec.app_def = app_def_of({{"p", "Pay", ExtensionKind::command},
                               {"p", "Print", ExtensionKind::projector_sync},
                               {"p", "Menu", ExtensionKind::query},
                               {"p", "Sum", ExtensionKind::projector_async},
                               {"p", "Close", ExtensionKind::job}});
    spec.pools = with.pools;
    spec.partitions = with.partitions;
    spec.app_workspaces = 10;
    return spec;
  }

  static PartitionKey key(std::uint16_t partition = 0) {
    return {test_app, PartitionId{partition}};
  }

  static FenceToken fence(std::int64_t epoch = 1) { return {PartitionEpoch{epoch}, VvmEpoch{1}}; }

  Result<appparts::VersionRef> try_version(std::int64_t number) {
    return machine.await(parts->ensure_version(spec(number)));
  }

  appparts::VersionRef version(std::int64_t number) { return try_version(number).value(); }

  // A partition that is admitted on this version.
  appparts::PartitionRef serve(std::int64_t number, std::uint16_t partition = 0) {
    const Status acquired = parts->acquire(key(partition), fence(), version(number));
    const Status admitted = parts->admit(key(partition));
    CHECK(acquired.has_value() && admitted.has_value(), "the fixture cannot serve");
    return parts->find(key(partition));
  }

  Status switch_to(std::int64_t number, std::uint16_t partition = 0) {
    return machine.await(parts->switch_version(key(partition), version(number)));
  }

  Result<appparts::Borrowed> borrow(ProcessorKind kind, std::uint16_t partition = 0) {
    return parts->borrow(key(partition), kind);
  }

  appparts::PartitionView view(std::uint16_t partition = 0) {
    return parts->inspect_partition(key(partition)).value();
  }

 private:
  // Takes everything down, as an orderly shutdown does.
  static Task<Status> close_parts(appparts::AppPartitions* parts) {
    for (const appparts::AppView& app : parts->inspect().apps) {
      for (const appparts::PartitionView& partition : app.partitions) {
        const PartitionKey partition_key{app.app, partition.id};
        if (partition.present) {
          (void)co_await parts->drain(partition_key, {});
        }
        (void)parts->undeploy(partition_key);
      }
    }
    co_await parts->close();
    co_return ok();
  }
};

// "" for success, else the error's name.
template <class T>
std::string_view code_of(const Result<T>& result) {
  return result.has_error() ? code_name(result.error().code) : std::string_view();
}

}  // namespace vvm::testing
