// Inspection: what is there, as values; for ghost state, invariants, and people.
//
// AppPartitions makes it; sim/ghost and the live status page read it. Looking changes nothing.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "appparts/part_workers.hpp"
#include "appparts/partition_word.hpp"
#include "appparts/version.hpp"
#include "engines/pool.hpp"

namespace vvm::appparts {

struct VersionView {
  AppVersion version{};
  Sha256 sha;
  VersionState state{};
  std::uint32_t references = 0;
  PoolSizes sizes{};
  std::array<engines::PoolAccount, engines::processor_kind_count> pools{};
  engines::EngineLedger ledger;
  bool engines_ready = false;

  friend bool operator==(const VersionView&, const VersionView&) = default;
};

// One open borrow, and the identity of each thing that it uses (I-S9).
struct BorrowView {
  ProcessorKind kind{};
  PartVersionId part_version{};  // under which it was taken
  bool current = false;          // of the partition now; false: the old one
  AppVersion app_def_of{};       // the version whose definition the handle offers
  AppVersion engine_of{};        // the version whose pool the element stands in
  const void* app_def_holder{};  // the two VersionHandles, for equality only
  const void* engine_holder{};

  friend bool operator==(const BorrowView&, const BorrowView&) = default;
};

struct PartVersionView {
  PartVersionId id{};
  AppVersion version{};
  Sha256 sha;
  VersionState state{};
  std::size_t borrows = 0;
  std::size_t workers = 0;  // actualizers and schedulers that run

  friend bool operator==(const PartVersionView&, const PartVersionView&) = default;
};

struct PartitionView {
  PartitionId id{};
  bool present = false;  // false: only handles that were revoked and not released are left
  FenceToken fence;
  bool gate_open = false;
  std::array<Admission, engines::processor_kind_count> admission{};
  std::optional<PartVersionView> current;
  std::optional<PartVersionView> old;
  std::vector<BorrowView> borrows;
  std::size_t leaked = 0;  // revoked, not yet released; they own nothing but memory

  friend bool operator==(const PartitionView&, const PartitionView&) = default;
};

struct AppView {
  AppQName app;
  std::uint16_t partition_count = 0;
  std::vector<VersionView> versions;
  std::vector<PartitionView> partitions;  // ascending; present, or with leaked handles
};

struct Inspection {
  std::vector<AppView> apps;  // by name
};

// What has changed, each once.
struct Changes {
  struct OfPartition {
    PartitionKey key;
    PartitionView view;
  };

  struct OfApp {
    AppQName app;
    std::vector<VersionView> versions{};
    std::vector<VersionView> closed{};  // since the last time: gone, but for their books
  };

  std::vector<OfPartition> partitions{};
  std::vector<OfApp> apps{};  // also those whose borrows have changed
};

}  // namespace vvm::appparts
