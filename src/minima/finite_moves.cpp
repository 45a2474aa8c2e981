#include "minima/finite_moves.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/random_vector.h"
#include "minima/newton.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kLong = 0.3, kShort = 0.03;  // of a generator, or of the size of θ
constexpr int64_t kCombinations = 3;          // random elements of a span

/// The numbers at θ itself.
struct Place {
  double loss = 0;
  double loss_noise = 0;
  double size = 1;  // a length that is a finite way at θ
};

Place place_at(const MinimaProblem& problem, const Tensor& theta) {
  const double loss = problem.objective.value(theta.unsqueeze(0)).item<double>();
  return {
      .loss = loss,
      .loss_noise = 64 * value_noise(problem.objective, theta) + 1e-13 * std::abs(loss),
      .size = std::max(0.1, theta.abs().max().item<double>())};
}

// Coefficients of a source for a step of a given share of the size of θ. A generator of
// a group is taken as it is (a factor e^0.3 is finite whatever θ is), shortened where
// θ would leave the reach.
Tensor coefficients(const NullSource& source,
                    const Tensor& direction,
                    double share,
                    const Place& place,
                    double reach) {
  auto c = direction * share;
  if (!source.move) c = c * place.size;
  const double length = at::mv(source.tangents.t(), c).norm().item<double>();
  return length > reach ? c * (reach / length) : c;
}

// Which of the points leave L as it is. `[n]`.
std::vector<bool> leave_loss(const MinimaProblem& problem,
                             const std::vector<Tensor>& points,
                             const Place& place,
                             const MoveLimits& limits) {
  std::vector<bool> out;
  constexpr size_t kBlock = 64;
  for (size_t first = 0; first < points.size(); first += kBlock) {
    const auto end = std::min(points.size(), first + kBlock);
    const std::vector<Tensor> some(points.begin() + static_cast<int64_t>(first),
                                   points.begin() + static_cast<int64_t>(end));
    const auto batch = at::stack(some).contiguous();
    const auto answer = problem.objective.value_and_gradient(batch);
    const auto value = answer.value.to(torch::kFloat64);
    const auto slope = std::get<0>(answer.gradient.abs().max(1));
    for (int64_t i = 0; i < batch.size(0); ++i) {
      const double norm = batch[i].norm().item<double>();
      const double steepest =
          100 * limits.gradient + 1e-13 * limits.curvature * (1 + norm);
      double noise = place.loss_noise;
      const double change = std::abs(value[i].item<double>() - place.loss);
      if (change > noise) noise += 64 * value_noise(problem.objective, batch[i]);
      bool good = change <= noise;
      if (good && limits.differentiable && slope[i].item<double>() > steepest) {
        const double floor = 16 * problem.objective.gradient_noise(batch[i]);
        good = slope[i].item<double>() <= steepest + floor;
      }
      out.push_back(good);
    }
  }
  return out;
}

bool all_of(const std::vector<bool>& answers) {
  return std::find(answers.begin(), answers.end(), false) == answers.end();
}

const double kShares[] = {kLong, -kLong, kShort, -kShort};

// The tangents of a source along each of which L is constant.
NullSource one_by_one(const MinimaProblem& problem,
                      const Tensor& theta,
                      const NullSource& source,
                      const Place& place,
                      const MoveLimits& limits) {
  const auto count = source.tangents.size(0);
  std::vector<Tensor> points;
  for (int64_t k = 0; k < count; ++k) {
    auto direction = at::zeros({count}, torch::kFloat64);
    direction[k] = 1;
    for (const double share : kShares)
      points.push_back(source.moved(
          theta, coefficients(source, direction, share, place, limits.reach)));
  }
  const auto good = leave_loss(problem, points, place, limits);
  std::vector<int64_t> kept;
  for (int64_t k = 0; k < count; ++k) {
    const auto first = good.begin() + 4 * k;
    if (std::find(first, first + 4, false) == first + 4) kept.push_back(k);
  }
  auto out = source;
  const auto index = at::tensor(kept, torch::kInt64);
  out.tangents = source.tangents.index_select(0, index);
  if (source.move) {
    out.move = [move = source.move, index, count](const Tensor& from, const Tensor& c) {
      return move(from, at::zeros({count}, torch::kFloat64).index_copy(0, index, c));
    };
  }
  return out;
}

// Random elements of the span of several sources, moved one source after the other.
bool hold_together(const MinimaProblem& problem,
                   const Tensor& theta,
                   const std::vector<NullSource>& sources,
                   const Place& place,
                   const MoveLimits& limits,
                   uint64_t index) {
  RandomStream random(0, Stream::kProbe, index);
  std::vector<Tensor> points;
  const double reach = limits.reach / static_cast<double>(sources.size());
  for (int64_t i = 0; i < kCombinations; ++i) {
    for (const double share : kShares) {
      auto moved = theta;
      for (const auto& source : sources) {
        const auto count = source.tangents.size(0);
        auto direction = normal_vector(random, count);
        direction = direction / direction.norm().clamp_min(1e-300);
        moved =
            source.moved(moved, coefficients(source, direction, share, place, reach));
      }
      points.push_back(moved);
    }
  }
  return all_of(leave_loss(problem, points, place, limits));
}

}  // namespace

std::vector<NullSource> sources_that_hold(const MinimaProblem& problem,
                                          const Tensor& theta,
                                          std::vector<NullSource> sources,
                                          const MoveLimits& limits) {
  const auto place = place_at(problem, theta);
  std::vector<NullSource> out;
  // Step 1: each tangent, then the span of each source.
  for (const auto& source : sources) {
    if (source.tangents.size(0) == 0) continue;
    auto kept = one_by_one(problem, theta, source, place, limits);
    if (kept.tangents.size(0) == 0) continue;
    if (kept.tangents.size(0) > 1 &&
        !hold_together(problem, theta, {kept}, place, limits, 7)) {
      continue;
    }
    out.push_back(std::move(kept));
  }
  // Step 2: all of them; if that fails, the symmetries of L alone. What holds at θ
  // alone moves first.
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.group < b.group;
  });
  if (out.size() < 2 || hold_together(problem, theta, out, place, limits, 8))
    return out;
  std::erase_if(out, [](const NullSource& s) { return !s.group; });
  if (out.size() < 2 || hold_together(problem, theta, out, place, limits, 9))
    return out;
  return {};
}

}  // namespace basin
