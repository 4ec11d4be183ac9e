// Machine and Process: live processes of vvm in one process of the operating system.
//
// sim/cli and the contract tests rely on them. A Machine has one loop that runs every coroutine and
// two threads for what blocks. A Process is what sim/world calls one: a Runtime of its own, a
// Program, and an end after which no effect of it happens (its coroutines are destroyed where they
// stand, sockets closed); a Machine can therefore host a whole cluster. Everything is called on the
// thread that runs the loop, or while nobody does.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "live/life.hpp"
#include "runtime/program.hpp"

namespace vvm::live {

class Machine;
class Process;

// Store and BLOBs that processes of one cluster share; a folder with `store.sqlite` and `blobs/`.
class Storage {
 public:
  // Creates what is not there. err: BadInput, StoreUnavailable, DiskFull, DiskIO.
  static Result<std::shared_ptr<Storage>> open(const std::string& folder);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

 private:
  friend class Process;
  struct Parts;
  explicit Storage(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

struct ProcessOptions {
  std::string name{};
  std::string disk{};                  // the folder of its Disk, created if need be; empty: no Disk
  std::string address = "127.0.0.1";   // of its listeners
  std::shared_ptr<Storage> storage{};  // null: neither Store nor BlobStore
  EventSink* events = nullptr;         // outlives the Machine; null: events are dropped
};

class Process {
 public:
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  const std::string& name() const;
  Runtime rt() const;
  // The process ends when run() does: with 0, or as the Program said by Proc::exit().
  void start(std::unique_ptr<Program> program);
  // A task beside the Program; an exception other than cancellation ends the process with 1.
  void spawn(std::string name, Task<void> task);
  // Asks for an orderly stop: every task, and so the Program, is cancelled.
  void stop();
  // The end, at once. Idempotent.
  void kill();

  bool running() const;
  // None while it runs, and after kill().
  std::optional<int> exit_code() const;
  // Called on the loop once it has ended, not by kill().
  void on_exit(std::function<void(int)> hook);

 private:
  friend class Machine;
  struct Parts;
  explicit Process(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

class Machine {
 public:
  Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine();

  // Lives as long as the Machine. err: DiskIO, DiskFull.
  Result<Process*> add(ProcessOptions options);
  // Called on the loop for each SIGINT and SIGTERM, which then do not end the program.
  void on_signal(std::function<void(int)> hook);

  // Until stop().
  void run();
  void stop();
  // Until `done`, which is asked after each handler, or for `limit`; returns done().
  bool run_until(const std::function<bool()>& done, Duration limit);
  // Kills what still runs and destroys every coroutine; what they used may go afterwards. The
  // destructor does it, too.
  void shut_down();

 private:
  friend class Process;
  struct Parts;

  std::unique_ptr<Parts> parts_;
};

}  // namespace vvm::live
