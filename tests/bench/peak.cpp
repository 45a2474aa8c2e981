#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "peak.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include <chrono>

#include "peak.h"

HWY_BEFORE_NAMESPACE();
namespace basin::bench::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
double rounds(int64_t count, const volatile T* start, T& sink) {
  const hn::ScalableTag<T> d;
  const auto x = hn::Set(d, static_cast<T>(0.999999)), y = hn::Set(d, T(1e-6));
  // Each chain starts elsewhere, or the compiler would see that they are all the same.
  const auto from = [&](int n) HWY_ATTR { return hn::Set(d, start[n]); };
  auto a = from(0), b = from(1), c = from(2), e = from(3), f = from(4), g = from(5),
       h = from(6), i = from(7), j = from(8), k = from(9);
  const auto began = std::chrono::steady_clock::now();
  for (int64_t r = 0; r < count; ++r) {
    a = hn::MulAdd(a, x, y);
    b = hn::MulAdd(b, x, y);
    c = hn::MulAdd(c, x, y);
    e = hn::MulAdd(e, x, y);
    f = hn::MulAdd(f, x, y);
    g = hn::MulAdd(g, x, y);
    h = hn::MulAdd(h, x, y);
    i = hn::MulAdd(i, x, y);
    j = hn::MulAdd(j, x, y);
    k = hn::MulAdd(k, x, y);
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - began;
  const auto all =
      hn::Add(hn::Add(hn::Add(a, b), hn::Add(c, e)),
              hn::Add(hn::Add(hn::Add(f, g), hn::Add(h, i)), hn::Add(j, k)));
  sink = hn::GetLane(hn::SumOfLanes(d, all));
  return static_cast<double>(count) * 10 * 2 * static_cast<double>(hn::Lanes(d)) /
         time.count() / 1e9;
}

double rounds_f32(int64_t count) {
  const volatile float start[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  float sink;
  return rounds<float>(count, start, sink) + 0 * sink;
}
double rounds_f64(int64_t count) {
  const volatile double start[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  double sink;
  return rounds<double>(count, start, sink) + 0 * sink;
}

}  // namespace basin::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace basin::bench {

HWY_EXPORT(rounds_f32);
HWY_EXPORT(rounds_f64);

namespace {

template <typename F>
double best_of(double seconds, const F& rounds) {
  double best = 0;
  const auto start = std::chrono::steady_clock::now();
  do {
    best = std::max(best, rounds(1 << 20));
  } while (std::chrono::steady_clock::now() - start <
           std::chrono::duration<double>(seconds));
  return best;
}

}  // namespace

template <>
double peak_gflops<float>(double seconds) {
  return best_of(seconds,
                 [](int64_t n) { return HWY_DYNAMIC_DISPATCH(rounds_f32)(n); });
}

template <>
double peak_gflops<double>(double seconds) {
  return best_of(seconds,
                 [](int64_t n) { return HWY_DYNAMIC_DISPATCH(rounds_f64)(n); });
}

}  // namespace basin::bench
#endif
