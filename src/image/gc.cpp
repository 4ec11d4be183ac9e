// The decision first, then its execution, one image at a time.
#include "image/gc.hpp"

#include <algorithm>

#include "image/disk_ops.hpp"

namespace vvm::image {
namespace {

struct Candidate {
  Sha256 sha;
  const Holding* holding;
  bool kept_for_rollback = false;
};

bool older(const Candidate& a, const Candidate& b) {
  if (a.holding->last_access != b.holding->last_access) {
    return a.holding->last_access < b.holding->last_access;
  }
  return a.sha < b.sha;
}

// What nobody needs, the least recently used first.
std::vector<Candidate> candidates_of(const std::map<Sha256, Holding>& holdings,
                                     const std::set<Sha256>& in_use) {
  std::vector<Candidate> out;
  for (const auto& [sha, holding] : holdings) {
    if (holding.pins == 0 && !in_use.contains(sha)) {
      out.push_back({.sha = sha, .holding = &holding});
    }
  }
  std::sort(out.begin(), out.end(), older);
  std::set<std::string> apps;
  for (auto it = out.rbegin(); it != out.rend(); ++it) {
    const std::string& app = it->holding->app;
    it->kept_for_rollback = !app.empty() && apps.insert(app).second;
  }
  return out;
}

}  // namespace

std::vector<Sha256> choose_victims(const std::map<Sha256, Holding>& holdings,
                                   const std::optional<std::set<Sha256>>& in_use,
                                   std::uint64_t bytes_needed) {
  std::vector<Sha256> victims;
  if (!in_use.has_value()) {
    return victims;
  }
  std::vector<Candidate> candidates = candidates_of(holdings, *in_use);
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    if (a.kept_for_rollback != b.kept_for_rollback) {
      return b.kept_for_rollback;
    }
    return older(a, b);
  });
  std::uint64_t freed = 0;
  for (const Candidate& candidate : candidates) {
    const bool wanted = bytes_needed > 0 ? freed < bytes_needed : !candidate.kept_for_rollback;
    if (!wanted) {
      break;
    }
    victims.push_back(candidate.sha);
    freed += candidate.holding->bytes();
  }
  return victims;
}

Collector::Collector(Runtime rt, Inventory* inventory, const ImageUsers* users, GcOptions options)
    : rt_(rt), inventory_(inventory), users_(users), options_(options), turns_(rt) {}

std::vector<Sha256> Collector::victims(std::uint64_t bytes_needed) const {
  return choose_victims(inventory_->holdings(), users_->images_in_use(), bytes_needed);
}

Task<Status> Collector::collect(std::uint64_t bytes_needed) {
  Status result = co_await sweep_tmp();
  std::set<Sha256> tried;
  const std::uint64_t goal = inventory_->used() - std::min(inventory_->used(), bytes_needed);
  while (bytes_needed == 0 || inventory_->used() > goal) {
    // Asked again after every removal: what is needed changes while files go.
    const std::vector<Sha256> list = victims(bytes_needed == 0 ? 0 : inventory_->used() - goal);
    const auto next = std::find_if(
        list.begin(), list.end(), [&tried](const Sha256& sha) { return !tried.contains(sha); });
    if (next == list.end()) {
      break;
    }
    tried.insert(*next);
    Status removed = co_await remove_image(*next);
    if (removed.has_error()) {
      result = std::move(removed);
    }
  }
  co_return result;
}

Task<Status> Collector::remove_image(Sha256 sha) {
  const Inventory::Pin pin(inventory_, sha);
  const ImageTurns::Turn turn(&turns_, sha);
  rt_.emit({"image.gc", {{"sha", sha.hex()}}});
  std::vector<std::string> folders;
  for (const auto& [app_folder, bytes] : inventory_->find(sha)->folders) {
    folders.push_back(app_folder);
  }
  Status result = ok();
  for (const std::string& app_folder : folders) {
    Status removed = co_await remove_folder(rt_, inventory_, app_folder, sha);
    if (removed.has_error()) {
      result = std::move(removed);
    }
  }
  if (inventory_->find(sha)->has_file) {
    Status removed = co_await remove_file(rt_, inventory_, sha);
    if (removed.has_error()) {
      result = std::move(removed);
    }
  }
  co_return result;
}

Task<Status> Collector::make_room(std::uint64_t bytes) {
  const std::uint64_t shortage = inventory_->shortage(bytes);
  if (shortage == 0) {
    co_return ok();
  }
  CO_TRY(co_await collect(shortage));
  if (inventory_->shortage(bytes) != 0) {
    co_return Error{Code::disk_full,
                    std::to_string(inventory_->used()) + " octets of images and " +
                        std::to_string(inventory_->reserved()) +
                        " in the making leave no room for " + std::to_string(bytes)};
  }
  co_return ok();
}

Task<Status> Collector::sweep_tmp() {
  const std::string root{tmp_root};
  const auto listed = co_await rt_.disk().list(root);
  if (listed.has_error()) {
    co_return disk_error(listed.error(), root);
  }
  std::map<std::string, Instant> seen;
  Status result = ok();
  for (const DirEntry& entry : listed.value()) {
    const std::string path = root + "/" + entry.name;
    const auto before = tmp_seen_.find(path);
    const Instant since = before == tmp_seen_.end() ? rt_.now() : before->second;
    if (inventory_->tmp_is_busy(path) || rt_.now() - since < options_.tmp_age) {
      seen.emplace(path, since);
      continue;
    }
    Status removed = co_await rt_.disk().remove_all(path);
    if (removed.has_error()) {
      seen.emplace(path, since);
      result = disk_error(removed.error(), path);
    }
  }
  tmp_seen_ = std::move(seen);
  co_return result;
}

Task<void> Collector::run() {
  for (;;) {
    co_await rt_.clock().sleep_for(options_.period);
    const Status collected = co_await collect(0);
    if (collected.has_error()) {
      rt_.emit({"image.gc_failed", {{"what", collected.error().what}}});
    }
  }
}

}  // namespace vvm::image
