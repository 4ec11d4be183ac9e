// The commands on VVMs, set-points and process variables (docs/spec/vvm.md 3.7, 3.8, 5.4).
#include <algorithm>
#include <array>

#include "cluster/commands.hpp"
#include "cluster/tables_json.hpp"
#include "records/json.hpp"

namespace vvm::cluster {
namespace {

namespace json = boost::json;

Error conflict(std::string what) { return {Code::conflict, std::move(what)}; }

std::string name_of_vvm(VvmId vvm) { return "VVM " + std::to_string(raw(vvm)); }

Error not_registered(VvmId vvm) {
  return {Code::not_found, name_of_vvm(vvm) + " is not registered"};
}

Error fenced(const VirtualMachine& vvm, VvmEpoch epoch) {
  return {Code::fenced_out,
          "epoch " + std::to_string(raw(epoch)) + " of " + name_of_vvm(vvm.id) + ", which is at " +
              std::to_string(raw(vvm.epoch))};
}

// VVMs that count against the node's limit, but for `except`.
std::int32_t vvms_on(const Tables& tables, NodeId node, VvmId except) {
  std::int32_t count = 0;
  for (const auto& [id, vvm] : tables.vvms) {
    if (id != except && vvm.node == node && vvm.state != VvmState::stopped) {
      ++count;
    }
  }
  return count;
}

// The epoch under which the registration is accepted.
Result<VvmEpoch> accepted_epoch(const VirtualMachine* known, const RegisterVvm& command) {
  const VvmEpoch stored = known == nullptr ? VvmEpoch{} : known->epoch;
  const bool same_process = known != nullptr && known->nonce == command.nonce;
  if (command.epoch == VvmEpoch{}) {
    return same_process ? stored : VvmEpoch{raw(stored) + 1};
  }
  if (command.epoch > stored || (command.epoch == stored && same_process)) {
    return command.epoch;
  }
  return Error{Code::fenced_out,
               "epoch " + std::to_string(raw(command.epoch)) + " of " + name_of_vvm(command.vvm) +
                   " is not newer than " + std::to_string(raw(stored))};
}

Answer registered(const VirtualMachine& vvm) {
  return {.body = {{"VvmEpoch", raw(vvm.epoch)},
                   {"WSID", static_cast<std::int64_t>(raw(vvm.workspace))}}};
}

std::string gen_text(const SetPoint& sp) {
  return "generation " + std::to_string(raw(sp.generation)) + " of " + sp.key.str();
}

std::string order_text(const ProcessVariable& pv) {
  return "(" + std::to_string(raw(pv.vvm_epoch)) + ", " + std::to_string(pv.report_seq) + ")";
}

// A set-point given by hand: what the placement of its partition becomes, so that the scheduler
// goes on from there.
Placement adopted(const Tables& tables, const SetPoint& sp, WallMs now) {
  Placement row{.key = sp.key};
  if (const Placement* known = find(tables.placements, sp.key)) {
    row = *known;
  }
  row.state = sp.desired == Desired::present ? PlacementState::assigned : PlacementState::releasing;
  row.owner = sp.vvm;
  row.target = VvmId{};
  row.epoch = sp.partition_epoch;
  row.generation = sp.generation;
  if (sp.desired == Desired::present) {
    row.version = sp.app_version;
  }
  row.since = now;
  return row;
}

// Generations and epochs of a partition are the cluster's, whichever VVM they were given to.
Status check_order(const Tables& tables, const SetPoint& sp) {
  if (const Placement* row = find(tables.placements, sp.key)) {
    if (sp.generation < row->generation) {
      return conflict(gen_text(sp) + " is not the newest");
    }
    if (sp.partition_epoch < row->epoch) {
      return conflict("the partition epoch goes back");
    }
  }
  for (const auto& [id, vvm] : tables.vvms) {
    const SetPoint* other = find(tables.sps, WorkspaceKey{.vvm = id, .partition = sp.key});
    if (other == nullptr || id == sp.vvm) {
      continue;
    }
    if (other->generation >= sp.generation) {
      return conflict(gen_text(sp) + " is taken");
    }
    if (sp.desired == Desired::present && other->desired == Desired::present) {
      return conflict(sp.key.str() + " is with " + name_of_vvm(id));
    }
  }
  return ok();
}

template <class Row>
json::array rows_json(const Table<Row>& table) {
  json::array out;
  for (const auto& [key, row] : table) {
    out.emplace_back(to_json(row));
  }
  return out;
}

template <class Row, class OfApp>
json::array rows_json(const Table<Row>& table, OfApp of_app) {
  json::array out;
  for (const auto& [key, row] : table) {
    if (of_app(key)) {
      out.emplace_back(to_json(row));
    }
  }
  return out;
}

}  // namespace

Result<Answer> decide(const Tables& tables,
                      const RegisterVvm& command,
                      LeaseCheck lease,
                      WallMs now) {
  const VirtualMachine* known = find(tables.vvms, command.vvm);
  TRY(const VvmEpoch epoch, accepted_epoch(known, command));
  if (lease == LeaseCheck::not_held) {
    return Error{Code::lease_lost, "the lease of " + name_of_vvm(command.vvm) + " is not held"};
  }
  if (known != nullptr && known->epoch == epoch) {
    return registered(*known);
  }
  const VvmNode* node = find(tables.nodes, command.node);
  const std::int32_t vvms_max = node == nullptr ? VvmNode{}.vvms_max : node->vvms_max;
  if (vvms_on(tables, command.node, command.vvm) >= vvms_max) {
    return conflict("node " + std::to_string(raw(command.node)) + " is full");
  }
  VirtualMachine vvm{.id = command.vvm,
                     .node = command.node,
                     .workspace = vvm_workspace(command.vvm),
                     .epoch = epoch,
                     .nonce = command.nonce,
                     .host = command.host,
                     .port = command.port,
                     .build_rev = command.build_rev,
                     .partitions_max = command.partitions_max,
                     .registered_at = now};
  Answer answer = registered(vvm);
  if (node == nullptr) {
    answer.changes.push_back(put(VvmNode{.id = command.node,
                                         .name = "node-" + std::to_string(raw(command.node)),
                                         .address = command.host}));
  }
  answer.changes.push_back(put(std::move(vvm)));
  return answer;
}

Result<Answer> decide(const Tables& tables, const VvmGoingDown& command) {
  const VirtualMachine* known = find(tables.vvms, command.vvm);
  if (known == nullptr) {
    return not_registered(command.vvm);
  }
  if (known->epoch != command.epoch) {
    return fenced(*known, command.epoch);
  }
  Answer answer;
  if (known->state == VvmState::registered) {
    VirtualMachine vvm = *known;
    vvm.state = VvmState::going_down;
    answer.changes.push_back(put(std::move(vvm)));
  }
  return answer;
}

Result<Answer> put_sp(const Tables& tables, const SetPoint& sp, WallMs now) {
  if (find(tables.vvms, sp.vvm) == nullptr) {
    return not_registered(sp.vvm);
  }
  if (const SetPoint* stored = find(tables.sps, key_of(sp))) {
    if (same_content(*stored, sp)) {
      return Answer{};
    }
    if (sp.generation <= stored->generation) {
      return conflict(gen_text(sp) + " has been given with another content");
    }
  }
  TRY(check_order(tables, sp));
  SetPoint row = sp;
  row.updated_at = now;
  Answer answer;
  answer.changes.push_back(put(adopted(tables, row, now)));
  answer.changes.push_back(put(std::move(row)));
  return answer;
}

Result<Answer> report_pv(const Tables& tables, const ProcessVariable& pv) {
  const VirtualMachine* vvm = find(tables.vvms, pv.vvm);
  if (vvm == nullptr) {
    return Error{Code::fenced_out, name_of_vvm(pv.vvm) + " is not registered"};
  }
  if (vvm->epoch != pv.vvm_epoch) {
    return fenced(*vvm, pv.vvm_epoch);
  }
  const ProcessVariable* stored = find(tables.pvs, key_of(pv));
  if (stored != nullptr) {
    if (pv.order() == stored->order()) {
      return Answer{};
    }
    if (pv.order() < stored->order()) {
      return Error{Code::stale_report,
                   "report " + order_text(pv) + " of " + pv.key.str() + " is older than " +
                       order_text(*stored)};
    }
  }
  Answer answer;
  answer.changes.push_back(put(pv));
  return answer;
}

Result<Answer> sp_list(const Tables& tables, VvmId id, VvmEpoch epoch) {
  const VirtualMachine* vvm = find(tables.vvms, id);
  if (vvm == nullptr) {
    return not_registered(id);
  }
  if (epoch < vvm->epoch) {
    return fenced(*vvm, epoch);
  }
  json::array sps;
  for (auto it = tables.sps.lower_bound({.vvm = id}); it != tables.sps.end() && it->first.vvm == id;
       ++it) {
    sps.emplace_back(to_json(it->second));
  }
  const auto revision = tables.list_revision.find(id);
  return Answer{.body = {
                    {"ListRevision",
                     revision == tables.list_revision.end() ? std::int64_t{0} : revision->second},
                    {"Complete", true},
                    {"SP", std::move(sps)},
                }};
}

Result<Answer> status(const Tables& tables, const std::optional<AppQName>& app) {
  const auto is = [&app](const AppQName& name) { return !app.has_value() || *app == name; };
  const auto in_workspace = [&is](const WorkspaceKey& k) { return is(k.partition.app); };
  Answer answer;
  answer.body = {
      {"Revision", tables.revision},
      {"Apps", rows_json<App>(tables.apps, is)},
      {"Images",
       rows_json<AppImage>(tables.images, [&is](const ImageKey& k) { return is(k.app); })},
      {"Nodes", rows_json<VvmNode>(tables.nodes)},
      {"VVMs", rows_json<VirtualMachine>(tables.vvms)},
      {"Placements",
       rows_json<Placement>(tables.placements, [&is](const PartitionKey& k) { return is(k.app); })},
      {"SP", rows_json<SetPoint>(tables.sps, in_workspace)},
      {"PV", rows_json<ProcessVariable>(tables.pvs, in_workspace)},
  };
  return answer;
}

Result<Answer> allocate_blob(const Tables& tables) {
  const BlobId next{raw(tables.last_blob) + 1};
  Answer answer{.body = {{"BlobID", static_cast<std::int64_t>(raw(next))}}};
  answer.changes.emplace_back(BlobCounter{.last = next});
  return answer;
}

unsigned http_status(Code code) {
  struct Row {
    Code code;
    unsigned status;
  };

  constexpr std::array rows{
      Row{Code::bad_request, 400},
      Row{Code::invalid_sp, 400},
      Row{Code::truncated, 400},
      Row{Code::not_found, 404},
      Row{Code::blob_not_found, 404},
      Row{Code::conflict, 409},
      Row{Code::fenced_out, 409},
      Row{Code::stale_report, 409},
      Row{Code::lease_lost, 410},
      Row{Code::too_large, 413},
      Row{Code::unprocessable, 422},
      Row{Code::blob_corrupted, 502},
  };
  const auto row = std::ranges::find(rows, code, &Row::code);
  if (row != rows.end()) {
    return row->status;
  }
  return transient(code) ? 503 : 500;
}

}  // namespace vvm::cluster
