// Entry point of the tests of sim/report; `-- --update` rewrites testdata/.
#define BOOST_TEST_MODULE sim_report
#include <boost/test/unit_test.hpp>
