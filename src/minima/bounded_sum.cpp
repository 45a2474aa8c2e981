// Bounded least squares (Stark and Parker 1995) with few rows: coefficients that leave
// their bounds are solved for together, by orthogonal columns; those that meet a bound
// stay there.

#include "minima/bounded_sum.h"

#include <algorithm>
#include <cmath>

#include "minima/growth_box.h"

namespace basin {
namespace {

using Numbers = std::vector<double>;

constexpr double kAcross = 1e-8;      // v·g / |v| |g| of a coefficient worth moving
constexpr double kDependent = 1e-10;  // |v| outside the others' span, of |v|
constexpr size_t kMostSteps = 200;

// d with |g + Σ d_i v_i| least, v_i of `free`; 0 for one in the span of those before.
Numbers solve(const BoundedSum& sum,
              const std::vector<size_t>& free,
              const Numbers& g) {
  const auto m = sum.m, n = free.size();
  Numbers q, triangle(n * n, 0), right(n, 0), d(n, 0);
  for (size_t c = 0; c < n; ++c) {
    const double* v = &sum.vectors[free[c] * m];
    q.insert(q.end(), v, v + m);
    double* column = &q[c * m];
    for (int again = 0; again < 2; ++again) {
      for (size_t p = 0; p < c; ++p) {
        const double share = dot(&q[p * m], column, m);
        triangle[p * n + c] += share;
        for (size_t j = 0; j < m; ++j) column[j] -= share * q[p * m + j];
      }
    }
    const double size = std::sqrt(dot(column, column, m));
    const bool own = size > kDependent * std::sqrt(dot(v, v, m));
    triangle[c * n + c] = own ? size : 0;
    for (size_t j = 0; j < m; ++j) column[j] = own ? column[j] / size : 0;
    right[c] = -dot(column, g.data(), m);
  }
  for (size_t c = n; c-- > 0;) {
    if (triangle[c * n + c] == 0) continue;
    double rest = right[c];
    for (size_t p = c + 1; p < n; ++p) rest -= triangle[c * n + p] * d[p];
    d[c] = rest / triangle[c * n + c];
  }
  return d;
}

// Steps to the least over `free`, or to the first bound; those at a bound leave. True
// if nothing barred the way.
bool step(BoundedSum& sum, std::vector<size_t>& free, Numbers& g) {
  const auto m = sum.m;
  const auto d = solve(sum, free, g);
  double share = 1;
  size_t bar = free.size();
  for (size_t k = 0; k < free.size(); ++k) {
    const auto i = free[k];
    const double room = (d[k] > 0 ? sum.high[i] : sum.low[i]) - sum.value[i];
    if (d[k] == 0 || std::abs(d[k]) * share <= std::abs(room)) continue;
    share = room / d[k];
    bar = k;
  }
  for (size_t k = 0; k < free.size(); ++k) {
    const auto i = free[k];
    const double from = sum.value[i];
    sum.value[i] = std::clamp(from + share * d[k], sum.low[i], sum.high[i]);
    if (k == bar) sum.value[i] = d[k] > 0 ? sum.high[i] : sum.low[i];
    const double change = sum.value[i] - from;
    for (size_t j = 0; j < m; ++j) g[j] += change * sum.vectors[i * m + j];
  }
  if (bar == free.size()) return true;
  free.erase(free.begin() + static_cast<std::ptrdiff_t>(bar));
  return false;
}

}  // namespace

void BoundedSum::add(const double* v, double from, double to, double at) {
  vectors.insert(vectors.end(), v, v + m);
  low.push_back(from);
  high.push_back(to);
  value.push_back(at);
}

double shorten(BoundedSum& sum, std::vector<double> first, double enough) {
  const auto m = sum.m, n = sum.value.size();
  auto& g = first;
  Numbers sizes;
  std::vector<size_t> free;
  for (size_t i = 0; i < n; ++i) {
    const double* v = &sum.vectors[i * m];
    sizes.push_back(std::sqrt(dot(v, v, m)));
    for (size_t j = 0; j < m; ++j) g[j] += sum.value[i] * v[j];
  }
  size_t steps = 0;
  for (auto now = length(g); now >= enough && steps < kMostSteps; now = length(g)) {
    // The coefficient that shortens most by leaving its bound.
    double most = kAcross * now;
    size_t next = n;
    for (size_t i = 0; i < n; ++i) {
      const double slope = dot(g.data(), &sum.vectors[i * m], m);
      const double room =
          slope < 0 ? sum.high[i] - sum.value[i] : sum.value[i] - sum.low[i];
      if (!(room > 0) || std::abs(slope) <= most * sizes[i]) continue;
      if (std::find(free.begin(), free.end(), i) != free.end()) continue;
      most = std::abs(slope) / sizes[i];
      next = i;
    }
    if (next == n) break;
    free.push_back(next);
    for (bool done = false; !done && !free.empty(); ++steps) done = step(sum, free, g);
  }
  return length(g);
}

}  // namespace basin
