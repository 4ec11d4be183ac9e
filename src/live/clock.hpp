// LiveClock: steady and system clock, and the parked completions of one live process.
//
// Process owns one. All waits of a process share one timer of asio, set for the earliest. now() is
// the machine's monotonic clock: comparable between processes of one machine, reset by a reboot.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <utility>

#include "live/life.hpp"
#include "runtime/clock.hpp"

namespace vvm::live {

class LiveClock final : public Clock {
 public:
  explicit LiveClock(std::shared_ptr<Life> life);
  LiveClock(const LiveClock&) = delete;
  LiveClock& operator=(const LiveClock&) = delete;
  ~LiveClock() override;

  Instant now() const override;
  WallMs wall() const override;
  void unpark(ParkKey key) override;

  // Destroys every wait, and so the coroutines that wait. pre: the life has ended.
  void drop_all();

 private:
  struct Timer;

  struct Parked {
    Instant deadline;
    ParkCompletion completion;
  };

  void start_park(Instant deadline, ParkKey* key, ParkCompletion completion) override;
  void complete(ParkKey key, ErrorCode ec, bool woken);
  void arm();
  void on_timer();

  std::shared_ptr<Life> life_;
  std::unique_ptr<Timer> timer_;
  Instant armed_ = Instant::max();  // max: not waiting
  std::uint64_t last_key_ = 0;
  std::map<ParkKey, Parked> parked_;
  std::set<std::pair<Instant, ParkKey>> deadlines_;  // without those that never come
};

}  // namespace vvm::live
