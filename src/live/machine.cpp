// The loop, its processes, and the order in which both go away.
#include "live/machine.hpp"

#include <chrono>
#include <csignal>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <sys/random.h>

#include "base/check.hpp"
#include "live/blobs.hpp"
#include "live/clock.hpp"
#include "live/disk.hpp"
#include "live/net.hpp"
#include "live/store.hpp"
#include "runtime/task_scope.hpp"

namespace vvm::live {
namespace {

constexpr std::size_t nonce_bytes = 16;

// Blocks until the machine has randomness, at its start; fails never after that.
Bytes random_octets(std::size_t size) {
  Bytes octets(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::getrandom(octets.data() + done, size - done, 0);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    }
  }
  return octets;
}

class LiveRand final : public Rand {
 public:
  Rng stream(std::string_view purpose) override { return root_.fork(purpose); }

 private:
  Rng root_{read_be64(random_octets(sizeof(std::uint64_t)))};
};

class NoEvents final : public EventSink {
 public:
  void emit(const Event& /*event*/) override {}
};

}  // namespace

// ---------------------------------------------------------------------------------------- storage

struct Storage::Parts {
  std::shared_ptr<Database> database;
  std::shared_ptr<const Fd> blobs;
};

Storage::Storage(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Storage::~Storage() = default;

Result<std::shared_ptr<Storage>> Storage::open(const std::string& folder) {
  TRY(Fd blobs, open_folder(folder + "/blobs"));
  auto parts = std::make_unique<Parts>();
  parts->blobs = std::make_shared<const Fd>(std::move(blobs));
  TRY(parts->database, open_database(folder + "/store.sqlite"));
  return std::shared_ptr<Storage>(new Storage(std::move(parts)));
}

// ---------------------------------------------------------------------------------------- machine

struct Machine::Parts {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
  asio::signal_set signals{io};
  std::function<void(int)> on_signal;
  Worker files;
  Worker stores;
  std::vector<std::unique_ptr<Process>> processes;

  void wait_for_signal() {
    signals.async_wait([this](const ErrorCode& ec, int number) {
      if (!ec) {
        wait_for_signal();
        on_signal(number);
      }
    });
  }
};

// ---------------------------------------------------------------------------------------- process

struct Process::Parts {
  // What the process knows about itself.
  class Self final : public Proc {
   public:
    explicit Self(Parts* parts) : parts_(parts), nonce_(random_octets(nonce_bytes)) {}

    std::string_view name() const override { return parts_->options.name; }

    BytesView nonce() const override { return nonce_; }

    void exit(int code) override { parts_->end(code); }

    bool alive() const override { return parts_->life->alive(); }

    // Real time has passed already.
    Task<void> charge(Work /*work*/) override { co_return; }

   private:
    Parts* parts_;
    Bytes nonce_;
  };

  Parts(Machine::Parts* m, ProcessOptions o, Fd root)
      : machine(m),
        options(std::move(o)),
        life(std::make_shared<Life>(m->io.get_executor())),
        clock(life),
        net(life, options.address),
        self(this) {
    if (root) {
      seams.disk = &disk.emplace(life, &m->files, std::move(root));
    }
    if (options.storage != nullptr) {
      const Storage::Parts& shared = *options.storage->parts_;
      seams.store = &store.emplace(life, &m->stores, shared.database);
      seams.blobs = &blobs.emplace(life, &m->files, shared.blobs);
    }
    seams.executor = life->executor();
    seams.clock = &clock;
    seams.net = &net;
    seams.rand = &rand;
    seams.proc = &self;
    seams.events = options.events == nullptr ? &no_events : options.events;
    scope.emplace(Runtime(&seams));
  }

  // May be called by a coroutine of the process itself: what destroys frames comes later.
  void end(std::optional<int> code) {
    if (!life->alive()) {
      return;
    }
    life->end();
    net.close_all();
    exit_code = code;
    asio::post(life->executor(), [this, code] {
      take_apart();
      if (code.has_value() && on_exit) {
        on_exit(*code);
      }
    });
  }

  // A job in progress may use memory of a frame that a dropped wait would destroy.
  void take_apart() {
    machine->files.drain();
    machine->stores.drain();
    clock.drop_all();
    net.close_all();
  }

  Task<void> run_program() {
    try {
      co_await program->run();
    } catch (const boost::system::system_error& e) {
      if (!is_cancellation(e)) {
        throw;
      }
    }
    end(0);
  }

  Machine::Parts* machine;
  ProcessOptions options;
  std::shared_ptr<Life> life;
  LiveClock clock;
  LiveNet net;
  std::optional<LiveDisk> disk;
  std::optional<LiveStore> store;
  std::optional<LiveBlobs> blobs;
  LiveRand rand;
  Self self;
  NoEvents no_events;
  Seams seams;
  std::optional<int> exit_code;
  std::function<void(int)> on_exit;
  std::optional<TaskScope> scope;
  std::unique_ptr<Program> program;
};

Process::Process(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Process::~Process() = default;

const std::string& Process::name() const { return parts_->options.name; }

Runtime Process::rt() const { return Runtime(&parts_->seams); }

void Process::start(std::unique_ptr<Program> program) {
  CHECK(parts_->program == nullptr, "a process runs one program", name());
  parts_->program = std::move(program);
  parts_->scope->spawn("main", parts_->run_program());
}

void Process::spawn(std::string name, Task<void> task) {
  parts_->scope->spawn(std::move(name), std::move(task));
}

void Process::stop() { parts_->scope->cancel(); }

void Process::kill() { parts_->end(std::nullopt); }

bool Process::running() const { return parts_->life->alive(); }

std::optional<int> Process::exit_code() const { return parts_->exit_code; }

void Process::on_exit(std::function<void(int)> hook) { parts_->on_exit = std::move(hook); }

// ------------------------------------------------------------------------------- machine, its
// verbs

Machine::Machine() : parts_(std::make_unique<Parts>()) {}

// Frames first, then the programs and seams that their destructors may touch, the loop last.
Machine::~Machine() {
  shut_down();
  parts_->processes.clear();
}

void Machine::shut_down() {
  for (const auto& process : parts_->processes) {
    process->kill();
  }
  ErrorCode ec;
  ec = parts_->signals.cancel(ec);
  const auto waits = [this] {
    std::size_t count = 0;
    for (const auto& process : parts_->processes) {
      count += process->parts_->life->in_flight();
    }
    return count > 0;
  };
  parts_->io.restart();
  while (parts_->io.poll() > 0 || waits()) {
    parts_->io.run_one_for(std::chrono::milliseconds(waits() ? 10 : 0));
  }
}

Result<Process*> Machine::add(ProcessOptions options) {
  Fd root;
  if (!options.disk.empty()) {
    TRY(root, open_folder(options.disk));
  }
  auto parts = std::make_unique<Process::Parts>(parts_.get(), std::move(options), std::move(root));
  parts_->processes.push_back(std::unique_ptr<Process>(new Process(std::move(parts))));
  return parts_->processes.back().get();
}

void Machine::on_signal(std::function<void(int)> hook) {
  parts_->on_signal = std::move(hook);
  parts_->signals.add(SIGINT);
  parts_->signals.add(SIGTERM);
  parts_->wait_for_signal();
}

void Machine::run() {
  parts_->io.restart();
  parts_->io.run();
}

void Machine::stop() { parts_->io.stop(); }

bool Machine::run_until(const std::function<bool()>& done, Duration limit) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(limit.ns);
  parts_->io.restart();
  while (!done() && std::chrono::steady_clock::now() < end) {
    parts_->io.run_one_until(end);
  }
  return done();
}

}  // namespace vvm::live
