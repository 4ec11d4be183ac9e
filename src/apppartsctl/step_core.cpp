// The transitions of docs/spec/vvm.md 8.8 (numbered as there) and the retry classes of 8.9.
#include "apppartsctl/step_core.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace vvm::apppartsctl {
namespace {

constexpr Step first_step(const SetPoint& sp) {
  return sp.image_kind == ImageKind::built_in ? Step::build : Step::download;
}

// Work on a version that is not served yet has begun or waits.
bool staging(Phase phase) {
  switch (phase) {
    case Phase::pending:
    case Phase::downloading:
    case Phase::unpacking:
    case Phase::parsing:
    case Phase::checking:
    case Phase::building:
    case Phase::fencing:
    case Phase::switching:
    case Phase::backoff:
    case Phase::blocked:
      return true;
    case Phase::running:
    case Phase::draining:
    case Phase::stopping:
    case Phase::absent:
    case Phase::lost:
      return false;
  }
  UNREACHABLE();
}

// The runtime is on its way out; nothing turns that round.
bool leaving(Phase phase) {
  return phase == Phase::draining || phase == Phase::stopping || phase == Phase::lost;
}

bool same_counts(const SetPoint& a, const SetPoint& b) {
  return a.num_partitions == b.num_partitions && a.num_app_workspaces == b.num_app_workspaces;
}

Served served_by(const SetPoint& sp) {
  return {.version = version_of(sp),
          .pools = pools_of(sp),
          .num_partitions = sp.num_partitions,
          .num_app_workspaces = sp.num_app_workspaces};
}

// Same V as staged: go on where it stands, but not beyond what the other fields have decided.
Step resume_step(const KeyState& state, const SetPoint& sp) {
  const SetPoint& old = state.target;
  if (!staging(state.phase) || state.step == Step::accept || version_of(old) != version_of(sp)) {
    return first_step(sp);
  }
  Step step = state.step;
  if (!same_counts(old, sp) || old.cluster_app_id != sp.cluster_app_id) {
    step = std::min(step, sp.image_kind == ImageKind::built_in ? Step::build : Step::check);
  }
  if (pools_of(old) != pools_of(sp)) {
    step = std::min(step, Step::build);
  }
  return step;
}

void forget_failure(KeyState& state) {
  state.attempt = 0;
  state.error.reset();
  state.error_message.clear();
  state.retries = false;
}

void withdraw_announcement(KeyState& state) {
  state.alt = AppVersion{};
  state.ack_wanted = false;
}

void note_failure(KeyState& state, const Error& error) {
  state.error = error.code;
  state.error_message = cut_text(error.what, error_message_octets_max);
}

Effects start_at(Instant at) { return {.start = at}; }

Effects reported(Report report, std::optional<Instant> start) {
  return {.start = start, .report = report};
}

Effects run_step(Step step) { return {.run = step}; }

// Rows 17 and 18 as far as the runtime goes.
Effects leave(KeyState& state, const Facts& facts) {
  withdraw_announcement(state);
  if (state.served.has_value()) {
    state.phase = Phase::draining;
    state.step = Step::drain;
    state.ack_wanted = true;
    return reported(Report::must_be_stored, facts.now);
  }
  state.phase = Phase::stopping;
  state.step = Step::stop;
  return start_at(facts.now);
}

Truth truth(bool holds) { return holds ? Truth::yes : Truth::no; }

// Has the work gone beyond `step`?
Truth beyond(const KeyState& state, Step step) {
  if (state.phase == Phase::running) {
    return Truth::yes;
  }
  if (!staging(state.phase)) {
    return Truth::unknown;
  }
  return truth(state.step > step);
}

void refresh_conditions(KeyState& state, const Facts& facts) {
  const auto set =
      [&](ConditionType type, Truth status, std::string reason, const std::string& message) {
        set_condition(state.conditions,
                      {.type = type,
                       .status = status,
                       .reason = std::move(reason),
                       .message = cut_text(message, condition_message_octets_max),
                       .last_transition = facts.wall});
      };
  const std::string phase{name_of(state.phase)};
  const bool serves = state.served.has_value() && !leaving(state.phase);
  const bool current = serves && state.served->version.version == state.target.app_version;
  const bool scheduled = state.phase == Phase::pending && state.due > facts.now;
  const bool blocked = state.phase == Phase::blocked;
  set(ConditionType::image_ready, beyond(state, Step::download), phase, "");
  set(ConditionType::schema_ready, beyond(state, Step::check), phase, "");
  set(ConditionType::engines_ready, beyond(state, Step::build), phase, "");
  set(ConditionType::serving, truth(serves), phase, "");
  set(ConditionType::up_to_date, truth(current), scheduled ? "Scheduled" : phase, "");
  set(ConditionType::blocked,
      truth(blocked),
      blocked && state.error.has_value() ? std::string{code_name(*state.error)} : phase,
      blocked ? state.error_message : "");
  const bool was_invalid =
      find_condition(state.conditions, ConditionType::invalid_schedule) != nullptr;
  if (!state.schedule_valid || was_invalid) {
    set(ConditionType::invalid_schedule,
        truth(!state.schedule_valid),
        state.schedule_valid ? phase : "NotCron",
        state.schedule_valid ? "" : state.target.cron_schedule);
  }
}

}  // namespace

