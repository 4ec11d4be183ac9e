// Properties of the step machine of app partitions (docs/spec/vvm.md 8.1, 8.3, 8.8 to 8.10; I-S12,
// I-S13, I-S15, T-AP-3).
//
// Over StepCore alone, against a partition and a cluster that are one variable each: thousands of
// random streams of set-points, step outcomes and acks. Owned by properties/core.
#define BOOST_TEST_MODULE step_core_prop
#include <algorithm>
#include <deque>
#include <ostream>
#include <set>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "apppartsctl/step_core.hpp"
#include "base/check.hpp"

namespace vvm::apppartsctl {
namespace {

constexpr std::string_view build_rev = "rev1";

// The next set-point, relative to those before.
struct NextSp {
  int version = 1;         // 1..4; 0: Absent
  int epoch_step = 0;      // mostly 0
  int pools = 1;           // 1..2
  int workspaces = 10;     // mostly
  int flaw = 0;            // 1: invalid; 2: built in; 3: built in, another build
  int cause = 0;           // 1: missing, 2: going down: the same set-point, no longer wanted
  int window_opens_s = 0;  // from now
};

enum class Move : std::uint8_t { call, give, ack, pass };

struct Action {
  Move move = Move::call;
  int outcome = 0;  // of the step that the call runs; see outcome_of
  NextSp sp{};
  int amount = 0;  // reports that become stored; seconds that pass
};

using Plan = std::vector<Action>;

std::ostream& operator<<(std::ostream& out, const Action& a) {
  switch (a.move) {
    case Move::call:
      return out << "call " << a.outcome;
    case Move::give:
      return out << "give v" << a.sp.version << " e" << a.sp.epoch_step << " p" << a.sp.pools
                 << " w" << a.sp.workspaces << " flaw " << a.sp.flaw << " cause " << a.sp.cause
                 << " in " << a.sp.window_opens_s << " s";
    case Move::ack:
      return out << "ack " << a.amount;
    case Move::pass:
      return out << "pass " << a.amount;
  }
  return out;
}

void showValue(const Plan& plan, std::ostream& out) {  // rapidcheck finds it by this name
  for (const Action& a : plan) {
    out << a << "\n";
  }
}

const std::vector<Code> errors{Code::blob_store_unreachable,
                               Code::blob_not_found,
                               Code::truncated,
                               Code::disk_full,
                               Code::syntax_error,
                               Code::incompatible,
                               Code::engine_init,
                               Code::fenced_out,
                               Code::fence_conflict,
                               Code::drain_timeout,
                               Code::internal_error,
                               Code::conflict,
                               Code::timed_out,
                               Code::suspect};

Outcome outcome_of(int n) {
  if (n < 30) {
    return StepDone{.hard_stop = n == 0};
  }
  if (n < 34) {
    return StepWaits{};
  }
  if (n < 36) {
    return StepCancelled{};
  }
  if (n == 36) {
    return StepCrashes{};
  }
  return Error{errors[static_cast<std::size_t>(n) % errors.size()], "told to"};
}

rc::Gen<NextSp> any_sp() {
  using rc::gen::element;
  return rc::gen::build<NextSp>(
      rc::gen::set(&NextSp::version, element(0, 1, 1, 2, 2, 3, 4)),
      rc::gen::set(&NextSp::epoch_step, element(0, 0, 0, 0, 0, 0, 0, 1, -1)),
      rc::gen::set(&NextSp::pools, element(1, 1, 1, 2)),
      rc::gen::set(&NextSp::workspaces, element(10, 10, 10, 10, 10, 11)),
      rc::gen::set(&NextSp::flaw, element(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3)),
      rc::gen::set(&NextSp::cause, element(0, 0, 0, 0, 0, 0, 0, 1, 2)),
      rc::gen::set(&NextSp::window_opens_s, element(0, 0, 0, 0, 5)));
}

rc::Gen<Action> any_action() {
  using rc::gen::element;
  return rc::gen::build<Action>(rc::gen::set(&Action::move,
                                             element(Move::call,
                                                     Move::call,
                                                     Move::call,
                                                     Move::call,
                                                     Move::call,
                                                     Move::call,
                                                     Move::give,
                                                     Move::ack,
                                                     Move::pass)),
                                rc::gen::set(&Action::outcome, rc::gen::inRange(0, 52)),
                                rc::gen::set(&Action::sp, any_sp()),
                                rc::gen::set(&Action::amount, rc::gen::inRange(1, 4)));
}

bool staging(Phase phase) { return phase <= Phase::switching || phase == Phase::backoff; }

// May the phase change so in one half of a call? The diagram of 8.1 and the rows of 8.8.
bool may_follow(Phase from, Phase to) {
  using enum Phase;
  if (from == to) {
    return true;
  }
  if (from == draining) {
    return to == stopping || to == lost;
  }
  if (from == stopping) {
    return to == absent || to == lost;
  }
  if (from == lost) {
    return to == absent;
  }
  switch (to) {
    case pending:
    case blocked:  // a step, or a set-point that is refused
    case draining:
    case building:  // row 23 from wherever the version is served
    case running:   // also a set-point that asks for what is served
      return true;
    case stopping:  // a runtime that was never admitted
    case absent:
    case lost:
    case backoff:
      return staging(from) || from == blocked;
    case downloading:
    case unpacking:
    case parsing:
    case checking:
    case fencing:
    case switching:
      return staging(from);
  }
  UNREACHABLE();
}

// One key with its partition and its row in the cluster.
class World {
 public:
  void give(const NextSp& next) {
    SetPoint sp = target_.sp;
    if (next.cause != 0 && given_ && !target_.wants_absent()) {
      target_.cause = next.cause == 1 ? Cause::missing : Cause::going_down;
      due_ = now_;
      return;
    }
    sp.key = {.app = {.owner = "acme", .name = "pos"}, .partition = PartitionId{3}};
    sp.vvm = VvmId{1};
    sp.generation = Generation{raw(sp.generation) + 1};
    sp.partition_epoch =
        PartitionEpoch{std::max<std::int64_t>(1, raw(sp.partition_epoch) + next.epoch_step)};
    sp.desired = next.version == 0 ? Desired::absent : Desired::present;
    sp.app_version = AppVersion{next.version};
    const bool built_in = next.flaw >= 2;
    sp.image_kind = built_in ? ImageKind::built_in : ImageKind::image;
    sp.image_blob = BlobId{built_in ? 0U : 7U};
    sp.image_sha256 = built_in ? Sha256{} : sha256(std::to_string(next.version));
    sp.image_size = built_in ? 0 : 100;
    sp.built_in_rev = built_in ? std::string{next.flaw == 2 ? build_rev : "rev2"} : "";
    sp.num_partitions = 10;
    sp.num_app_workspaces = next.workspaces;
    sp.pool_command = next.flaw == 1 ? -1 : next.pools;
    target_ = {.sp = std::move(sp)};
    window_opens_ = now_ + seconds(next.window_opens_s);
    given_ = true;
    due_ = now_;
  }

