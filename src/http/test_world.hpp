// TestWorld: one process with a virtual clock and loopback streams that misbehave on request.
//
// Tests of this module, image, cluster and vvm rely on it; sim/world is the real one. An io_context
// is only the executor here: nothing runs but inside run(), and time moves when nothing else can
// happen.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "runtime/task_scope.hpp"

namespace vvm::http {

// What one direction of the streams does; counted from the first octet of the stream.
struct Mischief {
  std::uint64_t cut_after = ~std::uint64_t{0};    // then the reader sees eof, or a reset
  bool reset = false;                             // what cut_after ends in
  std::uint64_t stall_after = ~std::uint64_t{0};  // then the reader sees nothing more
  std::size_t piece_max = ~std::size_t{0};        // of one read
};

class TestClock final : public Clock {
 public:
  explicit TestClock(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  Instant now() const override { return now_; }

  WallMs wall() const override { return {1'700'000'000'000 + now_.ns / 1'000'000}; }

  void unpark(ParkKey key) override { complete(key, {}, true); }

  // Moves to the next deadline; false when nobody waits for one.
  bool advance() {
    auto next = parked_.end();
    for (auto it = parked_.begin(); it != parked_.end(); ++it) {
      const bool timed = it->second.deadline != Instant::max();
      if (timed && (next == parked_.end() || it->second.deadline < next->second.deadline)) {
        next = it;
      }
    }
    if (next == parked_.end()) {
      return false;
    }
    now_ = std::max(now_, next->second.deadline);
    complete(next->first, {}, false);
    return true;
  }

  void drop_all() { parked_.clear(); }

 private:
  struct Parked {
    Instant deadline;
    ParkCompletion completion;
  };

  void start_park(Instant deadline, ParkKey* key, ParkCompletion completion) override {
    const ParkKey mine{++last_key_};
    if (key != nullptr) {
      *key = mine;
    }
    if (auto slot = completion.slot(); slot.is_connected()) {
      slot.assign([this, mine](asio::cancellation_type) {
        complete(mine, asio::error::operation_aborted, false);
      });
    }
    parked_.emplace(mine, Parked{.deadline = deadline, .completion = std::move(completion)});
  }

  void complete(ParkKey key, ErrorCode ec, bool woken) {
    const auto it = parked_.find(key);
    if (it == parked_.end()) {
      return;
    }
    auto completion = std::move(it->second.completion);
    parked_.erase(it);
    asio::post(executor_, [c = std::move(completion), ec, woken]() mutable {
      c.slot().clear();
      c(ec, woken);
    });
  }

  asio::any_io_executor executor_;
  Instant now_{seconds(1).ns};
  std::uint64_t last_key_ = 0;
  std::map<ParkKey, Parked> parked_;
};

// One direction of a connection.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(asio::any_io_executor executor, Mischief mischief)
      : executor_(std::move(executor)), mischief_(mischief) {}

  std::size_t write(std::span<const asio::const_buffer> from) {
    std::size_t total = 0;
    for (const auto& part : from) {
      queue_.append(static_cast<const char*>(part.data()), part.size());
      total += part.size();
    }
    pump();
    return total;
  }

  void close() {
    closed_ = true;
    pump();
  }

  bool cut() const { return delivered_ >= mischief_.cut_after; }

  void read(std::span<char> into, IoCompletion completion) {
    if (auto slot = completion.slot(); slot.is_connected()) {
      slot.assign([self = shared_from_this()](asio::cancellation_type) {
        self->finish(asio::error::operation_aborted, 0);
      });
    }
    into_ = into;
    reader_ = std::move(completion);
    pump();
  }

  void drop_reader() { reader_ = {}; }

 private:
  void pump() {
    if (!reader_ || delivered_ >= mischief_.stall_after) {
      return;
    }
    if (cut()) {
      finish(
          mischief_.reset ? ErrorCode(asio::error::connection_reset) : ErrorCode(asio::error::eof),
          0);
      return;
    }
    const std::uint64_t left = std::min(mischief_.cut_after, mischief_.stall_after) - delivered_;
    const std::size_t n = std::min(
        {queue_.size(), into_.size(), mischief_.piece_max, static_cast<std::size_t>(left)});
    if (n == 0) {
      if (closed_ && queue_.empty()) {
        finish(asio::error::eof, 0);
      }
      return;
    }
    std::copy_n(queue_.begin(), n, into_.begin());
    queue_.erase(0, n);
    delivered_ += n;
    finish({}, n);
  }

  void finish(ErrorCode ec, std::size_t n) {
    if (!reader_) {
      return;
    }
    asio::post(executor_, [c = std::move(reader_), ec, n]() mutable {
      c.slot().clear();
      c(ec, n);
    });
    reader_ = {};
  }

