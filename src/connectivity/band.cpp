#include "connectivity/band.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/numbers.h"
#include "core/stop.h"
#include "core/unit_rows.h"

namespace basin {
namespace {

using torch::Tensor;

// Unit tangents of the inner images, `[K - 2, P]`.
Tensor tangents(const Tensor& images, const std::vector<double>& loss) {
  std::vector<double> forward, backward;  // shares of the steps ahead and behind
  for (size_t i = 1; i + 1 < loss.size(); ++i) {
    const double up = loss[i + 1] - loss[i], down = loss[i - 1] - loss[i];
    if (up > 0 && down <= 0) {
      forward.push_back(1);
      backward.push_back(0);
    } else if (up <= 0 && down > 0) {
      forward.push_back(0);
      backward.push_back(1);
    } else {
      const double most = std::max({std::abs(up), std::abs(down), 1e-300});
      const double least = std::min(std::abs(up), std::abs(down));
      const bool rises = loss[i + 1] > loss[i - 1];
      forward.push_back(rises ? 1 : least / most);
      backward.push_back(rises ? least / most : 1);
    }
  }
  const auto count = images.size(0);
  const auto steps = images.narrow(0, 1, count - 1) - images.narrow(0, 0, count - 1);
  const auto t = steps.narrow(0, 1, count - 2) *
                     at::tensor(forward, torch::kFloat64).unsqueeze(1) +
                 steps.narrow(0, 0, count - 2) *
                     at::tensor(backward, torch::kFloat64).unsqueeze(1);
  return unit_rows(t);
}

// Images first, ..., last at equal distances along the polyline through them.
void spread_evenly(Tensor& images, int64_t first, int64_t last) {
  const auto count = last - first;
  if (count < 2) return;
  const auto part = images.narrow(0, first, count + 1);
  const auto step = part.narrow(0, 1, count) - part.narrow(0, 0, count);
  const auto lengths = numbers(step.norm(2, {1}));
  std::vector<double> along{0}, share;
  for (const double s : lengths) along.push_back(along.back() + s);
  std::vector<int64_t> segment;
  size_t at = 0;
  for (int64_t k = 1; k < count; ++k) {
    const double want =
        along.back() * static_cast<double>(k) / static_cast<double>(count);
    while (at + 2 < along.size() && along[at + 1] < want) ++at;
    segment.push_back(static_cast<int64_t>(at));
    share.push_back(lengths[at] > 0 ? (want - along[at]) / lengths[at] : 0.0);
  }
  const auto index = at::tensor(segment, torch::kInt64);
  const auto moved =
      part.index_select(0, index) +
      at::tensor(share, torch::kFloat64).unsqueeze(1) * step.index_select(0, index);
  images.narrow(0, first + 1, count - 1).copy_(moved);
}

void fill_losses(const Objective& objective, Band& band) {
  band.loss = numbers(objective.value(band.images.contiguous()).to(torch::kFloat64));
}

/// State of FIRE.
struct Fire {
  double step = 0.05, mix = 0.1;
  int64_t since = 0;
  Tensor velocity;

