// What goes into the generic control loop and what comes out (docs/spec/vvm.md 7.2).
//
// Users of ctrlloop describe their kind of set-point as one struct, here `T`, and implement
// Controller<T> and ReportSink<T>; apppartsctl is the first. Plain values and two interfaces.
//
//   struct T {
//     using Key = ...;    // regular, cheap to copy
//     using Sp = ...;     // regular
//     using State = ...;  // regular: what the controller carries from call to call of a key
//     using Pv = ...;     // regular
//     static std::uint64_t hash(const Key&);  // the same everywhere; for lookup, never for order
//     static std::string text(const Key&);    // for events
//   };
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "runtime/task.hpp"

namespace vvm::ctrlloop {

template <class T>
concept LoopTraits = requires(const typename T::Key& key) {
  typename T::Sp;
  typename T::State;
  typename T::Pv;
  { T::hash(key) } -> std::same_as<std::uint64_t>;
  { T::text(key) } -> std::convertible_to<std::string>;
  { key == key } -> std::convertible_to<bool>;
};

// ControlMessage of the spec. Within a key, what is not newer than what has come is dropped.
template <class T>
struct Message {
  typename T::Key key;
  typename T::Sp sp;
  // 0: the number of its arrival at the loop, from 1. Else the caller's own; the two do not mix.
  std::uint64_t order = 0;
  // When to begin with it: cron.hpp. Empty is at once; later starts are the controller's answers.
  std::string cron_schedule{};
  Duration start_time_tolerance{};
};

// One call of the controller. Calls of a key never overlap, and the set-points they see get newer.
template <class T>
struct Call {
  typename T::Key key;
  typename T::Sp sp;
  // What the call before answered, even if that was made for an older set-point; none at first.
  std::optional<typename T::State> state{};
  // How many calls in a row, up to this one, ended by an exception; `state` is then unchanged.
  std::int32_t faults = 0;
  // False: the cron schedule of `sp` was invalid, so that it begins at once (InvalidSchedule).
  bool schedule_valid = true;
};

template <class T>
struct Report {
  typename T::Pv pv;
  // Sent until it is stored, in its place among the others. Without it a later report of the key
  // takes its place unless it has been sent by then.
  bool must_be_stored = false;
};

template <class T>
struct Answer {
  std::optional<typename T::State> state{};  // none clears it
  std::optional<Report<T>> pv{};             // handed to the reporter before the next call
  std::optional<Instant> start{};            // call again then; none: rest until a newer set-point
};

template <class T>
class Controller {
 public:
  Controller() = default;
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;
  virtual ~Controller() = default;

  // Cancelled when the loop closes. An exception is counted, and the same set-point tried again
  // after a back-off with `faults` one higher. Bounds its own waits.
  virtual Task<Answer<T>> call(Call<T> call) = 0;
};

template <class T>
class ReportSink {
 public:
  ReportSink() = default;
  ReportSink(const ReportSink&) = delete;
  ReportSink& operator=(const ReportSink&) = delete;
  virtual ~ReportSink() = default;

  // Success: the PV is stored, or need not be any more. An error or an exception: it is sent again
  // after a wait, or a newer one in its place. Calls of a key never overlap. Bounds its own waits.
  virtual Task<Status> report(typename T::Key key, typename T::Pv pv) = 0;
};

struct LoopOptions {
  std::int32_t workers = 4;  // calls in progress, at most
  // After the n-th exception in a row of a key: base * 2^(n-1), at most cap, +- permille/1000.
  Duration fault_base = seconds(1);
  Duration fault_cap = seconds(60);
  std::int64_t fault_permille = 200;
  // How long the newest order number of a forgotten key is remembered.
  Duration order_kept = hours(24);
  std::int32_t reports_parallel = 16;  // sends in flight, at most
  // After the n-th failed send in a row of a key, likewise.
  Duration report_base = milliseconds(10);
  Duration report_cap = seconds(5);
  std::int64_t report_permille = 200;
  // close() as a whole; of that, for what the calls have left to report.
  Duration shutdown = seconds(30);
  Duration flush = seconds(2);
};

// What became of a message.
enum class Taken : std::uint8_t {
  scheduled,  // the key rested
  replaced,   // one that had not begun was dropped for it
  pending,    // the key is being worked on; this one comes next
  stale,      // not newer than what has come before: dropped
};

// Gauges and counters of one loop since it was made.
struct Metrics {
  std::uint64_t scheduled = 0;  // keys that wait for their time
  std::uint64_t ready = 0;      // keys that wait for a worker
  std::uint64_t running = 0;    // calls in progress
  std::uint64_t keys = 0;       // keys remembered, forgotten ones not counted
  std::uint64_t calls = 0;      // begun
  std::uint64_t stale = 0;
  std::uint64_t replaced = 0;  // set-points that were dropped for newer ones before they began
  std::uint64_t panics = 0;    // calls that ended by an exception
  std::uint64_t invalid_schedules = 0;
  std::uint64_t abandoned = 0;  // calls that had not ended when close() had to
  // From when a key was due to the start of its call.
  Duration key_latency_max{};
  std::uint64_t reports_handed = 0;
  std::uint64_t reports_sent = 0;  // stored
  std::uint64_t reports_retried = 0;
  std::uint64_t reports_superseded = 0;
  std::uint64_t reports_dropped = 0;  // outstanding when the epoch or the flush ended

  friend bool operator==(const Metrics&, const Metrics&) = default;
};

// How a close went.
template <class T>
struct Closing {
  std::vector<typename T::Key> abandoned{};  // whose calls have not ended
  std::size_t sends_abandoned = 0;           // that have not ended either
  std::uint64_t reports_dropped = 0;
};

}  // namespace vvm::ctrlloop
