#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/lbfgs_direction.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include <algorithm>

#include "core/buffer.h"
#include "train/lbfgs_direction.h"

HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<double, kPaddedTo>;
constexpr size_t kWide = hn::MaxLanes(D());
constexpr size_t kSums = kPaddedTo / kWide;

struct Sums {
  hn::Vec<D> part[kSums];

  HWY_INLINE Sums() {
    for (auto& v : part) v = hn::Zero(D());
  }
  HWY_INLINE void add(const double* a, const double* b) {
    const D d;
    for (size_t k = 0; k < kSums; ++k) {
      part[k] = hn::Add(
          part[k], hn::Mul(hn::Load(d, a + k * kWide), hn::Load(d, b + k * kWide)));
    }
  }
  HWY_INLINE double total() const {
    HWY_ALIGN double lane[kPaddedTo];
    for (size_t k = 0; k < kSums; ++k) hn::Store(part[k], D(), lane + k * kWide);
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
};

double dot_of(const double* a, const double* b, size_t padded) {
  Sums sums;
  for (size_t i = 0; i < padded; i += kPaddedTo) sums.add(a + i, b + i);
  return sums.total();
}

// out += factor v.
HWY_INLINE void add_to(double* out, double factor, const double* v, size_t padded) {
  const D d;
  const auto f = hn::Set(d, factor);
  for (size_t i = 0; i < padded; i += kWide) {
    hn::Store(
        hn::Add(hn::Load(d, out + i), hn::Mul(f, hn::Load(d, v + i))), d, out + i);
  }
}

HWY_INLINE void scale_by(double* out, double factor, size_t padded) {
  const D d;
  const auto f = hn::Set(d, factor);
  for (size_t i = 0; i < padded; i += kWide)
    hn::Store(hn::Mul(hn::Load(d, out + i), f), d, out + i);
}

// Rows in step. One with fewer pairs than another has pairs of zeros before its oldest.
template <size_t rows>
void two_loop(const DirectionTask* tasks, double* zeros, double* alpha, size_t padded) {
  size_t most = 0;
  for (size_t r = 0; r < rows; ++r) {
    most = std::max(most, tasks[r].pairs.size());
    std::copy_n(tasks[r].gradient, padded, tasks[r].direction);
  }
  const LbfgsPair none{.s = zeros, .y = zeros, .rho = 0, .scale = 1};
  LbfgsPair now[rows];
  const auto look = [&](size_t age) {
    for (size_t r = 0; r < rows; ++r) {
      const auto& pairs = tasks[r].pairs;
      now[r] = age < pairs.size() ? pairs[pairs.size() - 1 - age] : none;
    }
  };
  const auto dots = [&](double* LbfgsPair::*which, double* out) HWY_ATTR {
    Sums sums[rows];
    for (size_t i = 0; i < padded; i += kPaddedTo) {
      for (size_t r = 0; r < rows; ++r)
        sums[r].add(now[r].*which + i, tasks[r].direction + i);
    }
    for (size_t r = 0; r < rows; ++r) out[r] = now[r].rho * sums[r].total();
  };
  for (size_t age = 0; age < most; ++age) {
    look(age);
    dots(&LbfgsPair::s, alpha + age * rows);
    for (size_t r = 0; r < rows; ++r)
      add_to(tasks[r].direction, -alpha[age * rows + r], now[r].y, padded);
  }
  look(0);
  for (size_t r = 0; r < rows; ++r) {
    if (!tasks[r].pairs.empty()) scale_by(tasks[r].direction, now[r].scale, padded);
  }
  for (size_t age = most; age-- > 0;) {
    look(age);
    double beta[rows];
    dots(&LbfgsPair::y, beta);
    for (size_t r = 0; r < rows; ++r)
      add_to(tasks[r].direction, alpha[age * rows + r] - beta[r], now[r].s, padded);
  }
  for (size_t r = 0; r < rows; ++r) scale_by(tasks[r].direction, -1, padded);
}

void directions_of(const DirectionTask* tasks,
                   size_t count,
                   double* zeros,
                   double* alpha,
                   size_t padded) {
  constexpr size_t together = 4;
  constexpr size_t longest = 256;  // four rows' pairs stay in the second-level cache
  size_t k = 0;
  if (padded <= longest) {
    for (; k + together <= count; k += together)
      two_loop<together>(tasks + k, zeros, alpha, padded);
  }
  for (; k < count; ++k) two_loop<1>(tasks + k, zeros, alpha, padded);
}

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace basin {

HWY_EXPORT(dot_of);
HWY_EXPORT(directions_of);

void lbfgs_directions(std::span<const DirectionTask> tasks, size_t padded) {
  size_t most = 0;
  for (const auto& task : tasks) most = std::max(most, task.pairs.size());
  Buffer<double> zeros(padded), alpha(4 * most);
  HWY_DYNAMIC_DISPATCH(directions_of)
  (tasks.data(), tasks.size(), zeros.data(), alpha.data(), padded);
}

double lane_dot(const double* a, const double* b, size_t padded) {
  return HWY_DYNAMIC_DISPATCH(dot_of)(a, b, padded);
}

}  // namespace basin
#endif
