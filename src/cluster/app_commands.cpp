// The commands on applications and their images (docs/spec/vvm.md 11.1, 11.2).
#include <algorithm>
#include <ranges>

#include "cluster/commands.hpp"

namespace vvm::cluster {
namespace {

constexpr std::int32_t partitions_max = 65'535;
constexpr std::int32_t app_workspaces_max = 32'768;
constexpr std::uint32_t first_app_id = 0x100;

Error conflict(std::string what) { return {Code::conflict, std::move(what)}; }

Error not_found(std::string what) { return {Code::not_found, std::move(what)}; }

template <class T>
void patch(T& value, const std::optional<T>& given) {
  if (given.has_value()) {
    value = *given;
  }
}

AppSettings patched(AppSettings settings, const SettingsPatch& given) {
  patch(settings.pool_command, given.pool_command);
  patch(settings.pool_query, given.pool_query);
  patch(settings.pool_actualizer, given.pool_actualizer);
  patch(settings.pool_scheduler, given.pool_scheduler);
  patch(settings.cron_schedule, given.cron_schedule);
  patch(settings.start_time_tolerance, given.start_time_tolerance);
  patch(settings.drain_timeout, given.drain_timeout);
  return settings;
}

// Rows are never removed, so the greatest id is the last that was given out.
ClusterAppId next_app_id(const Tables& tables) {
  std::uint32_t next = first_app_id;
  for (const auto& [name, app] : tables.apps) {
    next = std::max(next, raw(app.id) + 1);
  }
  return ClusterAppId{next};
}

Answer with_app_id(const App& app) { return {.body = {{"ClusterAppID", raw(app.id)}}}; }

Answer with_version(AppVersion version) { return {.body = {{"Version", raw(version)}}}; }

const App* live_app(const Tables& tables, const AppQName& name) {
  const App* app = find(tables.apps, name);
  return app == nullptr || app->deleted ? nullptr : app;
}

bool counts(const AppImage& image) {
  return image.state != ImageState::rejected && image.state != ImageState::retired;
}

// In the order of their versions.
auto images_of(const Tables& tables, const AppQName& app) {
  const auto first = tables.images.lower_bound({.app = app});
  auto last = first;
  while (last != tables.images.end() && last->first.app == app) {
    ++last;
  }
  return std::ranges::subrange(first, last);
}

AppVersion next_version(const Tables& tables, const AppQName& app) {
  std::int64_t last = 0;
  for (const auto& [key, image] : images_of(tables, app)) {
    last = raw(key.version);
  }
  return AppVersion{last + 1};
}

// The image of the newest version that was not rejected.
const AppImage* newest(const Tables& tables, const AppQName& app) {
  const AppImage* found = nullptr;
  for (const auto& [key, image] : images_of(tables, app)) {
    if (counts(image)) {
      found = &image;
    }
  }
  return found;
}

// What follows from a validated image: it becomes what the partitions shall run.
void roll_out(std::vector<Change>& changes, App app, AppVersion version, WallMs now) {
  if (app.deleted || version <= app.desired_version) {
    return;
  }
  app.desired_version = version;
  app.rollout = RolloutState::running;
  app.rollout_started = now;
  changes.push_back(put(std::move(app)));
}

}  // namespace

Result<Answer> decide(const Tables& tables, const DeployApp& command) {
  const std::string name = command.name.str();
  if (name == "sys/cluster") {
    return Error{Code::bad_request, "sys/cluster deploys the others"};
  }
  if (command.num_app_workspaces < 1 || command.num_app_workspaces > app_workspaces_max) {
    return Error{Code::bad_request, "NumAppWorkspaces is not in 1..32768"};
  }
  if (command.num_partitions < 1 || command.num_partitions > partitions_max) {
    return Error{Code::bad_request, "NumPartitions is not in 1..65535"};
  }
  const App* known = find(tables.apps, command.name);
  if (known == nullptr) {
    App app{.name = command.name,
            .num_partitions = command.num_partitions,
            .num_app_workspaces = command.num_app_workspaces,
            .id = next_app_id(tables),
            .settings = patched({}, command.settings)};
    Answer answer = with_app_id(app);
    answer.changes.push_back(put(std::move(app)));
    return answer;
  }
  if (known->num_partitions != command.num_partitions) {
    return conflict("num partitions changed");
  }
  if (known->num_app_workspaces != command.num_app_workspaces) {
    return conflict("num application workspaces changed");
  }
  App app = *known;
  app.deleted = false;
  app.settings = patched(app.settings, command.settings);
  Answer answer = with_app_id(app);
  if (app != *known) {
    answer.changes.push_back(put(std::move(app)));
  }
  return answer;
}

Status precheck(const Tables& tables, const DeployAppImage& command, const ImagePolicy& policy) {
  if (live_app(tables, command.app) == nullptr) {
    return not_found("application " + command.app.str() + " is not registered");
  }
  if (command.size < 1) {
    return Error{Code::bad_request, "Size is not positive"};
  }
  if (command.size > policy.bytes_max) {
    return Error{Code::too_large, "an image of " + std::to_string(command.size) + " octets"};
  }
  return ok();
}

Result<Answer> decide(const Tables& tables,
                      const DeployAppImage& command,
                      const std::optional<BlobStat>& blob,
                      const ImagePolicy& policy,
                      WallMs now) {
  TRY(precheck(tables, command, policy));
  const std::string blob_name = "BLOB " + std::to_string(raw(command.blob));
  if (!blob.has_value() || blob->status != BlobStatus::completed) {
    return Error{Code::blob_not_found, blob_name + " is missing or not completed"};
  }
  if (static_cast<std::int64_t>(blob->size) != command.size) {
    return Error{Code::unprocessable, blob_name + " has " + std::to_string(blob->size) + " octets"};
  }
  if (blob->sha256 != command.sha256) {
    return Error{Code::unprocessable, blob_name + " has digest " + blob->sha256.hex()};
  }
  const AppImage* last = newest(tables, command.app);
  if (last != nullptr && last->sha256 == command.sha256) {
    return with_version(last->key.version);
  }
  const AppVersion version = next_version(tables, command.app);
  Answer answer = with_version(version);
  answer.changes.push_back(
      put(AppImage{.key = {.app = command.app, .version = version},
                   .blob = command.blob,
                   .sha256 = command.sha256,
                   .size = command.size,
                   .uploaded_at = now,
                   .uploaded_by = command.uploaded_by,
                   .state = policy.validate ? ImageState::uploaded : ImageState::validated}));
  if (!policy.validate && policy.auto_rollout) {
    roll_out(answer.changes, *live_app(tables, command.app), version, now);
  }
  return answer;
}

Result<Answer> decide(const Tables& tables, const RollbackApp& command, WallMs now) {
  const App* app = live_app(tables, command.app);
  if (app == nullptr) {
    return not_found("application " + command.app.str() + " is not registered");
  }
  const std::string name =
      "version " + std::to_string(raw(command.to_version)) + " of " + command.app.str();
  const AppImage* old =
      find(tables.images, ImageKey{.app = command.app, .version = command.to_version});
  if (old == nullptr) {
    return not_found(name);
  }
  if (!counts(*old)) {
    return conflict(name + " is " + std::string{name_of(old->state)});
  }
  // The content that is newest already: a repetition, or nothing to go back to.
  const AppImage* last = newest(tables, command.app);
  if (last->sha256 == old->sha256) {
    return with_version(last->key.version);
  }
  AppImage image = *old;
  image.key.version = next_version(tables, command.app);
  image.uploaded_at = now;
  image.baseline_version = command.to_version;
  Answer answer = with_version(image.key.version);
  answer.changes.push_back(put(image));
  // Asked for by hand: it starts whatever AutoRollout says, once the content has been validated.
  if (image.state == ImageState::validated) {
    roll_out(answer.changes, *app, image.key.version, now);
  }
  return answer;
}

Result<Answer> decide(const Tables& tables,
                      const ImageVerdict& verdict,
                      const ImagePolicy& policy,
                      WallMs now) {
  const AppImage* known = find(tables.images, verdict.image);
  if (known == nullptr || known->state != ImageState::uploaded) {
    return Answer{};
  }
  AppImage image = *known;
  Answer answer;
  if (verdict.rejection.has_value()) {
    image.state = ImageState::rejected;
    image.reject_code = static_cast<std::int32_t>(verdict.rejection->code);
    image.reject_message = verdict.rejection->what.substr(0, 4096);
    answer.changes.push_back(put(std::move(image)));
    return answer;
  }
  const bool wanted = policy.auto_rollout || image.baseline_version != AppVersion{};
  image.state = ImageState::validated;
  answer.changes.push_back(put(std::move(image)));
  const App* app = find(tables.apps, verdict.image.app);
  if (app != nullptr && wanted) {
    roll_out(answer.changes, *app, verdict.image.version, now);
  }
  return answer;
}

Result<Answer> delete_app(const Tables& tables, const AppQName& name) {
  const App* known = find(tables.apps, name);
  if (known == nullptr) {
    return not_found("application " + name.str() + " is not registered");
  }
  Answer answer;
  if (known->deleted) {
    return answer;
  }
  App app = *known;
  app.deleted = true;
  app.desired_version = AppVersion{};
  app.stable_version = AppVersion{};
  app.rollout = RolloutState::idle;
  answer.changes.push_back(put(std::move(app)));
  for (const auto& [key, image] : images_of(tables, name)) {
    if (!counts(image)) {
      continue;
    }
    AppImage retired = image;
    retired.state = ImageState::retired;
    answer.changes.push_back(put(std::move(retired)));
  }
  // The placements follow from the deletion: reconcile() takes the partitions down.
  return answer;
}

}  // namespace vvm::cluster
