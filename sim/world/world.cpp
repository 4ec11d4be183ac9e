// World: processes, their lives, and what ends them.
#include "sim/world/world.hpp"

#include "base/check.hpp"
#include "runtime/failure.hpp"
#include "sim/kernel/spawn.hpp"
#include "sim/world/life.hpp"

namespace vvm::sim {
namespace {

std::int64_t unit_cost(const WorkCosts& costs, WorkKind kind) {
  switch (kind) {
    case WorkKind::hash:
      return costs.hash;
    case WorkKind::inflate:
      return costs.inflate;
    case WorkKind::parse:
      return costs.parse;
    case WorkKind::check:
      return costs.check;
    case WorkKind::build:
      return costs.build;
    case WorkKind::invoke:
      return costs.invoke;
  }
  UNREACHABLE();
}

std::string_view crash_name(CrashKind kind) {
  switch (kind) {
    case CrashKind::process:
      return "process";
    case CrashKind::power_loss:
      return "power_loss";
  }
  UNREACHABLE();
}

Rng life_stream(const Rng& process, int life) { return process.fork(std::to_string(life)); }

}  // namespace

// --- One life ---

SimProc::SimProc(const Guard& guard, const WorkCosts& costs, Rng chance, Exit exit)
    : guard_(guard), costs_(costs), exit_(std::move(exit)) {
  append_be64(nonce_, chance.next());
  append_be64(nonce_, chance.next());
}

Task<void> SimProc::charge(Work work) {
  const std::int64_t ns = static_cast<std::int64_t>(work.units) * unit_cost(costs_, work.kind);
  if (ns == 0) {
    co_return;
  }
  busy_until_ = std::max(busy_until_, guard_.kernel().now()) + Duration{ns};
  co_await guard_.until(busy_until_);
}

World::Life::Life(World& world, Process& process, Lane& on)
    : lane(on),
      guard(on, world.observers_, world.refused_effects_),
      clock(on, process.clock),
      net(guard, world.network_.carrier()),
      disk(guard, process.disk),
      store(guard, world.network_.carrier(), world.store_),
      blobs(guard, world.network_.carrier(), world.blobs_),
      rand(life_stream(process.chance, process.lives)),
      events(guard, world.observers_),
      proc(guard,
           world.work_costs_,
           life_stream(process.chance, process.lives).fork("nonce"),
           [&world, &process](int code) {
             world.end_life(process, code, CrashKind::process, Unsynced::kept);
           }) {
  seams.executor = on.executor();
  seams.clock = &clock;
  seams.net = &net;
  seams.disk = &disk;
  seams.store = &store;
  seams.blobs = &blobs;
  seams.rand = &rand;
  seams.proc = &proc;
  seams.events = &events;
}

// --- World ---

World::World(std::uint64_t seed)
    : kernel_(seed),
      observers_(kernel_),
      network_(kernel_, observers_, kernel_.stream("network")),
      store_(kernel_, kernel_.stream("store")),
      blobs_(kernel_.stream("blobs")) {}

World::~World() { shut_down(); }

World::Process& World::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  CHECK(it != by_name_.end(), "no process of this name", name);
  return *it->second;
}

World::Life& World::living(std::string_view name) const {
  const Process& process = find(name);
  CHECK(process.life != nullptr, "the process does not run", name);
  return *process.life;
}

void World::add_process(std::string name, ClockModel clock, Factory factory) {
  CHECK(!by_name_.contains(name), "two processes of one name", name);
  Rng stream = kernel_.stream("process " + name);
  auto process = std::make_unique<Process>(name, clock, std::move(factory), stream);
  process->host = network_.carrier().host(name);
  by_name_.emplace(std::move(name), process.get());
  processes_.push_back(std::move(process));
}

void World::start(const std::string& name) {
  Process& process = find(name);
  CHECK(process.life == nullptr, "the process runs already", name);
  ++process.lives;
  process.exit_code.reset();
  network_.carrier().up(process.host);
  process.life = std::make_unique<Life>(*this, process, kernel_.add_lane(name));
  Life& life = *process.life;
  observers_.started(name);
  life.program = process.factory(Runtime(&life.seams));
  spawn(life.lane,
        life.cancel.slot(),
        life.program->run(),
        [this, &process, &life](const std::exception_ptr& failure) {
          ended_by_itself(process, life, failure);
        });
}

