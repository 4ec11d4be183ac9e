// Observers: events and effects go to every observer, and into the trace.
#include "sim/world/observer.hpp"

namespace vvm::sim {

void Observers::event(std::string_view process, const Event& event) {
  kernel_.trace().note(kernel_.now(), process, to_string(event));
  for (Observer* observer : list_) {
    observer->on_event(process, event);
  }
}

void Observers::effect(const Effect& effect) {
  kernel_.trace().note(kernel_.now(), effect.process, effect.kind, effect.object);
  for (Observer* observer : list_) {
    observer->on_effect(effect);
  }
}

void Observers::note(std::string_view who, std::string_view what, std::string_view object) {
  kernel_.trace().note(kernel_.now(), who, what, object);
}

void Observers::started(std::string_view process) {
  note(process, "start");
  for (Observer* observer : list_) {
    observer->on_start(process);
  }
}

void Observers::paused(std::string_view process, bool paused) {
  note(process, paused ? "pause" : "resume");
  for (Observer* observer : list_) {
    observer->on_pause(process, paused);
  }
}

void Observers::ended(std::string_view process) {
  note(process, "end");
  for (Observer* observer : list_) {
    observer->on_end(process);
  }
}

}  // namespace vvm::sim
