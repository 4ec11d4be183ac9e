// MachineWatch: the machine that a report was taken on, and what else it did meanwhile.
//
// The commands that write reports own one around the measurement. Linux only; what a kernel or a
// container does not tell stays empty, and is null in the file.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/report/perf/report_file.hpp"

namespace vvm::cli {

class MachineWatch {
 public:
  // Measurement begins.
  MachineWatch();

  // Measurement has ended: the machine, its load before and now, and the time stolen in between.
  report::MachineInfo finish() const;

 private:
  struct CpuTimes {
    std::uint64_t all = 0;
    std::uint64_t stolen = 0;
  };

  static std::optional<CpuTimes> cpu_times();

  double load1_before_;
  std::optional<CpuTimes> before_;
};

}  // namespace vvm::cli
