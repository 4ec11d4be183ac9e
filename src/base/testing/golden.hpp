// Golden files: what a view printed when somebody last looked at it.
//
// Unit tests of every module may rely on it; nothing else does. A file is the whole expected text.
// Run the test with `-- --update` to write what it prints now, and read the diff; CI never does.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace vvm::testing {

inline bool update_golden() {
  const auto& suite = boost::unit_test::framework::master_test_suite();
  for (int i = 1; i < suite.argc; ++i) {
    if (std::string_view{suite.argv[i]} == "--update") {
      return true;
    }
  }
  return false;
}

// Line and text where two texts part: all of both would bury it.
inline std::string first_difference(std::string_view expected, std::string_view actual) {
  std::size_t at = 0;
  std::size_t begin = 0;
  std::size_t line = 1;
  while (at < expected.size() && at < actual.size() && expected[at] == actual[at]) {
    if (expected[at] == '\n') {
      begin = at + 1;
      ++line;
    }
    ++at;
  }
  const auto rest = [&](std::string_view text) {
    text = begin < text.size() ? text.substr(begin) : std::string_view{};
    return std::string{text.substr(0, text.find('\n'))};
  };
  return "line " + std::to_string(line) + "\n  golden  " + rest(expected) + "\n  now     " +
         rest(actual);
}

inline void check_golden(const std::string& path, const std::string& actual) {
  if (update_golden()) {
    std::ofstream{path, std::ios::binary} << actual;
    return;
  }
  std::ifstream file{path, std::ios::binary};
  BOOST_REQUIRE_MESSAGE(file, path << " does not exist; `-- --update` writes it");
  const std::string expected{std::istreambuf_iterator<char>{file}, {}};
  BOOST_CHECK_MESSAGE(expected == actual, path << ": " << first_difference(expected, actual));
}

}  // namespace vvm::testing