std::string_view name_of(Step step) {
  switch (step) {
    case Step::accept:
      return "accept";
    case Step::download:
      return "download";
    case Step::unpack:
      return "unpack";
    case Step::parse:
      return "parse";
    case Step::check:
      return "check";
    case Step::build:
      return "build";
    case Step::fence:
      return "fence";
    case Step::switch_version:
      return "switch";
    case Step::drain:
      return "drain";
    case Step::stop:
      return "stop";
  }
  UNREACHABLE();
}

Phase phase_of(Step step) {
  switch (step) {
    case Step::accept:
      return Phase::pending;
    case Step::download:
      return Phase::downloading;
    case Step::unpack:
      return Phase::unpacking;
    case Step::parse:
      return Phase::parsing;
    case Step::check:
      return Phase::checking;
    case Step::build:
      return Phase::building;
    case Step::fence:
      return Phase::fencing;
    case Step::switch_version:
      return Phase::switching;
    case Step::drain:
      return Phase::draining;
    case Step::stop:
      return Phase::stopping;
  }
  UNREACHABLE();
}

std::string VersionId::str() const {
  const std::string content = built_in_rev.empty() ? sha.hex().substr(0, 12) : built_in_rev;
  return app.str() + "@" + std::to_string(raw(version)) + "(" + content + ")";
}

VersionId version_of(const SetPoint& sp) {
  const bool built_in = sp.image_kind == ImageKind::built_in;
  return {.app = sp.key.app,
          .version = sp.app_version,
          .sha = built_in ? Sha256{} : sp.image_sha256,
          .built_in_rev = built_in ? sp.built_in_rev : std::string{}};
}

Pools pools_of(const SetPoint& sp) {
  return {sp.pool_command, sp.pool_query, sp.pool_actualizer, sp.pool_scheduler};
}

Effects StepCore::begin(KeyState& state, const Target& target, const Facts& facts) const {
  const bool newer = target.number() > state.seen;
  state.behind = newer && leaving(state.phase);
  Effects effects = newer && !state.behind ? accept(state, target, facts) : advance(state, facts);
  if (effects.report != Report::none) {
    refresh_conditions(state, facts);
  }
  return effects;
}

Effects StepCore::accept(KeyState& state, const Target& target, const Facts& facts) const {
  Effects effects = target.wants_absent() ? accept_absent(state, target, facts)
                                          : accept_present(state, target, facts);
  return effects;
}

