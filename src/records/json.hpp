// SetPoint and ProcessVariable as JSON: the fields of docs/spec/vvm.md 3.7 and 3.8 by their names.
//
// The cluster process and its clients write and read them. Reading is strict about presence, type
// and range of every field, ignores members it does not know, and keeps no reference to the object.
// Null stands for no BLOB and no digest. Constraints between fields are validate()'s.
#pragma once

#include <boost/json/object.hpp>

#include "base/result.hpp"
#include "records/process_variable.hpp"
#include "records/set_point.hpp"

namespace vvm {

boost::json::object to_json(const SetPoint& sp);
boost::json::object to_json(const ProcessVariable& pv);

// err: BadRequest, naming the member.
Result<SetPoint> set_point_from_json(const boost::json::object& object);
Result<ProcessVariable> process_variable_from_json(const boost::json::object& object);

}  // namespace vvm
