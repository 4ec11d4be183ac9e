// RunFile: where a running `vvm up` leaves its address for `vvm ctl`.
//
// One a user: `vvm-up.json` in $XDG_RUNTIME_DIR, or `vvm-up-<uid>.json` in the folder for temporary
// files. {"cluster": "127.0.0.1:8822", "pid": 4711, "data": "..."}. The last `vvm up` to start has
// it; a file of another user is not read. Writing is one rename.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "runtime/net.hpp"

namespace vvm::cli {

struct RunningCluster {
  Endpoint cluster;
  std::int64_t pid = 0;
  std::string data{};
};

std::string run_file_path();
// err: NotFound when there is none; BadInput.
Result<RunningCluster> read_run_file();
Status write_run_file(const RunningCluster& running);
// Removes it when it is still that of process `pid`.
void remove_run_file(std::int64_t pid);

// "HOST:PORT". err: BadInput.
Result<Endpoint> parse_endpoint(const std::string& text);
std::string text_of(const Endpoint& endpoint);

}  // namespace vvm::cli
