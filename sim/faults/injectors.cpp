// One function a fault: which knobs of the World it turns, and how it is undone.
#include "sim/faults/injectors.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "sim/faults/value_text.hpp"
#include "sim/world/glob.hpp"

namespace vvm::faults {
namespace {

using sim::NetFault;
using sim::NetRule;
using sim::RuleId;

// Longer than any run: an exponential spread without `max`.
constexpr Duration unbounded = hours(1);
constexpr Duration drip_pause = milliseconds(50);

template <class T>
T draw(const Range<T>& range, Rng& rng);

template <>
Duration draw(const DurationRange& range, Rng& rng) {
  return range.low == range.high ? range.low : rng.between(range.low, range.high);
}

template <>
std::uint64_t draw(const OctetRange& range, Rng& rng) {
  return range.low + (range.low == range.high ? 0 : rng.below(range.high - range.low + 1));
}

sim::Latency latency_of(const Spread& spread) {
  switch (spread.shape) {
    case Spread::Shape::constant:
      return sim::Latency::fixed(spread.mean);
    case Spread::Shape::uniform:
      return sim::Latency::uniform(spread.min, spread.max);
    case Spread::Shape::exponential:
      return sim::Latency::exponential(
          spread.mean, spread.min, spread.max == Duration{} ? unbounded : spread.max);
  }
  UNREACHABLE();
}

sim::Odds odds_of(const Fault& fault) {
  sim::Odds odds;
  if (fault.times.has_value()) {
    odds.times = *fault.times;
  }
  return odds;
}

NetRule rule_of(NetFault kind, const Link& link) {
  NetRule rule{.kind = kind, .from = link.from, .to = link.to};
  rule.both = link.direction == Direction::both;
  if (link.direction == Direction::backward) {
    std::swap(rule.from, rule.to);
  }
  return rule;
}

// Answers go from the server to the client.
NetRule rule_of(NetFault kind, const Exchanges& on) {
  return {.kind = kind, .from = on.server, .to = on.client, .request = on.request};
}

sim::DiskFault kind_of(DiskMode mode) {
  switch (mode) {
    case DiskMode::full:
      return sim::DiskFault::full;
    case DiskMode::eio:
      return sim::DiskFault::io_error;
    case DiskMode::slow:
      return sim::DiskFault::slow;
    case DiskMode::short_writes:
      return sim::DiskFault::short_write;
    case DiskMode::lying_sync:
      return sim::DiskFault::sync_lies;
    case DiskMode::corrupt:
      return sim::DiskFault::corrupt;
  }
  UNREACHABLE();
}

sim::StoreFault kind_of(StoreOutcome outcome) {
  switch (outcome) {
    case StoreOutcome::unavailable:
      return sim::StoreFault::unavailable;
    case StoreOutcome::error_before:
      return sim::StoreFault::error_before;
    case StoreOutcome::error_after:
      return sim::StoreFault::error_after;
    case StoreOutcome::timeout_applied:
      return sim::StoreFault::timeout_applied;
    case StoreOutcome::timeout_not_applied:
      return sim::StoreFault::timeout_not_applied;
    case StoreOutcome::stale:
      return sim::StoreFault::stale;
    case StoreOutcome::slow:
      return sim::StoreFault::slow;
  }
  UNREACHABLE();
}

sim::BlobFault kind_of(BlobOutcome outcome) {
  switch (outcome) {
    case BlobOutcome::unavailable:
      return sim::BlobFault::unavailable;
    case BlobOutcome::not_found:
      return sim::BlobFault::not_found;
    case BlobOutcome::corrupt:
      return sim::BlobFault::corrupted;
    case BlobOutcome::slow:
      return sim::BlobFault::slow;
  }
  UNREACHABLE();
}

// A glob that can match one name only.
bool is_exact(std::string_view glob) { return glob.find_first_of("*?") == std::string_view::npos; }

struct DiskRuleRef {
  std::string process;
  RuleId id{};
};

}  // namespace

struct Injectors::Active {
  Firing firing;
  bool ended = false;
  std::uint64_t done = 0;  // effects that no rule counts
  int restarts = 0;        // processes that this fault still has to start
  std::vector<RuleId> net;
  std::vector<DiskRuleRef> disks;
  std::vector<RuleId> store;
  std::vector<RuleId> blobs;
  std::vector<std::uint64_t> engines;
  std::vector<std::string> paused;
  std::vector<std::string> wrong_clocks;
};

// The visitor of Action.
struct Injectors::Apply {
  Injectors& self;
  std::size_t index;
  Rng& rng;

