// The timeline: the moments of steps, by time, by trigger, and after each other.
#include "sim/faults/timeline.hpp"

#include <boost/test/unit_test.hpp>

#include "sim/faults/testing/machines.hpp"

using namespace vvm;
using namespace vvm::faults;
using namespace vvm::faults::testing;

namespace {

// One world, and what fired in it: "0@1s".
struct Run {
  Machines machines;
  std::vector<std::string> fired;
  std::unique_ptr<Timeline> timeline;

  explicit Run(std::vector<Moment> moments) {
    timeline =
        std::make_unique<Timeline>(machines.world, std::move(moments), [this](std::size_t index) {
          fired.push_back(std::to_string(index) + "@" +
                          std::to_string(machines.world.kernel().now().ns / 1'000'000));
        });
    machines.world.observers().add(timeline.get());
    timeline->start();
    machines.start();
  }

  std::string all() const {
    std::string out;
    for (const std::string& one : fired) {
      out += (out.empty() ? "" : " ") + one;
    }
    return out;
  }
};

When at(Duration time) { return At{.time = {.low = time, .high = time}}; }

When on(Trigger trigger, std::uint32_t nth = 1) {
  return On{.trigger = std::move(trigger), .nth = nth};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_step_with_a_time_fires_then) {
  Run run({{.when = at(seconds(3))}, {.when = at(Duration{})}});
  run.machines.run_for(seconds(5));
  BOOST_TEST(run.all() == "1@0 0@3000");
  BOOST_TEST(run.timeline->fired_at(0).value().ns == seconds(3).ns);
}

BOOST_AUTO_TEST_CASE(a_range_of_times_is_drawn_from_the_seed_and_differs_by_position) {
  const When range = At{.time = {.low = {}, .high = seconds(10)}};
  Run first({{.when = range}, {.when = range}});
  first.machines.run_for(seconds(10));
  Run second({{.when = range}, {.when = range}});
  second.machines.run_for(seconds(10));
  BOOST_TEST(first.all() == second.all());
  BOOST_TEST((first.timeline->fired_at(0) != first.timeline->fired_at(1)));
}

BOOST_AUTO_TEST_CASE(an_event_is_matched_by_name_and_fields_and_counted) {
  Run run({{.when = on(EventTrigger{.process = "client",
                                    .name = "tick",
                                    .fields = {{.key = "parity", .value = "even"}}},
                       2)},
           {.when = on(EventTrigger{.process = "cl*", .name = "t*", .fields = {}})},
           {.when = on(EventTrigger{.process = "server", .name = "tick", .fields = {}})},
           {.when = on(EventTrigger{
                .process = "client", .name = "tick", .fields = {{.key = "none", .value = "*"}}})}});
  run.machines.run_for(seconds(10));
  BOOST_TEST(run.fired.size() == 2U);
  BOOST_TEST(run.fired.at(0) == "1@1000");
  BOOST_TEST(run.timeline->fired_at(0).has_value());
  BOOST_TEST(run.timeline->seen(0) == 2U);
  BOOST_TEST(run.timeline->seen(2) == 0U);
}

BOOST_AUTO_TEST_CASE(an_effect_fires_before_it_happens) {
  std::unique_ptr<Run> run;
  run = std::make_unique<Run>(std::vector<Moment>{
      {.when = on(EffectTrigger{.process = "client", .kind = "disk.create", .object = "log"})},
      {.when = on(EffectTrigger{.process = "client", .kind = "Put", .object = "**"})}});
  run->machines.run_for(seconds(2));
  BOOST_TEST(run->fired.size() == 2U);
  BOOST_TEST(run->fired.at(0) == "0@1000");
}

BOOST_AUTO_TEST_CASE(a_call_is_a_request_with_this_last_part) {
  Run run({{.when = on(CallTrigger{.name = "3", .process = "client"})},
           {.when = on(CallTrigger{.name = "blob"})}});
  run.machines.run_for(seconds(6));
  BOOST_TEST(run.fired.size() == 1U);
  BOOST_TEST(run.timeline->fired_at(0).has_value());
}

BOOST_AUTO_TEST_CASE(steps_follow_each_other_by_name_at_once_or_later) {
  Run run({{.when = on(NamedTrigger{.step = "first"})},
           {.when = On{.trigger = NamedTrigger{.step = "first"},
                       .after = DurationRange{.low = seconds(2), .high = seconds(2)}}},
           {.when = After{.what = After::What::step, .step = "second"}},
           {.when = at(seconds(1)), .name = "first"}});
  run.machines.run_for(seconds(5));
  BOOST_TEST(run.all() == "3@1000 0@1000 1@3000");

  Run chain({{.when = After{.what = After::What::step, .step = "b"}, .name = "c"},
             {.when = After{.what = After::What::step, .step = "a"}, .name = "b"},
             {.when = at(seconds(1)), .name = "a"}});
  chain.machines.run_for(seconds(2));
  BOOST_TEST(chain.all() == "2@1000 1@1000 0@1000");
}

BOOST_AUTO_TEST_CASE(heal_and_convergence_fire_what_waits_for_them_once) {
  Run run({{.when = After{.what = After::What::heal}},
           {.when = After{.what = After::What::converged}}});
  run.machines.run_for(seconds(1));
  run.timeline->healed();
  run.timeline->healed();
  run.machines.run_for(seconds(1));
  run.timeline->converged();
  BOOST_TEST(run.all() == "0@1000 1@2000");
}

namespace {

// Reports phases of acme/pos/3, as the control loop does.
class Phases final : public Program {
 public:
  explicit Phases(Runtime rt) : rt_(rt) {}

  Task<void> run() override {
    for (const std::string_view phase : {"Pending", "Backoff", "Backoff", "Pending", "Backoff"}) {
      rt_.emit({"partition.phase", {{"app", "acme/pos"}, {"part", 3}, {"phase", phase}}});
      co_await rt_.clock().sleep_for(seconds(1));
    }
    rt_.emit({"step.start", {{"app", "acme/pos"}, {"part", 3}, {"step", "unpack"}}});
    for (;;) {
      co_await rt_.clock().sleep_for(hours(1));
    }
  }

 private:
  Runtime rt_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_phase_counts_when_it_is_entered_in_each_life) {
  sim::World world(1);
  const auto phase = [](std::uint32_t nth) {
    return Moment{.when = on(PhaseTrigger{.vvm = "vvm1",
                                          .partition = {.app = "acme/*", .partition = "3"},
                                          .phase = "Backoff"},
                             nth)};
  };
  std::vector<std::int64_t> at_second(3, -1);
  Timeline timeline(
      world,
      {phase(1),
       phase(2),
       {.when = on(StepTrigger{
            .vvm = "vvm*", .partition = {.app = "acme/pos", .partition = "*"}, .step = "unpack"})}},
      [&](std::size_t index) { at_second.at(index) = world.kernel().now().ns / seconds(1).ns; });
  world.observers().add(&timeline);
  world.add_process("vvm1", {}, [](Runtime rt) { return std::make_unique<Phases>(rt); });
  timeline.start();
  world.start("vvm1");
  world.run_until(Instant{} + seconds(10));
  BOOST_TEST(at_second.at(0) == 1);
  BOOST_TEST(at_second.at(1) == 4);
  BOOST_TEST(at_second.at(2) == 5);
  BOOST_TEST(timeline.seen(1) == 2U);
}
