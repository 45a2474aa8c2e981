#include "minima/connected.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/disjoint_sets.h"
#include "core/stop.h"
#include "curvature/symmetric_eigen.h"
#include "minima/levels.h"
#include "minima/matching.h"
#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kMostMiddles = 400;
constexpr int64_t kInner = 7;  // points inside a chord
constexpr int kMostSteps = 80;
constexpr int64_t kMostParameters = 500;
constexpr size_t kMostAttempts = 2000;  // paths sought in one run

class Search {
 public:
  Search(const MinimaProblem& problem, double level, double tolerance)
      : problem_(problem), level_(level), tolerance_(tolerance) {}

  bool join(const Tensor& a, const Tensor& b) {
    if (is_flat(a, b)) return true;
    const double length = (b - a).norm().item<double>();
    if (++middles_ > kMostMiddles || length < 1e-9 * (1 + a.norm().item<double>()))
      return false;
    check_stop();
    const auto middle = lowered((a + b) / 2);
    const auto far = std::max((middle - a).norm().item<double>(),
                              (middle - b).norm().item<double>());
    if (!(far <= 0.95 * length)) return false;
    return near_level(problem_.objective.value(middle.unsqueeze(0))) &&
           join(a, middle) && join(middle, b);
  }

  int64_t points() const { return points_; }

 private:
  bool near_level(const Tensor& values) const {
    return ((values - level_).abs() <= tolerance_).all().item<bool>();
  }

  bool is_flat(const Tensor& a, const Tensor& b) {
    std::vector<Tensor> chord;
    for (int64_t k = 0; k <= kInner + 1; ++k) {
      const double t = static_cast<double>(k) / (kInner + 1);
      chord.push_back((1 - t) * a + t * b);
    }
    points_ += kInner + 2;
    return near_level(problem_.objective.value(at::stack(chord)));
  }

  // Down to the level by short steps, as a gradient flow would go: damped Newton with
  // |H|, which neither follows a curvature that is negative here nor leaps along what
  // is flat.
  Tensor lowered(Tensor theta) const {
    auto at = problem_.objective.value_and_gradient(theta.unsqueeze(0).contiguous());
    double damping = -1;
    for (int i = 0; i < kMostSteps && !near_level(at.value); ++i) {
      const auto h = problem_.objective.hessian(theta.unsqueeze(0).contiguous());
      if (!h.isfinite().all().item<bool>()) break;
      const auto [values, vectors] = symmetric_eigen(h.squeeze(0));
      const double most = std::max(values.abs().max().item<double>(), 1e-6);
      if (damping < 0) damping = most;
      const auto slope = at::mv(vectors.t(), at.gradient.squeeze(0));
      const auto next =
          theta - at::mv(vectors, slope / (values.abs() + damping)).contiguous();
      const auto there = problem_.objective.value_and_gradient(next.unsqueeze(0));
      const bool falls = (there.value < at.value).all().item<bool>();
      damping = falls ? damping / 3 : damping * 4;
      if (!falls && damping > 1e12 * most) break;
      if (!falls) continue;
      theta = next;
      at = there;
    }
    return theta;
  }

  const MinimaProblem& problem_;
  double level_, tolerance_;
  int64_t middles_ = 0, points_ = 0;
};

// A minimum near which others may lie that no symmetry makes. Certificates by a lower
// bound, by constancy and by convexity are of degenerate ones.
bool may_extend(const Minimum& m) {
  return m.endpoint.verdict == Verdict::kDegenerateMinimum || m.endpoint.nullity > 0;
}

bool are_joined(const MinimaProblem& problem,
                const MinimaOptions& options,
                const Endpoint& a,
                const Endpoint& b) {
  const double level = std::min(a.loss, b.loss);
  const double tolerance = options.same_loss * (1 + std::abs(level));
  if (find_flat_path(problem, a.theta, b.theta, level, tolerance).found) return true;
  const auto own = canonical_form(problem.layout, a.theta);
  const auto other = canonical_form(problem.layout, b.theta);
  if (own.theta.numel() != a.theta.numel() || own.theta.numel() != other.theta.numel())
    return false;
  const auto moved = match_units(own.layout, own.theta, other.theta).moved;
  return find_flat_path(problem, own.theta, moved, level, tolerance).found;
}

}  // namespace

FlatPath find_flat_path(const MinimaProblem& problem,
                        const Tensor& a,
                        const Tensor& b,
                        double level,
                        double tolerance) {
  Search search(problem, level, tolerance);
  const bool found = search.join(a, b);
  return {.found = found, .points = search.points()};
}

void number_connected_sets(const MinimaProblem& problem,
                           const MinimaOptions& options,
                           std::vector<Minimum>& minima) {
  if (std::none_of(minima.begin(), minima.end(), may_extend)) return;
  if (minima.front().endpoint.theta.numel() > kMostParameters) return;
  const auto order = order_by_loss(minima);
  DisjointSets sets(minima.size());
  size_t attempts = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto a = order[i];
    if (!may_extend(minima[a])) continue;
    std::vector<size_t> asked;  // roots of the sets that were tried
    for (size_t j = i; j-- > 0 && attempts < kMostAttempts;) {
      const auto b = order[j];
      const auto &p = minima[b].endpoint, &q = minima[a].endpoint;
      if (!near_loss(p.loss, q.loss, options.same_loss)) break;
      if (!may_extend(minima[b]) || is_certified(p) != is_certified(q)) continue;
      const auto root = sets.root(b);
      if (std::find(asked.begin(), asked.end(), root) != asked.end()) continue;
      asked.push_back(root);
      ++attempts;
      if (are_joined(problem, options, p, q)) sets.unite(b, a);
    }
  }
  const auto numbers = sets.numbers(order);
  for (size_t m = 0; m < minima.size(); ++m) minima[m].connected_class = numbers[m];
}

}  // namespace basin
