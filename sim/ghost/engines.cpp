// I-S20 engine accounting, I-L16 tainted engines are rebuilt.
#include <algorithm>

#include "sim/ghost/groups.hpp"

namespace vvm::ghost {
namespace {

// A repair is tried at once and then every 5 s; each takes a moment.
constexpr Duration rebuilt_within = seconds(10);

std::int64_t borrows_in(const std::optional<appparts::PartitionView>& rt) {
  return rt.has_value() ? static_cast<std::int64_t>(rt->borrows.size()) : 0;
}

std::string pool_text(const engines::PoolAccount& pool) {
  return std::to_string(pool.created) + " created, " + std::to_string(pool.free) + " free, " +
         std::to_string(pool.borrowed) + " borrowed, " + std::to_string(pool.tainted) +
         " tainted, " + std::to_string(pool.closed) + " closed";
}

bool lacks_elements(const appparts::VersionView& version) {
  for (std::size_t kind = 0; kind < version.pools.size(); ++kind) {
    const engines::PoolAccount& pool = version.pools[kind];
    if (pool.free + pool.borrowed < version.sizes[kind]) {
      return true;
    }
  }
  return false;
}

}  // namespace

void Engines::see_engines(const Process& process, const AppQName& app, std::int64_t live) {
  live_[{process.index, app}] = live;
}

void Engines::see_misuse(const Process& process, const AppQName& app) {
  require(false, Property::engine_accounting, [&] {
    return Finding{
        app.str() + " at " + process.name, "a closed engine is never invoked", "one has been"};
  });
}

void Engines::on_process(const Process& process) {
  if (process.alive) {
    return;
  }
  const auto of_process = [&](const auto& entry) { return entry.first.first == process.index; };
  std::erase_if(live_, of_process);
  std::erase_if(borrows_, of_process);
  std::erase_if(damaged_, of_process);
}

void Engines::on_part(const Process& process,
                      const PartitionKey& key,
                      const std::optional<appparts::PartitionView>& before,
                      const Part& now) {
  if (process.alive) {
    borrows_[{process.index, key.app}] += borrows_in(now.rt) - borrows_in(before);
  }
}

void Engines::look(const Process& process, const AppQName& app) {
  if (!process.alive) {
    return;
  }
  versions(process, app);
  const auto at = process.versions.find(app);
  const AppAt key{process.index, app};
  const bool damaged =
      at != process.versions.end() &&
      std::ranges::any_of(at->second, [](const appparts::VersionView& version) {
        return version.state == appparts::VersionState::ready && lacks_elements(version);
      });
  if (!damaged) {
    if (damaged_.erase(key) != 0) {
      ledger().count(Property::engines_come_back);
    }
  } else {
    damaged_.try_emplace(key, state().now);
  }
}

void Engines::see_version(const Process& process,
                          const AppQName& app,
                          const appparts::VersionView& version) {
  const bool closed = version.state == appparts::VersionState::closed;
  for (const engines::PoolAccount& pool : version.pools) {
    const bool adds_up = pool.balanced() && (!closed || pool.created == pool.closed);
    require(adds_up, Property::engine_accounting, [&] {
      return Finding{
          app.str() + " version " + std::to_string(raw(version.version)) + " at " + process.name,
          "created = free + borrowed + tainted + closed",
          pool_text(pool)};
    });
  }
}

// Every element is in one state and every borrow in one partition; what a version has closed, and
// nothing else, is closed.
void Engines::versions(const Process& process, const AppQName& app) {
  const auto at = process.versions.find(app);
  std::int64_t live = 0;
  std::int64_t borrowed = 0;
  if (at != process.versions.end()) {
    for (const appparts::VersionView& version : at->second) {
      live += static_cast<std::int64_t>(version.ledger.created) -
              static_cast<std::int64_t>(version.ledger.closed);
      see_version(process, app, version);
      for (const engines::PoolAccount& pool : version.pools) {
        borrowed += static_cast<std::int64_t>(pool.borrowed);
      }
    }
  }
  const AppAt key{process.index, app};
  require(borrowed == borrows_[key], Property::engine_accounting, [&] {
    return Finding{app.str() + " at " + process.name,
                   "every borrowed element is in one borrow of one partition",
                   std::to_string(borrowed) + " elements are borrowed, partitions have " +
                       std::to_string(borrows_[key])};
  });
  const auto counted = live_.find(key);
  if (counted == live_.end()) {
    return;
  }
  require(counted->second == live, Property::engine_accounting, [&] {
    return Finding{app.str() + " at " + process.name,
                   std::to_string(live) + " engines live, by the books of the versions",
                   std::to_string(counted->second) + " do"};
  });
}

Instant Engines::due(const std::pair<const AppAt, Instant>& damaged) const {
  if (!state().healed_at.has_value() || state().at(damaged.first.first).paused) {
    return Instant::max();
  }
  return std::max(damaged.second, *state().healed_at) + with_margin(rebuilt_within);
}

Instant Engines::next_deadline() const {
  Instant next = Instant::max();
  for (const auto& damaged : damaged_) {
    next = std::min(next, due(damaged));
  }
  return next;
}

void Engines::on_deadline() {
  for (const auto& damaged : damaged_) {
    if (due(damaged) > state().now) {
      continue;
    }
    require(false, Property::engines_come_back, [&] {
      return Finding{damaged.first.second.str() + " at " + state().at(damaged.first.first).name,
                     "all engines are back within 10 s",
                     "some are missing"};
    });
  }
}

}  // namespace vvm::ghost
