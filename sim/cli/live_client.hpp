// run_live: one task in a live process of its own, to its end; and how long a rollout takes.
//
// `vvm ctl` relies on the first, `vvm ctl` and `vvm up` on the second.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "live/machine.hpp"
#include "sim/cli/cluster_admin.hpp"
#include "sim/cli/status_view.hpp"

namespace vvm::cli {
namespace detail {

template <class T>
Task<void> keep(Task<T> task, std::optional<T>* out) {
  out->emplace(co_await std::move(task));
}

}  // namespace detail

// T is a Result. The tasks bound themselves; the process has a network and a clock, nothing else.
template <class T>
T run_live(const std::function<Task<T>(Runtime)>& make) {
  std::optional<T> out;
  live::Machine machine;
  auto process = machine.add({.name = "ctl"});
  if (process.has_error()) {
    return process.error();
  }
  live::Process* const client = process.value();
  client->spawn("ctl", detail::keep<T>(make(client->rt()), &out));
  const auto ended = [&out, client] { return out.has_value() || !client->running(); };
  while (!ended()) {
    machine.run_until(ended, hours(1));
  }
  if (!out.has_value()) {
    return Error{Code::internal_error, "the task ended with an exception"};
  }
  return std::move(*out);
}

// Until every partition runs `version` or a later one. err: Unprocessable when the image is
// refused or a partition is Blocked, Timeout after `limit`.
Task<Result<AppProgress>> await_rollout(
    Runtime rt, ClusterAdmin* admin, AppQName app, AppVersion version, Duration limit);

}  // namespace vvm::cli
