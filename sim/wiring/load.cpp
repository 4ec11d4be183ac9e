// One call after the other, at random moments of a mean rate.
#include "sim/wiring/load.hpp"

#include <algorithm>

#include "engines/engine.hpp"

namespace vvm::wiring {
namespace {

constexpr std::size_t calls_max = 256;  // at once; more are not begun

appparts::ProcessorKind kind_of(scenario::Processor processor) {
  switch (processor) {
    case scenario::Processor::command:
      return appparts::ProcessorKind::command;
    case scenario::Processor::query:
      return appparts::ProcessorKind::query;
    case scenario::Processor::actualizer:
      return appparts::ProcessorKind::actualizer;
    case scenario::Processor::scheduler:
      return appparts::ProcessorKind::scheduler;
  }
  UNREACHABLE();
}

Duration draw(const faults::Spread& spread, Rng& rng) {
  switch (spread.shape) {
    case faults::Spread::Shape::constant:
      return spread.mean;
    case faults::Spread::Shape::uniform:
      return rng.between(spread.min, spread.max);
    case faults::Spread::Shape::exponential: {
      const Duration value = std::max(rng.exponential(spread.mean), spread.min);
      return spread.max == Duration{} ? value : std::min(value, spread.max);
    }
  }
  UNREACHABLE();
}

// Some extension that runs in processors of this kind, or null.
const appdef::Extension* extension_for(const appdef::AppDef& app_def,
                                       appparts::ProcessorKind kind) {
  for (const appdef::Extension& extension : app_def.extensions()) {
    if (engines::compatible(kind, extension.kind)) {
      return &extension;
    }
  }
  return nullptr;
}

}  // namespace

LoadPlayer::LoadPlayer(Runtime rt,
                       LoadPlan* plan,
                       appparts::AppPartitions* partitions,
                       ghost::Ghost* ghost,
                       ghost::ProcessIndex process)
    : rt_(rt),
      plan_(*plan),
      partitions_(*partitions),
      ghost_(*ghost),
      process_(process),
      rng_(rt.rng("load " + plan->load->name)),
      calls_(rt) {}

Task<void> LoadPlayer::play() {
  const scenario::Load& load = *plan_.load;
  const Duration mean{minutes(1).ns /
                      static_cast<std::int64_t>(std::max<std::uint64_t>(load.per_minute, 1))};
  const Instant end = load.until.has_value() ? Instant{} + *load.until : Instant::max();
  Instant next = std::max(rt_.now(), Instant{} + load.from);
  std::exception_ptr cancelled;
  try {
    while (next < end) {
      next = next + rng_.exponential(mean);
      co_await rt_.clock().sleep_until(next);
      const std::optional<PartitionKey> key = pick();
      const appparts::ProcessorKind kind =
          kind_of(load.processors[rng_.below(load.processors.size())]);
      const Duration hold = draw(load.hold, rng_);
      if (key.has_value() && calls_.size() < calls_max) {
        calls_.spawn("call", call(*key, kind, hold));
      }
    }
  } catch (const boost::system::system_error&) {
    cancelled = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await calls_.close();
  if (cancelled != nullptr) {
    std::rethrow_exception(cancelled);
  }
}

// One of the partitions of the application that have a runtime here.
std::optional<PartitionKey> LoadPlayer::pick() {
  const auto& parts = ghost_.state().at(process_).parts;
  std::vector<const PartitionKey*> present;
  for (auto at = parts.lower_bound({.app = plan_.app, .partition = {}});
       at != parts.end() && at->first.app == plan_.app;
       ++at) {
    if (at->second.rt.has_value() && at->second.rt->present) {
      present.push_back(&at->first);
    }
  }
  if (present.empty()) {
    return std::nullopt;
  }
  return *present[rng_.below(present.size())];
}

Task<void> LoadPlayer::call(PartitionKey key, appparts::ProcessorKind kind, Duration hold) {
  ++plan_.outcome.calls;
  Result<appparts::Borrowed> taken = partitions_.borrow(key, kind);
  if (!taken.has_value()) {
    ++plan_.outcome.refused;
    co_return;
  }
  appparts::Borrowed borrowed = std::move(taken).value();
  const Result<AppVersion> version = borrowed.version();
  ++plan_.outcome.failed;  // until it is known to have gone well
  const bool good = co_await use(&borrowed, hold);
  if (!good) {
    co_return;
  }
  --plan_.outcome.failed;
  ++plan_.outcome.served;
  if (kind == appparts::ProcessorKind::command && version.has_value()) {
    ghost_.see_command(process_, key, version.value());
  }
  borrowed.release();
}

Task<bool> LoadPlayer::use(appparts::Borrowed* borrowed, Duration hold) {
  const auto app_def = borrowed->app_def();
  if (!app_def.has_value()) {
    co_return false;
  }
  if (const auto* extension = extension_for(*app_def.value(), borrowed->kind())) {
    engines::ArgumentIo io("argument");
    const Result<Bytes> answer = co_await borrowed->invoke(extension->name.qname(), &io);
    if (!answer.has_value()) {
      co_return false;
    }
  }
  if (hold > Duration{}) {
    co_await rt_.clock().sleep_for(hold);
  }
  co_return borrowed->check(rt_.now()).has_value();
}

}  // namespace vvm::wiring
