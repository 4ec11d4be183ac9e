// Faults in words.
#include <array>

#include <fmt/format.h>

#include "base/check.hpp"
#include "sim/faults/fault.hpp"
#include "sim/faults/value_text.hpp"

namespace vvm::faults {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

std::string link_text(const Link& link) {
  const std::string_view arrow = link.direction == Direction::both      ? "<->"
                                 : link.direction == Direction::forward ? "->"
                                                                        : "<-";
  return fmt::format("{} {} {}", link.from, arrow, link.to);
}

std::string at_text(std::string_view what, const Exchanges& on, const OctetRange& at) {
  return fmt::format("{} answers of {} to {} on {} at octet {}",
                     what,
                     on.server,
                     on.client,
                     on.request,
                     format_octet_range(at));
}

std::string spread_text(const Spread& spread) {
  switch (spread.shape) {
    case Spread::Shape::constant:
      return format_duration(spread.mean);
    case Spread::Shape::uniform:
      return format_duration_range({.low = spread.min, .high = spread.max});
    case Spread::Shape::exponential:
      return "about " + format_duration(spread.mean);
  }
  UNREACHABLE();
}

std::string restart_text(const std::optional<DurationRange>& after) {
  return after.has_value() ? ", up again after " + format_duration_range(*after) : "";
}

std::string_view text_of(DiskMode mode) {
  switch (mode) {
    case DiskMode::full:
      return "full";
    case DiskMode::eio:
      return "failing";
    case DiskMode::slow:
      return "slow";
    case DiskMode::short_writes:
      return "writing short";
    case DiskMode::lying_sync:
      return "lying about syncs";
    case DiskMode::corrupt:
      return "reading wrong";
  }
  UNREACHABLE();
}

std::string_view text_of(StoreOutcome outcome) {
  switch (outcome) {
    case StoreOutcome::unavailable:
      return "unavailable";
    case StoreOutcome::error_before:
      return "error before";
    case StoreOutcome::error_after:
      return "error after";
    case StoreOutcome::timeout_applied:
      return "timeout, applied";
    case StoreOutcome::timeout_not_applied:
      return "timeout, not applied";
    case StoreOutcome::stale:
      return "stale";
    case StoreOutcome::slow:
      return "slow";
  }
  UNREACHABLE();
}

std::string_view text_of(BlobOutcome outcome) {
  switch (outcome) {
    case BlobOutcome::unavailable:
      return "unavailable";
    case BlobOutcome::not_found:
      return "not found";
    case BlobOutcome::corrupt:
      return "corrupt";
    case BlobOutcome::slow:
      return "slow";
  }
  UNREACHABLE();
}

std::string_view text_of(EngineOutcome outcome) {
  switch (outcome) {
    case EngineOutcome::create_fails:
      return "cannot be made";
    case EngineOutcome::no_memory:
      return "have no memory";
    case EngineOutcome::trap:
      return "trap";
  }
  UNREACHABLE();
}

std::string_view text_of(Loses loses) {
  switch (loses) {
    case Loses::nothing:
      return "crash";
    case Loses::unsynced:
      return "power loss at";
    case Loses::torn:
      return "power loss with torn writes at";
  }
  UNREACHABLE();
}

std::string clock_text(const ClockFault& clock) {
  std::string out = "clock of " + clock.who;
  if (clock.wall_jump != Duration{}) {
    out += " jumps by " + format_duration(clock.wall_jump);
  }
  if (clock.rate_ppm.has_value()) {
    out += " is off by " + format_percent_ppm(*clock.rate_ppm);
  }
  return out;
}

std::string action_text(const Action& action) {
  return std::visit(
      Overloaded{
          [](const Cut& f) { return "cut " + link_text(f.link); },
          [](const Hold& f) { return "hold " + link_text(f.link); },
          [](const Loss& f) {
            return fmt::format("lose {} of {}", format_percent_ppm(f.rate.num), link_text(f.link));
          },
          [](const Delay& f) {
            return fmt::format("delay {} by {}", link_text(f.link), spread_text(f.by));
          },
          [](const Bandwidth& f) {
            return fmt::format(
                "slow {} to {}", link_text(f.link), format_bandwidth(f.octets_per_second));
          },
          [](const Reset& f) { return at_text("reset", f.on, f.at); },
          [](const Truncate& f) { return at_text("truncate", f.on, f.at); },
          [](const Flip& f) { return at_text("flip a bit of", f.on, f.at); },
          [](const Dup& f) { return at_text("repeat a piece of", f.on, f.at); },
          [](const Replay& f) {
            return fmt::format("give {} of the answers of {} to {} on {} from memory",
                               format_percent_ppm(f.rate.num),
                               f.on.server,
                               f.on.client,
                               f.on.request);
          },
          [](const Stall& f) { return at_text("stall", f.on, f.at); },
          [](const Drip& f) { return at_text("drip", f.on, f.at); },
          [](const Late& f) {
            return fmt::format("delay answers of {} to {} on {} by {}",
                               f.on.server,
                               f.on.client,
                               f.on.request,
                               spread_text(f.by));
          },
          [](const Crash& f) {
            return fmt::format("{} {}{}", text_of(f.disk), f.who, restart_text(f.restart_after));
          },
          [](const Wipe& f) { return "new disk for " + f.who + restart_text(f.restart_after); },
          [](const Pause& f) { return "pause " + f.who; },
          [](const Reboot& f) {
            return fmt::format(
                "power loss of {}, up again after {}", f.who, format_duration_range(f.down));
          },
          [](const ClockFault& f) { return clock_text(f); },
          [](const DiskFault& f) {
            return fmt::format(
                "disk of {} {}{}", f.who, text_of(f.mode), f.path == "**" ? "" : " at " + f.path);
          },
          [](const StoreFault& f) {
            return fmt::format(
                "store: {} of {} on {} for {}", text_of(f.outcome), f.op, f.key, f.who);
          },
          [](const ExpireEarly& f) {
            return fmt::format("{} expires up to {} early", f.key, format_duration(f.by));
          },
          [](const BlobFault& f) {
            return fmt::format(
                "BLOB {}: {}", f.image.empty() ? "store" : f.image, text_of(f.outcome));
          },
          [](const EngineFault& f) {
            return fmt::format("engines of {} {}", f.who, text_of(f.outcome));
          },
      },
      action);
}

}  // namespace

std::string_view word_of(const Action& action) {
  // The order of Action.
  constexpr std::array<std::string_view, std::variant_size_v<Action>> words{
      "cut",    "hold",   "loss",  "delay", "bandwidth",    "reset", "truncate", "flip",
      "dup",    "replay", "stall", "drip",  "delay",        "crash", "wipe",     "pause",
      "reboot", "clock",  "disk",  "store", "expire_early", "blob",  "engine"};
  return words.at(action.index());
}

bool times_default_to_one(const Fault& fault) {
  return !fault.lasts.has_value() &&
         std::visit([]<class T>(const T&) { return requires(T f) { f.on; }; }, fault.action);
}

std::string describe(const Fault& fault) {
  std::string out = action_text(fault.action);
  if (fault.lasts.has_value()) {
    out += " for " + format_duration_range(*fault.lasts);
  }
  if (fault.times.has_value()) {
    out += fmt::format(", {} times", *fault.times);
  }
  return out;
}

}  // namespace vvm::faults
