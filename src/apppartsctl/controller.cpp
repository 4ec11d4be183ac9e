// One controller call, its events, and the reports that leave.
#include "apppartsctl/controller.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "ctrlloop/cron.hpp"
#include "runtime/timeout.hpp"

namespace vvm::apppartsctl {
namespace {

std::int64_t code_number(const std::optional<Code>& code) {
  return code.has_value() ? static_cast<std::int64_t>(raw(*code)) : 0;
}

}  // namespace

// Shows that a call is in progress for as long as it lives.
class PartController::Calling {
 public:
  Calling(Views* views, PartitionKey key, Generation generation)
      : views_(views), key_(std::move(key)) {
    KeyView& view = (*views_)[key_];
    CHECK(!view.calling, "two controller calls of one key", key_.str());
    view.calling = true;
    view.call_generation = generation;
  }

  Calling(const Calling&) = delete;
  Calling& operator=(const Calling&) = delete;

  ~Calling() { end(); }

  void end() {
    const auto at = views_->find(key_);
    if (at != views_->end()) {
      at->second.calling = false;
    }
  }

 private:
  Views* views_;
  PartitionKey key_;
};

PartController::PartController(
    Runtime rt, Identity identity, const Constants& constants, ClusterApi* api, StepRunner* steps)
    : rt_(rt),
      identity_(std::move(identity)),
      constants_(constants),
      api_(api),
      steps_(steps),
      core_(constants, identity_.build_rev),
      rng_(rt.rng("apppartsctl")) {}

Task<LoopAnswer> PartController::call(LoopCall call) {
  const PartitionKey key = call.key;
  const Target target = call.sp;
  KeyState state = call.state.value_or(KeyState{});
  Calling calling(&views_, key, target.sp.generation);
  tell_call("ctl.call", key, target.sp.generation);
  const Facts before = facts(key, target);
  Effects effects = core_.begin(state, target, before);
  if (views_[key].step_open.has_value() && effects.run != views_[key].step_open) {
    end_step(key, StepCancelled{});
  }
  std::optional<LoopReport> pv = apply(key, state, effects, before);
  if (effects.run.has_value()) {
    begin_step(key, *effects.run);
    const Outcome outcome = co_await steps_->run(key, state);
    end_step(key, outcome);
    const Facts after = facts(key, target);
    effects = core_.finish(state, outcome, after, rng_);
    pv = apply(key, state, effects, after);
  }
  tell_call("ctl.return", key, target.sp.generation);
  calling.end();
  changed(key);
  co_return LoopAnswer{.state = std::move(state), .pv = std::move(pv), .start = effects.start};
}

void PartController::tell_call(std::string_view what,
                               const PartitionKey& key,
                               Generation generation) const {
  const std::string app = key.app.str();
  rt_.emit({what, {{"app", app}, {"part", raw(key.partition)}, {"gen", raw(generation)}}});
}

Facts PartController::facts(const PartitionKey& key, const Target& target) const {
  Facts facts{.now = rt_.now(), .wall = rt_.clock().wall(), .start_at = rt_.now()};
  const auto at = views_.find(key);
  if (at != views_.end()) {
    facts.acked = at->second.last_is_stored();
    facts.report_age = facts.now - at->second.last_report;
  }
  if (!target.wants_absent()) {
    const std::optional<Instant> start = ctrlloop::start_time(
        target.sp.cron_schedule, target.sp.start_time_tolerance, facts.now, facts.wall);
    facts.schedule_valid = start.has_value();
    facts.start_at = std::max(start.value_or(facts.now), facts.now);
  }
  return facts;
}

std::optional<LoopReport> PartController::apply(const PartitionKey& key,
                                                const KeyState& state,
                                                const Effects& effects,
                                                const Facts& facts) {
  if (effects.tear_down) {
    steps_->tear_down(key);
  }
  if (effects.release_staged) {
    steps_->release(key);
  }
  if (!effects.ignored.empty()) {
    const std::string app = key.app.str();
    rt_.emit({"sp.ignored",
              {{"reason", effects.ignored},
               {"app", app},
               {"part", raw(key.partition)},
               {"gen", raw(views_[key].call_generation)}}});
  }
  show(key, state);
  if (state.phase == Phase::lost && state.error == Code::lease_lost && hooks_.lease_lost) {
    hooks_.lease_lost();
  }
  std::optional<LoopReport> report;
  if (effects.report != Report::none) {
    const bool ack = effects.report == Report::must_be_stored;
    report = LoopReport{.pv = produce(views_[key], StepCore::report_of(state, facts), ack),
                        .must_be_stored = ack};
  }
  changed(key);
  return report;
}

void PartController::show(const PartitionKey& key, const KeyState& state) {
  KeyView& view = views_[key];
  const AppVersion serving =
      state.served.has_value() ? state.served->version.version : AppVersion{};
  const bool same = view.phase == state.phase && view.observed == state.target.generation &&
                    view.serving == serving && view.alt == state.alt &&
                    view.attempt == state.attempt;
  view.phase = state.phase;
  view.step = state.step;
  view.observed = state.target.generation;
  view.seen = state.seen;
  view.target = state.target.app_version;
  view.serving = serving;
  view.alt = state.alt;
  view.owned = state.owned;
  view.error = state.error;
  view.attempt = state.attempt;
  view.due = state.due;
  if (!same) {
    tell_phase(key, view);
  }
}

void PartController::tell_phase(const PartitionKey& key, const KeyView& view) const {
  const std::string app = key.app.str();
  rt_.emit({"partition.phase",
            {{"app", app},
             {"part", raw(key.partition)},
             {"phase", name_of(view.phase)},
             {"gen", raw(view.observed)},
             {"target", raw(view.target)},
             {"serving", raw(view.serving)},
             {"alt", raw(view.alt)},
             {"error", code_number(view.error)},
             {"attempt", view.attempt}}});
}

ProcessVariable PartController::produce(KeyView& view, ProcessVariable pv, bool ack) {
  if (pv.phase == Phase::running) {
    show_engines(pv, view.last_pv);
  }
  pv.vvm = identity_.vvm;
  pv.vvm_epoch = identity_.epoch;
  pv.report_seq = ++last_seq_;
  pv.updated_at = rt_.clock().wall();
  view.produced_seq = pv.report_seq;
  view.last_pv = pv;
  view.last_report = rt_.now();
  const std::string app = pv.key.app.str();
  rt_.emit({"pv.produced",
            {{"app", app},
             {"part", raw(pv.key.partition)},
             {"seq", pv.report_seq},
             {"phase", name_of(pv.phase)},
             {"serving", raw(pv.serving_version)},
             {"alt", raw(pv.serving_alt)},
             {"observed", raw(pv.observed_generation)},
             {"ack", ack ? 1 : 0}}});
  return pv;
}

// Engines break and are rebuilt while a version is served; that is no step of the key, so it shows
// in whatever report comes next, the heartbeat at the latest.
void PartController::show_engines(ProcessVariable& pv, const ProcessVariable& before) const {
  const bool ready = steps_->engines_ready(pv.key);
  const Condition* shown = find_condition(before.conditions, ConditionType::engines_ready);
  const Truth truth = ready ? Truth::yes : Truth::no;
  Condition condition{
      .type = ConditionType::engines_ready,
      .status = truth,
      .reason = std::string{ready ? name_of(pv.phase) : code_name(Code::no_engines)},
      .last_transition = rt_.clock().wall()};
  if (shown != nullptr && shown->status == truth) {
    condition.last_transition = shown->last_transition;
  }
  const auto at = std::ranges::find(pv.conditions, condition.type, &Condition::type);
  if (at != pv.conditions.end()) {
    *at = std::move(condition);
  }
}

void PartController::begin_step(const PartitionKey& key, Step step) {
  KeyView& view = views_[key];
  if (view.step_open == step) {
    return;
  }
  view.step_open = step;
  const std::string app = key.app.str();
  rt_.emit({"step.start", {{"app", app}, {"part", raw(key.partition)}, {"step", name_of(step)}}});
}

void PartController::end_step(const PartitionKey& key, const Outcome& outcome) {
  KeyView& view = views_[key];
  if (std::holds_alternative<StepWaits>(outcome) || !view.step_open.has_value()) {
    return;
  }
  const Step step = *view.step_open;
  view.step_open.reset();
  const bool done = std::holds_alternative<StepDone>(outcome);
  std::int64_t code = 0;
  std::string what;
  if (const auto* error = std::get_if<Error>(&outcome)) {
    code = code_number(StepCore::normalised(*error).code);
    what = error->what;
  } else if (std::holds_alternative<StepCrashes>(outcome)) {
    code = code_number(Code::internal_error);
    what = "the process crashed in it";
  }
  const std::string app = key.app.str();
  rt_.emit({"step.end",
            {{"app", app},
             {"part", raw(key.partition)},
             {"step", name_of(step)},
             {"ok", done ? 1 : 0},
             {"code", code},
             {"what", what}}});
}

void PartController::changed(const PartitionKey& key) const {
  if (hooks_.changed) {
    hooks_.changed(key);
  }
}

Task<Status> PartController::report(PartitionKey key, ProcessVariable pv) {
  const std::int64_t seq = pv.report_seq;
  const std::string app = key.app.str();
  auto task = api_->report_pv(std::move(pv));
  const Status reported = co_await with_timeout(rt_, constants_.report_limit, std::move(task));
  // Stale: a newer report of this key is stored, and with it all that this one says.
  const bool stored = reported.has_value() || reported.error().code == Code::stale_report;
  if (stored) {
    rt_.emit({"pv.stored", {{"app", app}, {"part", raw(key.partition)}, {"seq", seq}}});
    const auto at = views_.find(key);
    if (at != views_.end()) {
      at->second.stored_seq = std::max(at->second.stored_seq, seq);
    }
    changed(key);
    co_return ok();
  }
  rt_.emit({"pv.failed",
            {{"app", app},
             {"part", raw(key.partition)},
             {"seq", seq},
             {"error", code_name(reported.error().code)}}});
  if (reported.error().code == Code::fenced_out && hooks_.fenced) {
    hooks_.fenced("ReportPV");
  }
  co_return reported;
}

ProcessVariable PartController::heartbeat(const PartitionKey& key) {
  const auto at = views_.find(key);
  CHECK(at != views_.end() && at->second.produced_seq != 0, "nothing to repeat", key.str());
  return produce(at->second, at->second.last_pv, false);
}

void PartController::note_gone(const PartitionKey& key, bool gone) {
  const auto at = views_.find(key);
  if (at != views_.end()) {
    at->second.gone = gone;
  }
}

}  // namespace vvm::apppartsctl
