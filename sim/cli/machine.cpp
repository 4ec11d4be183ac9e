// Reads what Linux tells about the machine.
#include "sim/cli/machine.hpp"

#include <array>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <sys/utsname.h>

#include "base/sha256.hpp"

namespace vvm::cli {
namespace {

constexpr double kib_per_gib = 1024.0 * 1024.0;

// First line of a file; empty if there is none.
std::string first_line(const char* path) {
  std::ifstream file{path};
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<std::string> line_if_any(const char* path) {
  std::string line = first_line(path);
  return line.empty() ? std::nullopt : std::optional{std::move(line)};
}

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    return {};
  }
  return std::string{text.substr(begin, text.find_last_not_of(" \t") + 1 - begin)};
}

struct CpuInfo {
  std::map<std::string, std::string> of_first;  // "model name" and its value
  std::int64_t cores = 0;
};

CpuInfo read_cpu() {
  CpuInfo out;
  std::ifstream file{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) {
      continue;
    }
    const std::string key = trimmed(std::string_view{line}.substr(0, colon));
    out.cores += key == "processor" ? 1 : 0;
    out.of_first.emplace(key, trimmed(std::string_view{line}.substr(colon + 1)));
  }
  return out;
}

std::string value_of(const CpuInfo& cpu, const std::string& key) {
  const auto found = cpu.of_first.find(key);
  return found == cpu.of_first.end() ? std::string{} : found->second;
}

std::string virtualisation(const CpuInfo& cpu) {
  for (const char* path : {"/sys/hypervisor/type", "/sys/class/dmi/id/sys_vendor"}) {
    const bool hypervisor = value_of(cpu, "flags").find(" hypervisor ") != std::string::npos;
    if (auto name = line_if_any(path); name && hypervisor) {
      return *name;
    }
  }
  return value_of(cpu, "flags").find(" hypervisor ") != std::string::npos ? "unknown" : "none";
}

double memory_gib() {
  std::ifstream file{"/proc/meminfo"};
  std::string key;
  double kib = 0;
  file >> key >> kib;  // "MemTotal:  8000000 kB"
  return key == "MemTotal:" ? kib / kib_per_gib : 0;
}

double load1() {
  std::istringstream line{first_line("/proc/loadavg")};
  double out = 0;
  line >> out;
  return out;
}

// Of what makes wall times incomparable: another CPU, microcode, kernel, C library or host.
std::string fingerprint_of(const report::MachineInfo& machine, const CpuInfo& cpu) {
  const std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
                                       machine.cpu,
                                       value_of(cpu, "microcode"),
                                       value_of(cpu, "flags"),
                                       machine.cores,
                                       machine.kernel,
                                       machine.libc,
                                       machine.virtualisation);
  return sha256(text).hex().substr(0, 16);
}

report::MachineInfo describe() {
  const CpuInfo cpu = read_cpu();
  report::MachineInfo out;
  out.cpu = value_of(cpu, "model name");
  out.cores = cpu.cores;
  out.smt = first_line("/sys/devices/system/cpu/smt/active") == "1";
  out.governor = line_if_any("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  if (const auto no_turbo = line_if_any("/sys/devices/system/cpu/intel_pstate/no_turbo")) {
    out.turbo = *no_turbo == "0";
  } else if (const auto boost = line_if_any("/sys/devices/system/cpu/cpufreq/boost")) {
    out.turbo = *boost == "1";
  }
  out.memory_gib = memory_gib();
  utsname kernel{};
  if (uname(&kernel) == 0) {
    out.kernel = fmt::format("{} {} {}", kernel.sysname, kernel.release, kernel.machine);
  }
  out.libc = fmt::format("glibc {}", gnu_get_libc_version());
  out.virtualisation = virtualisation(cpu);
  const std::string aslr = first_line("/proc/sys/kernel/randomize_va_space");
  if (aslr.size() == 1 && aslr[0] >= '0' && aslr[0] <= '9') {
    out.aslr = aslr[0] - '0';
  }
  out.fingerprint = fingerprint_of(out, cpu);
  return out;
}

}  // namespace

std::optional<MachineWatch::CpuTimes> MachineWatch::cpu_times() {
  // "cpu  user nice system idle iowait irq softirq steal ..."
  constexpr std::size_t fields = 8;
  constexpr std::size_t steal = 7;
  std::istringstream line{first_line("/proc/stat")};
  std::string label;
  line >> label;
  CpuTimes out;
  for (std::size_t i = 0; i < fields; ++i) {
    std::uint64_t ticks = 0;
    line >> ticks;
    out.all += ticks;
    out.stolen = i == steal ? ticks : out.stolen;
  }
  return line && label == "cpu" ? std::optional{out} : std::nullopt;
}

MachineWatch::MachineWatch() : load1_before_{load1()}, before_{cpu_times()} {}

report::MachineInfo MachineWatch::finish() const {
  report::MachineInfo out = describe();
  out.load1_before = load1_before_;
  out.load1_after = load1();
  const auto after = cpu_times();
  if (before_ && after && after->all > before_->all) {
    out.steal_pct = 100.0 * static_cast<double>(after->stolen - before_->stolen) /
                    static_cast<double>(after->all - before_->all);
  }
  return out;
}

}  // namespace vvm::cli
