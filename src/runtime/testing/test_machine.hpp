// TestMachine: one process in memory, with a virtual clock; for tests of one module.
//
// Unit tests, core properties and micro benchmarks rely on it where a whole simulated World would
// say less; sim/world is the real one. An io_context is only the executor: nothing runs but inside
// run(), and time moves to the next deadline when nothing else can happen. No network, no disk.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "runtime/task_scope.hpp"

namespace vvm::testing {

class TestClock final : public Clock {
 public:
  explicit TestClock(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  Instant now() const override { return now_; }

  WallMs wall() const override { return {1'700'000'000'000 + now_.ns / 1'000'000}; }

  void unpark(ParkKey key) override { complete(key, {}, true); }

  void set(Instant now) { now_ = now; }

  Instant next_deadline() const {
    Instant next = Instant::max();
    for (const auto& [key, parked] : parked_) {
      next = std::min(next, parked.deadline);
    }
    return next;
  }

  // Completes the first of the waits that end at or before now; false when there is none.
  bool fire() {
    for (const auto& [key, parked] : parked_) {
      if (parked.deadline <= now_) {
        complete(key, {}, false);
        return true;
      }
    }
    return false;
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
  Instant now_{seconds(1000).ns};
  std::uint64_t last_key_ = 0;
  std::map<ParkKey, Parked> parked_;
};

class TestProc final : public Proc {
 public:
  std::string_view name() const override { return "test"; }

  BytesView nonce() const override { return "0123456789abcdef"; }

  void exit(int code) override { exit_code = code; }

  bool alive() const override { return is_alive; }

  Task<void> charge(Work work) override {
    charged.push_back(work);
    if (charge_cost > Duration{}) {
      co_await clock->sleep_for(charge_cost);
    }
  }

  Clock* clock = nullptr;
  Duration charge_cost{};
  std::vector<Work> charged;
  int exit_code = -1;
  bool is_alive = true;
};

// Linearizable rows in memory, without expiry. `before` may answer an operation instead of the
// store; `unknown_after` operations from now, one takes effect and says UnknownOutcome.
class TestStore final : public Store {
 public:
  Task<Status> put(RowKey key, Bytes value) override {
    rows[key] = value;
    co_return ok();
  }

  Task<Status> put_batch(std::vector<Row> batch) override {
    for (const Row& row : batch) {
      rows[row.key] = row.value;
    }
    co_return ok();
  }

  Task<Result<std::optional<Bytes>>> get(RowKey key) override {
    CO_TRY(ask("get"));
    const auto it = rows.find(key);
    co_return it == rows.end() ? std::nullopt : std::optional<Bytes>(it->second);
  }

  Task<Result<std::vector<Row>>> read(RowRange range) override {
    std::vector<Row> found;
    for (const auto& [key, value] : rows) {
      const bool below = range.to.empty() || key.clustering < range.to;
      if (key.partition == range.partition && key.clustering >= range.from && below) {
        found.push_back({key, value});
      }
    }
    co_return found;
  }

  Task<Result<bool>> insert_if_not_exists(RowKey key, Bytes value, Duration /*ttl*/) override {
    CO_TRY(ask("insert"));
    const bool inserted = rows.emplace(key, value).second;
    CO_TRY(tell("insert"));
    co_return inserted;
  }

  Task<Result<bool>> compare_and_swap(RowKey key,
                                      Bytes expected,
                                      Bytes value,
                                      Duration /*ttl*/) override {
    CO_TRY(ask("cas"));
    const auto it = rows.find(key);
    const bool swapped = it != rows.end() && it->second == expected;
    if (swapped) {
      it->second = value;
    }
    CO_TRY(tell("cas"));
    co_return swapped;
  }

  Task<Result<bool>> compare_and_delete(RowKey key, Bytes expected) override {
    CO_TRY(ask("delete"));
    const auto it = rows.find(key);
    const bool deleted = it != rows.end() && it->second == expected;
    if (deleted) {
      rows.erase(it);
    }
    CO_TRY(tell("delete"));
    co_return deleted;
  }

  std::map<RowKey, Bytes> rows;
  // Called around each conditional operation and get; an error is what the caller sees, without
  // effect from `before`, in spite of the effect from `after`.
  std::function<Status(std::string_view verb)> before;
  std::function<Status(std::string_view verb)> after;

 private:
  Status ask(std::string_view verb) const { return before ? before(verb) : ok(); }

  Status tell(std::string_view verb) const { return after ? after(verb) : ok(); }
};

class TestEvents final : public EventSink {
 public:
  void emit(const Event& event) override {
    if (keep) {
      lines.push_back(to_string(event));
    }
  }

  // How many kept events begin with this text.
  std::size_t count(std::string_view prefix) const {
    std::size_t n = 0;
    for (const std::string& line : lines) {
      n += line.starts_with(prefix) ? 1 : 0;
    }
    return n;
  }

  bool keep = true;
  std::vector<std::string> lines;
};

class TestRand final : public Rand {
 public:
  Rng stream(std::string_view purpose) override { return Rng(seed).fork(purpose); }

  std::uint64_t seed = 1;
};

class TestMachine {
 public:
  TestMachine() {
    proc.clock = &clock;
    seams_.executor = io_.get_executor();
    seams_.clock = &clock;
    seams_.store = &store;
    seams_.rand = &rand;
    seams_.proc = &proc;
    seams_.events = &events;
    scope_.emplace(Runtime(&seams_));
  }

  TestMachine(const TestMachine&) = delete;
  TestMachine& operator=(const TestMachine&) = delete;

  ~TestMachine() { crash(); }

  // Takes apart what still waits. pre: settled, so that nothing else is ready to run.
  void crash() {
    proc.is_alive = false;
    clock.drop_all();
    io_.restart();
    io_.poll();  // asio destroys frames in handlers
  }

  Runtime rt() const { return Runtime(&seams_); }

  void spawn(std::string name, Task<void> task) { scope_->spawn(std::move(name), std::move(task)); }

  std::size_t running() const { return scope_->size(); }

  void cancel() { scope_->cancel(); }

  // Runs what is ready, without moving time.
  void settle() {
    do {
      io_.restart();
      io_.poll();
    } while (clock.fire());
  }

  // Runs until nothing is ready and no wait ends before `limit` from now; time is then there.
  void run_for(Duration limit) {
    const Instant end = clock.now() + limit;
    settle();
    while (clock.next_deadline() <= end) {
      clock.set(std::max(clock.now(), clock.next_deadline()));
      settle();
    }
    clock.set(end);
  }

  // Runs until no spawned task is left, for an hour of virtual time at most.
  void run() {
    const Instant end = clock.now() + hours(1);
    settle();
    while (scope_->size() > 0 && clock.next_deadline() <= end) {
      clock.set(std::max(clock.now(), clock.next_deadline()));
      settle();
    }
  }

  // Runs one task to its end and returns its value.
  template <class T>
  T await(Task<T> task) {
    std::optional<T> value;
    spawn("await", keep_value<T>(std::move(task), &value));
    run();
    return std::move(value.value());
  }

 private:
  template <class T>
  static Task<void> keep_value(Task<T> task, std::optional<T>* value) {
    value->emplace(co_await std::move(task));
  }

  asio::io_context io_;

 public:
  TestClock clock{io_.get_executor()};
  TestStore store;
  TestRand rand;
  TestProc proc;
  TestEvents events;

 private:
  Seams seams_;
  std::optional<TaskScope> scope_;
};

}  // namespace vvm::testing