  // The loop calls when the key is due, or when there is a newer set-point.
  void call(const Outcome& outcome) {
    if (!given_ || !due_.has_value()) {
      return;
    }
    now_ = std::max(now_, *due_);
    Effects effects = half([&] { return core_.begin(state_, target_, facts()); });
    if (effects.run.has_value()) {
      before_step();
      const Step step = *effects.run;
      if (step != Step::stop) {
        apply(step, outcome);
        effects = half([&] { return core_.finish(state_, outcome, facts(), rng_); });
      } else {  // cannot fail but for a moment
        apply(step, StepDone{});
        effects = half([&] { return core_.finish(state_, StepDone{}, facts(), rng_); });
      }
    }
    RC_ASSERT(!effects.run.has_value());
    due_ = effects.start;
    RC_ASSERT((!due_.has_value() || *due_ >= now_));
    check_claim();
  }

  // The next `count` reports are stored; of those that need no ack any may have been superseded.
  void ack(int count) {
    for (int i = 0; i < count && !sent_.empty(); ++i) {
      stored_ = sent_.front();
      sent_.pop_front();
      check_claim();
    }
  }

  void pass(int s) { now_ = now_ + seconds(s); }

  // Everything goes well from now on.
  void settle() {
    for (int i = 0; i < 400; ++i) {
      if (!due_.has_value() && sent_.empty()) {
        RC_ASSERT(state_.seen >= target_.number());
        return;
      }
      call(StepDone{});
      ack(100);
    }
    RC_FAIL("it does not come to rest");
  }

