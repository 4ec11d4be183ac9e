// Properties of the reader of set-points (docs/spec/vvm.md 8.2; T-SR-1, T-SR-2).
//
// Over SpReaderCore alone: thousands of cases, no simulator. Owned by properties/core.
#define BOOST_TEST_MODULE sp_reader_prop
#include <algorithm>
#include <deque>
#include <map>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "apppartsctl/sp_reader.hpp"

namespace vvm::apppartsctl {
namespace {

// One answer of a cluster that grows; which of its moments a reader sees, and in what state the
// answer arrives, is arbitrary.
struct Answer {
  int moment = 0;         // index into the history
  int complete_of_8 = 7;  // incomplete when 0
  bool shuffled = false;
  bool doubled = false;
  std::uint32_t dropped = 0;  // bit i: the i-th set-point is left out
  int after_s = 0;            // since the answer before
};

struct Plan {
  // The key whose Generation grows at each moment, and whether it then is Present.
  std::vector<std::pair<int, bool>> changes;
  std::vector<Answer> answers;
};

void showValue(const Plan& plan, std::ostream& out) {  // rapidcheck finds it by this name
  out << plan.changes.size() << " changes:";
  for (const auto& [key, present] : plan.changes) {
    out << " " << key << (present ? "+" : "-");
  }
  out << "; answers:";
  for (const Answer& a : plan.answers) {
    out << " {moment " << a.moment << " complete " << a.complete_of_8 << " dropped " << a.dropped
        << " after " << a.after_s << " s}";
  }
}

rc::Gen<Answer> any_answer() {
  return rc::gen::build<Answer>(
      rc::gen::set(&Answer::moment, rc::gen::inRange(0, 40)),
      rc::gen::set(&Answer::complete_of_8, rc::gen::inRange(0, 8)),
      rc::gen::set(&Answer::shuffled),
      rc::gen::set(&Answer::doubled),
      rc::gen::set(&Answer::dropped,
                   rc::gen::oneOf(rc::gen::just(0U), rc::gen::arbitrary<std::uint32_t>())),
      rc::gen::set(&Answer::after_s, rc::gen::inRange(0, 15)));
}

rc::Gen<Plan> any_plan() {
  return rc::gen::build<Plan>(
      rc::gen::set(&Plan::changes,
                   rc::gen::container<std::vector<std::pair<int, bool>>>(
                       rc::gen::pair(rc::gen::inRange(0, 4), rc::gen::arbitrary<bool>()))),
      rc::gen::set(&Plan::answers, rc::gen::container<std::vector<Answer>>(any_answer())));
}

SetPoint sp_of(int key, std::int64_t generation, bool present) {
  SetPoint sp;
  sp.key = {.app = {.owner = "acme", .name = "pos"},
            .partition = PartitionId{static_cast<std::uint16_t>(key)}};
  sp.vvm = VvmId{1};
  sp.generation = Generation{generation};
  sp.partition_epoch = PartitionEpoch{1};
  sp.app_version = AppVersion{generation};
  sp.desired = present ? Desired::present : Desired::absent;
  return sp;
}

// The list as the cluster has it after the first `moment` changes.
SpList list_at(const Plan& plan, int moment) {
  std::map<int, SetPoint> sps;
  const int count = std::min(moment, static_cast<int>(plan.changes.size()));
  for (int i = 0; i < count; ++i) {
    const auto [key, present] = plan.changes[static_cast<std::size_t>(i)];
    const auto at = sps.find(key);
    const std::int64_t generation = at == sps.end() ? 1 : raw(at->second.generation) + 1;
    sps.insert_or_assign(key, sp_of(key, generation, present));
  }
  SpList list{.revision = moment, .complete = true};
  for (const auto& [key, sp] : sps) {
    list.sps.push_back(sp);
  }
  return list;
}

SpList arrived(const Plan& plan, const Answer& answer) {
  SpList list = list_at(plan, answer.moment);
  list.complete = answer.complete_of_8 != 0;
  std::vector<SetPoint> kept;
  for (std::size_t i = 0; i < list.sps.size(); ++i) {
    if ((answer.dropped >> i & 1U) != 0) {
      continue;
    }
    kept.push_back(list.sps[i]);
    if (answer.doubled) {
      kept.push_back(list.sps[i]);
    }
  }
  if (answer.shuffled) {
    std::ranges::reverse(kept);
  }
  list.sps = std::move(kept);
  return list;
}

SpReaderCore make_core() { return {VvmId{1}, seconds(10), hours(24)}; }

// T-SR-1: whatever happens to the answers, the Generations emitted per key strictly increase; and a
// removal that no set-point asked for keeps the Generation and comes once.
RC_BOOST_PROP(generations_emitted_per_key_strictly_increase, ()) {
  const Plan plan = *any_plan();
  SpReaderCore core = make_core();
  std::map<PartitionKey, std::uint64_t> numbers;
  std::map<PartitionKey, Generation> generations;
  Instant now{};
  for (const Answer& answer : plan.answers) {
    now = now + seconds(answer.after_s);
    for (const Target& target : core.on_list(arrived(plan, answer), now).targets) {
      RC_ASSERT(target.number() > numbers[target.sp.key]);
      if (target.cause == Cause::listed) {
        RC_ASSERT(target.sp.generation > generations[target.sp.key]);
      } else {
        RC_ASSERT(target.sp.generation == generations[target.sp.key]);
      }
      numbers[target.sp.key] = target.number();
      generations[target.sp.key] = target.sp.generation;
    }
  }
}

// A reader that has read the cluster's last list completely has emitted its newest set-points.
RC_BOOST_PROP(after_a_complete_read_the_newest_set_point_of_each_key_was_emitted, ()) {
  const Plan plan = *any_plan();
  SpReaderCore core = make_core();
  std::map<PartitionKey, Generation> emitted;
  Instant now{};
  const auto read = [&](const SpList& list) {
    for (const Target& target : core.on_list(list, now).targets) {
      emitted[target.sp.key] = target.sp.generation;
    }
  };
  for (const Answer& answer : plan.answers) {
    now = now + seconds(answer.after_s);
    read(arrived(plan, answer));
  }
  now = now + seconds(5);
  const SpList last = list_at(plan, 40 + static_cast<int>(plan.changes.size()));
  read(last);
  for (const SetPoint& sp : last.sps) {
    RC_ASSERT(emitted[sp.key] == sp.generation);
  }
}

// The naive reading of 8.2: a key is treated as Absent only if at least two accepted lists in a row
// lacked it, the last at least 10 s after the first.
RC_BOOST_PROP(a_key_is_missing_only_after_two_lists_10_s_apart, ()) {
  const Plan plan = *any_plan();
  SpReaderCore core = make_core();

  struct Read {
    Instant at;
    SpList list;
  };

  std::deque<Read> accepted;  // newest first
  Instant now{};
  for (const Answer& answer : plan.answers) {
    now = now + seconds(answer.after_s);
    const SpList list = arrived(plan, answer);
    const SpNews news = core.on_list(list, now);
    if (news.accepted) {
      accepted.push_front({now, list});
    }
    for (const Target& target : news.targets) {
      if (target.cause != Cause::missing) {
        continue;
      }
      std::size_t without = 0;
      while (without < accepted.size() &&
             std::ranges::none_of(
                 accepted[without].list.sps,
                 [&](const SetPoint& sp) { return sp.key == target.sp.key; })) {
        ++without;
      }
      RC_ASSERT(without >= 2U);
      RC_ASSERT(now - accepted[without - 1].at >= seconds(10));
    }
  }
}

// T-SR-2: a list of 1000 set-points, cut anywhere and however often: no partition stops.
RC_BOOST_PROP(a_cut_list_stops_nothing, ()) {
  const auto cuts = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1000));
  SpList whole{.revision = 1, .complete = true};
  for (int key = 0; key < 1000; ++key) {
    whole.sps.push_back(sp_of(key, 1, true));
  }
  SpReaderCore core = make_core();
  RC_ASSERT(core.on_list(whole, Instant{}).targets.size() == 1000U);
  Instant now{};
  for (const int cut : cuts) {
    SpList part{.revision = 2, .complete = false};
    part.sps.assign(whole.sps.begin(), whole.sps.begin() + cut);
    now = now + minutes(1);
    const SpNews news = core.on_list(part, now);
    RC_ASSERT(news.targets.empty());
    RC_ASSERT(news.forgotten.empty());
  }
}

}  // namespace
}  // namespace vvm::apppartsctl
