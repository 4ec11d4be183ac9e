// Properties of the reporter and of schedules of the control loop (docs/spec/vvm.md 7.2).
//
// Over ReportCore and Cron alone, against naive readings. Owned by properties/core.
#define BOOST_TEST_MODULE ctrlloop_report_prop
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "ctrlloop/cron.hpp"
#include "ctrlloop/report_core.hpp"
#include "ctrlloop/test_types.hpp"

namespace vvm::ctrlloop {
namespace {

enum class Kind : std::uint8_t { latest, must, stored, failed, hurry };

struct Op {
  Kind kind = Kind::latest;
  int key = 0;
  int nth = 0;  // stored, failed: which of the sends in flight
  int pass_ms = 0;
};

struct Plan {
  int parallel = 1;
  std::vector<Op> ops;
  bool end = false;
};

void showValue(const Plan& plan, std::ostream& out) {  // rapidcheck finds it by this name
  static constexpr std::array<const char*, 5> names{"latest", "must", "stored", "failed", "hurry"};
  out << plan.parallel << " in flight at most" << (plan.end ? ", ended" : "") << ":";
  for (const Op& op : plan.ops) {
    out << " {" << names.at(static_cast<std::size_t>(op.kind)) << " key " << op.key << " nth "
        << op.nth << " pass " << op.pass_ms << "}";
  }
}

rc::Gen<Plan> any_plan() {
  const rc::Gen<Op> op = rc::gen::build<Op>(
      rc::gen::set(&Op::kind,
                   rc::gen::weightedElement<Kind>({{4, Kind::latest},
                                                   {3, Kind::must},
                                                   {3, Kind::stored},
                                                   {4, Kind::failed},
                                                   {1, Kind::hurry}})),
      rc::gen::set(&Op::key, rc::gen::inRange(0, 4)),
      rc::gen::set(&Op::nth, rc::gen::inRange(0, 3)),
      rc::gen::set(&Op::pass_ms,
                   rc::gen::weightedOneOf<int>({{3, rc::gen::just(0)},
                                                {3, rc::gen::inRange(0, 60)},
                                                {1, rc::gen::inRange(0, 6000)}})));
  return rc::gen::build<Plan>(rc::gen::set(&Plan::parallel, rc::gen::inRange(1, 4)),
                              rc::gen::set(&Plan::ops, rc::gen::container<std::vector<Op>>(op)),
                              rc::gen::set(&Plan::end));
}

// PVs are numbered as they are handed over, so that order shows.
class Run {
 public:
  explicit Run(const Plan& plan) : plan_(plan), core_({.reports_parallel = plan.parallel}) {
    for (const Op& op : plan.ops) {
      apply(op);
      go_on();
      now_ = now_ + milliseconds(op.pass_ms);
      go_on();
    }
    if (plan.end) {
      RC_ASSERT(core_.end() <= core_.metrics().reports_handed);
      for (const auto& [key, pv] : in_flight_) {
        core_.sent(key, true, now_, rng_);
      }
      RC_ASSERT(!core_.start(now_).has_value());
    } else {
      drain();
    }
    RC_ASSERT(core_.empty());
    RC_ASSERT(core_.next() == Instant::max());
  }

  struct Key {
    int last = 0;             // the newest PV
    std::vector<int> musts;   // all that must be stored
    std::vector<int> stored;  // in the order in which they were
    int last_sent = 0;
    int failures = 0;      // in a row
    Instant not_before{};  // of the next send
  };

  const std::map<int, Key>& keys() const { return keys_; }

  const Metrics& metrics() const { return core_.metrics(); }

 private:
  void apply(const Op& op) {
    switch (op.kind) {
      case Kind::latest:
      case Kind::must: {
        const bool must = op.kind == Kind::must;
        const auto ticket = core_.put(op.key, {.pv = ++pvs_, .must_be_stored = must});
        RC_ASSERT(ticket == static_cast<std::uint64_t>(pvs_));
        keys_[op.key].last = pvs_;
        if (must) {
          keys_[op.key].musts.push_back(pvs_);
        }
        return;
      }
      case Kind::stored:
      case Kind::failed:
        end_send(static_cast<std::size_t>(op.nth), op.kind == Kind::stored);
        return;
      case Kind::hurry:
        core_.hurry();
        hurried_ = true;
        for (auto& [key, state] : keys_) {
          state.not_before = {};
          state.failures = in_flight_.contains(key) ? state.failures : 0;
        }
        return;
    }
  }