  Active& active() const { return *self.active_[index]; }

  const Fault& fault() const { return active().firing.fault; }

  void net(NetRule rule) const {
    rule.odds.times = odds_of(fault()).times;
    active().net.push_back(self.world_.network().add(std::move(rule)));
  }

  void answers(NetFault kind, const Exchanges& on, const OctetRange& at) const {
    NetRule rule = rule_of(kind, on);
    rule.at_byte = draw(at, rng);
    if (at.low != at.high) {
      active().firing.text += " (" + std::to_string(rule.at_byte) + ")";
    }
    net(std::move(rule));
  }

  void operator()(const Cut& cut) const { net(rule_of(NetFault::cut, cut.link)); }

  void operator()(const Hold& hold) const { net(rule_of(NetFault::hold, hold.link)); }

  void operator()(const Loss& loss) const {
    NetRule rule = rule_of(NetFault::loss, loss.link);
    rule.odds.ratio = loss.rate;
    net(std::move(rule));
  }

  void operator()(const Delay& delay) const {
    NetRule rule = rule_of(NetFault::delay, delay.link);
    rule.extra = latency_of(delay.by);
    net(std::move(rule));
  }

  void operator()(const Bandwidth& bandwidth) const {
    NetRule rule = rule_of(NetFault::bandwidth, bandwidth.link);
    rule.bytes_per_second = bandwidth.octets_per_second;
    net(std::move(rule));
  }

  void operator()(const Reset& reset) const { answers(NetFault::reset, reset.on, reset.at); }

  void operator()(const Truncate& cut) const { answers(NetFault::truncate, cut.on, cut.at); }

  void operator()(const Flip& flip) const { answers(NetFault::flip, flip.on, flip.at); }

  void operator()(const Dup& dup) const { answers(NetFault::duplicate, dup.on, dup.at); }

  void operator()(const Replay& replay) const {
    NetRule rule = rule_of(NetFault::replay, replay.on);
    rule.odds.ratio = replay.rate;
    net(std::move(rule));
  }

  void operator()(const Stall& stall) const { answers(NetFault::stall, stall.on, stall.at); }

  void operator()(const Drip& drip) const {
    NetRule rule = rule_of(NetFault::drip, drip.on);
    rule.at_byte = draw(drip.at, rng);
    const std::uint64_t pieces = seconds(1).ns / drip_pause.ns;
    rule.piece = std::max<std::uint64_t>(1, drip.octets_per_second / pieces);
    rule.every = seconds(static_cast<std::int64_t>(rule.piece)) /
                 static_cast<std::int64_t>(drip.octets_per_second);
    net(std::move(rule));
  }

  void operator()(const Late& late) const {
    NetRule rule = rule_of(NetFault::delay, late.on);
    rule.extra = latency_of(late.by);
    net(std::move(rule));
  }

  // Ends a life; the process is started again after `after`, or at heal.
  void crash(const std::string& process,
             sim::CrashKind kind,
             sim::Unsynced unsynced,
             const std::optional<DurationRange>& after) const {
    if (self.world_.running(process)) {
      self.world_.crash(process, kind, unsynced);
      ++active().done;
      self.down_.insert(process);
    }
    if (after.has_value() && self.down_.contains(process)) {
      ++active().restarts;
      self.restart(index, process, draw(*after, rng));
    }
  }

  void operator()(const Crash& fault) const {
    const bool power = fault.disk != Loses::nothing;
    const sim::Unsynced unsynced =
        fault.disk == Loses::torn ? sim::Unsynced::torn : sim::Unsynced::lost;
    for (const std::string& process : self.processes(fault.who)) {
      crash(process,
            power ? sim::CrashKind::power_loss : sim::CrashKind::process,
            unsynced,
            fault.restart_after);
    }
  }

