// The test program of sim/kernel: Boost.Test's main.
//
// Owned by the module; the other *_test.cpp files hold the cases.
#define BOOST_TEST_MODULE sim_kernel
#include <boost/test/unit_test.hpp>
