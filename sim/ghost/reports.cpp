// I-S13 order of process variables, I-S36 report integrity, I-L5 reports arrive.
#include <algorithm>

#include "sim/ghost/groups.hpp"

namespace vvm::ghost {
namespace {

std::string order_text(const ProcessVariable& pv) {
  return "(" + std::to_string(raw(pv.vvm_epoch)) + ", " + std::to_string(pv.report_seq) + ")";
}

}  // namespace

void Reports::on_row(const cluster::Change& after, const cluster::Change& before) {
  const auto* now = std::get_if<cluster::RowChange<ProcessVariable>>(&after);
  if (now == nullptr || !now->row.has_value()) {
    return;
  }
  const auto& was = std::get<cluster::RowChange<ProcessVariable>>(before);
  stored(*now->row, was.row.has_value() ? &*was.row : nullptr);
  const Process* process = state().of(now->row->vvm);
  if (process != nullptr && process->alive && process->epoch == now->row->vvm_epoch) {
    arrived(*process, *now->row);
  }
}

// I-S13.
void Reports::stored(const ProcessVariable& pv, const ProcessVariable* before) {
  const auto subject = [&] { return pv.key.str() + " of VVM " + std::to_string(raw(pv.vvm)); };
  if (before != nullptr) {
    require(before->order() < pv.order(), Property::pv_order, [&] {
      return Finding{
          subject(), "(VvmEpoch, ReportSeq) above " + order_text(*before), order_text(pv)};
    });
    require(before->observed_generation <= pv.observed_generation, Property::pv_order, [&] {
      return Finding{
          subject(),
          "ObservedGeneration of at least " + std::to_string(raw(before->observed_generation)),
          std::to_string(raw(pv.observed_generation))};
    });
  }
  const SetPoint* sp = cluster::find(state().cluster.sps, {.vvm = pv.vvm, .partition = pv.key});
  if (sp == nullptr) {
    return;
  }
  require(pv.observed_generation <= sp->generation, Property::pv_order, [&] {
    return Finding{subject(),
                   "ObservedGeneration of at most " + std::to_string(raw(sp->generation)),
                   std::to_string(raw(pv.observed_generation))};
  });
}

void Reports::on_report(const Process& process,
                        const PartitionKey& key,
                        std::int64_t seq,
                        bool must_be_stored) {
  const PartAt at{process.index, key};
  newest_[at] = {.seq = seq, .since = state().now};
  if (must_be_stored) {
    must_be_[at].insert(seq);
  }
}

// I-S36: a report that must be stored is, before any later one of its key.
void Reports::arrived(const Process& process, const ProcessVariable& pv) {
  const PartAt at{process.index, pv.key};
  const auto must = must_be_.find(at);
  const bool skipped =
      must != must_be_.end() && !must->second.empty() && *must->second.begin() < pv.report_seq;
  require(!skipped, Property::report_integrity, [&] {
    return Finding{subject_of(process, pv.key),
                   "report " + std::to_string(*must->second.begin()) +
                       ", which had to be stored, before any later one",
                   "report " + std::to_string(pv.report_seq) + " is stored, that one is not"};
  });
  if (must != must_be_.end()) {
    must->second.erase(pv.report_seq);
  }
  const auto newest = newest_.find(at);
  if (newest != newest_.end() && newest->second.seq <= pv.report_seq) {
    newest_.erase(newest);
    ledger().count(Property::reports_arrive);
  }
}

void Reports::on_process(const Process& process) {
  if (process.owns()) {
    return;
  }
  const auto of_process = [&](const auto& entry) { return entry.first.first == process.index; };
  std::erase_if(newest_, of_process);
  std::erase_if(must_be_, of_process);
}

// 6 s, behind an attempt that was under way when the cluster came back, and behind the queue.
Instant Reports::due(const std::pair<const PartAt, Waiting>& waiting) const {
  const Process& process = state().at(waiting.first.first);
  const bool runs = state().healed_at.has_value() && state().reachable_since.has_value();
  if (!runs || process.paused) {
    return Instant::max();
  }
  const Instant since = std::max(
      {waiting.second.since, *state().healed_at, process.resumed_at, *state().reachable_since});
  const auto queue = static_cast<std::int64_t>(newest_.size());
  return since + with_margin(seconds(6) + constants().report_limit + milliseconds(100) * queue);
}

Instant Reports::next_deadline() const {
  Instant next = Instant::max();
  for (const auto& waiting : newest_) {
    next = std::min(next, due(waiting));
  }
  return next;
}

void Reports::on_deadline() {
  for (const auto& waiting : newest_) {
    if (due(waiting) > state().now) {
      continue;
    }
    const Process& process = state().at(waiting.first.first);
    require(false, Property::reports_arrive, [&] {
      return Finding{subject_of(process, waiting.first.second),
                     "report " + std::to_string(waiting.second.seq) + " is stored in time",
                     "it is not, and no later one"};
    });
  }
}

}  // namespace vvm::ghost
