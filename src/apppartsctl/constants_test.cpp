// Tests of the constants by name (docs/spec/vvm.md 14).
//
// Unit tests of apppartsctl; pure.
#include "apppartsctl/constants.hpp"

#include <set>

#include <boost/test/unit_test.hpp>

namespace vvm::apppartsctl {
namespace {

BOOST_AUTO_TEST_CASE(a_constant_is_set_by_its_name_and_no_other_changes) {
  Constants constants;
  BOOST_TEST(set_constant(constants, "SPPollInterval", seconds(7).ns).has_value());
  BOOST_TEST((constants.sp_poll_interval == seconds(7)));
  BOOST_TEST((constants.sp_read_limit == Constants{}.sp_read_limit));
  BOOST_TEST(set_constant(constants, "LoopWorkers", 2).has_value());
  BOOST_TEST(constants.loop_workers == 2);
}

BOOST_AUTO_TEST_CASE(unknown_names_and_values_that_are_not_positive_are_refused) {
  Constants constants;
  BOOST_TEST((set_constant(constants, "SPPolInterval", 1).error().code == Code::bad_input));
  BOOST_TEST((set_constant(constants, "SPPollInterval", 0).error().code == Code::bad_input));
  BOOST_TEST((set_constant(constants, "LoopWorkers", -1).error().code == Code::bad_input));
  BOOST_TEST(!constant_is_duration("Nonsense").has_value());
  BOOST_TEST(constant_is_duration("GCPeriod").value());
  BOOST_TEST(!constant_is_duration("QuickTries").value());
}

BOOST_AUTO_TEST_CASE(every_member_has_one_name) {
  std::set<std::string_view> names;
  for (const ConstantName& entry : constant_names()) {
    names.insert(entry.name);
  }
  BOOST_TEST(names.size() == constant_names().size());
  // All members are 8 octets wide: a member without a name shows here.
  BOOST_TEST(constant_names().size() * sizeof(Duration) == sizeof(Constants));
}

}  // namespace
}  // namespace vvm::apppartsctl