  const KeyState& state() const { return state_; }

  const Target& target() const { return target_; }

  AppVersion serves() const { return serves_; }

  bool has_runtime() const { return runtime_; }

  const std::optional<ProcessVariable>& stored() const { return stored_; }

 private:
  Facts facts() const {
    return {.now = now_,
            .wall = WallMs{now_.ns / 1'000'000},
            .start_at = std::max(window_opens_, now_),
            .acked = sent_.empty() && stored_.has_value(),
            .report_age = milliseconds(30)};
  }

  template <class F>
  Effects half(F decide) {
    const Phase from = state_.phase;
    const Effects effects = decide();
    RC_ASSERT(may_follow(from, state_.phase));
    RC_ASSERT(!(effects.run.has_value() && effects.start.has_value()));
    if (effects.tear_down) {
      serves_ = AppVersion{};
      torn_down_ = true;
    }
    if (effects.report != Report::none) {
      ProcessVariable pv = StepCore::report_of(state_, facts());
      pv.report_seq = ++seq_;
      RC_ASSERT(pv.observed_generation >= observed_);
      RC_ASSERT(pv.observed_generation <= target_.sp.generation);
      RC_ASSERT(pv.phase != Phase::lost);
      RC_ASSERT((claim_of(pv).empty() || runtime_));
      observed_ = pv.observed_generation;
      if (torn_down_) {  // 8.10: wrong until the next report is stored
        sent_.clear();
        stored_.reset();
        torn_down_ = false;
      }
      sent_.push_back(std::move(pv));
    }
    return effects;
  }

  // I-S15: what is staged is what the newest set-point asks for. 8.10: a claim has been widened, or
  // withdrawn, and that is stored, before what it speaks of changes.
  void before_step() {
    if (staging(state_.phase)) {
      RC_ASSERT(state_.seen == target_.number());
      RC_ASSERT(state_.target == target_.sp);
      RC_ASSERT((is_first(state_.step) || done_.contains(work_before(state_.step))));
    }
    const Claim claim = stored_.has_value() ? claim_of(*stored_) : Claim{};
    if (state_.step == Step::switch_version && raw(serves_) != 0) {
      RC_ASSERT(claim.has(serves_));
      RC_ASSERT(claim.has(state_.target.app_version));
      RC_ASSERT(sent_.empty());
    }
    if (state_.step == Step::drain) {
      RC_ASSERT(claim.empty());
      RC_ASSERT(sent_.empty());
    }
  }

  void apply(Step step, const Outcome& outcome) {
    const bool done = std::holds_alternative<StepDone>(outcome);
    if (done) {
      done_.insert(work_of(step));
    }
    if (step == Step::fence && done) {
      RC_ASSERT(!runtime_);
      runtime_ = true;
    } else if (step == Step::switch_version && done) {
      RC_ASSERT(runtime_);
      serves_ = state_.target.app_version;
    } else if (step == Step::drain && done) {
      serves_ = AppVersion{};
    } else if (step == Step::stop) {
      serves_ = AppVersion{};
      runtime_ = false;
    }
  }