  void end_send(std::size_t nth, bool stored) {
    if (in_flight_.empty()) {
      return;
    }
    const auto at =
        std::next(in_flight_.begin(), static_cast<std::ptrdiff_t>(nth % in_flight_.size()));
    const auto [id, pv] = *at;
    in_flight_.erase(at);
    Key& key = keys_[id];
    core_.sent(id, stored, now_, rng_);
    if (stored) {
      key.stored.push_back(pv);
      key.failures = 0;
      key.not_before = {};
    } else {
      const std::int64_t base_ms = std::min(10 << std::min(key.failures++, 20), 5000);
      key.not_before = now_ + microseconds(base_ms * 800);
      // A hurry makes the waits of some begin anew; of which, the core knows.
      RC_ASSERT((hurried_ || core_.next() <= now_ + microseconds(base_ms * 1200)));
    }
  }

  // The first that must be stored and is not; else the newest.
  static int next_of(const Key& key) {
    for (const int must : key.musts) {
      if (std::ranges::find(key.stored, must) == key.stored.end()) {
        return must;
      }
    }
    return key.last;
  }

  void go_on() {
    while (const auto send = core_.start(now_)) {
      Key& key = keys_[send->key];
      RC_ASSERT(in_flight_.emplace(send->key, send->pv).second);
      RC_ASSERT(static_cast<int>(in_flight_.size()) <= plan_.parallel);
      RC_ASSERT(send->pv == next_of(key));
      RC_ASSERT(send->pv >= key.last_sent);
      RC_ASSERT(now_ >= key.not_before);
      key.last_sent = send->pv;
    }
  }

  void drain() {
    for (;;) {
      go_on();
      if (!in_flight_.empty()) {
        end_send(0, true);
      } else if (core_.next() != Instant::max()) {
        RC_ASSERT(core_.next() > now_);
        RC_ASSERT(core_.next() - now_ <= seconds(6));
        now_ = core_.next();
      } else {
        return;
      }
    }
  }

  Plan plan_;
  ReportCore<Numbers> core_;
  Rng rng_{3};
  Instant now_{seconds(1000).ns};
  int pvs_ = 0;
  bool hurried_ = false;
  std::map<int, Key> keys_;
  std::map<int, int> in_flight_;
};

// Within Run: sends of a key are one at a time and in order, at most `parallel` are in flight, and
// each is the first that must be stored or else the newest, not before its back-off is over.
RC_BOOST_PROP(once_the_sink_heals_everything_that_counts_is_stored_in_order, ()) {
  Plan plan = *any_plan();
  plan.end = false;
  const Run run(plan);
  for (const auto& [id, key] : run.keys()) {
    RC_ASSERT(std::ranges::is_sorted(key.stored));
    RC_ASSERT(std::ranges::includes(key.stored, key.musts));
    RC_ASSERT((key.last == 0 || key.stored.back() == key.last));
    RC_ASSERT(std::ranges::adjacent_find(key.stored) == key.stored.end());
  }
}

RC_BOOST_PROP(every_report_is_sent_superseded_or_dropped_and_only_one_of_them, ()) {
  const Plan plan = *any_plan();
  const Run run(plan);
  const Metrics& m = run.metrics();
  RC_ASSERT(m.reports_handed == m.reports_sent + m.reports_superseded + m.reports_dropped);
  RC_ASSERT((plan.end || m.reports_dropped == 0U));
}

// A field of a schedule: its text, and what it means.
struct Field {
  std::string text;
  std::set<int> values;
  bool any = false;
};

Field any_field(int low, int high) {
  Field field;
  const int parts = *rc::gen::inRange(1, 3);
  for (int i = 0; i < parts; ++i) {
    const int shape = *rc::gen::weightedElement<int>({{3, 0}, {3, 1}, {2, 2}, {2, 3}, {1, 4}});
    const int a = *rc::gen::inRange(low, high + 1);
    const int b = *rc::gen::inRange(low, high + 1);
    const int step = *rc::gen::inRange(2, high);
    const int from = shape == 0 || shape == 4 ? low : std::min(a, b);
    const int to = shape == 1 ? from : shape == 2 ? std::max(a, b) : high;
    std::string part;
    switch (shape) {
      case 0:
        part = "*";
        break;
      case 1:
        part = std::to_string(from);
        break;
      case 2:
        part = std::to_string(from) + "-" + std::to_string(to);
        break;
      case 3:
        part = std::to_string(from) + "/" + std::to_string(step);
        break;
      default:
        part = "*/" + std::to_string(step);
    }
    for (int value = from; value <= to; value += shape >= 3 ? step : 1) {
      field.values.insert(value);
    }
    field.any = field.any || shape == 0;
    field.text += (i == 0 ? "" : ",") + part;
  }
  return field;
}

// Goes through the calendar day by day; years 2023 to 2032.
struct Calendar {
  int year = 2023;
  int month = 1;
  int day = 1;
  int weekday = 0;  // 2023-01-01 is a Sunday
  std::int64_t days = 19'358;

