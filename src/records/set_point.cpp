// The constraints of an SP (docs/spec/vvm.md 3.7), one error that names the field.
#include "records/set_point.hpp"

#include "base/check.hpp"

namespace vvm {
namespace {

Error invalid(const SetPoint& sp, std::string_view field, std::int64_t found) {
  return {Code::invalid_sp, sp.key.str() + ": " + std::string{field} + " " + std::to_string(found)};
}

Status in_range(const SetPoint& sp, std::string_view field, std::int64_t found, std::int64_t max) {
  if (found < 0 || found > max) {
    return invalid(sp, field, found);
  }
  return ok();
}

Status validate_identity(const SetPoint& sp) {
  if (sp.key.app.owner.empty() || sp.key.app.name.empty()) {
    return Error{Code::invalid_sp, "AppQName `" + sp.key.app.str() + "`"};
  }
  if (raw(sp.vvm) == 0) {
    return invalid(sp, "VvmID", 0);
  }
  if (raw(sp.generation) < 1) {
    return invalid(sp, "Generation", raw(sp.generation));
  }
  if (raw(sp.partition_epoch) < 1) {
    return invalid(sp, "PartitionEpoch", raw(sp.partition_epoch));
  }
  return ok();
}

Status validate_image(const SetPoint& sp) {
  if (sp.image_kind == ImageKind::built_in) {
    if (sp.built_in_rev.empty() || sp.built_in_rev.size() > built_in_rev_octets_max) {
      return Error{Code::invalid_sp, sp.key.str() + ": BuiltInRev `" + sp.built_in_rev + "`"};
    }
    if (raw(sp.image_blob) != 0 || sp.image_sha256 != Sha256{}) {
      return Error{Code::invalid_sp, sp.key.str() + ": a built-in application with an image"};
    }
    return ok();
  }
  if (raw(sp.image_blob) == 0) {
    return invalid(sp, "ImageBlob", 0);
  }
  if (sp.image_sha256 == Sha256{}) {
    return Error{Code::invalid_sp, sp.key.str() + ": ImageSHA256 is null"};
  }
  if (sp.image_size < 1) {
    return invalid(sp, "ImageSize", sp.image_size);
  }
  return ok();
}

}  // namespace

Status validate(const SetPoint& sp) {
  TRY(validate_identity(sp));
  if (sp.desired == Desired::absent) {
    return ok();
  }
  if (raw(sp.app_version) < 1) {
    return invalid(sp, "AppVersion", raw(sp.app_version));
  }
  TRY(validate_image(sp));
  if (sp.num_partitions < 1 || sp.num_partitions > 65'535) {
    return invalid(sp, "NumPartitions", sp.num_partitions);
  }
  if (raw(sp.key.partition) >= sp.num_partitions) {
    return invalid(sp, "PartitionID", raw(sp.key.partition));
  }
  if (sp.num_app_workspaces < 1 || sp.num_app_workspaces > 32'768) {
    return invalid(sp, "NumAppWorkspaces", sp.num_app_workspaces);
  }
  TRY(in_range(sp, "PoolCommand", sp.pool_command, 1024));
  TRY(in_range(sp, "PoolQuery", sp.pool_query, 1024));
  TRY(in_range(sp, "PoolActualizer", sp.pool_actualizer, 1024));
  TRY(in_range(sp, "PoolScheduler", sp.pool_scheduler, 1024));
  TRY(in_range(sp, "StartTimeToleranceMs", sp.start_time_tolerance.ms(), 86'400'000));
  TRY(in_range(sp, "DrainTimeoutMs", sp.drain_timeout.ms(), 600'000));
  if (sp.cron_schedule.size() > cron_schedule_octets_max) {
    return invalid(sp, "CronSchedule, octets", static_cast<std::int64_t>(sp.cron_schedule.size()));
  }
  return ok();
}

bool same_content(const SetPoint& a, const SetPoint& b) {
  SetPoint same_time = a;
  same_time.updated_at = b.updated_at;
  return same_time == b;
}

std::string_view name_of(Desired desired) {
  switch (desired) {
    case Desired::present:
      return "Present";
    case Desired::absent:
      return "Absent";
  }
  UNREACHABLE();
}

}  // namespace vvm
