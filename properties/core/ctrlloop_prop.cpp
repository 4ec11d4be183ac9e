// Properties of the generic control loop (docs/spec/vvm.md 7.2; I-S14, I-S15, T-CL-1 to T-CL-8).
//
// Over LoopCore, against a model that looks through everything each time. Owned by properties/core.
#define BOOST_TEST_MODULE ctrlloop_prop
#include <algorithm>
#include <map>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "ctrlloop/loop_core.hpp"
#include "ctrlloop/test_types.hpp"

namespace vvm::ctrlloop {
namespace {

// 2024-02-28T00:00:30Z, when the monotonic clock shows 1000 s.
constexpr std::int64_t wall_at_start = 1'709'078'430'000;
constexpr Instant start_of_plan{seconds(1000).ns};
constexpr Duration order_kept = minutes(30);

enum class Kind : std::uint8_t { in, in_old, done, threw, forget, pass };

// One thing that happens; afterwards time passes, and what is due starts.
struct Op {
  Kind kind = Kind::in;
  int key = 0;
  int cron = 0;  // in: 0 none, 1 the next full minute, 2 invalid, 3 within its tolerance
  int again =
      0;  // done: 0 rests, else again - 1 tenths of a second later; -1: at once, in the past
  bool state = false;  // done: answers one
  int nth = 0;         // done, threw: which of the calls in progress
  int pass_ms = 0;
};

struct Plan {
  int workers = 1;
  std::vector<Op> ops;
  bool close = false;
};

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::in:
      return "in";
    case Kind::in_old:
      return "in_old";
    case Kind::done:
      return "done";
    case Kind::threw:
      return "threw";
    case Kind::forget:
      return "forget";
    case Kind::pass:
      return "pass";
  }
  UNREACHABLE();
}

void showValue(const Plan& plan, std::ostream& out) {  // rapidcheck finds it by this name
  out << plan.workers << " workers" << (plan.close ? ", close at the end" : "") << ":";
  for (const Op& op : plan.ops) {
    out << " {" << name_of(op.kind) << " key " << op.key << " cron " << op.cron << " again "
        << op.again << " state " << op.state << " nth " << op.nth << " pass " << op.pass_ms << "}";
  }
}

