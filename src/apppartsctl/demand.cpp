// What refers to what: set-points to work and to images.
#include "apppartsctl/demand.hpp"

#include <algorithm>

namespace vvm::apppartsctl {

bool concerns(const WorkKey& work, const SetPoint& sp) {
  const VersionId wanted = version_of(sp);
  switch (work.step) {
    case Step::download:
      return sp.image_kind == ImageKind::image && work.version.sha == wanted.sha;
    case Step::unpack:
      return sp.image_kind == ImageKind::image && work.version.sha == wanted.sha &&
             work.version.app == wanted.app;
    case Step::accept:
    case Step::parse:
    case Step::check:
    case Step::build:
    case Step::fence:
    case Step::switch_version:
    case Step::drain:
    case Step::stop:
      return work.version == wanted;
  }
  UNREACHABLE();
}

void Demand::want(const Target& target) { newest_.insert_or_assign(target.sp.key, target); }

void Demand::accept_list(const std::map<PartitionKey, SetPoint>& listed) {
  listed_.emplace();
  for (const auto& [key, sp] : listed) {
    if (sp.desired == Desired::present) {
      listed_->insert(sp.image_sha256);
    }
  }
}

const Target* Demand::newest(const PartitionKey& key) const {
  const auto at = newest_.find(key);
  return at == newest_.end() ? nullptr : &at->second;
}

bool Demand::superseded(const PartitionKey& key, std::uint64_t number) const {
  const Target* target = newest(key);
  return target != nullptr && target->number() > number;
}

bool Demand::needs(const WorkKey& work) const {
  return std::ranges::any_of(newest_, [&](const auto& entry) {
    return !entry.second.wants_absent() && concerns(work, entry.second.sp);
  });
}

std::optional<std::set<Sha256>> Demand::images_in_use() const {
  std::optional<std::set<Sha256>> used = listed_;
  if (!used.has_value()) {
    return used;
  }
  for (const auto& [key, target] : newest_) {
    if (!target.wants_absent()) {
      used->insert(target.sp.image_sha256);
    }
  }
  for (const appparts::AppView& app : partitions_->inspect().apps) {
    for (const appparts::VersionView& version : app.versions) {
      used->insert(version.sha);
    }
  }
  return used;
}

}  // namespace vvm::apppartsctl
