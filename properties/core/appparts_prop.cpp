// T-RT-1: random borrows, releases, switches and undeploys against a slow, obvious model.
//
// The model keeps a list of handles and, per partition, two versions. After every operation: the
// answer is the model's, no handle mixes versions (I-S9), there are at most two versions a
// partition (I-S11), versions only grow (I-S10), and every engine is accounted for (I-S20).
#define BOOST_TEST_MODULE appparts_prop
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <ostream>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "appparts/testing/fixture.hpp"

using namespace vvm;
using namespace vvm::appparts;
using namespace vvm::testing;

namespace {

constexpr std::size_t partition_count = 3;
constexpr engines::PoolSizes pool_sizes{2, 3, 1, 1};

enum class Verb : std::uint8_t {
  borrow,
  release,
  release_again,
  use,
  trap,
  switch_version,
  switch_later,
  undeploy,
  drain,
  serve,
  wait,
};

struct Op {
  Verb verb{};
  std::uint8_t partition = 0;
  std::uint8_t kind = 0;
  std::uint16_t pick = 0;  // which handle, or how many versions ahead
};

std::ostream& operator<<(std::ostream& out, const Op& op) {
  static constexpr std::array<std::string_view, 11> names{"borrow",
                                                          "release",
                                                          "release_again",
                                                          "use",
                                                          "trap",
                                                          "switch",
                                                          "switch_later",
                                                          "undeploy",
                                                          "drain",
                                                          "serve",
                                                          "wait"};
  return out << names.at(static_cast<std::size_t>(op.verb)) << " part " << int{op.partition}
             << " kind " << int{op.kind} << " pick " << op.pick;
}

struct ModelHandle {
  std::size_t partition = 0;
  ProcessorKind kind{};
  std::int64_t version = 0;
  bool revoked = false;
  Borrowed real;
};

struct ModelPartition {
  bool present = false;
  std::int64_t current = 0;
  std::int64_t old = 0;  // 0: none
  Instant old_ends{};    // when what is left of it is revoked
  std::int64_t epoch = 0;
};

class Model {
 public:
  explicit Model(PartsFixture& fixture) : f_(fixture) {}

  void run(const Op& op) {
    const std::size_t x = op.partition % partition_count;
    const auto kind = static_cast<ProcessorKind>(op.kind % engines::processor_kind_count);
    switch (op.verb) {
      case Verb::borrow:
        borrow(x, kind);
        break;
      case Verb::release:
        release(op.pick);
        break;
      case Verb::release_again:
        release_twice(op.pick);
        break;
      case Verb::use:
        use(op.pick, engines::ScriptedEnd::answer);
        break;
      case Verb::trap:
        use(op.pick, engines::ScriptedEnd::trap);
        break;
      case Verb::switch_version:
        switch_version(x, 1 + op.pick % 2, true);
        break;
      case Verb::switch_later:
        switch_version(x, 1 + op.pick % 2, false);
        break;
      case Verb::undeploy:
        undeploy(x);
        break;
      case Verb::drain:
        drain(x);
        break;
      case Verb::serve:
        serve(x);
        break;
      case Verb::wait:
        f_.machine.run_for(seconds(op.pick % 20));
        break;
    }
    f_.machine.settle();
    end_old_versions();
  }

  void check() {
    RC_ASSERT(f_.parts->accounts_balance());
    std::size_t handles_shown = 0;
    for (std::size_t x = 0; x < partition_count; ++x) {
      const auto view = f_.parts->inspect_partition(key(x));
      if (!view.has_value()) {
        RC_ASSERT(!partitions_[x].present);
        continue;
      }
      check_partition(x, *view);
      handles_shown += view->borrows.size();
    }
    const auto open = std::ranges::count_if(handles_, [](const auto& h) { return !h.revoked; });
    RC_ASSERT(handles_shown == static_cast<std::size_t>(open));
    for (const ModelHandle& h : handles_) {
      check_handle(h);
    }
    RC_ASSERT(f_.script->invoked_when_broken == 0U);
    check_changes();
  }

  // Whoever only follows the changes sees what is there.
  void check_changes() {
    const Changes changes = f_.parts->take_changes();
    for (const Changes::OfPartition& change : changes.partitions) {
      seen_[change.key] = change.view;
    }
    for (const Changes::OfApp& change : changes.apps) {
      seen_versions_ = change.versions;
    }
    const Inspection now = f_.parts->inspect();
    RC_ASSERT(now.apps.size() <= 1U);
    for (const AppView& app : now.apps) {
      for (const PartitionView& view : app.partitions) {
        RC_ASSERT((seen_[{app.app, view.id}] == view));
      }
      RC_ASSERT(seen_versions_.size() == app.versions.size());
      for (std::size_t i = 0; i < app.versions.size(); ++i) {
        seen_versions_[i].references = app.versions[i].references;  // not announced
        RC_ASSERT((seen_versions_[i] == app.versions[i]));
      }
    }
  }

