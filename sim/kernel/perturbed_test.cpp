// PerturbedMemory: the order of addresses depends on the seed, and on nothing else.
#define BOOST_TEST_MODULE sim_kernel_perturbed
#include <algorithm>
#include <memory>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sim/kernel/perturbed_memory.hpp"

namespace vvm::sim {
namespace {

struct Node {
  std::size_t number = 0;
  std::size_t more[3]{};
};

// The numbers of nodes that were made one after another, by address.
std::vector<std::size_t> order_of_addresses() {
  std::vector<std::unique_ptr<Node>> nodes;
  nodes.reserve(200);
  for (std::size_t i = 0; i < 200; ++i) {
    nodes.push_back(std::make_unique<Node>());
    nodes.back()->number = i;
  }
  std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) {
    return a.get() < b.get();  // what code under test must never do
  });
  std::vector<std::size_t> out;
  out.reserve(nodes.size());
  for (const auto& node : nodes) {
    out.push_back(node->number);
  }
  return out;
}

std::size_t steps_down(const std::vector<std::size_t>& order) {
  std::size_t out = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    out += order[i] < order[i - 1] ? 1 : 0;
  }
  return out;
}

std::vector<std::size_t> order_under(std::uint64_t seed) {
  const PerturbedMemory memory{seed};
  return order_of_addresses();
}

BOOST_AUTO_TEST_SUITE(perturbed_memory)

BOOST_AUTO_TEST_CASE(addresses_come_in_an_order_that_only_the_seed_knows) {
  if (!PerturbedMemory::effective()) {
    return;
  }
  // malloc hands out blocks that lie in a row, but for what was freed before.
  BOOST_TEST(steps_down(order_of_addresses()) < 40U);
  const std::vector<std::size_t> one = order_under(1);
  BOOST_TEST(steps_down(one) > 60U);
  BOOST_TEST((one != order_under(2)));
}

BOOST_AUTO_TEST_CASE(blocks_of_every_size_may_outlive_it) {
  std::vector<std::vector<char>> blocks;
  {
    const PerturbedMemory memory{3};
    for (std::size_t size = 0; size < 3'000; size += 7) {
      blocks.emplace_back(size, static_cast<char>(size));
    }
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    BOOST_TEST(std::all_of(
        blocks[i].begin(), blocks[i].end(), [&](char c) { return c == static_cast<char>(i * 7); }));
  }
}

BOOST_AUTO_TEST_CASE(allocations_are_counted_while_somebody_asks) {
  auto before = std::make_unique<int>(0);
  std::uint64_t seen = 0;
  {
    const AllocationCount count;
    before.reset();
    const auto one = std::make_unique<int>(1);
    const auto array = std::make_unique<char[]>(5000);
    seen = count.value();
  }
  const auto after = std::make_unique<int>(2);
  const AllocationCount again;
  BOOST_TEST(seen == (AllocationCount::effective() ? 2U : 0U));
  BOOST_TEST(again.value() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace vvm::sim
