// LaneClock: the Clock of one life of a simulated process.
//
// World makes one per process life. Local monotonic time runs at its own rate (parts per million
// off the kernel's), which may change, and never jumps; wall time is local time plus an offset that
// may jump. Deadlines are in local time: those that are waited for move when the rate changes.
#pragma once

#include "runtime/clock.hpp"
#include "sim/kernel/kernel.hpp"

namespace vvm::sim {

struct ClockModel {
  std::int64_t rate_ppm = 0;  // > 0: the local clock runs fast; -1,000,000: it stands still
  Duration wall_offset{};
};

class LaneClock final : public Clock {
 public:
  // pre: -1,000,000 <= model.rate_ppm <= 1,000,000,000.
  LaneClock(Lane& lane, ClockModel model);

  Instant now() const override;
  WallMs wall() const override;
  void unpark(ParkKey key) override;

  void jump_wall(Duration by) { model_.wall_offset = model_.wall_offset + by; }

  void set_rate(std::int64_t rate_ppm);

  // When the local clock will show `local`, at the present rate; max: never.
  Instant to_global(Instant local) const;

 protected:
  void start_park(Instant deadline, ParkKey* key, ParkCompletion completion) override;

 private:
  Lane& lane_;
  ClockModel model_;
  // Local time was the first when the kernel's was the second.
  Instant local_base_;
  Instant global_base_;
};

}  // namespace vvm::sim
