// LaneClock: from local time to the time of the kernel and back.
#include "sim/world/lane_clock.hpp"

#include <algorithm>

namespace vvm::sim {
namespace {

constexpr std::int64_t million = 1'000'000;
// 2026-01-05T00:00:00Z, a Monday: where the wall clocks of every simulated cluster begin.
constexpr std::int64_t epoch_ms = 1'767'571'200'000;

std::int64_t scaled(std::int64_t ns, std::int64_t num, std::int64_t den) {
  return static_cast<std::int64_t>(static_cast<__int128>(ns) * num / den);
}

}  // namespace

Instant LaneClock::now() const {
  const Instant global = lane_.kernel().now();
  return {scaled(global.ns, million + model_.rate_ppm, million)};
}

WallMs LaneClock::wall() const {
  return {epoch_ms + (now() + model_.wall_offset - Instant{}).ms()};
}

Instant LaneClock::to_global(Instant local) const {
  if (local == Instant::max()) {
    return local;
  }
  Instant global{scaled(local.ns, million, million + model_.rate_ppm)};
  // Rounding must not wake a process before its own clock shows the deadline.
  while (scaled(global.ns, million + model_.rate_ppm, million) < local.ns) {
    ++global.ns;
  }
  return global;
}

void LaneClock::start_park(Instant deadline, ParkKey* key, ParkCompletion completion) {
  const OpId op = lane_.kernel().park(lane_, to_global(deadline), std::move(completion));
  if (key != nullptr) {
    *key = ParkKey{static_cast<std::uint64_t>(op)};
  }
}

void LaneClock::unpark(ParkKey key) {
  lane_.kernel().finish(OpId{static_cast<std::uint64_t>(key)}, ErrorCode{}, 1);
}

}  // namespace vvm::sim
