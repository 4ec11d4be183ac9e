// The contract tests' world in the simulator: a World with processes that only run what they get.
#include <map>

#include "runtime/contract/fixture.hpp"
#include "runtime/task_scope.hpp"
#include "sim/world/world.hpp"

namespace vvm::contract {
namespace {

constexpr Duration limit = minutes(1);

// Runs until the process ends; the tests' tasks are its children.
class Host final : public Program {
 public:
  explicit Host(Runtime rt) : rt_(rt), scope_(rt), never_(rt) {}

  Runtime rt() const { return rt_; }

  TaskScope& scope() { return scope_; }

  Task<void> run() override {
    for (;;) {
      co_await never_.wait();
    }
  }

 private:
  Runtime rt_;
  TaskScope scope_;
  Signal never_;
};

class SimFixture final : public Fixture {
 public:
  Runtime process(const std::string& name) override { return find(name).rt(); }

  std::string host(const std::string& name) override { return name; }

  void spawn(const std::string& name, Task<void> task) override {
    find(name).scope().spawn("test", std::move(task));
  }

  void cancel(const std::string& name) override { find(name).scope().cancel(); }

  bool run_until(std::function<bool()> done) override {
    const Instant end = world_.kernel().now() + limit;
    while (!done()) {
      if (!world_.kernel().step(end)) {
        return false;
      }
    }
    return true;
  }

  void kill(const std::string& name) override {
    find(name);
    world_.crash(name, sim::CrashKind::process);
  }

  bool cut_power(const std::string& name) override {
    find(name);
    world_.crash(name, sim::CrashKind::power_loss, sim::Unsynced::lost);
    return true;
  }

  std::optional<int> exit_code(const std::string& name) override { return world_.exit_code(name); }

 private:
  Host& find(const std::string& name) {
    if (!known_.contains(name)) {
      known_[name] = true;
      world_.add_process(name, {}, [](Runtime rt) -> std::unique_ptr<Program> {
        return std::make_unique<Host>(rt);
      });
    }
    if (!world_.running(name)) {
      world_.start(name);
    }
    return *static_cast<Host*>(world_.program(name));
  }

  sim::World world_{1};
  std::map<std::string, bool> known_;
};

}  // namespace

std::unique_ptr<Fixture> new_fixture() { return std::make_unique<SimFixture>(); }

}  // namespace vvm::contract
