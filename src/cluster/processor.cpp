// Batches: deciding, committing, undoing, and what to do when nobody knows.
#include "cluster/processor.hpp"

#include <algorithm>
#include <exception>

#include "cluster/placement_core.hpp"

namespace vvm::cluster {
namespace {

constexpr Duration pause_first = milliseconds(50);
constexpr Duration pause_max = seconds(5);
constexpr std::size_t reconcile_changes_max = 2048;
constexpr int reruns_max = 3;

// Whether reconcile() may find something to do after it.
bool matters(const Change& change) {
  if (const auto* pv = std::get_if<RowChange<ProcessVariable>>(&change)) {
    return pv->row.has_value() && pv->row->phase == Phase::absent;
  }
  return std::holds_alternative<RowChange<App>>(change) ||
         std::holds_alternative<RowChange<VirtualMachine>>(change) ||
         std::holds_alternative<RowChange<VvmNode>>(change);
}

}  // namespace

struct Processor::Item {
  Item(Runtime rt, Decide d) : decide(std::move(d)), done(rt) {}

  Decide decide;
  std::optional<Result<boost::json::object>> result;
  Signal done;
};

// Commands that stand or fall together, and what it takes to undo them.
struct Processor::Batch {
  std::vector<std::shared_ptr<Item>> items{};
  std::vector<Result<boost::json::object>> answers{};  // one an item
  Entry entry{};
  std::vector<Change> opposites{};
  std::int64_t revision_before = 0;
  std::map<VvmId, std::int64_t> list_revisions_before{};
};

Processor::Processor(Runtime rt, ProcessorOptions options, JournalOptions journal)
    : rt_(rt), options_(options), journal_(rt, journal), arrived_(rt), changed_(rt), scope_(rt) {}

Processor::~Processor() = default;

Task<void> Processor::load() {
  Duration pause = pause_first;
  for (;;) {
    // Its writer may have ended between the insertion and the event: the newest is told again.
    std::optional<Entry> newest;
    const Status loaded =
        co_await journal_.load(&tables_, [&newest](const Entry& entry) { newest = entry; });
    if (loaded.has_value()) {
      rt_.emit({"cluster.loaded", {{"revision", tables_.revision}}});
      if (newest.has_value()) {
        emit_changes(rt_, newest->changes);
      }
      co_return;
    }
    rt_.emit({"cluster.load_failed", {{"what", to_string(loaded.error())}}});
    co_await rt_.clock().sleep_for(pause);
    pause = std::min(pause * 2, pause_max);
  }
}

Task<void> Processor::run() {
  std::exception_ptr ended;
  try {
    for (;;) {
      if (in_doubt_.has_value()) {
        co_await resolve_doubt();
      }
      while (waiting_.empty() && !reconcile_due_) {
        co_await arrived_.wait();
      }
      co_await run_batch(take());
      if (!snapshotting_ && journal_.snapshot_due(tables_)) {
        snapshotting_ = true;
        scope_.spawn("cluster.snapshot", write_snapshot(take_snapshot(tables_)));
      }
    }
  } catch (const std::exception&) {
    ended = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await scope_.close();
  std::rethrow_exception(ended);
}

Task<Result<boost::json::object>> Processor::submit(Decide decide) {
  if (waiting_.size() >= options_.waiting_max) {
    co_return Error{Code::unavailable, "too many commands are waiting"};
  }
  const auto item = std::make_shared<Item>(rt_, std::move(decide));
  waiting_.push_back(item);
  arrived_.notify_one();
  const Instant deadline = rt_.now() + options_.answer_limit;
  while (!item->result.has_value() && rt_.now() < deadline) {
    co_await item->done.wait_until(deadline);
  }
  if (item->result.has_value()) {
    co_return *std::move(item->result);
  }
  if (std::erase(waiting_, item) != 0) {
    co_return Error{Code::unavailable, "the command had no turn in time"};
  }
  co_return Error{Code::unknown_outcome, "the command may still be done"};
}

void Processor::request_reconcile() {
  if (!options_.auto_place) {
    return;
  }
  reconcile_due_ = true;
  arrived_.notify_one();
}

std::vector<std::shared_ptr<Processor::Item>> Processor::take() {
  std::vector<std::shared_ptr<Item>> items;
  while (!waiting_.empty() && items.size() < options_.batch_max) {
    items.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  if (std::exchange(reconcile_due_, false)) {
    items.push_back(std::make_shared<Item>(rt_, [](const Tables& tables, WallMs now) {
      Answer answer;
      answer.changes = reconcile(tables, now, reconcile_changes_max);
      return Result<Answer>(std::move(answer));
    }));
  }
  return items;
}

Processor::Batch Processor::decide_all(std::vector<std::shared_ptr<Item>> items) {
  Batch batch{.items = std::move(items), .revision_before = tables_.revision};
  const WallMs now = rt_.clock().wall();
  batch.entry = {.offset = tables_.revision + 1, .writer = Bytes{rt_.proc().nonce()}, .at = now};
  for (const auto& item : batch.items) {
    auto answer = item->decide(tables_, now);
    if (!answer.has_value()) {
      batch.answers.emplace_back(answer.error());
      continue;
    }
    for (Change& change : answer.value().changes) {
      if (const auto vvm = workspace_of(change)) {
        std::int64_t& revision = tables_.list_revision[*vvm];
        batch.list_revisions_before.try_emplace(*vvm, revision);
        revision = batch.entry.offset;
      }
      tables_.revision = batch.entry.offset;
      batch.opposites.push_back(apply(tables_, change));
      batch.entry.changes.push_back(std::move(change));
    }
    batch.answers.emplace_back(std::move(answer.value().body));
  }
  return batch;
}

void Processor::undo(Batch& batch) {
  for (auto it = batch.opposites.rbegin(); it != batch.opposites.rend(); ++it) {
    apply(tables_, std::move(*it));
  }
  for (const auto& [vvm, revision] : batch.list_revisions_before) {
    if (revision == 0) {
      tables_.list_revision.erase(vvm);
    } else {
      tables_.list_revision[vvm] = revision;
    }
  }
  tables_.revision = batch.revision_before;
}

void Processor::refuse(Batch& batch, const Error& error) {
  for (const auto& item : batch.items) {
    item->result.emplace(error);
    item->done.notify_all();
  }
}

void Processor::accept(Batch& batch) {
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    batch.items.at(i)->result.emplace(std::move(batch.answers.at(i)));
    batch.items.at(i)->done.notify_all();
  }
}

Task<void> Processor::run_batch(std::vector<std::shared_ptr<Item>> items) {
  for (int run = 0; run < reruns_max; ++run) {
    Batch batch = decide_all(items);
    if (batch.entry.changes.empty()) {
      accept(batch);
      co_return;
    }
    const bool settled = co_await commit(&batch);
    if (settled) {
      co_return;
    }
  }
  Batch batch{.items = std::move(items)};
  refuse(batch, {Code::unavailable, "another process writes the journal"});
}

// False: another entry came first, and the commands must be decided again.
Task<bool> Processor::commit(Batch* batch) {
  const auto appended = co_await journal_.append(batch->entry.offset, encode(batch->entry));
  if (appended.has_value() && appended.value() == Appended::written) {
    emit_changes(rt_, batch->entry.changes);
    note_changes(batch->entry.changes);
    accept(*batch);
    co_return true;
  }
  undo(*batch);
  if (appended.has_value()) {
    co_await catch_up();
    co_return false;
  }
  if (appended.error().code == Code::unknown_outcome) {
    in_doubt_ = std::move(batch->entry);
  }
  refuse(*batch, appended.error());
  co_return true;
}

// Nothing may be written at the offset in doubt but the entry itself.
Task<void> Processor::resolve_doubt() {
  Duration pause = pause_first;
  while (in_doubt_.has_value()) {
    const auto appended = co_await journal_.append(in_doubt_->offset, encode(*in_doubt_));
    if (appended.has_value()) {
      const Entry entry = *std::exchange(in_doubt_, std::nullopt);
      if (appended.value() == Appended::superseded) {
        co_await catch_up();
      } else {
        replay(tables_, entry);
        emit_changes(rt_, entry.changes);
        note_changes(entry.changes);
      }
      co_return;
    }
    Batch waiting{.items = {waiting_.begin(), waiting_.end()}};
    waiting_.clear();
    refuse(waiting, {Code::store_unavailable, "an entry of the journal is in doubt"});
    co_await rt_.clock().sleep_for(pause);
    pause = std::min(pause * 2, pause_max);
  }
}

Task<void> Processor::catch_up() {
  Duration pause = pause_first;
  for (;;) {
    std::vector<Change> seen;
    const Status read = co_await journal_.catch_up(&tables_, [&seen](const Entry& entry) {
      seen.insert(seen.end(), entry.changes.begin(), entry.changes.end());
    });
    emit_changes(rt_, seen);
    note_changes(seen);
    if (read.has_value()) {
      co_return;
    }
    co_await rt_.clock().sleep_for(pause);
    pause = std::min(pause * 2, pause_max);
  }
}

void Processor::note_changes(const std::vector<Change>& changes) {
  if (changes.empty()) {
    return;
  }
  if (changes.size() >= reconcile_changes_max || std::ranges::any_of(changes, matters)) {
    request_reconcile();
  }
  changed_.notify_all();
}

Task<void> Processor::write_snapshot(Snapshot snapshot) {
  const std::int64_t revision = snapshot.revision;
  const Status written = co_await journal_.write_snapshot(std::move(snapshot));
  const std::string what = written.has_value() ? "" : to_string(written.error());
  rt_.emit({"cluster.snapshot", {{"revision", revision}, {"error", what}}});
  if (!written.has_value()) {
    co_await rt_.clock().sleep_for(pause_max);
  }
  snapshotting_ = false;
}

}  // namespace vvm::cluster
