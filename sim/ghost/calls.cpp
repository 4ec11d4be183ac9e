// I-S14 key exclusivity, I-S15 no stale set-point.
#include "sim/ghost/groups.hpp"

namespace vvm::ghost {

void Calls::on_call(const Process& process,
                    const PartitionKey& key,
                    const Part& part,
                    Generation generation) {
  require(!part.call.has_value(), Property::key_exclusivity, [&] {
    return Finding{subject_of(process, key),
                   "one controller call at a time",
                   "a call with generation " + std::to_string(raw(generation)) +
                       " during one with " + std::to_string(raw(*part.call))};
  });
  require(generation >= part.last_call, Property::no_stale_sp, [&] {
    return Finding{subject_of(process, key),
                   "a generation of at least " + std::to_string(raw(part.last_call)),
                   "a call with generation " + std::to_string(raw(generation))};
  });
}

// 8.2: what is a duplicate, reordered or stale stays in the reader. The loop would drop it, too, so
// that nothing else would show that the reader has let it through.
void Calls::on_target(const Process& process,
                      const PartitionKey& key,
                      const Part& part,
                      std::int64_t number) {
  require(number > part.last_target, Property::no_stale_sp, [&] {
    return Finding{subject_of(process, key),
                   "an order number above " + std::to_string(part.last_target),
                   "the SP reader gave out " + std::to_string(number)};
  });
}

}  // namespace vvm::ghost