void World::ended_by_itself(Process& process, Life& life, const std::exception_ptr& failure) {
  if (!life.lane.alive()) {
    return;
  }
  int code = 0;
  if (failure != nullptr && !is_cancellation(failure)) {
    const std::string what = what_of(failure);
    observers_.event(process.name, {"process.failed", {{"what", what}}});
    code = 1;
  }
  end_life(process, code, CrashKind::process, Unsynced::kept);
}

void World::end_life(Process& process,
                     std::optional<int> exit_code,
                     CrashKind kind,
                     Unsynced unsynced) {
  if (process.life == nullptr) {
    return;
  }
  Life& life = *process.life;
  graveyard_.push_back(std::move(process.life));
  process.exit_code = exit_code;
  // From here on nothing of it has an effect. Its frames go first, then the program.
  kernel_.kill(life.lane, [&life] { life.program.reset(); });
  network_.carrier().ended(process.host,
                           kind == CrashKind::power_loss ? HostEnd::silent : HostEnd::reset);
  if (kind == CrashKind::power_loss) {
    process.disk.power_loss(unsynced);
  }
  observers_.ended(process.name);
}

void World::crash(const std::string& name, CrashKind kind, Unsynced unsynced) {
  living(name);
  observers_.note(name, "crash", crash_name(kind));
  end_life(find(name), std::nullopt, kind, unsynced);
}

void World::stop(const std::string& name) {
  observers_.note(name, "stop");
  living(name).cancel.emit(asio::cancellation_type::terminal);
}

void World::pause(const std::string& name) {
  kernel_.pause(living(name).lane);
  observers_.paused(name, true);
}

void World::resume(const std::string& name) {
  kernel_.resume(living(name).lane);
  observers_.paused(name, false);
}

bool World::running(const std::string& name) const { return find(name).life != nullptr; }

bool World::paused(const std::string& name) const {
  const Process& process = find(name);
  return process.life != nullptr && process.life->lane.paused();
}

std::optional<int> World::exit_code(const std::string& name) const { return find(name).exit_code; }

int World::lives(const std::string& name) const { return find(name).lives; }

Program* World::program(const std::string& name) const {
  const Process& process = find(name);
  return process.life == nullptr ? nullptr : process.life->program.get();
}

DiskImage& World::disk(const std::string& name) { return find(name).disk; }

LaneClock& World::clock(const std::string& name) { return living(name).clock; }

void World::set_clock_rate(const std::string& name, std::int64_t rate_ppm) {
  Process& process = find(name);
  observers_.note(name, "clock rate", std::to_string(rate_ppm));
  process.clock.rate_ppm = rate_ppm;
  if (process.life != nullptr) {
    process.life->clock.set_rate(rate_ppm);
  }
}

void World::jump_wall(const std::string& name, Duration by) {
  Process& process = find(name);
  observers_.note(name, "wall clock jumps", std::to_string(by.ms()));
  process.clock.wall_offset = process.clock.wall_offset + by;
  if (process.life != nullptr) {
    process.life->clock.jump_wall(by);
  }
}

std::vector<std::string> World::process_names() const {
  std::vector<std::string> names;
  names.reserve(processes_.size());
  for (const auto& process : processes_) {
    names.push_back(process->name);
  }
  return names;
}

void World::run_until(Instant horizon) {
  while (kernel_.step(horizon)) {
  }
  if (horizon != Instant::max() && kernel_.now() < horizon) {
    kernel_.advance_to(horizon);
  }
}

// Nobody is told: observers may be gone.
void World::shut_down() {
  for (const auto& process : processes_) {
    if (process->life != nullptr) {
      Life& life = *process->life;
      graveyard_.push_back(std::move(process->life));
      kernel_.kill(life.lane, [&life] { life.program.reset(); });
    }
  }
}

}  // namespace vvm::sim