  void next_day() {
    static constexpr std::array<int, 13> lengths{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && month == 2;
    ++days;
    weekday = (weekday + 1) % 7;
    if (++day > lengths.at(static_cast<std::size_t>(month)) + (leap ? 1 : 0)) {
      day = 1;
      month = month == 12 ? 1 : month + 1;
      year += month == 1 ? 1 : 0;
    }
  }
};

// The naive reading: the first minute after `after` whose parts are in the sets.
std::optional<std::int64_t> first_minute(const std::array<Field, 5>& f, std::int64_t after) {
  for (Calendar c; c.year < 2042; c.next_day()) {
    if ((c.days + 1) * 86'400'000 <= after || !f[3].values.contains(c.month)) {
      continue;
    }
    const bool day = f[2].values.contains(c.day);
    const bool weekday = f[4].values.contains(c.weekday);
    if (f[2].any || f[4].any ? !(day && weekday) : !(day || weekday)) {
      continue;
    }
    for (int minute = 0; minute < 24 * 60; ++minute) {
      const std::int64_t at = (c.days * 24 * 60 + minute) * 60'000;
      if (at > after && f[1].values.contains(minute / 60) && f[0].values.contains(minute % 60)) {
        return at;
      }
    }
  }
  return std::nullopt;
}

RC_BOOST_PROP(a_schedule_activates_at_the_first_minute_that_fits, ()) {
  const std::array<Field, 5> fields{
      any_field(0, 59), any_field(0, 23), any_field(1, 31), any_field(1, 12), any_field(0, 6)};
  std::string text;
  for (const Field& field : fields) {
    text += (text.empty() ? "" : " ") + field.text;
  }
  RC_LOG(text);
  const Result<Cron> cron = Cron::parse(text);
  RC_ASSERT(cron.has_value());
  // Within 2023 to 2031.
  std::int64_t after = 1'672'531'200'000 + *rc::gen::inRange<std::int64_t>(0, 283'996'800'000);
  for (int i = 0; i < 3; ++i) {
    const std::optional<WallMs> found = cron.value().next({after});
    const std::optional<std::int64_t> expected = first_minute(fields, after);
    RC_ASSERT(found.has_value() == expected.has_value());
    if (!found.has_value()) {
      return;
    }
    RC_ASSERT(found->ms == *expected);
    after = found->ms;
  }
}

// Whatever the text, parsing ends with a schedule or an error that names a field.
RC_BOOST_PROP(any_text_is_a_schedule_or_refused, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("0123456789*/-,? \tMONjan")));
  const Result<Cron> cron = Cron::parse(text);
  RC_ASSERT((cron.has_value() || !cron.error().what.empty()));
  if (cron.has_value()) {
    const std::optional<WallMs> found = cron.value().next({0});
    RC_ASSERT((!found.has_value() || (found->ms > 0 && found->ms % 60'000 == 0)));
  }
}

}  // namespace
}  // namespace vvm::ctrlloop
