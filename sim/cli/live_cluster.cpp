// Bringing processes up, watching them, and taking them down in order.
#include "sim/cli/live_cluster.hpp"

#include <algorithm>
#include <csignal>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "engines/builtin.hpp"
#include "sim/cli/program.hpp"
#include "sim/cli/run_file.hpp"
#include "sim/cli/status_view.hpp"

namespace vvm::cli {
namespace {

constexpr Duration start_limit = seconds(30);
constexpr Duration start_poll = milliseconds(10);
constexpr Duration watch_poll = milliseconds(250);
// What VVMs may take to drain (ShutdownDrain), and some time for the rest.
constexpr Duration stop_limit = seconds(75);
// People wait in front of this cluster: changes are noticed sooner than the spec's defaults ask.
constexpr Duration quick_poll = milliseconds(500);

// Extensions of sample applications have no code of their own here: each gives an empty answer.
Task<Result<Bytes>> empty_answer(std::string /*full_name*/, engines::ExtensionIo* /*io*/) {
  co_return Bytes{};
}

engines::EngineFactories sample_engines() {
  const auto registry = std::make_shared<engines::BuiltinRegistry>();
  registry->add_fallback(empty_answer);
  engines::EngineFactories factories;
  factories.add(engines::EngineKind::builtin, std::make_shared<engines::BuiltinFactory>(registry));
  return factories;
}

std::string seconds_text(Duration duration) {
  return fmt::format("{}.{} s", duration.ms() / 1000, duration.ms() % 1000 / 100);
}

std::string vvm_name(int number) { return fmt::format("vvm-{}", number); }

}  // namespace

LiveCluster::LiveCluster(LiveClusterOptions options, Narrator* narrator)
    : options_(std::move(options)), narrator_(narrator) {}

LiveCluster::~LiveCluster() {
  if (machine_ != nullptr) {
    machine_->shut_down();
  }
  admin_.reset();
}

Status LiveCluster::prepare() {
  const std::string path = options_.data + "/lock";
  lock_ = live::Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock_) {
    return live::last_error(path);
  }
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{Code::bad_input, options_.data + " is in use by another `vvm up`"};
  }
  TRY(storage_, live::Storage::open(options_.data + "/cluster"));
  machine_ = std::make_unique<live::Machine>();
  TRY(self_, machine_->add({.name = "up"}));
  return start_cluster_process();
}

Result<live::Process*> LiveCluster::add_process(const std::string& name, const std::string& title) {
  Member& member = members_[name];
  member.title = title;
  if (options_.events != nullptr) {
    member.events = std::make_unique<live::LineEvents>(options_.events, name, options_.event_form);
  }
  TRY(member.process,
      machine_->add({.name = name,
                     .disk = options_.data + "/disks/" + name,
                     .storage = storage_,
                     .events = member.events.get()}));
  member.process->on_exit([this, name](int code) { on_exit(name, code); });
  return member.process;
}

Status LiveCluster::start_cluster_process() {
  {
    // The cluster process would only end; here the reason can still be told.
    const auto probe = self_->rt().net().listen(options_.port);
    if (probe.has_error()) {
      return Error{Code::bad_input, "port of the cluster process: " + probe.error().what};
    }
  }
  TRY(live::Process* const process, add_process("cluster", "cluster"));
  auto program = std::make_unique<cluster::ClusterProcess>(
      process->rt(), cluster::ClusterOptions{.port = options_.port, .tick = seconds(1)});
  cluster_ = program.get();
  process->start(std::move(program));
  return ok();
}

Status LiveCluster::start_vvm(int number) {
  const std::string name = vvm_name(number);
  TRY(live::Process* const process, add_process(name, name));
  node::VvmOptions options;
  options.vvm = VvmId{static_cast<std::uint32_t>(number)};
  options.cluster = address_;
  options.host = "127.0.0.1";
  options.constants.sp_poll_interval = quick_poll;
  options.factories = sample_engines();
  auto program = std::make_unique<node::Vvm>(process->rt(), std::move(options));
  vvms_.push_back(program.get());
  process->start(std::move(program));
  return ok();
}

