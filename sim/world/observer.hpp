// Observer: who watches the World; Observers: the list of them.
//
// sim/ghost, sim/faults and sim/wiring implement it. Calls come in the middle of a step, from
// inside the process concerned: an observer records, or asks the World for a fault, and changes
// nothing else.
#pragma once

#include <string_view>
#include <vector>

#include "base/event.hpp"
#include "base/time.hpp"
#include "sim/kernel/kernel.hpp"

namespace vvm::sim {

// An effect that a process is about to have on the world: the name of a seam's verb and its object.
struct Effect {
  std::string_view process;
  // disk.<verb>, store.<Operation>, blobs.<verb>; net.connect, net.listen, net.send, net.close;
  // net.request when octets sent begin an HTTP request.
  std::string_view kind;
  std::string_view object;  // path, key, BLOB, peer ("host" or "host:port"), "GET /path"
  std::string_view peer{};  // net.request: to whom
};

class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  virtual void on_event(std::string_view process, const Event& event) = 0;
  // Before the effect. A crash asked for in here comes before it.
  virtual void on_effect(const Effect& effect) = 0;

  virtual void on_start(std::string_view /*process*/) {}

  virtual void on_end(std::string_view /*process*/) {}

  // A pause that is not followed by its end has ended with the life.
  virtual void on_pause(std::string_view /*process*/, bool /*paused*/) {}
};

class Observers {
 public:
  explicit Observers(Kernel& kernel) : kernel_(kernel) {}

  void add(Observer* observer) { list_.push_back(observer); }

  void event(std::string_view process, const Event& event);
  void effect(const Effect& effect);
  // A line of the trace from the world itself.
  void note(std::string_view who, std::string_view what, std::string_view object = {});
  void started(std::string_view process);
  void ended(std::string_view process);
  void paused(std::string_view process, bool paused);

 private:
  Kernel& kernel_;
  std::vector<Observer*> list_;  // not owned
};

}  // namespace vvm::sim
