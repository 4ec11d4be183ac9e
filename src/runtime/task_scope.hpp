// TaskScope: the owner of child tasks; nothing runs without one.
//
// Drivers rely on it: a member (or a local) of whoever starts the work. close() cancels the
// children and waits for them; the destructor CHECKs that none is left, unless the process is being
// taken apart. Not thread-safe, not movable: children belong to this very object.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/runtime.hpp"
#include "runtime/signal.hpp"

namespace vvm {

class TaskScope {
 public:
  // `on_error` gets the name of a child that ended by an exception other than cancellation, and
  // what it said. Without one, such an exception ends the process with exit code 1.
  using ErrorHandler = std::function<void(std::string_view name, std::string_view what)>;

  explicit TaskScope(Runtime rt, ErrorHandler on_error = {});
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  ~TaskScope();

  // Starts `task` soon, never inside this call. pre: close() has not been called.
  void spawn(std::string name, Task<void> task);
  // Cancels every child and returns when the last has ended. Idempotent; must run to its end.
  Task<void> close();
  // Cancels every child; they end later.
  void cancel();
  // Returns when no child is left, without cancelling any.
  Task<void> join();
  // The same until `deadline`; true when none is left.
  Task<bool> join_until(Instant deadline);
  std::size_t size() const;

 private:
  struct Child;
  struct State;
  Runtime rt_;
  std::shared_ptr<State> state_;
};

}  // namespace vvm
