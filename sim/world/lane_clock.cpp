// LaneClock: from local time to the time of the kernel and back.
#include "sim/world/lane_clock.hpp"

#include "base/check.hpp"

namespace vvm::sim {
namespace {

using Wide = __int128;

constexpr std::int64_t million = 1'000'000;
// 2026-01-05T00:00:00Z, a Monday: where the wall clocks of every simulated cluster begin.
constexpr std::int64_t epoch_ms = 1'767'571'200'000;

}  // namespace

LaneClock::LaneClock(Lane& lane, ClockModel model)
    : lane_(lane),
      model_(model),
      local_base_(lane.kernel().now()),
      global_base_(lane.kernel().now()) {
  CHECK(model.rate_ppm >= -million && model.rate_ppm <= 1000 * million, "clock rate");
}

Instant LaneClock::now() const {
  const Instant global = lane_.kernel().now();
  if (model_.rate_ppm == 0) {
    return local_base_ + (global - global_base_);
  }
  const Wide passed = Wide{(global - global_base_).ns} * (million + model_.rate_ppm) / million;
  return local_base_ + Duration{static_cast<std::int64_t>(passed)};
}

WallMs LaneClock::wall() const {
  return {epoch_ms + (now() + model_.wall_offset - Instant{}).ms()};
}

Instant LaneClock::to_global(Instant local) const {
  if (local == Instant::max()) {
    return local;
  }
  if (local <= local_base_) {
    return global_base_;
  }
  if (model_.rate_ppm == 0) {
    return global_base_ + (local - local_base_);
  }
  const std::int64_t rate = million + model_.rate_ppm;
  if (rate == 0) {
    return Instant::max();
  }
  // Rounded up: a process does not wake before its own clock shows the deadline.
  const Wide wait = (Wide{(local - local_base_).ns} * million + rate - 1) / rate;
  const Wide global = wait + global_base_.ns;
  return global < Instant::max().ns ? Instant{static_cast<std::int64_t>(global)} : Instant::max();
}

void LaneClock::set_rate(std::int64_t rate_ppm) {
  CHECK(rate_ppm >= -million && rate_ppm <= 1000 * million, "clock rate");
  local_base_ = now();
  global_base_ = lane_.kernel().now();
  model_.rate_ppm = rate_ppm;
  lane_.kernel().rekey(lane_, [this](Instant local) { return to_global(local); });
}

void LaneClock::start_park(Instant deadline, ParkKey* key, ParkCompletion completion) {
  const OpId op = lane_.kernel().park(lane_, to_global(deadline), std::move(completion), deadline);
  if (key != nullptr) {
    *key = ParkKey{static_cast<std::uint64_t>(op)};
  }
}

void LaneClock::unpark(ParkKey key) {
  lane_.kernel().finish(OpId{static_cast<std::uint64_t>(key)}, ErrorCode{}, 1);
}

}  // namespace vvm::sim