int LiveCluster::run() {
  started_ = self_->rt().now();
  machine_->on_signal([this](int number) { on_signal(number); });
  self_->spawn("up", bring_up());
  machine_->run();
  remove_run_file(::getpid());
  if (exit_code_ == 0) {
    narrator_->step("vvm up", "stopped", {"up.stopped"}, Tone::good);
  }
  return exit_code_;
}

// --------------------------------------------------------------------------------------- the way
// up

Task<void> LiveCluster::bring_up() {
  const Status up = co_await serve_and_deploy();
  if (up.has_error()) {
    fail(up.error());
    co_return;
  }
  stage_ = Stage::serving;
  co_await watch();
}

Task<Status> LiveCluster::serve_and_deploy() {
  CO_TRY(const std::uint16_t port, co_await await_cluster_port());
  address_ = {.host = "127.0.0.1", .port = port};
  const std::string address = text_of(address_);
  narrator_->step("cluster",
                  fmt::format("serves on {}, data in {}{}",
                              address,
                              options_.data,
                              options_.keeps_data ? "" : " (removed at the end)"),
                  {"up.cluster", {{"address", address}, {"data", options_.data}}},
                  Tone::plain);
  admin_ = std::make_unique<ClusterAdmin>(self_->rt(), address_);
  CO_TRY(write_run_file({.cluster = address_, .pid = ::getpid(), .data = options_.data}));
  for (int number = 1; number <= options_.vvms; ++number) {
    CO_TRY(start_vvm(number));
  }
  CO_TRY(co_await await_vvms());
  co_return co_await deploy_apps();
}

Task<Result<std::uint16_t>> LiveCluster::await_cluster_port() {
  const Runtime rt = self_->rt();
  const Instant deadline = rt.now() + start_limit;
  while (cluster_->port() == 0) {
    if (rt.now() >= deadline) {
      co_return Error{Code::timed_out, "the cluster process does not come up"};
    }
    co_await rt.clock().sleep_for(start_poll);
  }
  co_return cluster_->port();
}

Task<Status> LiveCluster::await_vvms() {
  const Runtime rt = self_->rt();
  const Instant deadline = rt.now() + start_limit;
  for (const node::Vvm* vvm : vvms_) {
    const int number = static_cast<int>(raw(vvm->id()));
    while (vvm->state() != node::VvmState::serving) {
      if (rt.now() >= deadline) {
        co_return Error{
            Code::timed_out,
            fmt::format(
                "{} does not come up: it is {}", vvm_name(number), node::name_of(vvm->state()))};
      }
      co_await rt.clock().sleep_for(start_poll);
    }
    narrator_->step(vvm_name(number),
                    fmt::format("registered, epoch {}; http://127.0.0.1:{}/status",
                                raw(vvm->epoch()),
                                vvm->status_port()),
                    {"up.vvm",
                     {{"vvm", number},
                      {"epoch", raw(vvm->epoch())},
                      {"port", std::int64_t{vvm->status_port()}}}},
                    Tone::plain);
  }
  co_return ok();
}

Task<Status> LiveCluster::deploy_apps() {
  for (PackedApp& packed : options_.apps) {
    const std::string app = packed.app.str();
    const auto octets = static_cast<std::int64_t>(packed.image.size());
    auto request = admin_->deploy_once(std::move(packed), options_.counts);
    const auto deployed = co_await std::move(request);
    if (deployed.has_error()) {
      co_return Error{deployed.error().code, app + ": " + deployed.error().what};
    }
    const std::int64_t version = raw(deployed.value().version);
    const bool anew = deployed.value().anew;
    const std::string text =
        anew ? fmt::format("image of {} octets uploaded, deployed as version {}", octets, version)
             : fmt::format("deployed before, as version {}", version);
    narrator_->step(
        app,
        text,
        {"up.deployed",
         {{"app", app}, {"version", version}, {"octets", octets}, {"anew", anew ? 1 : 0}}},
        Tone::plain);
  }
  co_return ok();
}

// ------------------------------------------------------------------------------------------
// serving

// Tells of every change of an application's progress, whoever caused it, until cancelled.
Task<void> LiveCluster::watch() {
  const Runtime rt = self_->rt();
  for (;;) {
    const auto status = co_await admin_->status();
    if (status.has_value()) {
      show_progress(status.value());
    }
    if (narrator_->failed()) {
      begin_stop();  // nobody reads what is told, and nobody will see it end
      co_return;
    }
    co_await rt.clock().sleep_for(watch_poll);
  }
}

