// The test program of sim/world: Boost.Test's main.
//
// Owned by the module; the other *_test.cpp files hold the cases.
#define BOOST_TEST_MODULE sim_world
#include <boost/test/unit_test.hpp>
