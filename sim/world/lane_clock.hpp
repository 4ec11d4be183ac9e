// LaneClock: the Clock of one life of a simulated process.
//
// World makes one per process life. Local monotonic time runs at its own rate (parts per million
// off the kernel's) and never jumps; wall time is local time plus an offset that may jump.
// Deadlines are in local time and are translated once, when the wait starts: a rate holds for a
// whole life.
#pragma once

#include "runtime/clock.hpp"
#include "sim/kernel/kernel.hpp"

namespace vvm::sim {

struct ClockModel {
  std::int64_t rate_ppm = 0;  // > 0: the local clock runs fast; |rate_ppm| < 500,000
  Duration wall_offset{};
};

class LaneClock final : public Clock {
 public:
  LaneClock(Lane& lane, ClockModel model) : lane_(lane), model_(model) {}

  Instant now() const override;
  WallMs wall() const override;
  void unpark(ParkKey key) override;

  void jump_wall(Duration by) { model_.wall_offset = model_.wall_offset + by; }

  Instant to_global(Instant local) const;

 protected:
  void start_park(Instant deadline, ParkKey* key, ParkCompletion completion) override;

 private:
  Lane& lane_;
  ClockModel model_;
};

}  // namespace vvm::sim
