// What is fed becomes the shadow; what has changed is checked when the event is over.
#include "sim/ghost/ghost.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/event_fields.hpp"

namespace vvm::ghost {
namespace {

std::optional<PartitionKey> key_in(const Event& event) {
  const Result<AppQName> app = AppQName::parse(text_in(event, "app"));
  if (!app.has_value()) {
    return std::nullopt;
  }
  return PartitionKey{
      .app = app.value(),
      .partition = PartitionId{static_cast<std::uint16_t>(number_in(event, "part"))}};
}

// What a settled key shows; timers and bookkeeping of the loop are its own affair.
bool same_view(const apppartsctl::KeyView& a, const apppartsctl::KeyView& b) {
  return a.phase == b.phase && a.observed == b.observed && a.serving == b.serving &&
         a.alt == b.alt && a.attempt == b.attempt && a.produced_seq == b.produced_seq;
}

std::vector<appparts::VersionView> without_references(std::vector<appparts::VersionView> list) {
  for (appparts::VersionView& version : list) {
    version.references = 0;
  }
  return list;
}

std::string row_text(const cluster::Change& change) {
  if (const auto* image = std::get_if<cluster::RowChange<cluster::AppImage>>(&change)) {
    if (!image->row.has_value()) {
      return {};
    }
    std::string text = "image " + image->key.app.str() + " version " +
                       std::to_string(raw(image->key.version)) + ": " +
                       std::string{cluster::name_of(image->row->state)};
    if (image->row->reject_code != 0) {
      const auto code = code_from_number(image->row->reject_code);
      text += code.has_value() ? ", " + std::string{code_name(*code)} : "";
    }
    return text;
  }
  if (const auto* vvm = std::get_if<cluster::RowChange<cluster::VirtualMachine>>(&change)) {
    return vvm->row.has_value() ? "VVM " + std::to_string(raw(vvm->key)) + " epoch " +
                                      std::to_string(raw(vvm->row->epoch)) + ": " +
                                      std::string{cluster::name_of(vvm->row->state)}
                                : std::string{};
  }
  if (const auto* app = std::get_if<cluster::RowChange<cluster::App>>(&change)) {
    return app->row.has_value() ? "application " + app->key.str() + ": desired version " +
                                      std::to_string(raw(app->row->desired_version)) +
                                      (app->row->deleted ? ", deleted" : "")
                                : std::string{};
  }
  return {};
}

constexpr std::array<std::string_view, 7> alarms{"part.hard_stop",
                                                 "part.revoked",
                                                 "part.switch.abandoned",
                                                 "version.failed",
                                                 "sp.ignored",
                                                 "vvm.fenced",
                                                 "task.failed"};

}  // namespace

Ghost::Ghost(const apppartsctl::Constants& constants, Recorder* recorder)
    : constants_(constants), recorder_(recorder) {
  const Group::Base base{.state = &state_, .ledger = &ledger_, .constants = &constants_};
  groups_.push_back(std::make_unique<Claims>(base));
  groups_.push_back(std::make_unique<Runtimes>(base));
  auto engines = std::make_unique<Engines>(base);
  engines_ = engines.get();
  groups_.push_back(std::move(engines));
  groups_.push_back(std::make_unique<Reports>(base));
  groups_.push_back(std::make_unique<Calls>(base));
  groups_.push_back(std::make_unique<Rows>(base));
  auto convergence = std::make_unique<Convergence>(base);
  convergence_ = convergence.get();
  groups_.push_back(std::move(convergence));
}

Ghost::~Ghost() = default;

ProcessIndex Ghost::add_process(std::string name, VvmId vvm, NodeId node, bool serves_cluster) {
  const ProcessIndex index{state_.processes.size()};
  state_.processes.push_back({.index = index, .name = std::move(name), .vvm = vvm, .node = node});
  if (raw(vvm) != 0) {
    state_.by_vvm[vvm] = index;
  }
  if (serves_cluster) {
    cluster_ = index;
  }
  if (recorder_ != nullptr) {
    recorder_->process(state_.at(index));
  }
  return index;
}

void Ghost::at(Instant now, std::uint64_t step) {
  state_.now = now;
  ledger_.at(now, step);
}

void Ghost::process_changed(Process& process) {
  ++changes_;
  deadlines_stale_ = true;
  for (const auto& group : groups_) {
    group->on_process(process);
  }
}

void Ghost::started(ProcessIndex index) {
  Process& process = state_.at(index);
  process.alive = true;
  process.paused = false;
  ++process.life;
  process.since = state_.now;
  process.resumed_at = state_.now;
  process.epoch = VvmEpoch{};
  process.stage = Stage::starting;
  if (cluster_ == index) {
    state_.reachable_since = state_.now;
  }
  if (recorder_ != nullptr) {
    recorder_->started(process, state_.now);
  }
  process_changed(process);
}

// A dead process has nothing: its runtimes and views go with it.
void Ghost::ended(ProcessIndex index, LifeEnd end) {
  Process& process = state_.at(index);
  process.alive = false;
  process.paused = false;
  if (cluster_ == index) {
    state_.reachable_since.reset();
  }
  for (auto& [key, part] : process.parts) {
    Dirty& change = dirty(index, key);
    if (!change.rt_changed) {
      change.rt_changed = true;
      change.rt_before = std::exchange(part.rt, std::nullopt);
    }
    if (!change.key_changed) {
      change.key_changed = true;
      change.key_before = std::exchange(part.key, std::nullopt);
    }
    part = Part{};
  }
  for (const auto& [app, versions] : process.versions) {
    dirty_apps_.emplace_back(index, app);
  }
  process.versions.clear();
  std::erase_if(touched_, [index](const auto& touched) { return touched.first == index; });
  if (recorder_ != nullptr) {
    recorder_->ended(process, end, state_.now);
  }
  process_changed(process);
}

void Ghost::paused(ProcessIndex index, bool is_paused) {
  Process& process = state_.at(index);
  process.paused = is_paused;
  if (!is_paused) {
    process.resumed_at = state_.now;
  }
  if (recorder_ != nullptr) {
    recorder_->paused(process, state_.now);
  }
  process_changed(process);
}

void Ghost::healed() {
  state_.healed_at = state_.now;
  deadlines_stale_ = true;
  ++changes_;
  for (const auto& group : groups_) {
    group->on_heal();
  }
  if (recorder_ != nullptr) {
    recorder_->note({.at = state_.now, .kind = NoteKind::heal, .text = "faults end"});
  }
}

void Ghost::on_state(Process& process, std::string_view stage) {
  if (stage == "Serving") {
    process.stage = Stage::serving;
  } else if (stage == "Draining") {
    process.stage = Stage::draining;
  } else if (stage == "Stopping" || stage == "Stopped" || stage == "Fenced") {
    process.stage = Stage::closing;
  } else {
    return;
  }
  process_changed(process);
}

void Ghost::on_call(Process& process, const PartitionKey& key, const Event& event) {
  Part& part = process.parts[key];
  if (event.name == "ctl.target") {
    const std::int64_t number = number_in(event, "number");
    for (const auto& group : groups_) {
      group->on_target(process, key, part, number);
    }
    part.last_target = std::max(part.last_target, number);
    return;
  }
  const Generation generation{number_in(event, "gen")};
  if (event.name == "ctl.call") {
    for (const auto& group : groups_) {
      group->on_call(process, key, part, generation);
    }
    part.call = generation;
    part.last_call = std::max(part.last_call, generation);
  } else {
    part.call.reset();
  }
}

void Ghost::on_event(ProcessIndex index, const Event& event) {
  Process& process = state_.at(index);
  ledger_.count(Property::dead_are_silent);
  if (!process.alive) {
    ledger_.fail(
        Property::dead_are_silent, process.name, "a dead process emits nothing", to_string(event));
    return;
  }
  if (raw(process.vvm) == 0) {
    return;
  }
  const std::string_view name = event.name;
  if (name == "vvm.state") {
    on_state(process, text_in(event, "state"));
  } else if (name == "vvm.registered") {
    process.epoch = VvmEpoch{number_in(event, "epoch")};
    process_changed(process);
    if (recorder_ != nullptr) {
      recorder_->epoch(process);
    }
  }
  if (recorder_ != nullptr && std::ranges::find(alarms, name) != alarms.end()) {
    recorder_->note(
        {.at = state_.now, .kind = NoteKind::alarm, .who = process.name, .text = to_string(event)});
  }
  const bool about_key = name.starts_with("ctl.") || name.starts_with("part.") ||
                         name == "partition.phase" || name == "pv.produced";
  if (!about_key) {
    return;
  }
  const std::optional<PartitionKey> key = key_in(event);
  if (!key.has_value()) {
    return;
  }
  if (name.starts_with("ctl.")) {
    on_call(process, *key, event);
  } else if (name == "part.revoked") {
    process.parts[*key].revoked = true;
  } else if (name == "part.draining") {
    process.parts[*key].drain_seen = true;
  } else if (name == "pv.produced") {
    for (const auto& group : groups_) {
      group->on_report(process, *key, number_in(event, "seq"), number_in(event, "ack") != 0);
    }
    deadlines_stale_ = true;
  }
  const std::pair touched{index, *key};
  if (!name.starts_with("part.") && std::ranges::find(touched_, touched) == touched_.end()) {
    touched_.push_back(touched);
  }
}

void Ghost::mark_rows(const cluster::Change& change) {
  const auto mark = [this](const cluster::WorkspaceKey& key) {
    if (const Process* process = state_.of(key.vvm)) {
      dirty(process->index, key.partition);
    }
  };
  if (const auto* sp = std::get_if<cluster::RowChange<SetPoint>>(&change)) {
    mark(sp->key);
  } else if (const auto* pv = std::get_if<cluster::RowChange<ProcessVariable>>(&change)) {
    mark(pv->key);
  } else if (const auto* row = std::get_if<cluster::RowChange<cluster::Placement>>(&change)) {
    moved_keys_.push_back(row->key);
  } else if (const auto* vvm = std::get_if<cluster::RowChange<cluster::VirtualMachine>>(&change)) {
    if (const Process* process = state_.of(vvm->key)) {
      for (const auto& [key, part] : process->parts) {
        dirty(process->index, key);
      }
    }
  }
}

void Ghost::note_row(const cluster::Change& change) {
  if (recorder_ == nullptr) {
    return;
  }
  std::string text = row_text(change);
  if (!text.empty()) {
    recorder_->note({.at = state_.now, .kind = NoteKind::cluster, .text = std::move(text)});
  }
}

void Ghost::see_entry(const cluster::Entry& entry) {
  ++changes_;
  deadlines_stale_ = true;
  for (const cluster::Change& change : entry.changes) {
    const cluster::Change before = cluster::apply(state_.cluster, change);
    for (const auto& group : groups_) {
      group->on_row(change, before);
    }
    if (const auto* sp = std::get_if<cluster::RowChange<SetPoint>>(&change)) {
      if (sp->row.has_value() && sp->row->desired == Desired::present) {
        state_.contents.try_emplace({sp->row->key.app, sp->row->app_version},
                                    sp->row->image_sha256);
      }
    }
    mark_rows(change);
    note_row(change);
  }
  state_.cluster.revision = entry.offset;
  for (const auto& group : groups_) {
    group->after_entry();
  }
}

void Ghost::see_engines(ProcessIndex process, const AppQName& app, std::int64_t live) {
  engines_->see_engines(state_.at(process), app, live);
}

void Ghost::see_misuse(ProcessIndex process, const AppQName& app) {
  engines_->see_misuse(state_.at(process), app);
}

void Ghost::see_command(ProcessIndex process, const PartitionKey& key, AppVersion version) {
  for (const auto& group : groups_) {
    group->on_command(state_.at(process), key, version);
  }
}

Ghost::Dirty& Ghost::dirty(ProcessIndex process, const PartitionKey& key) {
  return dirty_[{process, key}];
}

void Ghost::see_part(ProcessIndex index, const PartitionKey& key, appparts::PartitionView view) {
  Part& part = state_.at(index).parts[key];
  std::optional<appparts::PartitionView> next;
  if (view.present || view.leaked != 0) {
    next = std::move(view);
  }
  Dirty& change = dirty(index, key);
  if (!change.rt_changed) {
    change.rt_changed = true;
    change.rt_before = std::move(part.rt);
  }
  part.rt = std::move(next);
}

void Ghost::see_closed(ProcessIndex index,
                       const AppQName& app,
                       const appparts::VersionView& version) {
  engines_->see_version(state_.at(index), app, version);
}

void Ghost::see_versions(ProcessIndex index,
                         const AppQName& app,
                         std::vector<appparts::VersionView> versions) {
  state_.at(index).versions[app] = std::move(versions);
  dirty_apps_.emplace_back(index, app);
}

void Ghost::see_key(ProcessIndex index, const PartitionKey& key, const apppartsctl::KeyView* view) {
  Part& part = state_.at(index).parts[key];
  Dirty& change = dirty(index, key);
  if (!change.key_changed) {
    change.key_changed = true;
    change.key_before = std::move(part.key);
  }
  if (view == nullptr) {
    part.key.reset();
    return;
  }
  if (!change.key_before.has_value() || change.key_before->phase != view->phase) {
    part.phase_since = state_.now;
  }
  part.key = *view;
}

std::vector<PartitionKey> Ghost::take_touched(ProcessIndex process) {
  std::vector<PartitionKey> keys;
  std::erase_if(touched_, [&](const auto& touched) {
    if (touched.first != process) {
      return false;
    }
    keys.push_back(touched.second);
    return true;
  });
  return keys;
}

Duration Ghost::drain_timeout(const Process& process, const PartitionKey& key) const {
  const SetPoint* sp = cluster::find(state_.cluster.sps, {.vvm = process.vvm, .partition = key});
  return sp == nullptr ? seconds(10) : sp->drain_timeout;
}

// Since when admission is closed, and when the current version came: before groups look.
void Ghost::note_transition(const PartAt& at, const Dirty& change) {
  Process& process = state_.at(at.first);
  Part& part = process.parts[at.second];
  const bool was = change.rt_before.has_value() && change.rt_before->present;
  const bool is = part.rt.has_value() && part.rt->present;
  if (is && (!was || change.rt_before->fence != part.rt->fence)) {
    part.revoked = false;
    part.drain_seen = false;
    part.switched_at = Instant{};
  }
  if (!is) {
    return;
  }
  if (!all_closed(*part.rt)) {
    part.closed_since = Instant{};
  } else if (!was || !all_closed(*change.rt_before)) {
    part.closed_since = state_.now;
    part.drain_timeout = drain_timeout(process, at.second);
  }
  const bool switched = was && change.rt_before->current.has_value() &&
                        part.rt->current.has_value() &&
                        change.rt_before->current->id != part.rt->current->id;
  if (switched) {
    part.switched_at = state_.now;
    part.drain_timeout = drain_timeout(process, at.second);
  }
}

void Ghost::look_at(const PartAt& part_at) {
  const auto& [index, key] = part_at;
  const Process& process = state_.at(index);
  const auto at = process.parts.find(key);
  const Part nothing{};
  const Part& part = at == process.parts.end() ? nothing : at->second;
  for (const auto& group : groups_) {
    group->look(process, key, part);
  }
  if (recorder_ != nullptr) {
    const SetPoint* sp = cluster::find(state_.cluster.sps, {.vvm = process.vvm, .partition = key});
    const bool present = sp != nullptr && sp->desired == Desired::present;
    recorder_->part(process, key, part, present ? sp->app_version : AppVersion{}, state_.now);
  }
}

void Ghost::tell_changes() {
  for (const auto& [at, change] : dirty_) {
    if (change.rt_changed) {
      note_transition(at, change);
    }
    const Process& process = state_.at(at.first);
    const auto found = process.parts.find(at.second);
    const Part nothing{};
    const Part& part = found == process.parts.end() ? nothing : found->second;
    for (const auto& group : groups_) {
      if (change.rt_changed) {
        group->on_part(process, at.second, change.rt_before, part);
      }
      if (change.key_changed) {
        group->on_key(process, at.second, change.key_before, part);
      }
    }
  }
}

void Ghost::settle() {
  changed_keys_ = std::exchange(moved_keys_, {});
  if (!dirty_.empty() || !dirty_apps_.empty()) {
    ++changes_;
    deadlines_stale_ = true;
    tell_changes();
    for (const auto& [at, change] : dirty_) {
      look_at(at);
      changed_keys_.push_back(at.second);
    }
    for (const auto& [process, app] : dirty_apps_) {
      for (const auto& group : groups_) {
        group->look(state_.at(process), app);
      }
    }
    dirty_.clear();
    dirty_apps_.clear();
  }
  check_deadlines();
}

// Every bound is longer than a second: what has come up since the last look is not due yet.
void Ghost::check_deadlines() {
  const bool due = state_.now >= next_deadline_;
  if (due || (deadlines_stale_ && state_.now - deadlines_from_ >= seconds(1))) {
    deadlines_stale_ = false;
    deadlines_from_ = state_.now;
    next_deadline_ = Instant::max();
    for (const auto& group : groups_) {
      next_deadline_ = std::min(next_deadline_, group->next_deadline());
    }
  }
  if (state_.now < next_deadline_) {
    return;
  }
  for (const auto& group : groups_) {
    group->on_deadline();
  }
}

void Ghost::check_all() {
  CHECK(dirty_.empty() && dirty_apps_.empty(), "a check of everything in the middle of an event");
  for (const Process& process : state_.processes) {
    for (const auto& [key, part] : process.parts) {
      for (const auto& group : groups_) {
        group->look(process, key, part);
      }
    }
    for (const auto& [app, versions] : process.versions) {
      for (const auto& group : groups_) {
        group->look(process, app);
      }
    }
  }
}

void Ghost::compare(ProcessIndex index,
                    const appparts::Inspection& there,
                    const std::map<PartitionKey, apppartsctl::KeyView>& keys) {
  const Process& process = state_.at(index);
  const auto differs = [&](const std::string& what) {
    ledger_.fail({.property = "self-test",
                  .title = "the shadow is what it shadows",
                  .subject = what + " at " + process.name,
                  .expected = "every change is told",
                  .seen = "one was not"});
  };
  std::size_t runtimes = 0;
  for (const appparts::AppView& app : there.apps) {
    for (const appparts::PartitionView& view : app.partitions) {
      const PartitionKey key{.app = app.app, .partition = view.id};
      const auto part = process.parts.find(key);
      if (part == process.parts.end() || part->second.rt != view) {
        differs(key.str());
      }
      ++runtimes;
    }
    const auto versions = process.versions.find(app.app);
    const bool same = versions == process.versions.end() ? app.versions.empty()
                                                         : without_references(versions->second) ==
                                                               without_references(app.versions);
    if (!same) {
      differs("the versions of " + app.app.str());
    }
  }
  std::size_t viewed = 0;
  for (const auto& [key, part] : process.parts) {
    runtimes -= part.rt.has_value() ? 1U : 0U;
    viewed += part.key.has_value() ? 1U : 0U;
    const auto view = keys.find(key);
    if (part.key.has_value() && (view == keys.end() || !same_view(*part.key, view->second))) {
      differs("the key " + key.str());
    }
  }
  if (runtimes != 0 || viewed != keys.size()) {
    differs("the number of runtimes or keys");
  }
}

}  // namespace vvm::ghost