  // Everything is given back: no engine is left open.
  void end() {
    for (std::size_t x = 0; x < partition_count; ++x) {
      undeploy(x);
    }
    handles_.clear();
    f_.machine.settle();
    RC_ASSERT(f_.script->created == f_.script->closed);
    for (std::size_t x = 0; x < partition_count; ++x) {
      const auto view = f_.parts->inspect_partition(key(x));
      RC_ASSERT((!view.has_value() || (!view->present && view->leaked == 0)));
    }
  }

 private:
  static PartitionKey key(std::size_t x) {
    return PartsFixture::key(static_cast<std::uint16_t>(x));
  }

  std::size_t open_of(std::int64_t version,
                      std::optional<ProcessorKind> kind,
                      std::optional<std::size_t> x) const {
    return static_cast<std::size_t>(std::ranges::count_if(handles_, [&](const ModelHandle& h) {
      return !h.revoked && h.version == version && (!kind || h.kind == *kind) &&
             (!x || h.partition == *x);
    }));
  }

  std::size_t open_in(std::size_t x) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        handles_, [x](const ModelHandle& h) { return !h.revoked && h.partition == x; }));
  }

  void borrow(std::size_t x, ProcessorKind kind) {
    const ModelPartition& p = partitions_[x];
    Result<Borrowed> got = f_.parts->borrow(key(x), kind);
    if (!p.present) {
      RC_ASSERT(code_of(got) == "NotFound");
      return;
    }
    if (open_of(p.current, kind, std::nullopt) == pool_sizes[index_of(kind)]) {
      RC_ASSERT(code_of(got) == "NoEngines");
      return;
    }
    RC_ASSERT(code_of(got).empty());
    handles_.push_back({x, kind, p.current, false, std::move(got).value()});
  }

  void release(std::uint16_t pick) {
    if (handles_.empty()) {
      return;
    }
    const std::size_t at = pick % handles_.size();
    handles_[at].real.release();
    handles_.erase(handles_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void release_twice(std::uint16_t pick) {
    if (handles_.empty()) {
      return;
    }
    const std::size_t at = pick % handles_.size();
    Borrowed handle = std::move(handles_[at].real);
    handles_.erase(handles_.begin() + static_cast<std::ptrdiff_t>(at));
    handle.release();
    handle.release();
  }

  void use(std::uint16_t pick, engines::ScriptedEnd end) {
    if (handles_.empty()) {
      return;
    }
    ModelHandle& h = handles_[pick % handles_.size()];
    static constexpr std::array<const char*, 4> extension{"Pay", "Menu", "Sum", "Close"};
    f_.script->ends = {end};
    engines::ArgumentIo io("42");
    const Result<Bytes> result =
        f_.machine.await(h.real.invoke(QName{"pos", extension[index_of(h.kind)]}, &io));
    if (h.revoked) {
      RC_ASSERT(code_of(result) == "Revoked");
    } else if (end == engines::ScriptedEnd::trap) {
      RC_ASSERT(code_of(result) == "InternalError");
      release(pick);
    } else {
      RC_ASSERT(code_of(result).empty());
    }
    f_.script->ends.clear();
  }

  void switch_version(std::size_t x, std::int64_t ahead, bool at_once) {
    ModelPartition& p = partitions_[x];
    const std::int64_t to = p.current + ahead;
    const bool busy = p.present && open_of(p.current, ProcessorKind::command, x) != 0;
    std::string_view got;
    if (at_once) {
      const auto done = f_.parts->try_switch(f_.parts->find(key(x)), f_.version(to));
      got = done.has_value() ? code_of(*done) : "busy";
    } else {
      got = code_of(f_.machine.await(f_.parts->switch_version(key(x), f_.version(to))));
      end_old_versions();
    }
    if (!p.present) {
      RC_ASSERT(got == "NotFound");
    } else if (p.old != 0) {
      RC_ASSERT(got == "DrainTimeout");
    } else if (busy || (at_once && f_.with.workers)) {
      RC_ASSERT(got == (at_once ? "busy" : "DrainTimeout"));
    } else {
      RC_ASSERT(got.empty());
      p.old = open_of(p.current, std::nullopt, x) == 0 ? 0 : p.current;
      p.old_ends = f_.machine.clock.now() + seconds(30);
      p.current = to;
    }
  }

  void undeploy(std::size_t x) {
    RC_ASSERT(f_.parts->undeploy(key(x)).has_value());
    revoke(x, std::nullopt);
    partitions_[x].present = false;
    partitions_[x].old = 0;
  }

  // Nobody releases while the drain waits.
  void drain(std::size_t x) {
    const Result<DrainReport> report = f_.machine.await(f_.parts->drain(key(x)));
    RC_ASSERT(code_of(report) == (partitions_[x].present ? "" : "NotFound"));
    end_old_versions();
    if (report.has_error()) {
      return;
    }
    RC_ASSERT(report.value().revoked == open_in(x));
    undeploy(x);
  }

  void serve(std::size_t x) {
    ModelPartition& p = partitions_[x];
    const VersionRef version = f_.version(std::max<std::int64_t>(p.current, 1));
    ++p.epoch;
    const Status acquired = f_.parts->acquire(key(x), PartsFixture::fence(p.epoch), version);
    RC_ASSERT(code_of(acquired) == (p.present ? "Conflict" : ""));
    if (p.present) {
      return;
    }
    RC_ASSERT(code_of(f_.parts->borrow(key(x), ProcessorKind::query)) == "Draining");
    RC_ASSERT(f_.parts->admit(key(x)).has_value());
    p.present = true;
    p.current = raw(version.version());
  }

  void revoke(std::size_t x, std::optional<std::int64_t> version) {
    for (ModelHandle& h : handles_) {
      if (h.partition == x && (!version || h.version == *version)) {
        h.revoked = true;
      }
    }
  }

  void end_old_versions() {
    for (std::size_t x = 0; x < partition_count; ++x) {
      ModelPartition& p = partitions_[x];
      if (p.old == 0) {
        continue;
      }
      if (f_.machine.clock.now() >= p.old_ends) {
        revoke(x, p.old);
      }
      if (open_of(p.old, std::nullopt, x) == 0) {
        p.old = 0;
      }
    }
  }

  void check_partition(std::size_t x, const PartitionView& view) {
    const ModelPartition& p = partitions_[x];
    RC_ASSERT(view.present == p.present);
    const auto leaked = std::ranges::count_if(
        handles_, [&](const auto& h) { return h.revoked && h.partition == x; });
    RC_ASSERT(view.leaked == static_cast<std::size_t>(leaked));
    if (!p.present) {
      return;
    }
    RC_ASSERT(raw(view.current->version) == p.current);
    RC_ASSERT((view.old ? raw(view.old->version) : 0) == p.old);
    RC_ASSERT((view.current->state == VersionState::ready));
    for (const BorrowView& b : view.borrows) {
      RC_ASSERT((b.app_def_holder == b.engine_holder));
      RC_ASSERT(raw(b.app_def_of) == (b.current ? p.current : p.old));
    }
  }

  static void check_handle(const ModelHandle& h) {
    const auto version = h.real.version();
    if (h.revoked) {
      RC_ASSERT(code_of(version) == "Revoked");
    } else {
      RC_ASSERT(raw(version.value()) == h.version);
    }
  }

  PartsFixture& f_;
  std::array<ModelPartition, partition_count> partitions_{};
  std::vector<ModelHandle> handles_;
  std::map<PartitionKey, PartitionView> seen_;
  std::vector<VersionView> seen_versions_;
};

PartsFixture::With options(bool workers) {
  return {.workers = workers, .partitions = partition_count, .pools = pool_sizes};
}

Op op_of(Rng& rng) {
  // Borrows and releases are what a VVM does most.
  const auto half = static_cast<Verb>(rng.below(2));
  const auto any = static_cast<Verb>(rng.below(11));
  return {.verb = rng.chance({1, 2}) ? half : any,
          .partition = static_cast<std::uint8_t>(rng.below(partition_count)),
          .kind = static_cast<std::uint8_t>(rng.below(engines::processor_kind_count)),
          .pick = static_cast<std::uint16_t>(rng.below(1000))};
}

}  // namespace