  void operator()(const Wipe& fault) const {
    for (const std::string& process : self.processes(fault.who)) {
      crash(process, sim::CrashKind::power_loss, sim::Unsynced::lost, fault.restart_after);
      self.world_.disk(process).wipe();
      ++active().done;
    }
  }

  void operator()(const Reboot& fault) const {
    for (const Site::Process& process : self.site_.processes) {
      if (!process.node.empty() && sim::glob_match(fault.who, process.node)) {
        crash(process.name, sim::CrashKind::power_loss, sim::Unsynced::lost, fault.down);
      }
    }
  }

  void operator()(const Pause& pause) const {
    for (const std::string& process : self.processes(pause.who)) {
      if (self.world_.running(process) && !self.world_.paused(process)) {
        self.world_.pause(process);
        active().paused.push_back(process);
        ++active().done;
      }
    }
  }

  void operator()(const ClockFault& clock) const {
    for (const std::string& process : self.processes(clock.who)) {
      if (clock.wall_jump != Duration{}) {
        self.world_.jump_wall(process, clock.wall_jump);
      }
      if (clock.rate_ppm.has_value()) {
        self.world_.set_clock_rate(process, *clock.rate_ppm);
        active().wrong_clocks.push_back(process);
      }
      ++active().done;
    }
  }

  void operator()(const DiskFault& disk) const {
    for (const std::string& process : self.processes(disk.who)) {
      const RuleId id = self.world_.disk(process).rules().add({.kind = kind_of(disk.mode),
                                                               .path = disk.path,
                                                               .verb = disk.verb,
                                                               .odds = odds_of(fault()),
                                                               .delay = disk.by,
                                                               .octets = disk.octets});
      active().disks.push_back({.process = process, .id = id});
    }
  }

  void operator()(const StoreFault& store) const {
    active().store.push_back(self.world_.store().rules().add({.kind = kind_of(store.outcome),
                                                              .process = store.who,
                                                              .op = store.op,
                                                              .key = store.key,
                                                              .odds = odds_of(fault()),
                                                              .delay = store.by}));
  }

  void operator()(const ExpireEarly& early) const {
    active().store.push_back(self.world_.store().rules().add({.kind = sim::StoreFault::expire_early,
                                                              .key = early.key,
                                                              .odds = odds_of(fault()),
                                                              .delay = early.by}));
  }

  void operator()(const BlobFault& blob) const {
    BlobId id{};
    if (!blob.image.empty()) {
      const std::optional<BlobId> found =
          self.site_.blob_of ? self.site_.blob_of(blob.image) : std::nullopt;
      if (!found.has_value()) {
        active().firing.text += " (not uploaded yet)";
        return;
      }
      id = *found;
    }
    active().blobs.push_back(self.world_.blobs().rules().add({.kind = kind_of(blob.outcome),
                                                              .id = id,
                                                              .verb = blob.verb,
                                                              .odds = odds_of(fault()),
                                                              .delay = blob.by}));
  }

