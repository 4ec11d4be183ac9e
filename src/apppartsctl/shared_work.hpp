// SharedWork: work that several partitions want, done once (docs/spec/vvm.md 8.1).
//
// The controller owns one; keys of the same version share its downloads, unpackings, parses, checks
// and builds. A piece of work belongs to nobody's call: it runs in this object's scope, so that the
// key that began it may leave without harm to those that wait. WorkTable is the bookkeeping, pure;
// a Flight is the ticket of whoever waits.
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "apppartsctl/step_core.hpp"
#include "base/check.hpp"
#include "runtime/task_scope.hpp"
#include "runtime/timeout.hpp"

namespace vvm::apppartsctl {

// One identity of work. Downloads and unpackings go by content, the rest by V; pools and the
// version that is served matter where they are set.
struct WorkKey {
  Step step{};
  VersionId version;
  Pools pools{};
  VersionId served{};
  std::array<std::int32_t, 2> counts{};  // partitions, workspaces

  auto operator<=>(const WorkKey&) const = default;
};

// One run of a piece of work, in progress or ended. Kept by those that wait for it.
template <class Value>
struct Flight {
  WorkKey key;
  std::optional<Result<Value>> result{};  // set when it has ended
  bool stop_wanted = false;

  bool ended() const { return result.has_value(); }

  // It was stopped because nobody needed it: no verdict on the work.
  bool stopped() const {
    return ended() && result->has_error() && result->error().code == Code::cancelled;
  }
};

template <class Value>
class WorkTable {
 public:
  using Ticket = std::shared_ptr<Flight<Value>>;
  using Predicate = std::function<bool(const WorkKey&)>;

  // What is known of this work: in flight, done, or failed for good. Null: nobody has begun.
  Ticket find(const WorkKey& key) const {
    const auto at = flights_.find(key);
    return at == flights_.end() ? nullptr : at->second;
  }

  // pre: find(key) is null.
  Ticket open(const WorkKey& key) {
    auto flight = std::make_shared<Flight<Value>>(Flight<Value>{.key = key});
    const bool fresh = flights_.emplace(key, flight).second;
    CHECK(fresh, "work begun twice");
    return flight;
  }

  // Whoever waits sees the result. It is remembered when it is a success worth `keep`-ing or a
  // failure that the same input must repeat.
  void end(const Ticket& flight, Result<Value> result, bool keep) {
    CHECK(!flight->ended(), "work ended twice");
    const bool repeats = result.has_error() &&
                         error_class(result.error().code) == ErrorClass::permanent &&
                         raw(result.error().code) < 1000;
    const bool remembered = result.has_value() ? keep : repeats;
    flight->result.emplace(std::move(result));
    if (!remembered || flight->stop_wanted) {
      erase(flight);
    }
  }

  // Forgets what is not needed, and asks what is in flight for it to stop. True when there is any.
  bool retain(const Predicate& needed) {
    bool stops = false;
    for (auto it = flights_.begin(); it != flights_.end();) {
      if (needed(it->first)) {
        it->second->stop_wanted = false;
        ++it;
      } else if (it->second->ended()) {
        it = flights_.erase(it);
      } else {
        it->second->stop_wanted = true;
        stops = true;
        ++it;
      }
    }
    return stops;
  }

  // Somebody asks for another try.
  void forget_failures(const Predicate& about) {
    std::erase_if(flights_, [&](const auto& entry) {
      const Flight<Value>& flight = *entry.second;
      return flight.ended() && flight.result->has_error() && about(entry.first);
    });
  }

  std::size_t size() const { return flights_.size(); }

 private:
  void erase(const Ticket& flight) {
    const auto at = flights_.find(flight->key);
    if (at != flights_.end() && at->second == flight) {
      flights_.erase(at);
    }
  }

  std::map<WorkKey, Ticket> flights_;
};

template <class Value>
class SharedWork {
 public:
  using Ticket = typename WorkTable<Value>::Ticket;
  using Predicate = typename WorkTable<Value>::Predicate;

  explicit SharedWork(Runtime rt) : rt_(rt), changed_(rt), scope_(rt) {}

  SharedWork(const SharedWork&) = delete;
  SharedWork& operator=(const SharedWork&) = delete;
  ~SharedWork() = default;

  Ticket find(const WorkKey& key) const { return table_.find(key); }

  // Begins it, for at most `limit`. pre: find(key) is null; not closed.
  Ticket start(const WorkKey& key, Task<Result<Value>> task, Duration limit, bool keep) {
    Ticket flight = table_.open(key);
    scope_.spawn(std::string{name_of(key.step)}, run(flight, std::move(task), limit, keep));
    return flight;
  }

  void retain(const Predicate& needed) {
    if (table_.retain(needed)) {
      changed_.notify_all();
    }
  }

  void forget_failures(const Predicate& about) { table_.forget_failures(about); }

  // Notified when a flight has ended, and by wake().
  Signal& changed() { return changed_; }

  void wake() { changed_.notify_all(); }

  std::size_t size() const { return table_.size(); }

  // Ends what is in flight, without a verdict.
  Task<void> close() { return scope_.close(); }

 private:
  // What the inner task leaves behind; shared, because a crash destroys frames in any order.
  struct Slot {
    std::optional<Result<Value>> result;
    std::optional<std::string> thrown;
  };

  Task<void> run(Ticket flight, Task<Result<Value>> task, Duration limit, bool keep) {
    auto bounded = with_timeout(rt_, limit, std::move(task));
    Result<Value> result = co_await until_stopped(flight, std::move(bounded));
    table_.end(flight, std::move(result), keep);
    changed_.notify_all();
  }

  Task<void> fill(std::shared_ptr<Slot> slot, Task<Result<Value>> task) {
    slot->result.emplace(co_await std::move(task));
    changed_.notify_all();
  }

  // The task's result; Cancelled when it was stopped before it had one.
  Task<Result<Value>> until_stopped(Ticket flight, Task<Result<Value>> task) {
    auto slot = std::make_shared<Slot>();
    TaskScope inner(rt_, [this, slot](std::string_view, std::string_view what) {
      slot->thrown = std::string{what};
      changed_.notify_all();
    });
    inner.spawn("attempt", fill(slot, std::move(task)));
    std::exception_ptr cancelled;
    while (!slot->result.has_value() && !slot->thrown.has_value() && !flight->stop_wanted &&
           cancelled == nullptr) {
      try {
        co_await changed_.wait();  // ends with the task's own limit
      } catch (const boost::system::system_error&) {
        cancelled = std::current_exception();
      }
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await inner.close();
    if (cancelled != nullptr) {
      std::rethrow_exception(cancelled);
    }
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    if (slot->result.has_value()) {
      co_return std::move(*slot->result);
    }
    if (slot->thrown.has_value()) {
      co_return Error{Code::internal_error, *slot->thrown};
    }
    co_return Error{Code::cancelled, "nobody needs it"};
  }

  Runtime rt_;
  WorkTable<Value> table_;
  Signal changed_;
  TaskScope scope_;
};

}  // namespace vvm::apppartsctl
