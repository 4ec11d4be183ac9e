// Allocations of a switch, counted: at most one a partition (DESIGN 8), none on the fast path.
//
// A program of its own, because it replaces operator new.
#define BOOST_TEST_MODULE appparts_allocations
#include <cstdlib>
#include <new>

#include <boost/test/unit_test.hpp>

#include "appparts/testing/fixture.hpp"

using namespace vvm;
using namespace vvm::appparts;
using namespace vvm::testing;

namespace {

std::size_t& allocations() {
  static std::size_t count = 0;  // tidy-ok: operator new has no other place to count
  return count;
}

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations();
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}

constexpr std::uint16_t partitions = 1000;

struct Switches {
  PartsFixture f{{.workers = false, .count_borrows = false, .partitions = partitions}};
  std::vector<PartitionRef> refs;
  VersionRef v2;

  Switches() {
    f.machine.events.keep = false;
    for (std::uint16_t i = 0; i < partitions; ++i) {
      refs.push_back(f.serve(1, i));
    }
    v2 = f.version(2);
  }
};

// Counts the allocations of each switch that is more than `limit`.
Task<void> switch_all(Switches* s, std::size_t limit, std::size_t* beyond) {
  for (const PartitionRef ref : s->refs) {
    const std::size_t before = allocations();
    const Status done = co_await s->f.parts->switch_version(ref, s->v2);
    if (done.has_error() || allocations() - before > limit) {
      ++*beyond;
    }
  }
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }

void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}

void operator delete(void* memory) noexcept { std::free(memory); }

void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }

void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

BOOST_AUTO_TEST_CASE(a_switch_in_one_step_allocates_nothing) {
  Switches s;
  const std::size_t before = allocations();
  std::size_t failed = 0;
  for (const PartitionRef ref : s.refs) {
    const std::optional<Status> done = s.f.parts->try_switch(ref, s.v2);
    failed += done.has_value() && done->has_value() ? 0 : 1;
  }
  BOOST_TEST(failed == 0U);
  // The last one drops version 1 and says so.
  BOOST_TEST(allocations() - before <= 10U);
}

BOOST_AUTO_TEST_CASE(a_switch_as_a_task_allocates_at_most_once) {
  Switches s;
  std::size_t beyond = 0;
  s.f.machine.spawn("switch", switch_all(&s, 1, &beyond));
  s.f.machine.run();
  BOOST_TEST(beyond <= 1U);  // the last one drops version 1 and says so
  BOOST_TEST(raw(s.f.view(partitions - 1).current->version) == 2);
}

BOOST_AUTO_TEST_CASE(a_borrow_and_its_release_allocate_nothing) {
  PartsFixture f({.workers = false, .count_borrows = false});
  const PartitionRef ref = f.serve(1);
  const std::size_t before = allocations();
  for (int i = 0; i < 100; ++i) {
    const auto b = f.parts->borrow(ref, ProcessorKind::query, f.machine.clock.now());
    if (b.has_error()) {
      break;
    }
  }
  BOOST_TEST(allocations() == before);
}
