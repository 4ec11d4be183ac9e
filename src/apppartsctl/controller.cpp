// One controller call, its events, and the reports that leave.
#include "apppartsctl/controller.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "runtime/timeout.hpp"

namespace vvm::apppartsctl {
namespace {

// Tells that a call is in progress for as long as it lives.
class Calling {
 public:
  Calling(PartController::Views* views, PartitionKey key, Generation generation)
      : views_(views), key_(std::move(key)) {
    KeyView& view = (*views_)[key_];
    CHECK(!view.calling, "two controller calls of one key", key_.str());
    view.calling = true;
    view.call_generation = generation;
  }

  Calling(const Calling&) = delete;
  Calling& operator=(const Calling&) = delete;

  ~Calling() {
    const auto at = views_->find(key_);
    if (at != views_->end()) {
      at->second.calling = false;
    }
  }

 private:
  PartController::Views* views_;
  PartitionKey key_;
};

std::int64_t code_number(const std::optional<Code>& code) {
  return code.has_value() ? static_cast<std::int64_t>(raw(*code)) : 0;
}

}  // namespace

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
  const Calling calling(&views_, key, target.sp.generation);
  tell_call("ctl.call", key, target.sp.generation);
  Effects effects = core_.begin(state, target, facts(key, target));
  std::optional<LoopReport> pv = apply(key, state, effects, facts(key, target));
  if (effects.run.has_value()) {
    tell_step(key, state, nullptr);
    const Outcome outcome = co_await steps_->run(key, state);
    tell_step(key, state, &outcome);
    effects = core_.finish(state, outcome, facts(key, target), rng_);
    pv = apply(key, state, effects, facts(key, target));
  }
  tell_call("ctl.return", key, target.sp.generation);
  co_return LoopAnswer{.state = std::move(state), .pv = std::move(pv), .start = effects.start};
}

void PartController::tell_call(std::string_view what,
                               const PartitionKey& key,
                               Generation generation) {
  const std::string app = key.app.str();
  rt_.emit({what, {{"app", app}, {"part", raw(key.partition)}, {"gen", raw(generation)}}});
}

Facts PartController::facts(const PartitionKey& key, const Target& target) const {
  Facts facts{.now = rt_.now(), .wall = rt_.clock().wall(), .start_at = rt_.now()};
  const auto at = views_.find(key);
  if (at != views_.end()) {
    facts.acked = at->second.last_is_stored();
  }
  if (!target.wants_absent() && !target.sp.cron_schedule.empty()) {
    const std::optional<Instant> start = window_start(target.sp, facts.now, facts.wall);
    facts.schedule_valid = start.has_value();
    facts.start_at = start.value_or(facts.now);
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
    rt_.emit(
        {"sp.ignored", {{"reason", effects.ignored}, {"app", app}, {"part", raw(key.partition)}}});
  }
  show(key, state);
  if (state.phase == Phase::lost && state.error == Code::lease_lost && hooks_.lease_lost) {
    hooks_.lease_lost({*state.error, state.error_message});
  }
  std::optional<LoopReport> report;
  if (effects.report != Report::none) {
    const bool ack = effects.report == Report::must_be_stored;
    report = LoopReport{.pv = produce(views_[key], StepCore::report_of(state, facts), ack),
                        .must_be_stored = ack};
  }
  if (hooks_.changed) {
    hooks_.changed();
  }
  return report;
}

void PartController::show(const PartitionKey& key, const KeyState& state) {
  KeyView& view = views_[key];
  const AppVersion serving =
      state.served.has_value() ? state.served->version.version : AppVersion{};
  const bool changed = view.phase != state.phase || view.observed != state.target.generation ||
                       view.serving != serving || view.alt != state.alt ||
                       view.attempt != state.attempt;
  view.phase = state.phase;
  view.step = state.step;
  view.observed = state.target.generation;
  view.seen = state.seen;
  view.serving = serving;
  view.alt = state.alt;
  view.owned = state.owned;
  view.error = state.error;
  view.attempt = state.attempt;
  view.due = state.due;
  if (!changed) {
    return;
  }
  const std::string app = key.app.str();
  rt_.emit({"partition.phase",
            {{"app", app},
             {"part", raw(key.partition)},
             {"phase", name_of(state.phase)},
             {"gen", raw(view.observed)},
             {"serving", raw(serving)},
             {"alt", raw(state.alt)},
             {"error", code_number(state.error)},
             {"attempt", state.attempt}}});
}

ProcessVariable PartController::produce(KeyView& view, ProcessVariable pv, bool ack) {
  pv.vvm = identity_.vvm;
  pv.vvm_epoch = identity_.epoch;
  pv.report_seq = ++view.produced_seq;
  pv.updated_at = rt_.clock().wall();
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

void PartController::tell_step(const PartitionKey& key,
                               const KeyState& state,
                               const Outcome* outcome) {
  KeyView& view = views_[key];
  const std::string app = key.app.str();
  const Field app_field{"app", app};
  const Field part_field{"part", raw(key.partition)};
  const Field step_field{"step", name_of(state.step)};
  if (outcome == nullptr) {
    if (!view.step_open) {
      rt_.emit({"step.start", {app_field, part_field, step_field}});
    }
    view.step_open = true;
    return;
  }
  if (std::holds_alternative<StepWaits>(*outcome)) {
    return;
  }
  view.step_open = false;
  const auto* error = std::get_if<Error>(outcome);
  const bool done = std::holds_alternative<StepDone>(*outcome);
  const std::int64_t code = error != nullptr ? code_number(StepCore::normalised(*error).code) : 0;
  const std::string what = error != nullptr ? error->what : "";
  rt_.emit(
      {"step.end",
       {app_field, part_field, step_field, {"ok", done ? 1 : 0}, {"code", code}, {"what", what}}});
}

Task<Status> PartController::report(PartitionKey key, ProcessVariable pv) {
  const std::int64_t seq = pv.report_seq;
  auto task = api_->report_pv(std::move(pv));
  const Status reported = co_await with_timeout(rt_, constants_.report_limit, std::move(task));
  // Stale: a newer report of this key is stored, and with it all that this one says.
  const bool stored = reported.has_value() || reported.error().code == Code::stale_report;
  if (stored) {
    const auto at = views_.find(key);
    if (at != views_.end()) {
      at->second.stored_seq = std::max(at->second.stored_seq, seq);
    }
    if (hooks_.changed) {
      hooks_.changed();
    }
    co_return ok();
  }
  if (reported.error().code == Code::fenced_out && hooks_.fenced) {
    hooks_.fenced("ReportPV");
  }
  co_return reported;
}

std::optional<ProcessVariable> PartController::heartbeat(const PartitionKey& key) {
  const auto at = views_.find(key);
  if (at == views_.end() || at->second.produced_seq == 0 || at->second.gone) {
    return std::nullopt;
  }
  KeyView& view = at->second;
  return produce(view, view.last_pv, false);
}

bool PartController::forget(const PartitionKey& key) {
  const auto at = views_.find(key);
  if (at == views_.end()) {
    return true;
  }
  at->second.gone = true;
  return at->second.phase == Phase::absent && !at->second.calling;
}

}  // namespace vvm::apppartsctl
