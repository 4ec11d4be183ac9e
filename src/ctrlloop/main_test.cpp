// The test program of ctrlloop: Boost.Test's main.
//
// Owned by the module; the other *_test.cpp files hold the cases.
#define BOOST_TEST_MODULE ctrlloop
#include <boost/test/unit_test.hpp>
