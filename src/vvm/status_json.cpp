// One row per key, from the control loop's views.
#include "vvm/status_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "vvm/vvm.hpp"

namespace vvm::node {

namespace json = boost::json;

StatusReport status_of(const Vvm& vvm) {
  json::array rows;
  if (vvm.control() != nullptr) {
    for (const auto& [key, view] : vvm.control()->keys()) {
      rows.push_back({{"AppQName", key.app.str()},
                      {"PartitionID", raw(key.partition)},
                      {"Phase", name_of(view.phase)},
                      {"ObservedGeneration", raw(view.observed)},
                      {"ServingVersion", raw(view.serving)},
                      {"ServingAlt", raw(view.alt)},
                      {"PartitionEpoch", raw(view.owned)},
                      {"Error", view.error.has_value() ? code_name(*view.error) : ""},
                      {"Attempt", view.attempt},
                      {"Stored", view.last_is_stored()}});
    }
  }
  json::array images;
  for (const auto& [sha, holding] : vvm.images().inventory().holdings()) {
    images.push_back({{"SHA256", sha.hex()},
                      {"Size", holding.file_bytes},
                      {"Unpacked", !holding.folders.empty()}});
  }
  return {.healthy = vvm.state() == VvmState::serving,
          .body = {{"VvmID", raw(vvm.id())},
                   {"VvmEpoch", raw(vvm.epoch())},
                   {"State", name_of(vvm.state())},
                   {"Partitions", std::move(rows)},
                   {"Images", std::move(images)}}};
}

}  // namespace vvm::node