namespace rc {

template <>
struct Arbitrary<Op> {
  static Gen<Op> arbitrary() {
    return gen::build<Op>(
        gen::set(&Op::verb,
                 gen::map(gen::inRange(0, 11), [](int n) { return static_cast<Verb>(n); })),
        gen::set(&Op::partition, gen::inRange<std::uint8_t>(0, partition_count)),
        gen::set(&Op::kind, gen::inRange<std::uint8_t>(0, engines::processor_kind_count)),
        gen::set(&Op::pick, gen::inRange<std::uint16_t>(0, 1000)));
  }
};

}  // namespace rc

RC_BOOST_PROP(no_handle_mixes_versions_and_every_engine_is_accounted_for,
              (const std::vector<Op>& ops, bool workers)) {
  PartsFixture f(options(workers));
  f.machine.events.keep = false;
  Model model(f);
  for (std::uint8_t x = 0; x < partition_count; ++x) {
    model.run({Verb::serve, x, 0, 0});
  }
  for (const Op& op : ops) {
    model.run(op);
    model.check();
  }
  model.end();
}

// A long life: what one short sequence does not leave behind, a million operations may.
BOOST_AUTO_TEST_CASE(a_million_operations_leave_nothing_behind) {
  PartsFixture f(options(false));
  f.machine.events.keep = false;
  Model model(f);
  Rng rng(20);
  for (int i = 0; i < 1'000'000; ++i) {
    model.run(op_of(rng));
    if (i % 64 == 0) {
      model.check();
    }
  }
  model.end();
}