// Rows 17 and 18.
Effects StepCore::accept_absent(KeyState& state, const Target& target, const Facts& facts) const {
  state.seen = target.number();
  state.target = target.sp;
  state.schedule_valid = true;
  forget_failure(state);
  Effects effects;
  if (raw(state.owned) != 0) {
    effects = leave(state, facts);
  } else {
    CHECK(!state.served.has_value(), "served without a runtime");
    withdraw_announcement(state);
    state.phase = Phase::absent;
    state.step = Step::accept;
    effects = reported(Report::latest, std::nullopt);
  }
  effects.release_staged = true;
  return effects;
}

Effects StepCore::accept_present(KeyState& state, const Target& target, const Facts& facts) const {
  const SetPoint& sp = target.sp;
  Status valid = validate(sp);
  if (valid && sp.image_kind == ImageKind::built_in && sp.built_in_rev != build_rev_) {
    valid =
        Error{Code::built_in_mismatch, "`" + sp.built_in_rev + "`, this is `" + build_rev_ + "`"};
  }
  const bool owns = raw(state.owned) != 0;
  if (valid && owns && sp.partition_epoch < state.owned) {
    state.seen = target.number();
    const bool rests = state.phase == Phase::running;
    return {.start = rests ? std::nullopt : std::optional{facts.now},
            .ignored = "PartitionEpoch went back"};
  }
  if (valid && owns && sp.partition_epoch > state.owned) {
    // Row 24. The set-point stays newer than what was seen, so that it is taken up afterwards.
    Effects effects = leave(state, facts);
    effects.release_staged = true;
    return effects;
  }
  state.seen = target.number();
  state.schedule_valid = facts.schedule_valid;
  if (!valid) {
    state.target = sp;
    state.step = Step::accept;
    forget_failure(state);
    Effects effects = blocked(state, valid.error(), facts);
    effects.release_staged = true;
    return effects;
  }
  return enter_pending(state, sp, facts);
}

// Rows 1, 2 and 23, and a set-point that asks for what is served already.
Effects StepCore::enter_pending(KeyState& state, const SetPoint& sp, const Facts& facts) const {
  const Served wanted = served_by(sp);
  const bool same_version = state.served.has_value() && state.served->version == wanted.version &&
                            state.served->num_partitions == wanted.num_partitions &&
                            state.served->num_app_workspaces == wanted.num_app_workspaces;
  const Step resume = resume_step(state, sp);
  const bool keeps_staged = staging(state.phase) && version_of(state.target) == wanted.version;
  state.target = sp;
  forget_failure(state);
  withdraw_announcement(state);
  Effects effects = reported(Report::latest, facts.now);
  effects.release_staged = !keeps_staged;
  if (same_version && state.served == wanted) {
    state.phase = Phase::running;
    state.step = Step::accept;
    effects.start.reset();
    effects.release_staged = true;
  } else if (same_version) {
    state.phase = Phase::building;  // row 23
    state.step = Step::build;
  } else {
    state.phase = Phase::pending;
    state.step = resume;
    state.due = facts.start_at;
    effects.start = facts.start_at;
  }
  return effects;
}

Effects StepCore::advance(KeyState& state, const Facts& facts) const {
  switch (state.phase) {
    case Phase::pending:  // row 3
      if (facts.now < state.due) {
        return start_at(state.due);
      }
      state.phase = phase_of(state.step);
      return reported(Report::latest, facts.now);
    case Phase::downloading:
    case Phase::unpacking:
    case Phase::parsing:
    case Phase::checking:
    case Phase::building:
    case Phase::fencing:
      return run_step(state.step);
    case Phase::switching:
      return advance_switch(state, facts);
    case Phase::running:
    case Phase::absent:
      return {};
    case Phase::backoff:  // row 13
      if (facts.now < state.due) {
        return start_at(state.due);
      }
      state.phase = phase_of(state.step);
      return state.phase == Phase::switching ? advance_switch(state, facts) : run_step(state.step);
    case Phase::blocked:
      if (!state.retries) {
        return {};
      }
      if (facts.now < state.due) {
        return start_at(state.due);
      }
      state.phase = Phase::backoff;  // row 15
      state.due = facts.now;
      return reported(Report::latest, facts.now);
    case Phase::draining:
      if (state.ack_wanted && !facts.acked) {
        return start_at(ask_again(facts));
      }
      state.ack_wanted = false;
      return run_step(Step::drain);
    case Phase::stopping:
    case Phase::lost:
      return run_step(Step::stop);
  }
  UNREACHABLE();
}

