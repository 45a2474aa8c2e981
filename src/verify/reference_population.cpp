#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "verify/reference.h"

namespace basin {
namespace {

using std::numbers::pi_v;

/// E[relu(w·x) relu(v·x)] and its gradient by w: E[1(w·x > 0) relu(v·x) x], which is
/// ((π − φ) v + ‖v‖ sin φ ŵ) / 2π.
Real moment(const Real* w, const Real* v, int64_t d, std::vector<Real>& gradient) {
  Real ww = 0, vv = 0, wv = 0;
  for (int64_t i = 0; i < d; ++i) {
    ww += w[i] * w[i];
    vv += v[i] * v[i];
    wv += w[i] * v[i];
  }
  const Real sizes = std::sqrt(ww * vv);
  // The area of the parallelogram, by its own sum: ‖w‖²‖v‖² − (w·v)² cancels.
  Real cross = 0;
  for (int64_t i = 0; i < d; ++i) {
    for (int64_t j = 0; j < i; ++j) {
      const Real minor = w[i] * v[j] - w[j] * v[i];
      cross += minor * minor;
    }
  }
  const Real area = std::sqrt(cross);
  const Real angle = std::atan2(area, wv);
  for (int64_t i = 0; i < d; ++i) {
    const Real along = sizes > 0 ? area / ww * w[i] : 0;
    gradient[static_cast<size_t>(i)] =
        ((pi_v<Real> - angle) * v[i] + along) / (2 * pi_v<Real>);
  }
  return (area + (pi_v<Real> - angle) * wv) / (2 * pi_v<Real>);
}

}  // namespace

// A student of length 0 is a kink in every direction.
Real ReferencePopulation::smooth_radius(const std::vector<Real>& theta) const {
  Real least = std::numeric_limits<Real>::infinity();
  for (int64_t i = 0; i < units_; ++i) {
    Real square = 0;
    for (int64_t c = 0; c < inputs_; ++c) {
      const Real w = theta[static_cast<size_t>(i * inputs_ + c)];
      square += w * w;
    }
    least = std::min(least, std::sqrt(square));
  }
  return least;
}

ReferenceValue ReferencePopulation::evaluate(const std::vector<Real>& theta,
                                             const std::vector<double>&) const {
  ReferenceValue out{.gradient = std::vector<Real>(theta.size(), 0)};
  std::vector<Real> all(theta);
  for (int64_t j = 0; j < inputs_; ++j) {
    for (int64_t c = 0; c < inputs_; ++c) all.push_back(c == j ? 1 : 0);
  }
  std::vector<Real> g(static_cast<size_t>(inputs_));
  const auto count = units_ + inputs_;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j < count; ++j) {
      const bool student_i = i < units_, student_j = j < units_;
      const Real sign = student_i == student_j ? 1 : -1;
      out.value += sign / 2 *
                   moment(&all[static_cast<size_t>(i * inputs_)],
                          &all[static_cast<size_t>(j * inputs_)],
                          inputs_,
                          g);
      if (!student_i) continue;
      for (int64_t c = 0; c < inputs_; ++c) {
        out.gradient[static_cast<size_t>(i * inputs_ + c)] +=
            sign * g[static_cast<size_t>(c)];
      }
    }
  }
  return out;
}

}  // namespace basin
