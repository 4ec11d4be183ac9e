// TaskScope over co_spawn; its state outlives it where a crash takes both apart in any order.
#include "runtime/task_scope.hpp"

#include <exception>
#include <list>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "base/check.hpp"
#include "runtime/failure.hpp"

namespace vvm {

struct TaskScope::Child {
  std::string name;
  asio::cancellation_signal cancel;
};

struct TaskScope::State {
  explicit State(Runtime rt) : changed(rt) {}

  std::list<Child> children;  // a list: the signals do not move
  Signal changed;
  ErrorHandler on_error;
  bool closed = false;
};

TaskScope::TaskScope(Runtime rt, ErrorHandler on_error)
    : rt_(rt), state_(std::make_shared<State>(rt)) {
  state_->on_error = std::move(on_error);
}

TaskScope::~TaskScope() {
  CHECK(state_->children.empty() || !rt_.proc().alive(), "a TaskScope dies before its children");
}

void TaskScope::spawn(std::string name, Task<void> task) {
  CHECK(!state_->closed, "spawn in a closed TaskScope", name);
  const auto child = state_->children.emplace(state_->children.end());
  child->name = std::move(name);
  // The state is shared: in a crash this handler may outlive the scope.
  auto on_end = [state = state_, child, rt = rt_](const std::exception_ptr& failure) {
    const std::string child_name = child->name;
    state->children.erase(child);
    state->changed.notify_all();
    if (failure == nullptr || is_cancellation(failure)) {
      return;
    }
    const std::string what = what_of(failure);
    rt.emit({"task.failed", {{"task", child_name}, {"what", what}}});
    if (state->on_error) {
      state->on_error(child_name, what);
    } else {
      rt.proc().exit(1);
    }
  };
  asio::co_spawn(rt_.executor(),
                 std::move(task),
                 asio::bind_cancellation_slot(child->cancel.slot(), std::move(on_end)));
}

void TaskScope::cancel() {
  // A child's end may be reached inside emit(): walk a copy of the positions.
  std::vector<asio::cancellation_signal*> signals;
  for (Child& child : state_->children) {
    signals.push_back(&child.cancel);
  }
  for (asio::cancellation_signal* signal : signals) {
    signal->emit(asio::cancellation_type::terminal);
  }
}

Task<void> TaskScope::join() {
  while (!state_->children.empty()) {
    co_await state_->changed.wait();
  }
}

Task<bool> TaskScope::join_until(Instant deadline) {
  while (!state_->children.empty() && rt_.now() < deadline) {
    co_await state_->changed.wait_until(deadline);
  }
  const bool none_left = state_->children.empty();
  co_return none_left;
}

Task<void> TaskScope::close() {
  state_->closed = true;
  // The scope must end even where its owner has been cancelled meanwhile.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  cancel();
  while (!state_->children.empty()) {
    co_await state_->changed.wait();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
}

std::size_t TaskScope::size() const { return state_->children.size(); }

}  // namespace vvm
