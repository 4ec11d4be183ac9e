// I-S1 single executor, I-S12 no over-claim, I-S21 no leaks.
#include "sim/ghost/groups.hpp"

namespace vvm::ghost {

void Claims::look(const Process& process, const PartitionKey& key, const Part& part) {
  one_executor(process, key);
  no_over_claim(process, key, part);
  no_leaks(process, key, part);
}

// At most one live process serves a partition.
void Claims::one_executor(const Process& process, const PartitionKey& key) {
  std::set<ProcessIndex>& servers = servers_[key];
  if (serves(process, key)) {
    servers.insert(process.index);
  } else {
    servers.erase(process.index);
  }
  require(servers.size() <= 1, Property::single_executor, [&] {
    std::string names;
    for (const ProcessIndex index : servers) {
      names += (names.empty() ? "" : " and ") + state().at(index).name;
    }
    return Finding{key.str(), "at most one process serves it", names + " do"};
  });
}

// A stored claim whose epoch is the registered one of a live process that may write: the process
// serves one of the versions that it claims.
void Claims::no_over_claim(const Process& process, const PartitionKey& key, const Part& part) {
  const ProcessVariable* pv =
      cluster::find(state().cluster.pvs, {.vvm = process.vvm, .partition = key});
  if (pv == nullptr || claim_of(*pv).empty()) {
    return;
  }
  const cluster::VirtualMachine* vvm = cluster::find(state().cluster.vvms, process.vvm);
  const bool meant = process.owns() && vvm != nullptr && vvm->epoch == process.epoch &&
                     pv->vvm_epoch == process.epoch && !part.revoked;
  if (!meant) {
    return;
  }
  const bool kept = part.rt.has_value() && serves(*part.rt) && part.rt->current.has_value() &&
                    claim_of(*pv).has(part.rt->current->version);
  require(kept, Property::no_over_claim, [&] {
    std::string claimed = "serves version " + std::to_string(raw(pv->serving_version));
    if (raw(pv->serving_alt) != 0) {
      claimed += " or " + std::to_string(raw(pv->serving_alt));
    }
    claimed += ", as its stored report says (epoch " + std::to_string(raw(pv->vvm_epoch)) +
               ", number " + std::to_string(pv->report_seq) + ")";
    return Finding{subject_of(process, key), claimed, describe(part.rt)};
  });
}

// Absent: nothing is left but handles that were revoked and own nothing.
void Claims::no_leaks(const Process& process, const PartitionKey& key, const Part& part) {
  if (!part.key.has_value() || part.key->phase != Phase::absent) {
    return;
  }
  const bool clean = !part.rt.has_value() || (!part.rt->present && part.rt->borrows.empty());
  require(clean, Property::no_leaks, [&] {
    return Finding{subject_of(process, key), "no runtime in phase Absent", describe(part.rt)};
  });
}

}  // namespace vvm::ghost
