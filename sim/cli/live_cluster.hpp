// LiveCluster: the processes of a cluster on this machine, from start to an orderly end.
//
// `vvm up` relies on it. It owns the Machine and everything on it: a cluster process, VVMs, and a
// process of its own for what it has to do itself. Says what happens through a Narrator. Folder:
// `lock`, `cluster/` (store and BLOBs), `disks/<process>/`.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/service.hpp"
#include "live/events.hpp"
#include "live/files.hpp"
#include "live/machine.hpp"
#include "sim/cli/cluster_admin.hpp"
#include "sim/cli/narrator.hpp"
#include "vvm/vvm.hpp"

namespace vvm::cli {

struct LiveClusterOptions {
  std::string data{};  // an existing folder
  bool keeps_data = false;
  std::uint16_t port = 8822;  // of the cluster process; 0 takes a free one
  int vvms = 1;
  std::vector<PackedApp> apps{};
  std::optional<AppCounts> counts{};
  // Where events of the processes go; null: nowhere.
  std::FILE* events = nullptr;
  live::EventForm event_form = live::EventForm::text;
};

class LiveCluster {
 public:
  // `narrator` outlives the cluster.
  LiveCluster(LiveClusterOptions options, Narrator* narrator);
  LiveCluster(const LiveCluster&) = delete;
  LiveCluster& operator=(const LiveCluster&) = delete;
  ~LiveCluster();

  // Takes the folder and lays it out. err: BadInput when another one has it; DiskIO.
  Status prepare();
  // Runs until a signal or a failure; the exit code.
  int run();

 private:
  enum class Stage : std::uint8_t { starting, serving, stopping, stopped };

  struct Member {
    live::Process* process = nullptr;
    std::string title{};
    std::unique_ptr<live::LineEvents> events{};
  };

  Result<live::Process*> add_process(const std::string& name, const std::string& title);
  Status start_cluster_process();
  Status start_vvm(int number);
  // The way up and the watch afterwards; a task of the process `up`.
  Task<void> bring_up();
  Task<Status> serve_and_deploy();
  Task<Result<std::uint16_t>> await_cluster_port();
  Task<Status> await_vvms();
  Task<Status> deploy_apps();
  Task<void> watch();
  void show_progress(const ClusterStatus& status);
  void on_signal(int number);
  void on_exit(const std::string& name, int code);
  void fail(const Error& error);
  void begin_stop();
  void stop_further();
  Task<void> bound_stop();
  void kill_all();
  int vvms_running() const;

  LiveClusterOptions options_;
  Narrator* narrator_;
  live::Fd lock_;
  std::shared_ptr<live::Storage> storage_;
  std::map<std::string, Member> members_;
  cluster::ClusterProcess* cluster_ = nullptr;
  std::vector<node::Vvm*> vvms_;
  std::map<AppQName, std::string> shown_;  // the progress that was said last
  std::unique_ptr<ClusterAdmin> admin_;
  Endpoint address_;
  Instant started_{};
  Stage stage_ = Stage::starting;
  bool ready_ = false;
  int signals_ = 0;
  int exit_code_ = 0;
  // Last: its end destroys the coroutines, which may touch what stands above.
  std::unique_ptr<live::Machine> machine_;
  live::Process* self_ = nullptr;
};

}  // namespace vvm::cli
