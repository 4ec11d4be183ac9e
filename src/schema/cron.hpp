// Cron schedules of jobs (docs/spec/vsql.md 7.5): is a text one?
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace vvm::schema {

// As the analysis asks: with or without a field for seconds (quirk Q31).
bool is_schedule(std::string_view text);

// The fields of a schedule without its zone; one for `@daily` and the like. Validation wants five
// of them, or one that starts with `@`.
std::vector<std::string_view> schedule_fields(std::string_view text);

}  // namespace vvm::schema
