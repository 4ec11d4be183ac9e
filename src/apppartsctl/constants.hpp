// Constants: what docs/spec/vvm.md 14 fixes for the control path of a VVM, by the spec's names.
//
// vvm hands one to everything it assembles; scenarios override members by name. The table is the
// one place that pairs a name with a member. Plain value; a bound that the spec derives from others
// (HardStop from DrainTimeout) is given as the part that is added.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "base/time.hpp"

namespace vvm::apppartsctl {

struct Constants {
  // SP reader (8.2).
  Duration sp_poll_interval = seconds(5);
  Duration sp_read_limit = seconds(3);
  Duration sp_retry_base = seconds(1);
  Duration sp_retry_cap = seconds(30);
  Duration sp_missing_after = seconds(10);
  Duration sp_notify_debounce = milliseconds(100);
  // Loop (8.1, 7.2).
  std::int64_t loop_workers = 4;
  Duration shared_work_wait = milliseconds(200);
  Duration loop_shutdown_timeout = seconds(30);
  Duration report_retry_base = milliseconds(10);
  Duration report_retry_cap = seconds(5);
  std::int64_t report_parallel = 16;
  Duration report_flush = seconds(2);
  Duration report_limit = seconds(3);
  Duration heartbeat = seconds(60);
  Duration ack_poll = milliseconds(20);  // grows with the age of the report
  Duration ack_poll_cap = seconds(1);
  // Step limits (8.3).
  Duration download_limit = seconds(120);
  Duration unpack_limit = seconds(30);
  Duration parse_limit = seconds(30);
  Duration check_limit = seconds(10);
  Duration build_limit = seconds(60);
  Duration fence_limit = seconds(60);
  Duration switch_limit = seconds(40);
  // Download (8.4).
  Duration download_idle = seconds(10);
  std::int64_t parallel_downloads = 2;
  std::int64_t image_max_size = 20'971'520;
  std::int64_t disk_quota = std::int64_t{4} << 30;
  // Retry (8.9).
  Duration backoff_base = seconds(1);
  Duration backoff_cap = seconds(60);
  std::int64_t backoff_permille = 200;
  Duration reprobe = seconds(600);
  std::int64_t reprobe_permille = 100;
  std::int64_t quick_tries = 5;
  // Crash loop (8.11).
  std::int64_t crash_loop_crashes = 3;
  Duration crash_loop_window = seconds(600);
  Duration min_healthy = seconds(10);
  // Retirement (8.12), switch and drain (9.8).
  Duration gc_period = seconds(300);
  Duration actualizer_stop = seconds(10);
  Duration hard_stop_extra = seconds(20);
  Duration drain_poll = milliseconds(50);
  // Registration and shutdown (3.3, 5.4).
  Duration register_retry_base = seconds(1);
  Duration register_retry_cap = seconds(30);
  Duration command_limit = seconds(3);
  Duration shutdown_drain = seconds(60);
};

using ConstantMember = std::variant<Duration Constants::*, std::int64_t Constants::*>;

struct ConstantName {
  std::string_view name;
  ConstantMember member;
};

// Every constant that may be overridden, in the order of the struct.
std::span<const ConstantName> constant_names();

// `value` is nanoseconds for a duration, else the number itself. err: BadInput when there is no
// such name, or the value is not positive.
Status set_constant(Constants& constants, std::string_view name, std::int64_t value);
// None when there is no such name. True when its values are durations.
std::optional<bool> constant_is_duration(std::string_view name);

}  // namespace vvm::apppartsctl
