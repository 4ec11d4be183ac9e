// Result<T>: a value or an Error; the only way an expected failure travels in this project.
//
// Every layer relies on it; it is the one file that names Boost.Outcome (docs/decisions.md 1).
// Reading the value of a failed Result is a broken program and aborts. Result is [[nodiscard]].
#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/try.hpp>

#include "base/error.hpp"

namespace vvm {

template <class T>
using Result = boost::outcome_v2::basic_result<T, Error, boost::outcome_v2::policy::terminate>;

using Status = Result<void>;

inline Status ok() { return boost::outcome_v2::success(); }

}  // namespace vvm

// TRY(auto x, expr): leaves the function with the error of `expr`, or goes on with its value.
// TRY(expr): the same for a Result whose value does not matter. CO_TRY is TRY inside a coroutine.
// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#define TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)
#define CO_TRY(...) BOOST_OUTCOME_CO_TRY(__VA_ARGS__)
// NOLINTEND(cppcoreguidelines-macro-usage)
