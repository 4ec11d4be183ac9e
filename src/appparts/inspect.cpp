// Looking: values made from the records, without changing anything.
#include <algorithm>
#include <utility>

#include "appparts/app_partitions.hpp"
#include "appparts/partition.hpp"

namespace vvm::appparts {

VersionView AppPartitions::view_of(const VersionHandle& handle) const {
  VersionView view{.version = handle.spec.version,
                   .sha = handle.spec.sha,
                   .state = handle.state,
                   .references = handle.references,
                   .sizes = handle.spec.pools,
                   .ledger = handle.pools.ledger(),
                   .engines_ready = handle.state == VersionState::ready && handle.pools.ready()};
  for (const ProcessorKind kind : engines::all_processor_kinds) {
    view.pools[index_of(kind)] = handle.pools.account(kind);
  }
  return view;
}

std::optional<PartVersionView> AppPartitions::view_of(const Partition& partition,
                                                      std::size_t where) const {
  const PartVersion& version = partition.versions[where];
  if (!version.version) {
    return std::nullopt;
  }
  return PartVersionView{
      .id = version.id,
      .version = version.version.version(),
      .sha = version.version.sha(),
      .state = version.version.state(),
      .borrows = borrows_of(version),
      .workers = version.workers == nullptr ? 0 : version.workers->running(),
  };
}

// The borrows of one PartVersion, wherever the elements stand: looking only into its own pools
// would miss an element that was taken from a foreign one.
void AppPartitions::add_borrows(const Partition& partition,
                                std::size_t where,
                                PartitionView& view) const {
  const PartVersion& version = partition.versions[where];
  if (!version.version) {
    return;
  }
  for (const auto& handle : partition.app->versions) {
    for (const ProcessorKind kind : engines::all_processor_kinds) {
      const engines::Pool* pool = handle->pools.pool(kind);
      const std::size_t held = pool == nullptr ? 0 : pool->held_by(raw(version.id));
      const BorrowView borrow{.kind = kind,
                              .part_version = version.id,
                              .current = where == partition.load().current(),
                              .app_def_of = version.version.version(),
                              .engine_of = handle->spec.version,
                              .app_def_holder = version.version.handle(),
                              .engine_holder = handle.get()};
      view.borrows.insert(view.borrows.end(), held, borrow);
    }
  }
}

PartitionView AppPartitions::view_of(const Partition& partition) const {
  const PartitionWord word = partition.load();
  PartitionView view;
  view.id = partition.id;
  view.present = word.present();
  view.fence = partition.fence;
  view.leaked = partition.leaked.load(std::memory_order_relaxed);
  if (!word.present()) {
    return view;
  }
  view.gate_open = partition.gate->open(rt_.now());
  for (const ProcessorKind kind : engines::all_processor_kinds) {
    view.admission[index_of(kind)] = word.admission(kind);
  }
  view.current = view_of(partition, word.current());
  view.old = view_of(partition, 1 - word.current());
  add_borrows(partition, word.current(), view);
  add_borrows(partition, 1 - word.current(), view);
  return view;
}

Inspection AppPartitions::inspect() const {
  Inspection inspection;
  for (const auto& [name, app] : apps_) {
    AppView view;
    view.app = name;
    view.partition_count = app->partition_count;
    for (const auto& handle : app->versions) {
      view.versions.push_back(view_of(*handle));
    }
    for (const auto& [id, partition] : app->partitions) {
      const bool shown = partition->load().present() || partition->leaked.load() != 0;
      if (shown) {
        view.partitions.push_back(view_of(*partition));
      }
    }
    inspection.apps.push_back(std::move(view));
  }
  return inspection;
}

std::optional<PartitionView> AppPartitions::inspect_partition(const PartitionKey& key) const {
  const PartitionRef ref = find(key);
  if (!ref) {
    return std::nullopt;
  }
  return view_of(*ref.partition_);
}

void AppPartitions::changed(App& app) {
  changed();
  if (parts_.count_borrows && !std::exchange(app.changed, true)) {
    changed_apps_.push_back(&app);
  }
}

// An element of a pool, borrowed or given back, is a change of its version.
void AppPartitions::changed(Partition& partition) {
  changed(*partition.app);
  if (parts_.count_borrows && !std::exchange(partition.changed, true)) {
    changed_partitions_.push_back(&partition);
  }
}

Changes AppPartitions::take_changes() {
  Changes changes;
  changes.partitions.reserve(changed_partitions_.size());
  for (Partition* partition : changed_partitions_) {
    partition->changed = false;
    changes.partitions.push_back(
        {.key = {partition->app->name, partition->id}, .view = view_of(*partition)});
  }
  changed_partitions_.clear();
  changes.apps.reserve(changed_apps_.size());
  for (App* app : changed_apps_) {
    app->changed = false;
    Changes::OfApp& of_app = changes.apps.emplace_back(Changes::OfApp{.app = app->name});
    for (const auto& handle : app->versions) {
      of_app.versions.push_back(view_of(*handle));
    }
    of_app.closed = std::exchange(app->closed, {});
  }
  changed_apps_.clear();
  return changes;
}

bool AppPartitions::accounts_balance() const {
  return std::ranges::all_of(apps_, [](const auto& named) {
    return std::ranges::all_of(named.second->versions, [](const auto& handle) {
      return std::ranges::all_of(engines::all_processor_kinds, [&](ProcessorKind kind) {
        return handle->pools.account(kind).balanced();
      });
    });
  });
}

}  // namespace vvm::appparts
