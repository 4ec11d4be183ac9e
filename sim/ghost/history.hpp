// History: what happened in one simulated run, as intervals and marks over virtual time.
//
// The ghost state writes it, sim/report draws it, people read it. Plain data in a fixed order:
// processes as they were declared, partitions by key and process, intervals and events by time. All
// times are the kernel's. An interval that is open when the run ends is closed at History::end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "ids/names.hpp"
#include "records/process_variable.hpp"

namespace vvm::ghost {

// Half open: [from, to).
struct Interval {
  Instant from{};
  Instant to{};

  friend bool operator==(const Interval&, const Interval&) = default;
};

enum class LifeEnd : std::uint8_t {
  running,  // when the run ended
  stopped,  // by itself or asked to, exit code 0
  failed,   // by itself, another exit code: a fenced VVM, say
  crashed,  // by a fault
};

struct Life {
  int number = 0;  // from 1, of the process
  Interval time{};
  LifeEnd end = LifeEnd::running;
  VvmEpoch epoch{};  // 0: it never took one, or is no VVM

  friend bool operator==(const Life&, const Life&) = default;
};

struct ProcessHistory {
  std::string name{};
  VvmId vvm{};    // 0: not a VVM
  NodeId node{};  // 0: on none
  std::vector<Life> lives{};
  std::vector<Interval> paused{};

  friend bool operator==(const ProcessHistory&, const ProcessHistory&) = default;
};

struct PhaseInterval {
  Interval time{};
  Phase phase = Phase::absent;
  std::int32_t attempt = 0;     // of the step, > 0 in Backoff
  std::optional<Code> error{};  // of Backoff, Blocked and Lost
  Generation generation{};      // of the set-point that was followed
  AppVersion target{};          // the version that it asks for, 0 = none

  friend bool operator==(const PhaseInterval&, const PhaseInterval&) = default;
};

// A version that a process served for a partition: the gate open, somebody admitted or at work.
struct ServingInterval {
  Interval time{};
  AppVersion version{};

  friend bool operator==(const ServingInterval&, const ServingInterval&) = default;
};

// One partition in one process, over all lives of it.
struct PartitionHistory {
  PartitionKey key{};
  std::string process{};
  std::vector<PhaseInterval> phases{};
  std::vector<ServingInterval> serving{};

  friend bool operator==(const PartitionHistory&, const PartitionHistory&) = default;
};

// When a fault was in force, and whether it did anything.
struct FaultMark {
  std::string kind{};  // "cut", "crash"
  std::string text{};  // as people wrote it, or would: "cut vvm2 -> store for 35s"
  std::string who{};   // the process concerned; empty when it is several or none
  Interval time{};     // from == to: it was over at once
  std::uint64_t effects = 0;
  bool scripted = true;  // false: chosen by the seed
  int line = 0;          // in the scenario file, 0 = none

  friend bool operator==(const FaultMark&, const FaultMark&) = default;
};

enum class NoteKind : std::uint8_t {
  operation,    // of the operator: upload, deploy, rollback
  cluster,      // became durable: images, registrations, placements
  vvm,          // states of a VVM
  alarm,        // what should not happen often: fenced, hard stop, ignored set-points
  heal,         // faults end here
  expectation,  // fulfilled or broken
  violation,
};

struct Note {
  Instant at{};
  NoteKind kind = NoteKind::operation;
  std::string who{};   // process, empty for the run itself
  std::string text{};  // one line

  friend bool operator==(const Note&, const Note&) = default;
};

struct History {
  std::vector<ProcessHistory> processes{};
  std::vector<PartitionHistory> partitions{};
  std::vector<FaultMark> faults{};
  std::vector<Note> notes{};
  Instant end{};
  // Notes beyond the limit were counted instead of kept.
  std::uint64_t notes_dropped = 0;

  friend bool operator==(const History&, const History&) = default;
};

}  // namespace vvm::ghost
