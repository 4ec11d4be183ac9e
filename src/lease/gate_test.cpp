// Gates: they close by time without a timer, and by revocation for ever.
#define BOOST_TEST_MODULE lease
#include "lease/gate.hpp"

#include <boost/test/unit_test.hpp>

using namespace vvm;
using namespace vvm::lease;

namespace {

constexpr FenceToken fence{PartitionEpoch{3}, VvmEpoch{2}};
constexpr Instant now{seconds(100).ns};

}  // namespace

BOOST_AUTO_TEST_CASE(without_a_lease_the_term_has_no_end) {
  const LocalTerm term;
  const Gate gate(fence, &term);
  BOOST_TEST(gate.open(now));
  BOOST_TEST(gate.open(Instant::max() - nanoseconds(1)));
  BOOST_TEST(!term.suspect(now));
  BOOST_TEST((gate.fence() == fence));
}

BOOST_AUTO_TEST_CASE(a_gate_closes_at_the_end_of_the_term_by_comparison_alone) {
  LocalTerm term;
  const Gate gate(fence, &term);
  term.extend(now + seconds(10), now + seconds(15));
  BOOST_TEST(!term.suspect(now + seconds(10) - nanoseconds(1)));
  BOOST_TEST(term.suspect(now + seconds(10)));
  BOOST_TEST(gate.open(now + seconds(15) - nanoseconds(1)));
  BOOST_TEST(!gate.open(now + seconds(15)));
}

BOOST_AUTO_TEST_CASE(a_revoked_gate_stays_closed_when_the_term_is_extended) {
  LocalTerm term;
  Gate gate(fence, &term);
  gate.revoke();
  term.extend(now + seconds(10), now + seconds(15));
  BOOST_TEST(!gate.open(now));
  BOOST_TEST(gate.revoked());
}