rc::Gen<Op> any_op() {
  return rc::gen::build<Op>(
      rc::gen::set(&Op::kind,
                   rc::gen::weightedElement<Kind>({{5, Kind::in},
                                                   {1, Kind::in_old},
                                                   {5, Kind::done},
                                                   {1, Kind::threw},
                                                   {2, Kind::forget},
                                                   {1, Kind::pass}})),
      rc::gen::set(&Op::key, rc::gen::inRange(0, 5)),
      rc::gen::set(&Op::cron, rc::gen::weightedElement<int>({{6, 0}, {2, 1}, {1, 2}, {1, 3}})),
      rc::gen::set(&Op::again, rc::gen::inRange(-1, 4)),
      rc::gen::set(&Op::state),
      rc::gen::set(&Op::nth, rc::gen::inRange(0, 3)),
      rc::gen::set(&Op::pass_ms,
                   rc::gen::weightedOneOf<int>({{6, rc::gen::just(0)},
                                                {4, rc::gen::inRange(0, 300)},
                                                {2, rc::gen::inRange(0, 90'000)},
                                                {1, rc::gen::just(31 * 60'000)}})));
}

rc::Gen<Plan> any_plan() {
  return rc::gen::build<Plan>(
      rc::gen::set(&Plan::workers, rc::gen::inRange(1, 5)),
      rc::gen::set(&Plan::ops, rc::gen::container<std::vector<Op>>(any_op())),
      rc::gen::set(&Plan::close));
}

constexpr LoopOptions options_of(int workers) {
  return {.workers = workers, .order_kept = order_kept};
}

// The naive reading of 7.2: a map of keys, looked through from end to end at every question.
class Model {
 public:
  explicit Model(int workers) : workers_(workers) {}

  Taken in(const Message<Numbers>& m, Instant now, WallMs wall) {
    ++arrived_;
    const std::uint64_t order = m.order == 0 ? arrived_ : m.order;
    Key& key = keys_[m.key];
    if (key.forgotten && *key.forgotten + order_kept <= now) {
      key = {};
    }
    if (order <= key.order_max) {
      ++metrics.stale;
      return Taken::stale;
    }
    key.order_max = order;
    key.forgotten.reset();
    const Next next = next_of(m, now, wall);
    if (key.running) {
      metrics.replaced += key.pending ? 1 : 0;
      key.pending = next;
      return Taken::pending;
    }
    const bool replaced = key.next.has_value();
    metrics.replaced += replaced ? 1 : 0;
    std::erase(ready_, m.key);
    place(m.key, next);
    return replaced ? Taken::replaced : Taken::scheduled;
  }

  std::vector<Call<Numbers>> run(Instant now) {
    for (int first = first_due(now); first >= 0; first = first_due(now)) {
      ready_.push_back(first);
    }
    std::vector<Call<Numbers>> calls;
    while (!ready_.empty() && running() < workers_) {
      const int id = ready_.front();
      ready_.erase(ready_.begin());
      Key& key = keys_[id];
      metrics.key_latency_max = std::max(metrics.key_latency_max, now - key.next->due);
      key.current = *key.next;
      key.next.reset();
      key.running = true;
      ++metrics.calls;
      calls.push_back({.key = id,
                       .sp = key.current.sp,
                       .state = key.state,
                       .faults = key.faults,
                       .schedule_valid = key.current.schedule_valid});
    }
    return calls;
  }

  void done(int id, std::optional<int> state, std::optional<Instant> again, Instant now) {
    keys_[id].state = state;
    keys_[id].faults = 0;
    end(id, again, now);
  }

  void threw(int id, Instant now, Rng& rng) {
    ++metrics.panics;
    const std::int64_t n = ++keys_[id].faults;
    const Duration wait =
        std::min(seconds(60), seconds(std::int64_t{1} << std::min<std::int64_t>(n - 1, 30)));
    end(id, now + rng.jittered(wait, 200), now);
  }

  bool forget(int id, Instant now) {
    const auto at = keys_.find(id);
    if (at == keys_.end() || at->second.forgotten) {
      return true;
    }
    if (at->second.running || at->second.next) {
      return false;
    }
    at->second = Key{.order_max = at->second.order_max, .forgotten = now};
    return true;
  }

  void close() {
    closed_ = true;
    ready_.clear();
    for (auto& [id, key] : keys_) {
      key.next.reset();
      key.pending.reset();
    }
  }

  Instant next() const {
    Instant next = Instant::max();
    for (const auto& [id, key] : keys_) {
      if (key.next && std::ranges::find(ready_, id) == ready_.end()) {
        next = std::min(next, key.next->at);
      }
    }
    return next;
  }

  // What an observer of `core` should read.
  Metrics read() const {
    Metrics read = metrics;
    read.ready = ready_.size();
    for (const auto& [id, key] : keys_) {
      read.scheduled += key.next ? 1 : 0;
      read.running += key.running ? 1 : 0;
      read.keys += key.forgotten ? 0 : 1;
    }
    read.scheduled -= read.ready;
    return read;
  }

  Metrics metrics;

 private:
  struct Next {
    std::uint64_t sp = 0;
    bool schedule_valid = true;
    Instant at{};
    Instant due{};
    std::uint64_t number = 0;
  };

  struct Key {
    std::uint64_t order_max = 0;
    std::optional<Instant> forgotten{};
    bool running = false;
    std::int32_t faults = 0;
    std::optional<int> state{};
    Next current{};
    std::optional<Next> next{};  // scheduled, or ready
    std::optional<Next> pending{};
  };

  Next next_of(const Message<Numbers>& m, Instant now, WallMs wall) {
    Next next{.sp = m.sp, .at = now, .due = now};
    if (m.cron_schedule == "nonsense") {
      next.schedule_valid = false;
      ++metrics.invalid_schedules;
    } else if (!m.cron_schedule.empty()) {
      std::int64_t minute = (wall.ms - m.start_time_tolerance.ms()) / 60'000 * 60'000;
      minute += 60'000;  // strictly after
      next.at = now + milliseconds(minute - wall.ms);
      next.due = std::max(next.at, now);
    }
    return next;
  }

  void place(int id, Next next) {
    next.number = ++placed_;
    keys_[id].next = next;
  }

  void end(int id, std::optional<Instant> again, Instant now) {
    Key& key = keys_[id];
    key.running = false;
    if (key.pending) {
      const Next pending = *key.pending;
      key.pending.reset();
      place(id, pending);
    } else if (again && !closed_) {
      Next next = key.current;
      next.at = *again;
      next.due = std::max(*again, now);
      place(id, next);
    }
  }

  int running() const {
    return static_cast<int>(
        std::ranges::count_if(keys_, [](const auto& entry) { return entry.second.running; }));
  }

  // The first of those that are due and not ready yet; -1 for none.
  int first_due(Instant now) const {
    int first = -1;
    for (const auto& [id, key] : keys_) {
      const bool due =
          key.next && key.next->at <= now && std::ranges::find(ready_, id) == ready_.end();
      if (due && (first < 0 || earlier(*key.next, *keys_.at(first).next))) {
        first = id;
      }
    }
    return first;
  }

  static bool earlier(const Next& a, const Next& b) {
    return a.at != b.at ? a.at < b.at : a.number < b.number;
  }

  int workers_;
  std::map<int, Key> keys_;
  std::vector<int> ready_;
  std::uint64_t arrived_ = 0;
  std::uint64_t placed_ = 0;
  bool closed_ = false;
};

bool same(const Call<Numbers>& a, const Call<Numbers>& b) {
  return a.key == b.key && a.sp == b.sp && a.state == b.state && a.faults == b.faults &&
         a.schedule_valid == b.schedule_valid;
}

struct Event {
  enum class What : std::uint8_t { taken, began, ended, forgotten };

  What what;
  int key = 0;
  Instant at{};
  std::uint64_t sp = 0;                // taken, began
  std::optional<int> state{};          // began: with; ended: left behind
  bool pending = false;                // taken: while a call was in progress
  bool at_once = false;                // taken: to begin without a schedule
  std::size_t others_in_progress = 0;  // ended
};

using History = std::vector<Event>;

// Runs a plan on the core and on the model side by side, and keeps what happened.
class Run {
 public:
  explicit Run(const Plan& plan) : core_(options_of(plan.workers)), model_(plan.workers) {
    for (const Op& op : plan.ops) {
      apply(op);
      go_on();
      now_ = now_ + milliseconds(op.pass_ms);
      go_on();
    }
    if (plan.close) {
      core_.close();
      model_.close();
      closed_ = true;
      compare();
    }
    drain();
  }

  const History& history() const { return history_; }

  std::size_t calls_when_closed() const { return calls_when_closed_; }

 private:
  void apply(const Op& op) {
    switch (op.kind) {
      case Kind::in:
        in(op, ++newest_[op.key]);
        return;
      case Kind::in_old:
        in(op, newest_[op.key] - std::min<std::uint64_t>(newest_[op.key], 1));
        return;
      case Kind::done:
      case Kind::threw:
        end(op);
        return;
      case Kind::forget: {
        const bool forgot = core_.forget(op.key, now_);
        RC_ASSERT(forgot == model_.forget(op.key, now_));
        if (forgot) {
          history_.push_back({.what = Event::What::forgotten, .key = op.key, .at = now_});
        }
        return;
      }
      case Kind::pass:
        return;
    }
  }

  void in(const Op& op, std::uint64_t order) {
    if (order == 0) {
      return;
    }
    static constexpr std::array<const char*, 4> schedules{"", "* * * * *", "nonsense", "* * * * *"};
    const Message<Numbers> message{.key = op.key,
                                   .sp = order,
                                   .order = order,
                                   .cron_schedule = schedules.at(static_cast<std::size_t>(op.cron)),
                                   .start_time_tolerance = op.cron == 3 ? seconds(45) : Duration{}};
    const WallMs wall{wall_at_start + (now_ - start_of_plan).ms()};
    const Taken taken = core_.in(message, now_, wall);
    RC_ASSERT(taken == model_.in(message, now_, wall));
    if (taken != Taken::stale) {
      history_.push_back({.what = Event::What::taken,
                          .key = op.key,
                          .at = now_,
                          .sp = order,
                          .pending = taken == Taken::pending,
                          .at_once = op.cron == 0});
    }
  }

  void end(const Op& op) {
    if (in_progress_.empty()) {
      return;
    }
    const auto nth = static_cast<std::size_t>(op.nth) % in_progress_.size();
    const Call<Numbers> call = in_progress_[nth];
    in_progress_.erase(in_progress_.begin() + static_cast<std::ptrdiff_t>(nth));
    std::optional<int> left = call.state;
    if (op.kind == Kind::threw) {
      core_.threw(call.key, now_, rng_);
      model_.threw(call.key, now_, model_rng_);
    } else {
      left = op.state ? std::optional(++states_) : std::nullopt;
      std::optional<Instant> again;
      if (op.again != 0) {
        again = op.again < 0 ? now_ - seconds(1) : now_ + milliseconds(100) * (op.again - 1);
      }
      core_.done(call.key, left, again, now_);
      model_.done(call.key, left, again, now_);
    }
    history_.push_back({.what = Event::What::ended,
                        .key = call.key,
                        .at = now_,
                        .state = left,
                        .others_in_progress = in_progress_.size()});
  }

  void go_on() {
    core_.tick(now_);
    const std::vector<Call<Numbers>> expected = model_.run(now_);
    std::size_t begun = 0;
    while (const auto call = core_.start(now_)) {
      RC_ASSERT(begun < expected.size());
      RC_ASSERT(same(*call, expected[begun]));
      ++begun;
      in_progress_.push_back(*call);
      history_.push_back({.what = Event::What::began,
                          .key = call->key,
                          .at = now_,
                          .sp = call->sp,
                          .state = call->state});
      calls_when_closed_ += closed_ ? 1 : 0;
    }
    RC_ASSERT(begun == expected.size());
    compare();
  }

  void compare() {
    RC_ASSERT(core_.next() == model_.next());
    RC_ASSERT(core_.metrics() == model_.read());
    RC_ASSERT(core_.running() == in_progress_.size());
  }

  // Until nothing is left to do; every call then rests.
  void drain() {
    for (;;) {
      go_on();
      if (!in_progress_.empty()) {
        end({.kind = Kind::done});
      } else if (core_.next() != Instant::max()) {
        now_ = std::max(now_, core_.next());
      } else {
        return;
      }
    }
  }

  LoopCore<Numbers> core_;
  Model model_;
  Rng rng_{7};
  Rng model_rng_{7};
  Instant now_ = start_of_plan;
  bool closed_ = false;
  std::map<int, std::uint64_t> newest_;
  int states_ = 0;
  std::vector<Call<Numbers>> in_progress_;
  History history_;
  std::size_t calls_when_closed_ = 0;
};

using What = Event::What;

// What begins when, what is refused, every gauge and every counter.
RC_BOOST_PROP(the_core_does_what_the_naive_reading_of_the_specification_does, ()) {
  const Run run(*any_plan());
  RC_ASSERT(run.calls_when_closed() == 0U);
}

// I-S14 key exclusivity: the controller calls of one key never overlap.
RC_BOOST_PROP(controller_calls_of_one_key_never_overlap, ()) {
  const Run run(*any_plan());
  std::map<int, bool> in_progress;
  for (const Event& event : run.history()) {
    if (event.what == What::began) {
      RC_ASSERT(!in_progress[event.key]);
      in_progress[event.key] = true;
    } else if (event.what == What::ended) {
      in_progress[event.key] = false;
    }
  }
}

// I-S15 no stale SP, T-CL-2: of a key, the orders that calls see do not fall, and a call sees the
// newest set-point that has come; until the key's order is forgotten, too.
RC_BOOST_PROP(no_call_sees_a_set_point_older_than_one_that_has_come, ()) {
  const Run run(*any_plan());
  std::map<int, std::uint64_t> come;
  std::map<int, Instant> forgotten;
  for (const Event& event : run.history()) {
    const auto at = forgotten.find(event.key);
    if (at != forgotten.end() && at->second + order_kept <= event.at) {
      come.erase(event.key);
    }
    if (event.what == What::forgotten) {
      forgotten.emplace(event.key, event.at);
    } else if (event.what == What::taken) {
      RC_ASSERT(event.sp > come[event.key]);
      come[event.key] = event.sp;
      forgotten.erase(event.key);
    } else if (event.what == What::began) {
      RC_ASSERT(event.sp == come[event.key]);
    }
  }
}

// T-CL-3: what comes while its key is being worked on, and may begin at once, does so at the very
// moment at which the call ends, if a worker is free.
RC_BOOST_PROP(a_newer_set_point_begins_when_the_call_in_progress_ends, ()) {
  Plan plan = *any_plan();
  plan.workers = 5;  // one a key
  plan.close = false;
  const Run run(plan);
  std::map<int, bool> waits;
  for (std::size_t i = 0; i < run.history().size(); ++i) {
    const Event& event = run.history()[i];
    if (event.what == What::taken) {
      waits[event.key] = event.pending && event.at_once;
    } else if (event.what == What::ended && std::exchange(waits[event.key], false)) {
      const auto next =
          std::find_if(run.history().begin() + static_cast<std::ptrdiff_t>(i),
                       run.history().end(),
                       [&](const Event& e) { return e.what == What::began && e.key == event.key; });
      RC_ASSERT(next != run.history().end());
      RC_ASSERT(next->at == event.at);
    }
  }
}

// T-CL-8: the state that a call leaves behind is what the next call of the key gets, also for
// another set-point, and after an exception; unless the key was forgotten in between.
RC_BOOST_PROP(the_state_of_a_call_is_the_input_of_the_next, ()) {
  const Run run(*any_plan());
  std::map<int, std::optional<int>> left;
  for (const Event& event : run.history()) {
    switch (event.what) {
      case What::began:
        RC_ASSERT(event.state == left[event.key]);
        break;
      case What::ended:
        left[event.key] = event.state;
        break;
      case What::forgotten:
        left[event.key].reset();
        break;
      case What::taken:
        break;
    }
  }
}

// Nothing is lost: unless the loop closes, a call has seen the newest set-point of every key.
RC_BOOST_PROP(the_newest_set_point_of_every_key_is_called, ()) {
  Plan plan = *any_plan();
  plan.close = false;
  const Run run(plan);
  std::map<int, std::uint64_t> come;
  std::map<int, std::uint64_t> seen;
  for (const Event& event : run.history()) {
    (event.what == What::taken ? come : seen)[event.key] =
        event.what == What::taken || event.what == What::began ? event.sp : seen[event.key];
  }
  for (const auto& [key, sp] : come) {
    RC_ASSERT(seen[key] == sp);
  }
}

}  // namespace
}  // namespace vvm::ctrlloop