  // How far the images move under `force`.
  Tensor advance(const Tensor& force) {
    constexpr double kMostStep = 1.0, kMix = 0.1;
    if (!velocity.defined()) velocity = at::zeros_like(force);
    const double power = (force * velocity).sum().item<double>();
    if (power > 0) {
      const auto scale = velocity.norm() / force.norm().clamp_min(1e-300);
      velocity = (1 - mix) * velocity + mix * scale * force;
      if (++since > 5) {
        step = std::min(kMostStep, step * 1.1);
        mix *= 0.99;
      }
    } else {
      velocity = at::zeros_like(force);
      step *= 0.5;
      mix = kMix;
      since = 0;
    }
    velocity = velocity + step * force;
    return step * velocity;
  }
};

}  // namespace

std::string name_of(BandStatus status) {
  switch (status) {
    case BandStatus::kRelaxed:
      return "relaxed";
    case BandStatus::kIterations:
      return "not relaxed";
    default:
      return "not finite";
  }
}

int64_t Band::top() const {
  return std::max_element(loss.begin(), loss.end()) - loss.begin();
}

Tensor straight_images(const Tensor& a, const Tensor& b, int64_t count) {
  const auto t = at::linspace(0, 1, count, torch::kFloat64).unsqueeze(1);
  return ((1 - t) * a + t * b).contiguous();
}

Band relax_band(const Objective& objective,
                const Tensor& images,
                const BandOptions& options) {
  Band band{.images = images.clone()};
  const auto count = images.size(0);
  fill_losses(objective, band);
  if (count < 3) {
    band.status = BandStatus::kRelaxed;
    return band;
  }
  const double length =
      (images.narrow(0, 1, count - 1) - images.narrow(0, 0, count - 1))
          .norm(2, {1})
          .sum()
          .item<double>();
  const double longest_move = 0.5 * length / static_cast<double>(count - 1);
  Fire fire;
  for (; band.iterations < options.iterations; ++band.iterations) {
    check_stop();
    const auto inner = band.images.narrow(0, 1, count - 2).contiguous();
    const auto answer = objective.value_and_gradient(inner);
    const auto losses = numbers(answer.value.to(torch::kFloat64));
    std::copy(losses.begin(), losses.end(), band.loss.begin() + 1);
    const auto g = answer.gradient.to(torch::kFloat64);
    if (!g.isfinite().all().item<bool>()) {
      band.status = BandStatus::kNotFinite;
      return band;
    }
    const auto t = tangents(band.images, band.loss);
    const auto along = (g * t).sum(1, true);
    auto force = along * t - g;
    band.force = force.norm(2, {1}).max().item<double>();
    const auto top = band.top();
    const bool inside = top > 0 && top + 1 < count;
    double climb_force = 0;
    const bool near = band.climbing >= 0 || band.force <= 20 * options.force_tolerance;
    if (options.climb && inside && near) {
      band.climbing = top;
      climb_force = std::abs(along[top - 1].item<double>());
      force[top - 1] += along[top - 1] * t[top - 1];
    }
    if (band.force <= options.force_tolerance &&
        climb_force <= options.force_tolerance) {
      band.status = BandStatus::kRelaxed;
      break;
    }
    auto move = fire.advance(force);
    const double longest = move.norm(2, {1}).max().item<double>();
    if (longest > longest_move) {
      move = move * (longest_move / longest);
      fire.velocity = fire.velocity * (longest_move / longest);
    }
    band.images.narrow(0, 1, count - 2).add_(move);
    if (band.climbing >= 0) {
      spread_evenly(band.images, 0, band.climbing);
      spread_evenly(band.images, band.climbing, count - 1);
    } else {
      spread_evenly(band.images, 0, count - 1);
    }
  }
  fill_losses(objective, band);
  return band;
}

Tensor with_more_images(const Objective& objective, const Band& band, int64_t most) {
  const auto count = band.images.size(0);
  const auto middle =
      0.5 * (band.images.narrow(0, 1, count - 1) + band.images.narrow(0, 0, count - 1));
  const auto loss = numbers(objective.value(middle.contiguous()).to(torch::kFloat64));
  const auto step =
      band.images.narrow(0, 1, count - 1) - band.images.narrow(0, 0, count - 1);
  std::vector<Tensor> out{band.images[0]};
  int64_t room = most - count;
  for (int64_t i = 0; i + 1 < count; ++i) {
    const auto at = static_cast<size_t>(i);
    const bool hidden = loss[at] > std::max(band.loss[at], band.loss[at + 1]);
    const bool sharp = (i > 0 && step[i].dot(step[i - 1]).item<double>() < 0) ||
                       (i + 2 < count && step[i].dot(step[i + 1]).item<double>() < 0);
    if ((hidden || sharp) && room > 0) {
      out.push_back(middle[i]);
      --room;
    }
    out.push_back(band.images[i + 1]);
  }
  return at::stack(out);
}

}  // namespace basin
