// The wait for a rollout, by asking.
#include "sim/cli/live_client.hpp"

namespace vvm::cli {
namespace {

constexpr Duration poll_first = milliseconds(20);
constexpr Duration poll_max = milliseconds(500);

}  // namespace

Task<Result<AppProgress>> await_rollout(
    Runtime rt, ClusterAdmin* admin, AppQName app, AppVersion version, Duration limit) {
  const Instant deadline = rt.now() + limit;
  Duration pause = poll_first;
  for (;;) {
    CO_TRY(const ClusterStatus status, co_await admin->status());
    AppProgress progress = progress_of(status, app);
    if (progress.done() && progress.wanted >= version) {
      co_return progress;
    }
    if (!progress.problem.empty() && progress.problem_of >= version) {
      co_return Error{Code::unprocessable, app.str() + ": " + progress_text(progress)};
    }
    if (rt.now() >= deadline) {
      co_return Error{Code::timed_out, app.str() + ": " + progress_text(progress)};
    }
    co_await rt.clock().sleep_for(pause);
    pause = std::min(pause * 2, poll_max);
  }
}

}  // namespace vvm::cli