  asio::any_io_executor executor_;
  Mischief mischief_;
  Bytes queue_;
  std::uint64_t delivered_ = 0;
  bool closed_ = false;
  std::span<char> into_;
  IoCompletion reader_;
};

class PipeStream final : public StreamImpl {
 public:
  PipeStream(asio::any_io_executor executor, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
      : executor_(std::move(executor)), in_(std::move(in)), out_(std::move(out)) {}

  ~PipeStream() override {
    in_->drop_reader();
    out_->close();
  }

  void start_read(std::span<char> into, IoCompletion completion) override {
    in_->read(into, std::move(completion));
  }

  void start_write(std::span<const asio::const_buffer> from, IoCompletion completion) override {
    const std::size_t n = out_->write(from);
    asio::post(executor_, [c = std::move(completion), n]() mutable { c({}, n); });
  }

  void close() override { out_->close(); }

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
};

class TestNet final : public Net {
 public:
  explicit TestNet(Runtime rt) : rt_(rt) {}

  // Set before connect(); they hold for connections made afterwards.
  Mischief to_client;
  Mischief to_server;
  std::size_t connects = 0;

  Task<Result<Stream>> connect(Endpoint to) override {
    const auto it = listening_.find(to.port);
    if (it == listening_.end()) {
      co_return Error{Code::connection_refused, "no listener"};
    }
    ++connects;
    auto up = std::make_shared<Pipe>(rt_.executor(), to_server);
    auto down = std::make_shared<Pipe>(rt_.executor(), to_client);
    it->second->waiting.push_back(make(up, down));
    it->second->changed.notify_all();
    co_return make(down, up);
  }

  Result<std::unique_ptr<Listener>> listen(std::uint16_t port) override {
    while (port == 0 || listening_.contains(port)) {
      port = ++last_port_;
    }
    auto backlog = std::make_shared<Backlog>(rt_);
    listening_.emplace(port, backlog);
    return std::make_unique<TestListener>(this, port, std::move(backlog));
  }

 private:
  struct Backlog {
    explicit Backlog(Runtime rt) : changed(rt) {}

    std::deque<Stream> waiting;
    Signal changed;
    bool closed = false;
  };

  class TestListener final : public Listener {
   public:
    TestListener(TestNet* net, std::uint16_t port, std::shared_ptr<Backlog> backlog)
        : net_(net), port_(port), backlog_(std::move(backlog)) {}

    ~TestListener() override { net_->listening_.erase(port_); }

    Task<Result<Stream>> accept() override {
      while (backlog_->waiting.empty() && !backlog_->closed) {
        co_await backlog_->changed.wait();
      }
      if (backlog_->closed) {
        co_return Error{Code::closed, "listener"};
      }
      Stream stream = std::move(backlog_->waiting.front());
      backlog_->waiting.pop_front();
      co_return stream;
    }

    std::uint16_t port() const override { return port_; }

    void close() override {
      backlog_->closed = true;
      backlog_->changed.notify_all();
      net_->listening_.erase(port_);
    }

   private:
    TestNet* net_;
    std::uint16_t port_;
    std::shared_ptr<Backlog> backlog_;
  };

  Stream make(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out) {
    return {rt_.executor(),
            std::make_unique<PipeStream>(rt_.executor(), std::move(in), std::move(out))};
  }

  Runtime rt_;
  std::uint16_t last_port_ = 0;
  std::map<std::uint16_t, std::shared_ptr<Backlog>> listening_;
};

class TestProc final : public Proc {
 public:
  std::string_view name() const override { return "test"; }

  BytesView nonce() const override { return "0123456789abcdef"; }

  void exit(int code) override { exit_code = code; }

  bool alive() const override { return !dead; }

  Task<void> charge(Work) override { co_return; }

  std::optional<int> exit_code;
  bool dead = false;
};

class TestEvents final : public EventSink {
 public:
  void emit(const Event& event) override { seen.push_back(to_string(event)); }

  std::vector<std::string> seen;
};

class TestWorld {
 public:
  TestWorld() : clock(ctx.get_executor()), net(Runtime{&seams}) {
    seams.executor = ctx.get_executor();
    seams.clock = &clock;
    seams.net = &net;
    seams.proc = &proc;
    seams.events = &events;
  }

  TestWorld(const TestWorld&) = delete;
  TestWorld& operator=(const TestWorld&) = delete;

  // What still waits is destroyed as in a crash.
  ~TestWorld() {
    proc.dead = true;
    clock.drop_all();
  }

  Runtime rt() { return Runtime{&seams}; }

  // Runs everything until the task ends. Throws when nothing can happen any more.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    TaskScope scope(rt());
    scope.spawn("run", keep(&result, std::move(task)));
    while (!result.has_value() && !proc.exit_code.has_value()) {
      step();
    }
    while (scope.size() != 0) {
      step();
    }
    if (!result.has_value()) {
      throw std::runtime_error("the task failed");
    }
    return std::move(*result);
  }

  // Runs what is ready, or moves time to the next deadline.
  void step() {
    ctx.restart();
    if (ctx.poll() == 0 && !clock.advance()) {
      throw std::runtime_error("nothing can happen");
    }
  }

  asio::io_context ctx;
  Seams seams;
  TestClock clock;
  TestNet net;
  TestProc proc;
  TestEvents events;

 private:
  template <class T>
  static Task<void> keep(std::optional<T>* result, Task<T> task) {
    result->emplace(co_await std::move(task));
  }
};

}  // namespace vvm::http
