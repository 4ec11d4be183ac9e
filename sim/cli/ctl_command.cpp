// Options of `vvm ctl`, and what it prints.
#include "sim/cli/ctl_command.hpp"

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sim/cli/live_client.hpp"
#include "sim/cli/perf_files.hpp"
#include "sim/cli/program.hpp"
#include "sim/cli/run_file.hpp"
#include "sim/cli/status_view.hpp"

namespace vvm::cli {
namespace {

constexpr const char* name = "vvm ctl";

struct Target {
  std::string cluster{};  // as given; empty: the run file
  bool json = false;
};

// The cluster to ask, and for errors how we know of it.
struct Found {
  Endpoint cluster;
  std::string source;
};

Result<Found> find_cluster(const Target& target) {
  if (!target.cluster.empty()) {
    TRY(const Endpoint endpoint, parse_endpoint(target.cluster));
    return Found{.cluster = endpoint, .source = ""};
  }
  const auto running = read_run_file();
  if (running.has_error() && running.error().code == Code::not_found) {
    return Error{Code::bad_input,
                 fmt::format("no `vvm up` of this user is running ({} is not there); start one, or "
                             "give --cluster HOST:PORT",
                             run_file_path())};
  }
  if (running.has_error()) {
    return running.error();
  }
  return Found{
      .cluster = running.value().cluster,
      .source = fmt::format(
          " ({} says that process {} serves there)", run_file_path(), running.value().pid)};
}

bool is_input(const Error& error) { return error.code == Code::bad_input; }

int fail(std::string_view verb, const Error& error) {
  const bool input = is_input(error);
  fmt::print(stderr, "{} {}: {}\n", name, verb, input ? error.what : to_string(error));
  return static_cast<int>(input ? Exit::usage : Exit::failed);
}

bool is_unreachable(const Error& error) {
  return error.code == Code::connection_refused || error.code == Code::connection_reset ||
         error.code == Code::timed_out;
}

template <class T>
using Ask = std::function<Task<Result<T>>(Runtime, std::shared_ptr<ClusterAdmin>)>;

// Asks the cluster, with its address in what a refused connection says.
template <class T>
Result<T> ask(const Target& target, const Ask<T>& question) {
  TRY(const Found found, find_cluster(target));
  auto answer = run_live<Result<T>>([&found, &question](Runtime rt) {
    return question(rt, std::make_shared<ClusterAdmin>(rt, found.cluster));
  });
  if (answer.has_error() && is_unreachable(answer.error())) {
    return Error{answer.error().code,
                 fmt::format("no answer from the cluster process at {}{}: {}",
                             text_of(found.cluster),
                             found.source,
                             answer.error().what)};
  }
  return answer;
}

WallMs wall_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
}

void add_target_options(CLI::App& command, const std::shared_ptr<Target>& target) {
  command.add_option("--cluster",
                     target->cluster,
                     "HOST:PORT of the cluster process; default: the `vvm up` started last");
  command.add_flag("--json", target->json, "one JSON object on one line");
}

// ----------------------------------------------------------------------------------------- status

Task<Result<ClusterStatus>> ask_status(Runtime /*rt*/, std::shared_ptr<ClusterAdmin> admin) {
  co_return co_await admin->status();
}

int show_status(const Target& target) {
  const auto status = ask<ClusterStatus>(target, ask_status);
  if (status.has_error()) {
    return fail("status", status.error());
  }
  const WallMs now = wall_now();
  fmt::print("{}",
             target.json ? status_json(status.value(), now)
                         : status_text(status.value(), now, stdout_colour()));
  return static_cast<int>(Exit::ok);
}

void add_status(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("status", "show VVMs, applications and partitions");
  command->footer("Example:\n  vvm ctl status --cluster 127.0.0.1:8822");
  const auto target = std::make_shared<Target>();
  add_target_options(*command, target);
  command->callback([target, &exit_code] { exit_code = show_status(*target); });
}

// --------------------------------------------------------------------------- deploy and roll back

struct Change {
  Target target{};
  std::string app{};
  std::string dir{};
  std::optional<std::int32_t> partitions{};
  std::int64_t version = 0;
  bool wait = false;
  std::int64_t seconds_max = 120;
};

Task<Result<AppVersion>> wait_if_asked(Runtime rt,
                                       std::shared_ptr<ClusterAdmin> admin,
                                       AppQName app,
                                       AppVersion version,
                                       std::optional<Duration> limit) {
  if (limit.has_value()) {
    CO_TRY(co_await await_rollout(rt, admin.get(), std::move(app), version, *limit));
  }
  co_return version;
}

std::optional<Duration> limit_of(const Change& change) {
  return change.wait ? std::optional(seconds(change.seconds_max)) : std::nullopt;
}

Task<Result<AppVersion>> deploy_packed(Runtime rt,
                                       std::shared_ptr<ClusterAdmin> admin,
                                       PackedApp packed,
                                       std::optional<AppCounts> counts,
                                       std::optional<Duration> limit) {
  const AppQName app = packed.app;
  CO_TRY(const AppVersion version, co_await admin->deploy(std::move(packed), counts));
  co_return co_await wait_if_asked(rt, std::move(admin), app, version, limit);
}

Task<Result<AppVersion>> roll_back(Runtime rt,
                                   std::shared_ptr<ClusterAdmin> admin,
                                   AppQName app,
                                   AppVersion to,
                                   std::optional<Duration> limit) {
  CO_TRY(const AppVersion version, co_await admin->rollback(app, to));
  co_return co_await wait_if_asked(rt, std::move(admin), app, version, limit);
}

int show_version(std::string_view verb, const Change& change, const Result<AppVersion>& version) {
  if (version.has_error()) {
    return fail(verb, version.error());
  }
  const std::int64_t number = raw(version.value());
  if (change.target.json) {
    const boost::json::object out{{"app", change.app}, {"version", number}};
    fmt::print("{}\n", boost::json::serialize(out));
  } else {
    fmt::print("{}: version {}{}\n",
               change.app,
               number,
               change.wait ? " runs on every partition" : " is accepted");
  }
  return static_cast<int>(Exit::ok);
}

Result<AppQName> app_of(const Change& change) {
  auto app = AppQName::parse(change.app);
  if (app.has_error()) {
    return Error{Code::bad_input, "--app " + change.app + " is not OWNER/NAME"};
  }
  return app;
}

Result<AppVersion> run_deploy(const Change& change) {
  TRY(const AppQName app, app_of(change));
  TRY(PackedApp packed, pack_folder(app, change.dir, "vvm ctl deploy"));
  std::optional<AppCounts> counts;
  if (change.partitions.has_value()) {
    counts = AppCounts{.partitions = *change.partitions};
  }
  return ask<AppVersion>(change.target, [&](Runtime rt, std::shared_ptr<ClusterAdmin> admin) {
    return deploy_packed(rt, std::move(admin), std::move(packed), counts, limit_of(change));
  });
}

Result<AppVersion> run_rollback(const Change& change) {
  TRY(const AppQName app, app_of(change));
  return ask<AppVersion>(change.target, [&](Runtime rt, std::shared_ptr<ClusterAdmin> admin) {
    return roll_back(rt, std::move(admin), app, AppVersion{change.version}, limit_of(change));
  });
}

void add_change_options(CLI::App& command, const std::shared_ptr<Change>& change) {
  command.add_option("--app", change->app, "application, OWNER/NAME")->required();
  command.add_flag("--wait", change->wait, "return when every partition runs the new version");
  command.add_option("--wait-seconds", change->seconds_max, "at most so long")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  const std::shared_ptr<Target> target(change, &change->target);
  add_target_options(command, target);
}

void add_deploy(CLI::App& parent, int& exit_code) {
  CLI::App* command = parent.add_subcommand("deploy", "pack a folder and deploy it as a version");
  command->footer(
      "DIR is what `vvm image pack` takes. An unknown application is registered first, on 4\n"
      "partitions unless told otherwise; the number can never change.\n\n"
      "Example:\n  vvm ctl deploy scenarios/apps/pos-v2 --app acme/pos --wait");
  const auto change = std::make_shared<Change>();
  command->add_option("DIR", change->dir, "folder with the packages")->required();
  command->add_option("--partitions", change->partitions, "of a new application")
      ->check(CLI::Range(1, 65'535));
  add_change_options(*command, change);
  command->callback(
      [change, &exit_code] { exit_code = show_version("deploy", *change, run_deploy(*change)); });
}

void add_rollback(CLI::App& parent, int& exit_code) {
  CLI::App* command =
      parent.add_subcommand("rollback", "deploy an earlier version again, as a new one");
  command->footer("Example:\n  vvm ctl rollback --app acme/pos --to 1 --wait");
  const auto change = std::make_shared<Change>();
  command->add_option("--to", change->version, "the version to go back to")
      ->required()
      ->check(CLI::PositiveNumber);
  add_change_options(*command, change);
  command->callback([change, &exit_code] {
    exit_code = show_version("rollback", *change, run_rollback(*change));
  });
}

}  // namespace

void add_ctl_command(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("ctl", "talk to a running cluster");
  command->require_subcommand(1);
  add_status(*command, exit_code);
  add_deploy(*command, exit_code);
  add_rollback(*command, exit_code);
}

}  // namespace vvm::cli