void LiveCluster::show_progress(const ClusterStatus& status) {
  bool all_run = true;
  for (const cluster::App& app : status.apps) {
    if (app.deleted) {
      continue;
    }
    const AppProgress progress = progress_of(status, app.name);
    all_run = all_run && progress.done();
    std::string text = progress_text(progress);
    std::string& last = shown_[app.name];
    const bool nothing = progress.wanted == AppVersion{} && progress.problem.empty();
    if (text == last || nothing) {
      continue;
    }
    const std::string name = app.name.str();
    const Tone tone = progress.done()            ? Tone::good
                      : progress.problem.empty() ? Tone::doubtful
                                                 : Tone::bad;
    narrator_->step(name,
                    text,
                    {"up.progress",
                     {{"app", name},
                      {"version", raw(progress.wanted)},
                      {"running", progress.running},
                      {"partitions", progress.partitions},
                      {"problem", progress.problem}}},
                    tone);
    last = std::move(text);
  }
  if (all_run && !ready_) {
    ready_ = true;
    const Duration taken = self_->rt().now() - started_;
    narrator_->step("vvm up",
                    fmt::format("ready after {}", seconds_text(taken)),
                    {"up.ready", {{"ms", taken.ms()}}},
                    Tone::good);
    narrator_->say(
        "\n`vvm ctl status` shows the partitions; Ctrl-C stops in order, twice at once.");
  }
}

// ----------------------------------------------------------------------------------------- the end

void LiveCluster::on_signal(int number) {
  ++signals_;
  if (signals_ == 1) {
    narrator_->say("");
    narrator_->step("vvm up",
                    number == SIGINT ? "stopping" : "stopping, as told by a signal",
                    {"up.stopping", {{"signal", number}}},
                    Tone::plain);
    begin_stop();
    return;
  }
  narrator_->error("ended at once; what was in progress is lost");
  exit_code_ = static_cast<int>(Exit::failed);
  kill_all();
}

void LiveCluster::fail(const Error& error) {
  if (stage_ == Stage::stopping || stage_ == Stage::stopped) {
    return;
  }
  narrator_->error(to_string(error));
  exit_code_ = static_cast<int>(Exit::failed);
  begin_stop();
}

// VVMs go first: they take leave of the cluster process.
void LiveCluster::begin_stop() {
  if (stage_ == Stage::stopping || stage_ == Stage::stopped) {
    return;
  }
  stage_ = Stage::stopping;
  self_->stop();
  for (const auto& [name, member] : members_) {
    if (name != "cluster" && member.process->running()) {
      member.process->stop();
    }
  }
  self_->spawn("stop", bound_stop());
  stop_further();
}

int LiveCluster::vvms_running() const {
  return static_cast<int>(std::ranges::count_if(members_, [](const auto& entry) {
    return entry.first != "cluster" && entry.second.process->running();
  }));
}

void LiveCluster::stop_further() {
  if (vvms_running() > 0) {
    return;
  }
  live::Process* const cluster = members_.at("cluster").process;
  if (cluster->running()) {
    cluster->stop();
    return;
  }
  stage_ = Stage::stopped;
  machine_->stop();
}

Task<void> LiveCluster::bound_stop() {
  co_await self_->rt().clock().sleep_for(stop_limit);
  narrator_->error(
      fmt::format("still not stopped after {} s: ended at once", stop_limit.ms() / 1000));
  exit_code_ = static_cast<int>(Exit::failed);
  kill_all();
}

void LiveCluster::kill_all() {
  stage_ = Stage::stopped;
  for (const auto& [name, member] : members_) {
    member.process->kill();
  }
  machine_->stop();
}

void LiveCluster::on_exit(const std::string& name, int code) {
  const Member& member = members_.at(name);
  if (stage_ == Stage::stopping) {
    narrator_->step(member.title,
                    code == 0 ? "stopped" : fmt::format("ended with code {}", code),
                    {"up.exit", {{"process", name}, {"code", code}}},
                    code == 0 ? Tone::plain : Tone::bad);
    stop_further();
    return;
  }
  fail({Code::internal_error, fmt::format("{} ended by itself, with code {}", member.title, code)});
}

}  // namespace vvm::cli
