// Words: the closed vocabularies of scenario files, and words of the format that this version
// cannot execute.
//
// The reader and the writer rely on it, so that the two spell alike.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/scenario/model.hpp"

namespace vvm::scenario {

inline constexpr std::array<std::string_view, 3> direction_words{"<->", "->", "<-"};
inline constexpr std::array<std::string_view, 3> loses_words{"keep", "lose-unsynced", "torn"};
inline constexpr std::array<std::string_view, 6> disk_words{
    "full", "eio", "slow", "short", "lying-sync", "corrupt"};
inline constexpr std::array<std::string_view, 7> store_words{"unavailable",
                                                             "error-before",
                                                             "error-after",
                                                             "timeout-applied",
                                                             "timeout-not-applied",
                                                             "stale",
                                                             "slow"};
inline constexpr std::array<std::string_view, 4> blob_words{
    "unavailable", "not-found", "corrupt", "slow"};
inline constexpr std::array<std::string_view, 3> engine_words{"create-fails", "no-memory", "trap"};
inline constexpr std::array<std::string_view, 4> processor_words{
    "command", "query", "actualizer", "scheduler"};
inline constexpr std::array<std::string_view, 1> load_words{"borrows"};
// Steps of docs/spec/vvm.md 8.3, as the event `step.start` names them.
inline constexpr std::array<std::string_view, 10> step_words{
    "accept", "download", "unpack", "parse", "check", "build", "fence", "switch", "drain", "stop"};
// docs/formats/cluster-api.md.
inline constexpr std::array<std::string_view, 10> call_words{"c.cluster.DeployApp",
                                                             "c.cluster.RegisterApp",
                                                             "c.cluster.DeployAppImage",
                                                             "c.cluster.RollbackApp",
                                                             "c.cluster.DeleteApp",
                                                             "c.cluster.RegisterVVM",
                                                             "c.cluster.VVMGoingDown",
                                                             "c.cluster.ReportPV",
                                                             "q.cluster.SPList",
                                                             "q.cluster.Status"};

// A word of docs/spec/scenario.md that parses and cannot run yet, and why.
struct LaterWord {
  std::string_view word;
  std::string_view why;
};

std::span<const LaterWord> later_faults();
std::span<const LaterWord> later_operations();
std::span<const LaterWord> later_disk_modes();
std::span<const LaterWord> later_triggers();
std::span<const LaterWord> later_predicates();
std::span<const LaterWord> later_loads();
std::optional<std::string_view> why_later(std::span<const LaterWord> words, std::string_view word);

// Where a list belongs that stands under a wrong header: TOML gives it to the last one above it.
std::optional<std::string_view> home_of_list(std::string_view key);

std::vector<std::string_view> phase_words();

// Name and signature of predicates and countables, by their enumerators.
struct Signed {
  std::string_view name;
  std::string_view signature;
  std::string_view text;
};

std::span<const Signed> predicates();
std::span<const Signed> countables();

// "I-S1".."I-S40", "I-L1".."I-L16" (docs/spec/vvm.md 13).
std::vector<std::string> invariant_names();

}  // namespace vvm::scenario
