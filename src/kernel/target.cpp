#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernel/target.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "kernel/group.h"

HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

int64_t lanes_f32() {
  return hwy::HWY_NAMESPACE::Lanes(hwy::HWY_NAMESPACE::ScalableTag<float>());
}
int64_t lanes_f64() {
  return hwy::HWY_NAMESPACE::Lanes(hwy::HWY_NAMESPACE::ScalableTag<double>());
}
const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace basin {

HWY_EXPORT(lanes_f32);
HWY_EXPORT(lanes_f64);
HWY_EXPORT(target_name);

template <>
int64_t group_lanes<float>() {
  return HWY_DYNAMIC_DISPATCH(lanes_f32)();
}

template <>
int64_t group_lanes<double>() {
  return HWY_DYNAMIC_DISPATCH(lanes_f64)();
}

const char* kernel_target() { return HWY_DYNAMIC_DISPATCH(target_name)(); }

}  // namespace basin
#endif
