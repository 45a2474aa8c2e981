#include "report/quadratic_outline.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

namespace basin {
namespace {

using torch::Tensor;

constexpr int kDirections = 360;
constexpr double kStart = 1.5, kStep = 0.1;  // in cells

/// One axis of the grid, evenly spaced.
struct Steps {
  double low, step;
  int64_t count;

  double cell(double at) const { return (at - low) / step; }
  bool holds(double at) const {
    return cell(at) >= 0 && cell(at) <= static_cast<double>(count - 1);
  }
};

Steps steps_of(const Tensor& t) {
  const auto n = t.size(0);
  const double low = t[0].item<double>();
  return {low, (t[-1].item<double>() - low) / static_cast<double>(n - 1), n};
}

/// ½ pᵀH p = a x² + b x y + c y².
struct SecondOrder {
  double a, b, c;
  double operator()(double x, double y) const {
    return a * x * x + b * x * y + c * y * y;
  }
};

// By divided differences, exact for a polynomial of degree two.
SecondOrder second_order(const Tensor& q, const Steps& x, const Steps& y) {
  const auto at = [&](int64_t j, int64_t i) { return q[j][i].item<double>(); };
  const auto bend = [](double f0, double f1, double f2, double d1, double d2) {
    return ((f2 - f1) / (d2 - d1) - (f1 - f0) / d1) / d2;
  };
  const auto mx = x.count / 2, my = y.count / 2, nx = x.count - 1, ny = y.count - 1;
  const auto far = [](const Steps& s, int64_t k) {
    return s.step * static_cast<double>(k);
  };
  return {bend(at(0, 0), at(0, mx), at(0, nx), far(x, mx), far(x, nx)),
          (at(ny, nx) - at(ny, 0) - at(0, nx) + at(0, 0)) / (far(x, nx) * far(y, ny)),
          bend(at(0, 0), at(my, 0), at(ny, 0), far(y, my), far(y, ny))};
}

/// The misfit over |p|³, p in cells from the centre.
class Misfit {
 public:
  Misfit(const StoredSlice& s, const Steps& x, const Steps& y) : x_(x), y_(y) {
    const auto away = [](const Steps& a) {
      return at::arange(a.count, torch::kFloat64) - a.cell(0);
    };
    cubes_ = (away(x).square() + away(y).square().unsqueeze(1)).pow(1.5);
    const auto misfit = s.values.loss - s.values.quadratic;
    scaled_ =
        at::where(cubes_ > 1e-9, misfit / cubes_, at::zeros_like(misfit)).contiguous();
  }

  double operator()(double x, double y) const {
    const double i = x_.cell(x), j = y_.cell(y);
    const auto i0 = std::clamp<int64_t>(static_cast<int64_t>(i), 0, x_.count - 2);
    const auto j0 = std::clamp<int64_t>(static_cast<int64_t>(j), 0, y_.count - 2);
    const double u = i - static_cast<double>(i0), v = j - static_cast<double>(j0);
    const auto* z = scaled_.data_ptr<double>() + j0 * x_.count + i0;
    const double mean = (1 - v) * ((1 - u) * z[0] + u * z[1]) +
                        v * ((1 - u) * z[x_.count] + u * z[x_.count + 1]);
    const double away = std::hypot(i - x_.cell(0), j - y_.cell(0));
    return mean * away * away * away;
  }

 private:
  Steps x_, y_;
  Tensor cubes_, scaled_;
};

}  // namespace

std::vector<OutlinePoint> quadratic_outline(const StoredSlice& s, double error) {
  if (s.frame.x.size(0) < 3 || s.frame.y.size(0) < 3) return {};
  const auto x = steps_of(s.frame.x), y = steps_of(s.frame.y);
  if (!x.holds(0) || !y.holds(0)) return {};
  const auto rise = second_order(s.values.quadratic, x, y);
  const Misfit misfit(s, x, y);
  std::vector<OutlinePoint> out;
  for (int k = 0; k < kDirections; ++k) {
    const double angle = 2 * M_PI * k / kDirections;
    const double dx = std::cos(angle) * x.step, dy = std::sin(angle) * y.step;
    double t = kStart;
    const auto inside = [&] { return x.holds(t * dx) && y.holds(t * dy); };
    const auto good = [&] {
      return std::abs(misfit(t * dx, t * dy)) <= error * std::abs(rise(t * dx, t * dy));
    };
    while (inside() && good()) t += kStep;
    out.push_back({t * dx, t * dy, !inside()});
  }
  return out;
}

}  // namespace basin
