// The groups of invariants, one .cpp each.
//
// Ghost makes one of each. Their own state is what a predicate over successive states needs; all
// else is in State.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/ghost/group.hpp"

namespace vvm::ghost {

// (p, x) of the specification.
using PartAt = std::pair<ProcessIndex, PartitionKey>;

// Who serves what, against what is claimed: I-S1, I-S12, I-S21.
class Claims final : public Group {
 public:
  using Group::Group;
  void look(const Process& process, const PartitionKey& key, const Part& part) override;

 private:
  void one_executor(const Process& process, const PartitionKey& key);
  void no_over_claim(const Process& process, const PartitionKey& key, const Part& part);
  void no_leaks(const Process& process, const PartitionKey& key, const Part& part);

  std::map<PartitionKey, std::set<ProcessIndex>> servers_;
};

// What one runtime is made of, and how it may change: I-S8 (its second half), I-S9, I-S10, I-S11,
// I-S16, G-1 (docs/spec/vvm.md 8.3 Stop, 9.8).
class Runtimes final : public Group {
 public:
  using Group::Group;
  void on_part(const Process& process,
               const PartitionKey& key,
               const std::optional<appparts::PartitionView>& before,
               const Part& now) override;
  void on_command(const Process& process, const PartitionKey& key, AppVersion version) override;
  void look(const Process& process, const PartitionKey& key, const Part& part) override;

 private:
  using View = appparts::PartitionView;
  void acquired(const Process& process, const PartitionKey& key, const View& rt);
  void changed(const Process& process,
               const PartitionKey& key,
               const View& before,
               const Part& now);
  void borrows(const Process& process, const PartitionKey& key, const View& rt);
  void admission(const Process& process, const PartitionKey& key, const View& rt);

  std::map<PartAt, AppVersion> newest_;
  std::map<PartitionKey, AppVersion> executed_;
};

// Engines: I-S20, I-L16. The engines of a simulated VVM are counted a second time, by those who
// make them.
class Engines final : public Group {
 public:
  using Group::Group;

  // Engines that live, and invocations of closed ones, as their factory counts them.
  void see_engines(const Process& process, const AppQName& app, std::int64_t live);
  void see_misuse(const Process& process, const AppQName& app);
  // The books of one version.
  void see_version(const Process& process,
                   const AppQName& app,
                   const appparts::VersionView& version);

  void on_process(const Process& process) override;
  void on_part(const Process& process,
               const PartitionKey& key,
               const std::optional<appparts::PartitionView>& before,
               const Part& now) override;
  void look(const Process& process, const AppQName& app) override;
  void on_deadline() override;
  Instant next_deadline() const override;

 private:
  using AppAt = std::pair<ProcessIndex, AppQName>;
  void versions(const Process& process, const AppQName& app);
  Instant due(const std::pair<const AppAt, Instant>& damaged) const;

  std::map<AppAt, std::int64_t> live_;
  std::map<AppAt, std::int64_t> borrows_;  // that partitions show
  std::map<AppAt, Instant> damaged_;       // since when elements are missing
};

// Process variables on their way and in their rows: I-S13, I-S36, I-L5.
class Reports final : public Group {
 public:
  using Group::Group;
  void on_row(const cluster::Change& after, const cluster::Change& before) override;
  void on_report(const Process& process,
                 const PartitionKey& key,
                 std::int64_t seq,
                 bool must_be_stored) override;
  void on_process(const Process& process) override;
  void on_deadline() override;
  Instant next_deadline() const override;

 private:
  struct Waiting {
    std::int64_t seq = 0;
    Instant since{};
  };

  void stored(const ProcessVariable& pv, const ProcessVariable* before);
  void arrived(const Process& process, const ProcessVariable& pv);
  Instant due(const std::pair<const PartAt, Waiting>& waiting) const;

  std::map<PartAt, Waiting> newest_;                  // produced, not stored
  std::map<PartAt, std::set<std::int64_t>> must_be_;  // numbers of reports that must be stored
};

// Controller calls of one key: I-S14, I-S15.
class Calls final : public Group {
 public:
  using Group::Group;
  void on_call(const Process& process,
               const PartitionKey& key,
               const Part& part,
               Generation generation) override;
  void on_target(const Process& process,
                 const PartitionKey& key,
                 const Part& part,
                 std::int64_t number) override;
};

// What the cluster writes: I-S5, I-S6, I-S7, I-S8 (its first half), I-S33, I-S34.
class Rows final : public Group {
 public:
  using Group::Group;
  void on_row(const cluster::Change& after, const cluster::Change& before) override;
  void after_entry() override;
  void on_process(const Process& process) override;

 private:
  template <class Row>
  using Rc = cluster::RowChange<Row>;
  void row(const Rc<cluster::App>& after, const Rc<cluster::App>& before);
  void row(const Rc<cluster::VirtualMachine>& after, const Rc<cluster::VirtualMachine>& before);
  void row(const Rc<cluster::Placement>& after, const Rc<cluster::Placement>& before);
  void row(const Rc<SetPoint>& after, const Rc<SetPoint>& before);
  void one_present(const PartitionKey& key);
  void room(NodeId node);
  void room(VvmId vvm);

  std::map<PartitionKey, std::set<VvmId>> present_;
  std::map<PartitionKey, Generation> generations_;
  std::map<VvmId, std::size_t> placed_;
  std::map<VvmId, std::pair<int, VvmEpoch>> epochs_;  // life and epoch that was taken last
  std::set<PartitionKey> keys_touched_;
  std::set<NodeId> nodes_touched_;
  std::set<VvmId> vvms_touched_;
};

// Whether all this leads anywhere, once faults have ended: I-L1, I-L4, I-L9, I-L14.
class Convergence final : public Group {
 public:
  using Group::Group;
  void on_row(const cluster::Change& after, const cluster::Change& before) override;
  void on_process(const Process& process) override;
  void on_heal() override;
  void on_key(const Process& process,
              const PartitionKey& key,
              const std::optional<apppartsctl::KeyView>& before,
              const Part& now) override;
  void look(const Process& process, const PartitionKey& key, const Part& part) override;
  void on_deadline() override;
  Instant next_deadline() const override;

  // Every key of every VVM that runs does what its SP says, or cannot until another comes.
  bool converged() const;

 private:
  struct Progress {
    std::set<PartitionKey> unsettled{};
    Instant base{};
    bool probes = false;   // some key waits for the next probe of its environment (class E)
    Duration bound{};      // of I-L1, without probes
    Instant going_down{};  // since when, means something while it is
  };

  bool counts(const Process& process) const;
  Instant from(Instant since) const;
  Instant due(const Process& process, const Progress& progress) const;
  Instant drain_due(const PartAt& at, Instant since) const;
  Instant unblock_due(Instant since) const;
  void measure(const Process& process, Progress& progress);
  void check_progress();
  void check_keys();

  std::map<ProcessIndex, Progress> progress_;
  std::map<PartAt, Instant> draining_;
  std::map<PartAt, std::pair<Generation, Instant>> blocked_;  // newer SP, and since when
};

}  // namespace vvm::ghost
