// Processor: runs the cluster's commands one after another and makes them durable.
//
// The cluster process owns one. Commands that wait together become one entry of the journal: each
// sees the changes of those before it, all answers are given when the entry is durable, and when it
// cannot be, every one of them is refused and the tables are as before. Queries take their turn
// among the commands, so an answer never shows what may still be lost.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "cluster/commands.hpp"
#include "cluster/journal.hpp"
#include "runtime/signal.hpp"
#include "runtime/task_scope.hpp"

namespace vvm::cluster {

struct ProcessorOptions {
  std::size_t waiting_max = 1024;       // more are refused
  std::size_t batch_max = 64;           // commands in one entry
  Duration answer_limit = seconds(10);  // then UnknownOutcome: the command may still be done
  bool auto_place = true;               // reconcile() after changes that matter
};

class Processor {
 public:
  // A command: pure, run once or again from the start when somebody else's entry came first.
  using Decide = std::function<Result<Answer>(const Tables& tables, WallMs now)>;

  Processor(Runtime rt, ProcessorOptions options, JournalOptions journal);
  Processor(const Processor&) = delete;
  Processor& operator=(const Processor&) = delete;
  ~Processor();

  // Reads the journal, as often as it takes. Before run().
  Task<void> load();
  // Until cancelled.
  Task<void> run();
  // err: the command's own; Unavailable when too many wait; StoreUnavailable when nothing was done;
  // UnknownOutcome.
  Task<Result<boost::json::object>> submit(Decide decide);
  // At the next turn, if auto_place is on.
  void request_reconcile();

  // What is durable or about to be; for decisions that look again when they act.
  const Tables& tables() const { return tables_; }

  // Notified after changes.
  Signal& changed() { return changed_; }

 private:
  struct Item;
  struct Batch;

  std::vector<std::shared_ptr<Item>> take();
  Batch decide_all(std::vector<std::shared_ptr<Item>> items);
  Task<void> run_batch(std::vector<std::shared_ptr<Item>> items);
  Task<bool> commit(Batch* batch);
  void undo(Batch& batch);
  void refuse(Batch& batch, const Error& error);
  void accept(Batch& batch);
  Task<void> resolve_doubt();
  Task<void> catch_up();
  void note_changes(const std::vector<Change>& changes);
  Task<void> write_snapshot(Snapshot snapshot);

  Runtime rt_;
  ProcessorOptions options_;
  Journal journal_;
  Tables tables_;
  std::deque<std::shared_ptr<Item>> waiting_;
  Signal arrived_;
  Signal changed_;
  bool reconcile_due_ = false;
  bool snapshotting_ = false;
  std::optional<Entry> in_doubt_;  // sent, nobody knows whether it is in the journal
  TaskScope scope_;
};

// Emits what became durable, for the trace and the ghost state.
void emit_changes(Runtime rt, const std::vector<Change>& changes);

}  // namespace vvm::cluster
