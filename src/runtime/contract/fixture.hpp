// Fixture: one world for one contract test; the same tests run against live and against sim/world.
//
// Only the tests of this folder rely on it. A test asks for processes by name, runs tasks in them
// and compares what the seams did. live_fixture.cpp and sim_fixture.cpp each define new_fixture();
// a test program links one of the two.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "runtime/runtime.hpp"

namespace vvm::contract {

class Fixture {
 public:
  Fixture() = default;
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  virtual ~Fixture() = default;

  // The process of this name, started by the first call. All processes share one store and one BLOB
  // store; each has a disk of its own. The handle is good until the process is killed.
  virtual Runtime process(const std::string& name) = 0;
  // Under what host other processes reach its listeners.
  virtual std::string host(const std::string& name) = 0;

  // Starts a task in a process, soon.
  virtual void spawn(const std::string& name, Task<void> task) = 0;
  // Cancels every task of a process that was spawned here.
  virtual void cancel(const std::string& name) = 0;
  // Lets the world go on until `done()`, at most for a minute of its clock. False when it is not
  // done by then.
  virtual bool run_until(std::function<bool()> done) = 0;

  // Ends a process at once: its tasks are destroyed where they stand and no effect of it comes
  // afterwards. process() starts it again, on the same disk.
  virtual void kill(const std::string& name) = 0;
  // The same, and the disk loses what was not synced. False where a world cannot do that.
  virtual bool cut_power(const std::string& name) = 0;
  // The exit code of a process that ended by Proc::exit(); none while it runs or after kill().
  virtual std::optional<int> exit_code(const std::string& name) = 0;

  // Runs one task in a process to its end and returns its value; none when it did not end.
  template <class T>
  std::optional<T> try_await(const std::string& name, Task<T> task) {
    const auto value = std::make_shared<std::optional<T>>();
    spawn(name, keep<T>(std::move(task), value));
    if (!run_until([value] { return value->has_value(); })) {
      return std::nullopt;
    }
    return std::move(*value);
  }

  // As try_await; a task that does not end fails the test.
  template <class T>
  T await(const std::string& name, Task<T> task) {
    return std::move(try_await<T>(name, std::move(task)).value());
  }

 private:
  template <class T>
  static Task<void> keep(Task<T> task, std::shared_ptr<std::optional<T>> value) {
    value->emplace(co_await std::move(task));
  }
};

std::unique_ptr<Fixture> new_fixture();

}  // namespace vvm::contract
