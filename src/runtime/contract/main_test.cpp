// The contract tests of every seam; one program a world.
//
// An interface has one file here. Whatever holds in one world and not in the other is a difference
// that the simulator would hide.
#define BOOST_TEST_MODULE runtime_contract
#include <boost/test/unit_test.hpp>