  bool is_first(Step step) const {
    const bool built_in = state_.target.image_kind == ImageKind::built_in;
    return step == Step::download || (built_in && step == Step::build);
  }

  using WorkDone = std::pair<Step, VersionId>;

  WorkDone work_of(Step step) const { return {step, version_of(state_.target)}; }

  // What must have been done for the version before the step; fencing is for the partition.
  WorkDone work_before(Step step) const {
    if (step == Step::switch_version) {
      return work_of(Step::build);
    }
    return work_of(static_cast<Step>(static_cast<int>(step) - 1));
  }

  // I-S12: what the cluster believes is so.
  void check_claim() const {
    if (torn_down_ || !stored_.has_value() || claim_of(*stored_).empty()) {
      return;
    }
    RC_ASSERT(raw(serves_) != 0);
    RC_ASSERT(claim_of(*stored_).has(serves_));
  }

  StepCore core_{Constants{}, std::string{build_rev}};
  KeyState state_;
  Target target_;
  bool given_ = false;
  Instant window_opens_{};
  Instant now_{seconds(1000).ns};
  std::optional<Instant> due_;
  Rng rng_{1};
  // The partition.
  bool runtime_ = false;
  AppVersion serves_{};
  std::set<WorkDone> done_;
  bool torn_down_ = false;
  // The reporter and the cluster.
  std::int64_t seq_ = 0;
  std::deque<ProcessVariable> sent_;  // produced and not stored, in order
  std::optional<ProcessVariable> stored_;
  Generation observed_{};
};

World run(const Plan& plan) {
  World world;
  for (const Action& action : plan) {
    switch (action.move) {
      case Move::call:
        world.call(outcome_of(action.outcome));
        break;
      case Move::give:
        world.give(action.sp);
        break;
      case Move::ack:
        world.ack(action.amount);
        break;
      case Move::pass:
        world.pass(action.amount);
        break;
    }
  }
  return world;
}

rc::Gen<Plan> any_plan() {
  return rc::gen::map(rc::gen::container<Plan>(any_action()), [](Plan plan) {
    plan.insert(plan.begin(), Action{.move = Move::give});
    return plan;
  });
}

// Whatever comes, in whatever order: claims hold (I-S12), phases follow the diagram, Generations do
// not go back (I-S13), and steps are those of the newest set-point (I-S15).
RC_BOOST_PROP(claims_hold_and_phases_follow_the_diagram, ()) {
  const World world = run(*any_plan());
  RC_ASSERT((raw(world.serves()) == 0 || world.has_runtime()));
}

// T-AP-3: however the stream went, once all goes well the key ends where its last set-point wants
// it, and the cluster knows.
RC_BOOST_PROP(the_end_is_what_the_last_set_point_asks_for, ()) {
  World world = run(*any_plan());
  world.settle();
  const Phase phase = world.state().phase;
  const Target& target = world.target();
  RC_ASSERT(world.stored().has_value());
  RC_ASSERT(world.stored()->phase == phase);
  if (target.wants_absent()) {
    RC_ASSERT(phase == Phase::absent);
    RC_ASSERT(!world.has_runtime());
    RC_ASSERT(world.stored()->observed_generation == target.sp.generation);
    return;
  }
  // Blocked for good, or lost under this set-point, it stays until a newer one comes.
  if (phase == Phase::running) {
    RC_ASSERT(raw(world.serves()) != 0);
    RC_ASSERT(world.serves() == world.stored()->serving_version);
    const bool ignored = world.state().target != target.sp;  // its PartitionEpoch went back
    RC_ASSERT((ignored || world.serves() == target.sp.app_version));
  } else {
    RC_ASSERT((phase == Phase::blocked || phase == Phase::absent));
    RC_ASSERT(world.state().error.has_value());
    RC_ASSERT(!world.state().retries);
  }
}

}  // namespace
}  // namespace vvm::apppartsctl
