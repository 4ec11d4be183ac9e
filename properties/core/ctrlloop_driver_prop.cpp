// Properties of the control loop as it runs: coroutines, cancellation, closing (docs/spec/vvm.md
// 7.2; I-S14, I-S15, T-CL-5, T-CL-6).
//
// Over ControlLoop on a machine with a virtual clock; LoopCore and ReportCore have their own.
// Owned by properties/core.
#define BOOST_TEST_MODULE ctrlloop_driver_prop
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <stdexcept>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "ctrlloop/control_loop.hpp"
#include "ctrlloop/test_types.hpp"
#include "runtime/testing/test_machine.hpp"

namespace vvm::ctrlloop {
namespace {

enum class Ends : std::uint8_t { rests, again, throws, awaits_ack };

// What the n-th call of a run does.
struct Behaviour {
  int takes_ms = 0;
  bool stubborn = false;  // does not listen to cancellation
  Ends ends = Ends::rests;
  int report = 0;  // 0 none, 1 the latest, 2 one that must be stored
};

struct Arrival {
  int key = 0;
  int pass_ms = 0;  // afterwards
};

struct Plan {
  int workers = 1;
  int parallel = 1;
  int sink_fails = 0;  // so many sends
  int sink_takes_ms = 0;
  std::vector<Behaviour> calls;  // the others rest at once, and report
  std::vector<Arrival> messages;
};

void showValue(const Plan& plan, std::ostream& out) {  // rapidcheck finds it by this name
  static constexpr std::array<const char*, 4> ends{"rests", "again", "throws", "awaits_ack"};
  out << plan.workers << " workers, " << plan.parallel << " sends, " << plan.sink_fails
      << " fail, take " << plan.sink_takes_ms << " ms; calls:";
  for (const Behaviour& call : plan.calls) {
    out << " {" << call.takes_ms << " ms" << (call.stubborn ? " stubborn " : " ")
        << ends.at(static_cast<std::size_t>(call.ends)) << " report " << call.report << "}";
  }
  out << "; messages:";
  for (const Arrival& message : plan.messages) {
    out << " {key " << message.key << " pass " << message.pass_ms << "}";
  }
}

rc::Gen<int> some_ms(int most) {
  return rc::gen::weightedOneOf<int>(
      {{2, rc::gen::just(0)}, {2, rc::gen::inRange(0, 50)}, {1, rc::gen::inRange(0, most)}});
}

rc::Gen<Plan> any_plan() {
  const rc::Gen<Behaviour> call = rc::gen::build<Behaviour>(
      rc::gen::set(&Behaviour::takes_ms, some_ms(60'000)),
      rc::gen::set(&Behaviour::stubborn),
      rc::gen::set(&Behaviour::ends,
                   rc::gen::element(Ends::rests, Ends::again, Ends::throws, Ends::awaits_ack)),
      rc::gen::set(&Behaviour::report, rc::gen::inRange(0, 3)));
  const rc::Gen<Arrival> message =
      rc::gen::build<Arrival>(rc::gen::set(&Arrival::key, rc::gen::inRange(0, 4)),
                              rc::gen::set(&Arrival::pass_ms, some_ms(5000)));
  return rc::gen::build<Plan>(
      rc::gen::set(&Plan::workers, rc::gen::inRange(1, 4)),
      rc::gen::set(&Plan::parallel, rc::gen::inRange(1, 4)),
      rc::gen::set(&Plan::sink_fails, rc::gen::inRange(0, 30)),
      rc::gen::set(&Plan::sink_takes_ms, some_ms(3000)),
      rc::gen::set(&Plan::calls, rc::gen::container<std::vector<Behaviour>>(call)),
      rc::gen::set(&Plan::messages, rc::gen::container<std::vector<Arrival>>(message)));
}

// Controller and sink in one, with all that must hold at each of their steps. What does not is kept
// for the end: an exception here would be a controller's.
class World final : public Controller<Numbers>, public ReportSink<Numbers> {
 public:
  explicit World(const Plan& plan)
      : plan_(plan),
        loop_(machine.rt(),
              {.workers = plan.workers, .reports_parallel = plan.parallel},
              this,
              this) {
    machine.events.keep = false;
    loop_.start();
    for (const Arrival& message : plan.messages) {
      const std::uint64_t order = ++newest_[message.key];
      const bool taken =
          loop_.submit({.key = message.key, .sp = order, .order = order}).has_value();
      expect(taken, "a message was refused");
      machine.run_for(milliseconds(message.pass_ms));
    }
  }

  Task<Answer<Numbers>> call(Call<Numbers> call) override {
    const Behaviour behaviour =
        calls_ < plan_.calls.size() ? plan_.calls[calls_] : Behaviour{.report = 1};
    ++calls_;
    expect(!closed_, "a call begins in a closed loop");
    expect(calling_.insert(call.key).second, "two calls of a key");
    expect(static_cast<int>(calling_.size()) <= plan_.workers, "more calls than workers");
    expect(call.sp >= seen_[call.key], "an older set-point");
    seen_[call.key] = call.sp;
    const Ending ending(&calling_, call.key);
    if (behaviour.stubborn) {
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    }
    if (behaviour.takes_ms > 0) {
      co_await machine.clock.sleep_for(milliseconds(behaviour.takes_ms));
    }
    if (behaviour.ends == Ends::throws) {
      throw std::runtime_error("as planned");
    }
    if (behaviour.ends == Ends::awaits_ack && !closing_) {
      const int pv = produce(call.key, true);
      const Status status = co_await loop_.await_stored(call.key, pv);
      const bool stored = std::ranges::count(stored_[call.key], pv) == 1;
      expect(stored || status.has_error(), "an ack without a stored report");
    }
    Answer<Numbers> answer{.state = static_cast<int>(calls_)};
    if (behaviour.report > 0) {
      const bool must = behaviour.report == 2;
      answer.pv = Report<Numbers>{.pv = produce(call.key, must), .must_be_stored = must};
    }
    if (behaviour.ends == Ends::again) {
      answer.start = machine.clock.now() + milliseconds(behaviour.takes_ms / 2);
    }
    co_return answer;
  }

  Task<Status> report(int key, int pv) override {
    expect(!closed_, "a send begins in a closed loop");
    expect(sending_.insert(key).second, "two sends of a key");
    expect(static_cast<int>(sending_.size()) <= plan_.parallel, "more sends than allowed");
    const Ending ending(&sending_, key);
    if (plan_.sink_takes_ms > 0) {
      co_await machine.clock.sleep_for(milliseconds(plan_.sink_takes_ms));
    }
    if (sends_++ < plan_.sink_fails) {
      co_return Error{Code::unavailable, "as planned"};
    }
    std::vector<int>& stored = stored_[key];
    expect(stored.empty() || stored.back() < pv, "reports out of order");
    stored.push_back(pv);
    co_return ok();
  }

  void close() {
    closing_ = true;
    const Instant before = machine.clock.now();
    const Closing<Numbers> closing = machine.await(loop_.close());
    closed_ = true;
    expect(machine.clock.now() - before <= seconds(30), "the close took too long");
    expect(loop_.closed(), "not closed");
    expect(loop_.metrics().running == closing.abandoned.size(), "calls were not told of");
    expect(calling_.size() == closing.abandoned.size(), "calls go on");
    const bool refused = loop_.submit({.key = 1, .sp = 1}).has_error();
    expect(refused, "a message was taken by a closed loop");
    machine.run_for(hours(1));  // what was abandoned ends
    expect(calling_.empty() && loop_.metrics().running == 0, "a call never ends");
  }

  void run_to_rest() { machine.run_for(hours(3)); }

  void expect_all_done() {
    for (const auto& [key, order] : newest_) {
      expect(seen_[key] == order, "a set-point was lost");
    }
    for (const auto& [key, pv] : produced_) {
      expect(!stored_[key].empty() && stored_[key].back() == pv, "the last report was lost");
    }
    for (const auto& [key, pvs] : musts_) {
      expect(std::ranges::includes(stored_[key], pvs), "a report that must be stored was not");
    }
    const Metrics m = loop_.metrics();
    expect(m.reports_handed == m.reports_sent + m.reports_superseded, "reports do not add up");
    expect(m.running + m.ready + m.scheduled == 0, "something is left to do");
  }

  const std::vector<std::string>& broken() const { return broken_; }

  testing::TestMachine machine;

 private:
  // A call or send is over however it ends; in a crash it touches nothing but its set.
  class Ending {
   public:
    Ending(std::set<int>* in_progress, int key) : in_progress_(in_progress), key_(key) {}

    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;

    ~Ending() { in_progress_->erase(key_); }

   private:
    std::set<int>* in_progress_;
    int key_;
  };

  int produce(int key, bool must) {
    produced_[key] = ++pvs_;
    if (must) {
      musts_[key].push_back(pvs_);
    }
    return pvs_;
  }

  void expect(bool holds, const char* what) {
    if (!holds) {
      broken_.emplace_back(what);
    }
  }

  Plan plan_;
  std::map<int, std::uint64_t> newest_;
  std::map<int, std::uint64_t> seen_;
  std::set<int> calling_;
  std::set<int> sending_;
  std::size_t calls_ = 0;
  int sends_ = 0;
  int pvs_ = 0;
  bool closing_ = false;
  bool closed_ = false;
  std::map<int, int> produced_;
  std::map<int, std::vector<int>> musts_;
  std::map<int, std::vector<int>> stored_;
  std::vector<std::string> broken_;
  ControlLoop<Numbers> loop_;
};

void expect_nothing_broken(const World& world) {
  for (const std::string& what : world.broken()) {
    RC_FAIL(what);
  }
}

RC_BOOST_PROP(in_the_end_every_key_has_seen_its_newest_set_point_and_reported, ()) {
  World world(*any_plan());
  world.run_to_rest();
  world.expect_all_done();
  world.close();
  expect_nothing_broken(world);
}

RC_BOOST_PROP(a_close_at_any_moment_ends_in_time_and_nothing_begins_after_it, ()) {
  World world(*any_plan());
  world.close();
  expect_nothing_broken(world);
}

RC_BOOST_PROP(a_crash_at_any_moment_takes_everything_apart, ()) {
  World world(*any_plan());
  world.machine.settle();
  world.machine.crash();
  expect_nothing_broken(world);
}

}  // namespace
}  // namespace vvm::ctrlloop
