// What a task that ended by an exception ended by.
//
// Owners of tasks rely on it: TaskScope, and the World for the root of a process. Answers only; the
// exception stays with the caller.
#pragma once

#include <exception>
#include <string>

namespace vvm {

// pre of both: `failure` is not null.
bool is_cancellation(const std::exception_ptr& failure);
// For people: what it says, or that nobody knows.
std::string what_of(const std::exception_ptr& failure);

}  // namespace vvm
