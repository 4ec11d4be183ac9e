// CrashLog: versions that take the process down are not tried for ever (docs/spec/vvm.md 8.11).
//
// The step runner marks a risky step before it does it and clears the mark once it has gone well;
// what a new process finds marked, an old one did not survive. Owned by the step runner. The
// decision is pure (crashes_of); the file is journal/crash.log, one JSON object a line, rewritten
// as a whole and renamed into place. Wall clock only counts the window of the rule.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apppartsctl/constants.hpp"
#include "apppartsctl/step_core.hpp"
#include "runtime/runtime.hpp"
#include "runtime/signal.hpp"

namespace vvm::apppartsctl {

struct CrashMark {
  PartitionKey key;
  VersionId version;
  Generation generation{};
  Step step{};      // build or switch_version
  VvmEpoch life{};  // the process life that began it
  WallMs at{};

  friend bool operator==(const CrashMark&, const CrashMark&) = default;
};

std::string to_line(const CrashMark& mark);
// None when the line is torn or not ours.
std::optional<CrashMark> mark_from_line(std::string_view line);

// In how many process lives within the window before `now` this went wrong for the candidate: its
// version, in a build for whatever partition, or in a step for its own key and Generation.
std::int64_t crashes_of(const std::vector<CrashMark>& marks,
                        const CrashMark& candidate,
                        Duration window);

class CrashLog {
 public:
  CrashLog(Runtime rt, VvmEpoch life, const Constants& constants)
      : rt_(rt), life_(life), constants_(constants), idle_(rt) {}

  CrashLog(const CrashLog&) = delete;
  CrashLog& operator=(const CrashLog&) = delete;
  ~CrashLog() = default;

  // Reads what earlier lives have left. A file that cannot be read counts as empty.
  Task<void> load();
  bool loops(const PartitionKey& key, const SetPoint& sp, Step step) const;
  // Durable when it returns. err: DiskIO, DiskFull; the mark then counts all the same.
  Task<Status> mark(PartitionKey key, SetPoint sp, Step step);
  // It has gone well: nothing of the version in this step counts any more.
  Task<Status> clear(PartitionKey key, VersionId version, Step step);
  // An orderly end is no crash.
  Task<Status> clear_own();

 private:
  class Writing;
  Task<Status> write();
  Task<Status> write_file();

  Runtime rt_;
  VvmEpoch life_;
  Constants constants_;
  std::vector<CrashMark> marks_;  // of earlier lives and of this one
  bool writing_ = false;
  Signal idle_;
};

}  // namespace vvm::apppartsctl
