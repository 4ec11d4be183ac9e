// Workspace ids and the partition function (docs/spec/vvm.md 1.3; vectors in its Appendix C).
//
// Leaf; router, cluster and appparts rely on it. Pure arithmetic.
#pragma once

#include <cstdint>
#include <string_view>

#include "ids/names.hpp"

namespace vvm {

enum class WorkspaceId : std::uint64_t {};
enum class ClusterId : std::uint16_t {};

constexpr ClusterId main_cluster{1};
constexpr std::uint64_t max_base_wsid = (std::uint64_t{1} << 47U) - 1;
constexpr std::uint64_t first_app_base_wsid = 0x10000;
constexpr std::uint64_t cluster_base_wsid = 0x18010;
constexpr std::uint64_t first_vvm_base_wsid = 0x19000;
constexpr std::uint64_t first_user_base_wsid = 0x1FFFF;

// pre: base <= max_base_wsid.
WorkspaceId make_wsid(ClusterId cluster, std::uint64_t base);
std::uint64_t base_of(WorkspaceId wsid);
ClusterId cluster_of(WorkspaceId wsid);

// Low half of the CRC-32 of the entity's name, or of `<owner decimal>/<name>`.
std::uint64_t pseudo_base_wsid(WorkspaceId owner, std::string_view entity);
// pre: app_workspaces >= 1. The app workspace of the current cluster that a pseudo base stands for.
WorkspaceId app_wsid_of(std::uint64_t base, std::uint16_t app_workspaces);
// pre: partitions >= 1 (D20).
PartitionId partition_of(WorkspaceId wsid, std::uint16_t partitions);

}  // namespace vvm
