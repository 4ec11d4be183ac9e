// Disk GC: which images and folders go, and their removal (docs/spec/vvm.md 8.12).
//
// The VVM runs it every 300 s; download and unpacking call it when the quota or the disk is full.
// choose_victims() is the whole decision and pure; Collector carries it out. An image goes as a
// whole: its file and its folders. Leftovers under tmp/ go once they are older than any step.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "image/inventory.hpp"
#include "image/paths.hpp"
#include "image/turns.hpp"
#include "runtime/runtime.hpp"

namespace vvm::image {

// Images to delete, in this order. `in_use`: what a set-point of the latest accepted list or a live
// version handle, staged ones included, refers to; none means that no list has been accepted yet:
// then nothing goes. Of what is not in use, and not pinned, the newest of each application is kept
// for a fast rollback. With `bytes_needed` > 0 only as much goes as that takes, the least recently
// used first, and what is kept for rollbacks last of all.
std::vector<Sha256> choose_victims(const std::map<Sha256, Holding>& holdings,
                                   const std::optional<std::set<Sha256>>& in_use,
                                   std::uint64_t bytes_needed);

// Who knows which images are needed: the apppartsctl controller.
class ImageUsers {
 public:
  ImageUsers() = default;
  ImageUsers(const ImageUsers&) = delete;
  ImageUsers& operator=(const ImageUsers&) = delete;
  virtual ~ImageUsers() = default;

  // See choose_victims. Asked at the moment of the decision, never kept.
  virtual std::optional<std::set<Sha256>> images_in_use() const = 0;
};

struct GcOptions {
  Duration period = seconds(300);
  Duration tmp_age = seconds(120);  // StepTimeout: the longest limit of a step
};

class Collector {
 public:
  // `inventory` and `users` outlive it.
  Collector(Runtime rt, Inventory* inventory, const ImageUsers* users, GcOptions options);
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;
  ~Collector() = default;

  // Removes what is not needed. bytes_needed > 0: no more than it takes to free them.
  // err: DiskIO; what could be removed is removed all the same.
  Task<Status> collect(std::uint64_t bytes_needed);
  // Makes room for `bytes` below the quota. err: DiskFull, DiskIO.
  Task<Status> make_room(std::uint64_t bytes);
  // Collects every period, until cancelled.
  Task<void> run();

  // Who works on an image takes a turn at it, and holds a Pin of it meanwhile: the GC then leaves
  // it alone, and never waits for a turn.
  using ImageTurns = Turns<Sha256>;

  ImageTurns& turns() { return turns_; }

 private:
  std::vector<Sha256> victims(std::uint64_t bytes_needed) const;
  Task<Status> remove_image(Sha256 sha);
  Task<Status> sweep_tmp();

  Runtime rt_;
  Inventory* inventory_;
  const ImageUsers* users_;
  GcOptions options_;
  ImageTurns turns_;
  std::map<std::string, Instant> tmp_seen_;  // since when a name under tmp/ has been there
};

}  // namespace vvm::image
