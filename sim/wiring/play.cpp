// The run itself: one step after the other, and what it has shown in the end.
#include <algorithm>

#include "sim/scenario/writer.hpp"
#include "sim/wiring/simulation.hpp"
#include "sim/world/glob.hpp"

namespace vvm::wiring {
namespace {

#ifdef VVM_PARANOID
constexpr std::uint64_t default_compare_every = 1;
#else
constexpr std::uint64_t default_compare_every = 4096;
#endif

constexpr Duration boot_limit = seconds(20);  // then the cluster is used as it is

}  // namespace

void Simulation::play(std::uint64_t steps_max) {
  sim::Kernel& kernel = world_.kernel();
  world_.start(std::string{scenario::cluster_process});
  world_.start("operator");
  for (const std::string& name : vvm_names_) {
    world_.start(name);
  }
  deploy_apps();
  kernel.after(boot_limit, sim::Action([this] { begin_operations(); }));
  timeline_->start();
  expectations_.started(kernel.now());
  const Instant healed_at = heal_at();
  if (healed_at < horizon()) {
    kernel.at(healed_at, sim::Action([this] { heal(); }));
  }
  while (!violation().has_value() && kernel.step(horizon())) {
    if (steps_max != 0 && kernel.steps() >= steps_max) {
      out_of_budget_ = true;
      return;
    }
  }
  finish();
}

void Simulation::after_step() {
  watch_.after_step();
  const Instant now = world_.kernel().now();
  const bool changed = ghost_.changes() != changes_seen_;
  changes_seen_ = ghost_.changes();
  if (changed && !operations_begun_ && all_registered()) {
    begin_operations();
  }
  if (changed && !converged_once_ && predicates_.converged()) {
    converged_once_ = true;
    timeline_->converged();
    expectations_.converged(now);
  }
  if (changed || now >= expectations_.next()) {
    expectations_.look(now, changed, ghost_.changed_keys());
  }
}

std::optional<ghost::Violation> Simulation::violation() const {
  for (const auto* found : {&ghost_.ledger().violation(),
                            &expectations_.violation(),
                            &budgets_.violation(),
                            &own_violation_}) {
    if (found->has_value()) {
      return *found;
    }
  }
  return std::nullopt;
}

void Simulation::finish() {
  sim::Kernel& kernel = world_.kernel();
  const MemoFigures& memo = setup_.memo->parts().figures;
  if (!memo.difference.empty() && !violation().has_value()) {
    own_violation_ = ghost::Violation{.property = "self-test",
                                      .title = "pure work is pure",
                                      .subject = memo.difference,
                                      .expected = "the same result each time",
                                      .seen = "another one",
                                      .at = kernel.now(),
                                      .step = kernel.steps()};
  }
  if (violation().has_value()) {
    return;
  }
  // Nothing is left to happen, and that is before the end: nobody waits for anything any more.
  const bool unmet = operator_->open() != 0 || !predicates_.converged();
  if (kernel.scheduled() == 0 && kernel.now() < horizon() && unmet) {
    own_violation_ =
        ghost::Violation{.property = "deadlock",
                         .title = "something can always happen until the goals are met",
                         .subject = scenario_.name,
                         .expected = "progress",
                         .seen = "no process waits for anything that could come",
                         .at = kernel.now(),
                         .step = kernel.steps()};
    return;
  }
  if (kernel.now() < horizon()) {
    kernel.advance_to(horizon());
  }
  ghost_.at(kernel.now(), kernel.steps());
  ghost_.settle();
  watch_.compare();
  expectations_.finish(kernel.now());
}

// ---- results

void Simulation::fill(ghost::RunResult& result) {
  sim::Kernel& kernel = world_.kernel();
  result.scenario = scenario_.name;
  result.seed = setup_.seed;
  result.violation = violation();
  result.properties = ghost_.ledger().counts();
  result.expectations = expectations_.outcomes();
  for (ghost::ExpectationOutcome& outcome : budgets_.outcomes()) {
    result.expectations.push_back(std::move(outcome));
  }
  for (const auto& plan : loads_) {
    result.loads.push_back(plan->outcome);
  }
  fill_faults(result);
  fill_doubts(result);
  const MemoFigures& memo = setup_.memo->parts().figures;
  result.figures = {.virtual_time = kernel.now(),
                    .steps = kernel.steps(),
                    .records = kernel.trace().records(),
                    .events = watch_.events(),
                    .effects = watch_.effects(),
                    .refused_effects = world_.refused_effects(),
                    .full_checks = watch_.comparisons(),
                    .bytes_moved = world_.network().totals().octets,
                    .memo_hits = memo.hits,
                    .memo_proofs = memo.proofs};
  result.trace_hash = kernel.trace().hash();
  result.hashes = kernel.trace().hashes();
  result.verdict = result.violation.has_value() ? ghost::Verdict::violated
                   : !result.doubts.empty()     ? ghost::Verdict::unknown
                                                : ghost::Verdict::held;
  if (result.violation.has_value()) {
    recorder_.note({.at = result.violation->at,
                    .kind = ghost::NoteKind::violation,
                    .text = result.violation->property + ": " + result.violation->subject});
  }
  result.history = recorder_.finish(kernel.now());
}

void Simulation::fill_faults(ghost::RunResult& result) {
  const std::vector<faults::Firing> firings = injectors_->firings();
  for (std::size_t i = 0; i < scenario_.steps.size(); ++i) {
    const scenario::Step& step = scenario_.steps[i];
    const auto* fault = std::get_if<faults::Fault>(&step.what);
    if (fault == nullptr) {
      continue;
    }
    ghost::FaultOutcome outcome{.text = faults::describe(*fault),
                                .line = static_cast<int>(step.place.line),
                                .optional = step.optional,
                                .planned = 1};
    if (steps_[i].firing.has_value()) {
      const faults::Firing& firing = firings[*steps_[i].firing];
      outcome.text = firing.text;
      outcome.applied = 1;
      outcome.effects = firing.effects;
    }
    result.faults.push_back(std::move(outcome));
  }
  for (const faults::Firing& firing : firings) {
    recorder_.fault({.kind = std::string{faults::word_of(firing.fault.action)},
                     .text = firing.text,
                     .who = firing.who,
                     .time = {firing.from, firing.to.value_or(Instant::max())},
                     .effects = firing.effects,
                     .line = firing.line});
  }
}

// Why the run proves less than it seems to.
void Simulation::fill_doubts(ghost::RunResult& result) {
  if (result.violation.has_value()) {
    return;
  }
  if (out_of_budget_) {
    result.doubts.push_back("given up after " + std::to_string(world_.kernel().steps()) + " steps");
    return;
  }
  const bool served = ghost_.ledger().evaluations(ghost::Property::admission) != 0;
  for (const ghost::PropertyCount& property : result.properties) {
    const bool named = std::ranges::any_of(scenario_.expect.always, [&](const auto& always) {
      const auto* invariants = std::get_if<scenario::Invariants>(&always);
      return invariants != nullptr && invariants->glob == property.id;
    });
    if (property.evaluations == 0 && (named || (served && property.required))) {
      result.doubts.push_back(property.id + " (" + property.title + ") was never evaluated");
    }
  }
  for (const ghost::ExpectationOutcome& expectation : result.expectations) {
    if (expectation.evaluations == 0) {
      result.doubts.push_back("never evaluated: " + expectation.text +
                              (expectation.seen.empty() ? "" : " (" + expectation.seen + ")"));
    }
  }
  for (const ghost::FaultOutcome& fault : result.faults) {
    if (!fault.optional && fault.effects == 0) {
      result.doubts.push_back(std::string{"a fault that "} +
                              (fault.applied == 0 ? "was never fired: " : "touched nothing: ") +
                              fault.text);
    }
  }
}

RunResult run(const scenario::Scenario& scenario, std::uint64_t seed, const RunOptions& options) {
  RunResult result;
  result.scenario = scenario.name;
  result.seed = seed;
  Memo own;
  Memo& memo = options.memo == nullptr ? own : *options.memo;
  const Bundle none;
  Result<Images> images =
      build_images(scenario, options.files == nullptr ? none : *options.files, memo);
  if (!images.has_value()) {
    result.doubts.push_back(images.error().what);
    return result;
  }
  Simulation simulation({.scenario = &scenario,
                         .seed = seed,
                         .images = std::move(images).value(),
                         .memo = &memo,
                         .keep_history = options.keep_history,
                         .compare_every = options.compare_every == 0 ? default_compare_every
                                                                     : options.compare_every});
  sim::Trace& trace = simulation.world().kernel().trace();
  trace.keep_hashes(options.keep_hashes);
  if (options.keep_trace || options.on_trace) {
    trace.listen([&result, &options](std::string_view line) {
      if (options.keep_trace) {
        result.trace.emplace_back(line);
      }
      if (options.on_trace) {
        options.on_trace(line);
      }
    });
  }
  simulation.play(options.steps_max);
  simulation.fill(result);
  return result;
}

}  // namespace vvm::wiring
