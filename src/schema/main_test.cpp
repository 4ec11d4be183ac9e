// The test runner of module schema.
#define BOOST_TEST_MODULE schema
#include <boost/test/unit_test.hpp>