  void operator()(const EngineFault& engine) const {
    CHECK(self.site_.engines != nullptr, "engine faults need an EngineSwitch");
    for (const std::string& process : self.processes(engine.who)) {
      active().engines.push_back(self.site_.engines->add(process, engine, odds_of(fault()).times));
    }
  }
};

Injectors::Injectors(sim::World& world, Site site) : world_(world), site_(std::move(site)) {}

Injectors::~Injectors() = default;

std::size_t Injectors::fire(const Fault& fault, std::string_view label, int line) {
  const std::size_t index = active_.size();
  active_.push_back(std::make_unique<Active>());
  Active& active = *active_.back();
  active.firing = {.fault = fault,
                   .text = describe(fault),
                   .who = concerned(fault),
                   .line = line,
                   .from = world_.kernel().now()};
  if (healed_) {
    active.firing.text += " (after heal)";
    end(index);
    return index;
  }
  Rng rng = world_.kernel().stream("faults").fork(label);
  std::visit(Apply{.self = *this, .index = index, .rng = rng}, fault.action);
  world_.observers().note("fault", active.firing.text);
  if (fault.lasts.has_value()) {
    world_.kernel().after(draw(*fault.lasts, rng), sim::Action([this, index] { undo(index); }));
  } else if (active.restarts == 0 && ends_at_once(fault.action)) {
    end(index);
  }
  return index;
}

void Injectors::heal() {
  healed_ = true;
  for (std::size_t index = 0; index < active_.size(); ++index) {
    undo(index);
  }
  // Starting a process tells observers, who may fire: walk a copy.
  const std::set<std::string> down = std::move(down_);
  down_.clear();
  for (const std::string& process : down) {
    if (!world_.running(process)) {
      world_.start(process);
    }
  }
}

void Injectors::undo(std::size_t index) {
  Active& active = *active_[index];
  if (active.ended) {
    return;
  }
  for (const RuleId id : active.net) {
    world_.network().remove(id);
  }
  for (const DiskRuleRef& ref : active.disks) {
    world_.disk(ref.process).rules().remove(ref.id);
  }
  for (const RuleId id : active.store) {
    world_.store().rules().remove(id);
  }
  for (const RuleId id : active.blobs) {
    world_.blobs().rules().remove(id);
  }
  for (const std::uint64_t rule : active.engines) {
    site_.engines->remove(rule);
  }
  for (const std::string& process : active.paused) {
    if (world_.running(process) && world_.paused(process)) {
      world_.resume(process);
    }
  }
  for (const std::string& process : active.wrong_clocks) {
    const auto at = std::ranges::find(site_.processes, process, &Site::Process::name);
    world_.set_clock_rate(process, at->rate_ppm);
  }
  world_.observers().note("fault", "end of " + active.firing.text);
  end(index);
}

void Injectors::end(std::size_t index) {
  Active& active = *active_[index];
  active.ended = true;
  active.firing.to = world_.kernel().now();
}

void Injectors::restart(std::size_t index, const std::string& process, Duration after) {
  world_.kernel().after(after, sim::Action([this, index, process] {
                          Active& active = *active_[index];
                          if (down_.erase(process) != 0 && !world_.running(process)) {
                            world_.start(process);
                          }
                          if (--active.restarts == 0 && !active.ended) {
                            end(index);
                          }
                        }));
}

std::vector<std::string> Injectors::processes(std::string_view glob) const {
  std::vector<std::string> names;
  for (const Site::Process& process : site_.processes) {
    if (sim::glob_match(glob, process.name)) {
      names.push_back(process.name);
    }
  }
  return names;
}

std::string Injectors::concerned(const Fault& fault) const {
  return std::visit(
      [this]<class T>(const T& action) -> std::string {
        std::string_view glob;
        if constexpr (requires { action.who; }) {
          glob = action.who;
        } else if constexpr (requires { action.on; }) {
          glob = action.on.client;
        } else if constexpr (requires { action.link; }) {
          glob = action.link.from;
        }
        const std::vector<std::string> names = processes(glob);
        return is_exact(glob) && names.size() == 1 ? names.front() : "";
      },
      fault.action);
}

bool Injectors::ends_at_once(const Action& action) {
  const auto* clock = std::get_if<ClockFault>(&action);
  const auto* crash = std::get_if<Crash>(&action);
  const auto* wipe = std::get_if<Wipe>(&action);
  return (clock != nullptr && !clock->rate_ppm.has_value()) ||
         (crash != nullptr && crash->restart_after.has_value()) ||
         (wipe != nullptr && wipe->restart_after.has_value()) ||
         std::holds_alternative<Reboot>(action);
}

std::uint64_t Injectors::effects_of(const Active& active) const {
  std::uint64_t effects = active.done;
  for (const RuleId id : active.net) {
    effects += world_.network().fired(id);
  }
  for (const DiskRuleRef& ref : active.disks) {
    effects += world_.disk(ref.process).rules().fired(ref.id);
  }
  for (const RuleId id : active.store) {
    effects += world_.store().rules().fired(id);
  }
  for (const RuleId id : active.blobs) {
    effects += world_.blobs().rules().fired(id);
  }
  for (const std::uint64_t rule : active.engines) {
    effects += site_.engines->fired(rule);
  }
  return effects;
}

std::vector<Firing> Injectors::firings() const {
  std::vector<Firing> out;
  for (const auto& active : active_) {
    Firing firing = active->firing;
    firing.effects = effects_of(*active);
    out.push_back(std::move(firing));
  }
  return out;
}

}  // namespace vvm::faults
