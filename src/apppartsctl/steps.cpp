// Each step, one function; sharing and waiting in one place.
#include "apppartsctl/steps.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "runtime/timeout.hpp"

namespace vvm::apppartsctl {
namespace {

image::ImageRef image_of(const SetPoint& sp) {
  return {.app = sp.key.app,
          .blob = sp.image_blob,
          .sha = sp.image_sha256,
          .size = static_cast<std::uint64_t>(sp.image_size)};
}

appparts::VersionSpec spec_of(const SetPoint& sp, std::shared_ptr<const appdef::AppDef> app_def) {
  appparts::VersionSpec spec{.app = sp.key.app,
                             .version = sp.app_version,
                             .sha = sp.image_sha256,
                             .app_def = std::move(app_def),
                             .modules = {}};
  const Pools pools = pools_of(sp);
  for (std::size_t i = 0; i < pools.size(); ++i) {
    spec.pools[i] = static_cast<std::uint16_t>(pools[i]);
  }
  spec.partitions = static_cast<std::uint16_t>(sp.num_partitions);
  spec.app_workspaces = static_cast<std::uint16_t>(sp.num_app_workspaces);
  return spec;
}

// What the check looks at.
std::uint64_t work_units(const appdef::AppDef& app_def) { return app_def.types().size() + 1; }

Outcome outcome_of(const Status& status) {
  if (status.has_error()) {
    return status.error();
  }
  return StepDone{};
}

}  // namespace

StepRunner::StepRunner(Runtime rt, VvmEpoch epoch, const Constants& constants, Parts parts)
    : rt_(rt),
      epoch_(epoch),
      constants_(constants),
      parts_(parts),
      works_(rt),
      crash_log_(rt, epoch, constants) {}

Task<void> StepRunner::load() { return crash_log_.load(); }

void StepRunner::demand_changed(const SetPoint* about) {
  works_.retain([this](const WorkKey& work) { return parts_.demand->needs(work); });
  if (about != nullptr) {
    works_.forget_failures([about](const WorkKey& work) { return concerns(work, *about); });
  }
  works_.wake();
}

Task<Outcome> StepRunner::run(PartitionKey key, KeyState state) {
  std::string thrown;
  try {
    co_return co_await run_step(key, std::move(state));
  } catch (const boost::system::system_error& e) {
    if (is_cancellation(e)) {
      throw;
    }
    thrown = e.what();
  } catch (const std::exception& e) {
    thrown = e.what();
  }
  co_return Error{Code::internal_error, thrown};
}

Task<Outcome> StepRunner::run_step(PartitionKey key, KeyState state) {
  switch (state.step) {
    case Step::accept:
      break;
    case Step::download:
      return only_outcome(key, state.seen, download_step(state.target));
    case Step::unpack:
      return only_outcome(key, state.seen, unpack_step(state.target));
    case Step::parse:
      return only_outcome(key, state.seen, parse_step(state.target));
    case Step::check:
      return check(std::move(key), std::move(state));
    case Step::build:
      return build(std::move(key), std::move(state));
    case Step::fence:
      return fence(std::move(key), std::move(state));
    case Step::switch_version:
      return switch_version(std::move(key), std::move(state));
    case Step::drain:
      return drain(std::move(key), std::move(state));
    case Step::stop:
      return stop(std::move(key));
  }
  UNREACHABLE();
}

// ---- sharing

// Who begins the work stays with it; who finds it begun comes back later. Either leaves when its
// set-point is not the newest any more: the work itself goes on as long as somebody needs it.
Task<StepRunner::Shared> StepRunner::share(PartitionKey key,
                                           std::uint64_t number,
                                           SharedStep step) {
  Flight flight = staged_[key].waits_for;
  if (flight == nullptr || flight->key != step.key) {
    flight = works_.find(step.key);
  }
  if (flight == nullptr) {
    flight = works_.start(step.key, step.make(), step.limit, step.keep);
    staged_[key].waits_for = flight;
    while (!flight->ended() && !parts_.demand->superseded(key, number)) {
      co_await works_.changed().wait();  // ends with the work, which has a limit
    }
  }
  if (!flight->ended()) {
    staged_[key].waits_for = flight;
    if (parts_.demand->superseded(key, number)) {
      co_return Outcome{StepCancelled{}};
    }
    co_return Outcome{StepWaits{}};
  }
  staged_[key].waits_for.reset();
  if (flight->stopped()) {
    co_return Outcome{StepWaits{}};
  }
  if (flight->result->has_error()) {
    co_return Outcome{flight->result->error()};
  }
  co_return flight->result->value();
}

Task<Outcome> StepRunner::only_outcome(PartitionKey key, std::uint64_t number, SharedStep step) {
  Shared shared = co_await share(std::move(key), number, std::move(step));
  if (const auto* outcome = std::get_if<Outcome>(&shared)) {
    co_return *outcome;
  }
  co_return StepDone{};
}

StepRunner::SharedStep StepRunner::download_step(const SetPoint& sp) {
  return {.key = {.step = Step::download, .version = {.app = {}, .sha = sp.image_sha256}},
          .limit = constants_.download_limit,
          .make = [this, ref = image_of(sp)] { return fetch_image(ref); }};
}

StepRunner::SharedStep StepRunner::unpack_step(const SetPoint& sp) {
  return {.key = {.step = Step::unpack, .version = {.app = sp.key.app, .sha = sp.image_sha256}},
          .limit = constants_.unpack_limit,
          .make = [this, ref = image_of(sp)] { return unpack_image(ref); }};
}

StepRunner::SharedStep StepRunner::parse_step(const SetPoint& sp) {
  return {.key = {.step = Step::parse, .version = version_of(sp)},
          .limit = constants_.parse_limit,
          .make = [this, ref = image_of(sp), version = version_of(sp)] {
            return parse_image(ref, version);
          }};
}

Task<Result<Product>> StepRunner::fetch_image(image::ImageRef ref) {
  CO_TRY(co_await parts_.images->downloader().fetch(ref));
  co_return Product{};
}

// The file may have gone since it was downloaded (a disk that lies, an operator): fetching what is
// there costs nothing.
Task<Result<Product>> StepRunner::unpack_image(image::ImageRef ref) {
  CO_TRY(co_await parts_.images->downloader().fetch(ref));
  CO_TRY(co_await parts_.images->folders().unpack({.app = ref.app, .sha = ref.sha}));
  co_return Product{};
}

// A folder that turns out to be damaged is thrown away, so that the next try unpacks it again.
Task<Result<Product>> StepRunner::parse_image(image::ImageRef ref, VersionId version) {
  const image::FolderRef folder{.app = ref.app, .sha = ref.sha};
  CO_TRY(co_await unpack_image(ref));
  Result<std::vector<image::SchemaFile>> files =
      co_await parts_.images->folders().read_schema(folder, image::SchemaLimits{});
  if (!files) {
    const Code code = files.error().code;
    if (code != Code::disk_io && code != Code::not_found) {
      co_return files.error();
    }
    CO_TRY(co_await parts_.images->folders().remove(folder));
    co_return Error{Code::disk_io, files.error().what};
  }
  CO_TRY(
      auto app_def,
      co_await parse_schema(rt_, std::move(version), std::move(files).value(), parts_.parse_memo));
  co_return Product{.app_def = std::move(app_def)};
}

Task<StepRunner::Shared> StepRunner::app_def_of(PartitionKey key, KeyState state) {
  const SetPoint& sp = state.target;
  if (sp.image_kind == ImageKind::image) {
    co_return co_await share(key, state.seen, parse_step(sp));
  }
  const auto at = parts_.built_in->find(sp.key.app);
  if (at == parts_.built_in->end()) {
    co_return Outcome{Error{Code::built_in_mismatch, sp.key.app.str() + " is not built in"}};
  }
  co_return Product{.app_def = at->second};
}

// ---- check and build

Task<Outcome> StepRunner::check(PartitionKey key, KeyState state) {
  const SetPoint& sp = state.target;
  if (!state.served.has_value()) {
    co_return StepDone{};
  }
  if (state.served->num_partitions != sp.num_partitions) {
    co_return Error{Code::num_partitions_changed,
                    std::to_string(state.served->num_partitions) + " are served, " +
                        std::to_string(sp.num_partitions) + " are asked for"};
  }
  if (state.served->num_app_workspaces != sp.num_app_workspaces) {
    co_return Error{Code::num_app_workspaces_changed,
                    std::to_string(state.served->num_app_workspaces) + " are served, " +
                        std::to_string(sp.num_app_workspaces) + " are asked for"};
  }
  Shared parsed = co_await app_def_of(key, state);
  if (const auto* outcome = std::get_if<Outcome>(&parsed)) {
    co_return *outcome;
  }
  const auto next = std::get<Product>(parsed).app_def;
  const auto served = serving_.find(key);
  CHECK(served != serving_.end(), "served without a definition", key.str());
  const bool older = raw(sp.image_blob) != 0 && sp.image_blob < served->second.blob;
  SharedStep step{
      .key = {.step = Step::check, .version = version_of(sp), .served = state.served->version},
      .limit = constants_.check_limit,
      .make = [this, old = served->second.version.app_def(), next, older] {
        return compare(old, next, older);
      }};
  co_return co_await only_outcome(std::move(key), state.seen, std::move(step));
}

// A rollback publishes older content under a new version: the served definition is then one that
// could follow it. It is allowed as long as no event was appended under the served version (8.7);
// no log exists yet, so none was.
Task<Result<Product>> StepRunner::compare(std::shared_ptr<const appdef::AppDef> served,
                                          std::shared_ptr<const appdef::AppDef> next,
                                          bool older_content) {
  co_await rt_.proc().charge({.kind = WorkKind::check, .units = work_units(*next)});
  const Status follows = parts_.compat->check(*served, *next);
  if (follows) {
    co_return Product{};
  }
  if (older_content) {
    const Status went_before = parts_.compat->check(*next, *served);
    if (went_before) {
      co_return Product{};
    }
  }
  co_return follows.error();
}

Task<Outcome> StepRunner::build(PartitionKey key, KeyState state) {
  const SetPoint& sp = state.target;
  Shared parsed = co_await app_def_of(key, state);
  if (const auto* outcome = std::get_if<Outcome>(&parsed)) {
    co_return *outcome;
  }
  if (crash_log_.loops(key, sp, Step::build)) {
    co_return StepCrashes{};
  }
  const auto spec = spec_of(sp, std::get<Product>(parsed).app_def);
  if (const appparts::VersionRef ready = parts_.partitions->ready_version(spec)) {
    staged_[key] = Staged{.version = ready};
    co_return StepDone{};
  }
  SharedStep step{.key = {.step = Step::build,
                          .version = version_of(sp),
                          .pools = pools_of(sp),
                          .counts = {sp.num_partitions, sp.num_app_workspaces}},
                  .limit = constants_.build_limit,
                  .keep = false,  // a version lives as long as partitions and keys refer to it
                  .make = [this, key, sp, spec] { return build_version(key, sp, spec); }};
  Shared built = co_await share(key, state.seen, std::move(step));
  if (const auto* outcome = std::get_if<Outcome>(&built)) {
    co_return *outcome;
  }
  staged_[key].version = std::get<Product>(built).version;
  co_return StepDone{};
}

Task<Result<Product>> StepRunner::build_version(PartitionKey key,
                                                SetPoint sp,
                                                appparts::VersionSpec spec) {
  co_await note_risk(key, sp, Step::build);
  Result<appparts::VersionRef> version = co_await parts_.partitions->ensure_version(spec);
  co_await clear_risk(key, version_of(sp), Step::build);
  if (!version) {
    co_return version.error();
  }
  co_return Product{.version = version.value()};
}

// A mark that cannot be made durable does not stop the work: the rule protects the process, and a
// full disk must not keep a version from being served.
Task<void> StepRunner::note_risk(PartitionKey key, SetPoint sp, Step step) {
  const Status marked = co_await crash_log_.mark(std::move(key), std::move(sp), step);
  if (!marked) {
    rt_.emit({"crash_log.failed", {{"error", code_name(marked.error().code)}}});
  }
}

Task<void> StepRunner::clear_risk(PartitionKey key, VersionId version, Step step) {
  const Status cleared = co_await crash_log_.clear(std::move(key), std::move(version), step);
  if (!cleared) {
    rt_.emit({"crash_log.failed", {{"error", code_name(cleared.error().code)}}});
  }
}

// ---- fence, switch, drain, stop

// No log exists yet, so the fence event and the recovery of 9.7 have nothing to write or read: to
// own the partition is to have its runtime under F.
Task<Outcome> StepRunner::fence(PartitionKey key, KeyState state) {
  if (!staged_[key].version) {
    const Outcome built = co_await build(key, state);
    if (!std::holds_alternative<StepDone>(built)) {
      co_return built;
    }
  }
  const FenceToken fence{.partition_epoch = state.target.partition_epoch, .vvm_epoch = epoch_};
  const Status acquired = parts_.partitions->acquire(key, fence, staged_[key].version);
  co_return outcome_of(acquired);
}

Task<Outcome> StepRunner::switch_version(PartitionKey key, KeyState state) {
  if (!staged_[key].version) {
    const Outcome built = co_await build(key, state);
    if (!std::holds_alternative<StepDone>(built)) {
      co_return built;
    }
  }
  const appparts::VersionRef version = staged_[key].version;
  if (crash_log_.loops(key, state.target, Step::switch_version)) {
    co_return StepCrashes{};
  }
  co_await note_risk(key, state.target, Step::switch_version);
  Outcome outcome = StepDone{};
  if (state.served.has_value()) {
    const Duration drain = state.target.drain_timeout;
    const appparts::SwitchLimits limits{.drain_timeout = drain,
                                        .actualizer_stop = constants_.actualizer_stop,
                                        .hard_stop = drain + constants_.hard_stop_extra};
    auto task = parts_.partitions->switch_version(key, version, limits);
    const Duration limit =
        std::max(constants_.switch_limit, drain + constants_.actualizer_stop + seconds(10));
    const Status switched = co_await with_timeout(rt_, limit, std::move(task));
    outcome = outcome_of(switched);
  } else {
    outcome = co_await admit_first(key, state, version);
  }
  if (!std::holds_alternative<StepDone>(outcome)) {
    co_await clear_risk(key, version_of(state.target), Step::switch_version);
    co_return outcome;
  }
  serving_[key] = {.version = version, .blob = state.target.image_blob};
  const Instant healthy_at = rt_.now() + constants_.min_healthy;
  young_.insert_or_assign(key,
                          Young{.version = version_of(state.target), .healthy_at = healthy_at});
  next_healthy_ = std::min(next_healthy_, healthy_at);
  staged_.erase(key);
  co_return outcome;
}

// The runtime may have been acquired with a version that has been replaced before it was admitted.
Task<Outcome> StepRunner::admit_first(PartitionKey key,
                                      KeyState state,
                                      appparts::VersionRef version) {
  const auto view = parts_.partitions->inspect_partition(key);
  const bool same = view.has_value() && view->present && view->current.has_value() &&
                    view->current->version == version.version() &&
                    view->current->sha == version.sha();
  if (!same) {
    const FenceToken fence{.partition_epoch = state.owned, .vvm_epoch = epoch_};
    const Status dropped = parts_.partitions->undeploy(key);
    if (!dropped) {
      co_return dropped.error();
    }
    const Status acquired = parts_.partitions->acquire(key, fence, version);
    if (!acquired) {
      co_return acquired.error();
    }
  }
  co_return outcome_of(parts_.partitions->admit(key));
}

Task<Outcome> StepRunner::drain(PartitionKey key, KeyState state) {
  const Duration timeout = std::clamp(state.target.drain_timeout, Duration{}, minutes(10));
  const appparts::DrainLimits limits{.drain_timeout = timeout,
                                     .hard_stop = timeout + constants_.hard_stop_extra};
  const Result<appparts::DrainReport> report = co_await parts_.partitions->drain(key, limits);
  if (report) {
    co_return StepDone{.hard_stop = report.value().revoked > 0};
  }
  if (report.error().code == Code::not_found) {
    co_return StepDone{};
  }
  co_return report.error();
}

Task<Outcome> StepRunner::stop(PartitionKey key) {
  serving_.erase(key);
  staged_.erase(key);
  const auto young = young_.find(key);
  if (young != young_.end()) {
    const VersionId version = young->second.version;
    young_.erase(young);
    co_await clear_risk(key, version, Step::switch_version);
  }
  co_return outcome_of(parts_.partitions->undeploy(key));
}

bool StepRunner::engines_ready(const PartitionKey& key) const {
  const auto at = serving_.find(key);
  return at == serving_.end() || at->second.version.engines_ready();
}

Task<void> StepRunner::settle_switches(Instant now) {
  std::vector<std::pair<PartitionKey, VersionId>> healthy;
  next_healthy_ = Instant::max();
  for (const auto& [key, young] : young_) {
    if (young.healthy_at <= now) {
      healthy.emplace_back(key, young.version);
    } else {
      next_healthy_ = std::min(next_healthy_, young.healthy_at);
    }
  }
  for (const auto& [key, version] : healthy) {
    young_.erase(key);
  }
  for (const auto& [key, version] : healthy) {
    co_await clear_risk(key, version, Step::switch_version);
  }
}

Task<void> StepRunner::close() {
  co_await works_.close();
  staged_.clear();
  serving_.clear();
  const Status cleared = co_await crash_log_.clear_own();
  if (!cleared) {
    rt_.emit({"crash_log.failed", {{"error", code_name(cleared.error().code)}}});
  }
}

}  // namespace vvm::apppartsctl