// Row 10: the claim is widened, and that is stored, before anything is suspended.
Effects StepCore::advance_switch(KeyState& state, const Facts& facts) const {
  if (!state.served.has_value()) {
    return run_step(Step::switch_version);
  }
  if (raw(state.alt) == 0) {
    state.alt = state.target.app_version;
    state.ack_wanted = true;
    return reported(Report::must_be_stored, facts.now + constants_.ack_poll);
  }
  if (state.ack_wanted && !facts.acked) {
    return start_at(ask_again(facts));
  }
  state.ack_wanted = false;
  return run_step(Step::switch_version);
}

// An ack that is long in coming is asked for ever more seldom: the cluster may be down for hours.
Instant StepCore::ask_again(const Facts& facts) const {
  return facts.now + std::clamp(facts.report_age, constants_.ack_poll, constants_.ack_poll_cap);
}

Effects StepCore::finish(KeyState& state,
                         const Outcome& outcome,
                         const Facts& facts,
                         Rng& rng) const {
  Effects effects;
  if (const auto* done = std::get_if<StepDone>(&outcome)) {
    effects = succeeded(state, *done, facts);
  } else if (const auto* error = std::get_if<Error>(&outcome)) {
    effects = failed(state, normalised(*error), facts, rng);
  } else if (std::holds_alternative<StepCrashes>(outcome)) {
    const std::string step{name_of(state.step)};
    effects = blocked(state, {Code::internal_error, "the process crashed in " + step}, facts);
  } else {
    const bool waits = std::holds_alternative<StepWaits>(outcome);
    effects = start_at(waits ? facts.now + constants_.shared_work_wait : facts.now);
  }
  if (effects.report != Report::none) {
    refresh_conditions(state, facts);
  }
  return effects;
}

Effects StepCore::succeeded(KeyState& state, const StepDone& done, const Facts& facts) const {
  if (!leaving(state.phase)) {
    forget_failure(state);
  }
  state.attempt = 0;
  const auto next = [&](Step step, Report report) {
    state.step = step;
    state.phase = phase_of(step);
    return reported(report, facts.now);
  };
  switch (state.step) {
    case Step::accept:
      break;
    case Step::download:
      return next(Step::unpack, Report::latest);  // row 4
    case Step::unpack:
      return next(Step::parse, Report::latest);  // row 5
    case Step::parse:
      return next(Step::check, Report::latest);  // row 6
    case Step::check:
      return next(Step::build, Report::latest);  // row 7
    case Step::build:                            // row 8
      if (state.owned == state.target.partition_epoch) {
        return next(Step::switch_version, Report::latest);
      }
      CHECK(raw(state.owned) == 0, "a runtime under another epoch", raw(state.owned));
      return next(Step::fence, Report::latest);
    case Step::fence:  // row 9
      state.owned = state.target.partition_epoch;
      return next(Step::switch_version, Report::none);
    case Step::switch_version:  // row 11
      state.served = served_by(state.target);
      withdraw_announcement(state);
      state.phase = Phase::running;
      state.step = Step::accept;
      return reported(Report::latest, std::nullopt);
    case Step::drain:  // row 19
      if (done.hard_stop) {
        note_failure(state, {Code::hard_stop, "borrows were revoked"});
      }
      return next(Step::stop, Report::none);
    case Step::stop:  // row 20; 8.11 for what was lost
      state.served.reset();
      state.owned = PartitionEpoch{};
      state.phase = Phase::absent;
      state.step = Step::accept;
      return reported(Report::latest, state.behind ? std::optional{facts.now} : std::nullopt);
  }
  UNREACHABLE();
}

