// Arithmetic of workspace ids; CRC-32 (IEEE) by a table made at compile time.
#include "ids/wsid.hpp"

#include <array>
#include <string>

#include "base/check.hpp"

namespace vvm {
namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) {
      c = (c & 1U) != 0 ? 0xEDB88320U ^ (c >> 1U) : c >> 1U;
    }
    table.at(i) = c;
  }
  return table;
}

constexpr auto crc_table = make_crc_table();

std::uint32_t crc32_ieee(std::string_view text) {
  std::uint32_t c = 0xFFFFFFFFU;
  for (const char ch : text) {
    c = crc_table.at((c ^ static_cast<unsigned char>(ch)) & 0xFFU) ^ (c >> 8U);
  }
  return c ^ 0xFFFFFFFFU;
}

}  // namespace

WorkspaceId make_wsid(ClusterId cluster, std::uint64_t base) {
  CHECK(base <= max_base_wsid, "base workspace id out of range", base);
  return WorkspaceId{(std::uint64_t{raw(cluster)} << 47U) + base};
}

std::uint64_t base_of(WorkspaceId wsid) { return raw(wsid) & max_base_wsid; }

ClusterId cluster_of(WorkspaceId wsid) {
  return ClusterId{static_cast<std::uint16_t>(raw(wsid) >> 47U)};
}

std::uint64_t pseudo_base_wsid(WorkspaceId owner, std::string_view entity) {
  std::string bytes;
  if (raw(owner) != 0) {
    bytes.append(std::to_string(raw(owner))).push_back('/');
  }
  bytes.append(entity);
  return crc32_ieee(bytes) & 0xFFFFU;
}

WorkspaceId app_wsid_of(std::uint64_t base, std::uint16_t app_workspaces) {
  CHECK(app_workspaces >= 1, "an application without workspaces");
  return make_wsid(main_cluster, first_app_base_wsid + base % app_workspaces);
}

PartitionId partition_of(WorkspaceId wsid, std::uint16_t partitions) {
  CHECK(partitions >= 1, "an application without partitions");
  return PartitionId{static_cast<std::uint16_t>(raw(wsid) % partitions)};
}

}  // namespace vvm
