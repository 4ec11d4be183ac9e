// What `vvm ctl status` and `vvm up` say of a cluster: tables for people, one object for programs.
//
// sim/cli relies on it. Pure: status in, text out; the time is an argument.
#pragma once

#include <map>
#include <string>

#include "sim/cli/cluster_admin.hpp"
#include "sim/report/perf/render.hpp"

namespace vvm::cli {

// How far the partitions of one application are.
struct AppProgress {
  AppVersion wanted{};
  std::int32_t partitions = 0;
  std::int32_t running = 0;                     // at the wanted version
  std::map<std::string, std::int32_t> other{};  // how many, by phase, or by version when Running
  // Why the newest version does not come: its image is refused, or a partition is Blocked.
  std::string problem{};
  AppVersion problem_of{};  // the version that it is about

  bool done() const { return wanted != AppVersion{} && running == partitions; }
};

AppProgress progress_of(const ClusterStatus& status, const AppQName& app);
// "version 2: 2 of 4 running, 1 Parsing, 1 at version 1"
std::string progress_text(const AppProgress& progress);

// VVMs, applications and partitions, each a table.
std::string status_text(const ClusterStatus& status, WallMs now, report::Colour colour);
// {"revision", "vvms": [..], "apps": [..], "partitions": [..]}; one line.
std::string status_json(const ClusterStatus& status, WallMs now);

}  // namespace vvm::cli