// Rows 12, 14, 16 and 21.
Effects StepCore::failed(KeyState& state, const Error& error, const Facts& facts, Rng& rng) const {
  ErrorClass cls = error_class(error.code);
  ++state.attempt;
  if (cls == ErrorClass::fatal) {
    note_failure(state, error);
    withdraw_announcement(state);
    state.served.reset();
    state.phase = Phase::lost;
    state.step = Step::stop;
    return {.start = facts.now, .release_staged = true, .tear_down = true};
  }
  const Duration wait = rng.jittered(backoff(state.attempt), constants_.backoff_permille);
  if (leaving(state.phase)) {
    return start_at(facts.now + wait);
  }
  if (cls == ErrorClass::transient_then_probe) {
    cls =
        state.attempt >= constants_.quick_tries ? ErrorClass::environmental : ErrorClass::transient;
  }
  if (cls == ErrorClass::permanent) {
    return blocked(state, error, facts);
  }
  if (cls == ErrorClass::environmental) {
    Effects effects = blocked(state, error, facts);
    state.retries = true;
    state.due = facts.now + rng.jittered(constants_.reprobe, constants_.reprobe_permille);
    effects.start = state.due;
    return effects;
  }
  note_failure(state, error);
  withdraw_announcement(state);
  state.phase = Phase::backoff;
  state.due = error.code == Code::fence_conflict ? facts.now : facts.now + wait;
  return reported(Report::latest, state.due);
}

Effects StepCore::blocked(KeyState& state, const Error& error, const Facts& facts) const {
  note_failure(state, error);
  withdraw_announcement(state);
  state.phase = Phase::blocked;
  state.retries = false;
  state.due = facts.now;
  return reported(Report::latest, std::nullopt);
}

Duration StepCore::backoff(std::int32_t attempt) const {
  CHECK(attempt >= 1, "attempts count from 1", attempt);
  Duration wait = constants_.backoff_base;
  for (std::int32_t n = 1; n < attempt && wait < constants_.backoff_cap; ++n) {
    wait = wait * 2;
  }
  return std::min(wait, constants_.backoff_cap);
}

Error StepCore::normalised(Error error) {
  if (raw(error.code) < 1000) {
    return error;
  }
  Code code = Code::internal_error;
  if (error.code == Code::timed_out) {
    code = Code::step_timeout;
  } else if (error.code == Code::suspect) {
    code = Code::store_unavailable;  // the lease could not be renewed for a while
  } else if (error.code == Code::revoked) {
    code = Code::fenced_out;
  }
  return {code, std::string{code_name(error.code)} + ": " + error.what};
}

ProcessVariable StepCore::report_of(const KeyState& state, const Facts& facts) {
  ProcessVariable pv;
  pv.key = state.target.key;
  pv.observed_generation = state.target.generation;
  pv.phase = state.phase;
  if (state.served.has_value() && !leaving(state.phase)) {
    pv.serving_version = state.served->version.version;
    pv.serving_alt = state.alt;
    pv.partition_epoch = state.owned;
    pv.image_sha256 = state.served->version.sha;
  }
  pv.conditions = state.conditions;
  pv.error = state.error;
  pv.error_message = state.error_message;
  pv.attempt = state.attempt;
  const bool retries =
      state.phase == Phase::backoff || (state.phase == Phase::blocked && state.retries);
  if (retries) {
    pv.next_retry = WallMs{facts.wall.ms + (state.due - facts.now).ms()};
  }
  return pv;
}

}  // namespace vvm::apppartsctl
