// Sums are kept, not recomputed: every change of a holding goes through here.
#include "image/inventory.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace vvm::image {

std::uint64_t Holding::bytes() const {
  std::uint64_t total = file_bytes;
  for (const auto& [app_folder, size] : folders) {
    total += size;
  }
  return total;
}

void Inventory::put_file(const Sha256& sha, std::uint64_t bytes, bool verified) {
  Holding& holding = holdings_[sha];
  used_ -= holding.file_bytes;
  holding.has_file = true;
  holding.file_bytes = bytes;
  holding.verified = verified;
  used_ += bytes;
}

void Inventory::drop_file(const Sha256& sha) {
  const auto it = holdings_.find(sha);
  if (it == holdings_.end()) {
    return;
  }
  used_ -= it->second.file_bytes;
  it->second.has_file = false;
  it->second.verified = false;
  it->second.file_bytes = 0;
  forget_if_empty(sha);
}

void Inventory::put_folder(const Sha256& sha, const std::string& app, std::uint64_t bytes) {
  Holding& holding = holdings_[sha];
  std::uint64_t& size = holding.folders[app];
  used_ -= size;
  size = bytes;
  used_ += bytes;
  holding.app = app;
}

void Inventory::drop_folder(const Sha256& sha, const std::string& app) {
  const auto it = holdings_.find(sha);
  if (it == holdings_.end()) {
    return;
  }
  const auto folder = it->second.folders.find(app);
  if (folder != it->second.folders.end()) {
    used_ -= folder->second;
    it->second.folders.erase(folder);
  }
  forget_if_empty(sha);
}

void Inventory::touch(const Sha256& sha, const std::string& app, Instant now) {
  const auto it = holdings_.find(sha);
  if (it != holdings_.end()) {
    it->second.app = app;
    it->second.last_access = now;
  }
}

void Inventory::forget_if_empty(const Sha256& sha) {
  const auto it = holdings_.find(sha);
  if (it != holdings_.end() && !it->second.has_file && it->second.folders.empty() &&
      it->second.pins == 0) {
    holdings_.erase(it);
  }
}

const Holding* Inventory::find(const Sha256& sha) const {
  const auto it = holdings_.find(sha);
  return it == holdings_.end() ? nullptr : &it->second;
}

std::uint64_t Inventory::shortage(std::uint64_t bytes) const {
  const std::uint64_t wanted = used_ + reserved_ + bytes;
  return wanted > quota_ ? wanted - quota_ : 0;
}

Inventory::Reservation::Reservation(Inventory* inventory, std::uint64_t bytes)
    : inventory_(inventory), bytes_(bytes) {
  CHECK(inventory->shortage(bytes) == 0, "a reservation beyond the quota", bytes);
  inventory_->reserved_ += bytes_;
}

Inventory::Reservation::~Reservation() { inventory_->reserved_ -= bytes_; }

Inventory::Pin::Pin(Inventory* inventory, const Sha256& sha) : inventory_(inventory), sha_(sha) {
  ++inventory_->holdings_[sha_].pins;
}

Inventory::Pin::~Pin() {
  const auto it = inventory_->holdings_.find(sha_);
  CHECK(it != inventory_->holdings_.end() && it->second.pins > 0, "a pinned holding is gone");
  --it->second.pins;
  inventory_->forget_if_empty(sha_);
}

Inventory::TmpName::TmpName(Inventory* inventory, std::string path)
    : inventory_(inventory), path_(std::move(path)) {
  inventory_->busy_tmp_.insert(path_);
}

Inventory::TmpName::~TmpName() { inventory_->busy_tmp_.erase(path_); }

}  // namespace vvm::image
