// The table of the names of docs/spec/vvm.md 14.
#include "apppartsctl/constants.hpp"

#include <algorithm>
#include <array>

namespace vvm::apppartsctl {
namespace {

constexpr std::array names{
    ConstantName{"SPPollInterval", &Constants::sp_poll_interval},
    ConstantName{"SPReadLimit", &Constants::sp_read_limit},
    ConstantName{"SPRetry", &Constants::sp_retry_base},
    ConstantName{"SPRetryCap", &Constants::sp_retry_cap},
    ConstantName{"SPMissingAfter", &Constants::sp_missing_after},
    ConstantName{"SPNotifyDebounce", &Constants::sp_notify_debounce},
    ConstantName{"LoopWorkers", &Constants::loop_workers},
    ConstantName{"SharedWorkWait", &Constants::shared_work_wait},
    ConstantName{"ShutdownTimeout", &Constants::loop_shutdown_timeout},
    ConstantName{"ReportRetry", &Constants::report_retry_base},
    ConstantName{"ReportRetryCap", &Constants::report_retry_cap},
    ConstantName{"ReportParallel", &Constants::report_parallel},
    ConstantName{"ReportFlush", &Constants::report_flush},
    ConstantName{"ReportLimit", &Constants::report_limit},
    ConstantName{"Heartbeat", &Constants::heartbeat},
    ConstantName{"AckPoll", &Constants::ack_poll},
    ConstantName{"AckPollCap", &Constants::ack_poll_cap},
    ConstantName{"DownloadLimit", &Constants::download_limit},
    ConstantName{"UnpackLimit", &Constants::unpack_limit},
    ConstantName{"ParseLimit", &Constants::parse_limit},
    ConstantName{"CheckLimit", &Constants::check_limit},
    ConstantName{"BuildLimit", &Constants::build_limit},
    ConstantName{"FenceLimit", &Constants::fence_limit},
    ConstantName{"SwitchLimit", &Constants::switch_limit},
    ConstantName{"DownloadIdle", &Constants::download_idle},
    ConstantName{"ParallelDownloads", &Constants::parallel_downloads},
    ConstantName{"ImageMaxSize", &Constants::image_max_size},
    ConstantName{"DiskQuota", &Constants::disk_quota},
    ConstantName{"Backoff", &Constants::backoff_base},
    ConstantName{"BackoffCap", &Constants::backoff_cap},
    ConstantName{"BackoffPermille", &Constants::backoff_permille},
    ConstantName{"Reprobe", &Constants::reprobe},
    ConstantName{"ReprobePermille", &Constants::reprobe_permille},
    ConstantName{"QuickTries", &Constants::quick_tries},
    ConstantName{"CrashLoopCrashes", &Constants::crash_loop_crashes},
    ConstantName{"CrashLoopWindow", &Constants::crash_loop_window},
    ConstantName{"MinHealthy", &Constants::min_healthy},
    ConstantName{"GCPeriod", &Constants::gc_period},
    ConstantName{"ActualizerStop", &Constants::actualizer_stop},
    ConstantName{"HardStopExtra", &Constants::hard_stop_extra},
    ConstantName{"DrainPoll", &Constants::drain_poll},
    ConstantName{"RegisterRetry", &Constants::register_retry_base},
    ConstantName{"RegisterRetryCap", &Constants::register_retry_cap},
    ConstantName{"CommandLimit", &Constants::command_limit},
    ConstantName{"ShutdownDrain", &Constants::shutdown_drain},
};

const ConstantName* find(std::string_view name) {
  const auto* at = std::ranges::find(names, name, &ConstantName::name);
  return at == names.end() ? nullptr : at;
}

}  // namespace

std::span<const ConstantName> constant_names() { return names; }

Status set_constant(Constants& constants, std::string_view name, std::int64_t value) {
  const ConstantName* found = find(name);
  if (found == nullptr) {
    return Error{Code::bad_input, "there is no constant `" + std::string{name} + "`"};
  }
  if (value <= 0) {
    return Error{Code::bad_input,
                 "constant `" + std::string{name} + "` is " + std::to_string(value)};
  }
  if (const auto* duration = std::get_if<Duration Constants::*>(&found->member)) {
    constants.*(*duration) = nanoseconds(value);
  } else {
    constants.*std::get<std::int64_t Constants::*>(found->member) = value;
  }
  return ok();
}

std::optional<bool> constant_is_duration(std::string_view name) {
  const ConstantName* found = find(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  return std::holds_alternative<Duration Constants::*>(found->member);
}

}  // namespace vvm::apppartsctl
