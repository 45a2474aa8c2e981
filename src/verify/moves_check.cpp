#include "verify/moves_check.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "core/stop.h"
#include "minima/kink_system.h"
#include "verify/kink_sites.h"
#include "verify/points.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kBatch = 250;
constexpr Real kRounding = 1e-17L;  // of the reference, of 1 + |L|

// What moves are made of.
class Moves {
 public:
  Moves(const CertificateContext& context,
        const Objective& objective,
        const Endpoint& endpoint)
      : context_(context),
        random_(0, Stream::kProbe, 12 + static_cast<uint64_t>(endpoint.seed)),
        dimension_(endpoint.theta.size(0)) {
    const auto theta = reals(endpoint.theta);
    const auto at = context.reference.evaluate(theta, {});
    if (!context.blocks.empty()) {
      const auto sites = active_sites(context, theta, at);
      if (!sites.empty()) find_rows(objective, endpoint.theta, sites);
    }
    for (size_t l = 0; l + 1 < context.layout.layers.size(); ++l) {
      for (int64_t u = 0; u < context.layout.layers[l].rows; ++u) {
        const auto e = entries_of(context.layout, l, u);
        auto own = e.row;
        own.insert(own.end(), e.column.begin(), e.column.end());
        if (is_zeroed(context, theta, static_cast<int64_t>(l), u))
          zeroed_.push_back(own);
        units_.push_back(std::move(own));
      }
    }
  }

  // Number `i`, of unit length.
  Tensor direction(int64_t i) {
    auto d = at::zeros({dimension_}, torch::kFloat64);
    const bool kinks = rows_.defined();
    const auto kind = i % 6;
    if (kind == 1) {
      d[random_.below(dimension_)] = random_.uniform() < 0.5 ? -1.0 : 1.0;
    } else if (kind == 2 && !units_.empty()) {
      fill(d, units_);
    } else if (kind == 3 && kinks) {
      const auto row = rows_[random_.below(rows_.size(0))];
      d = (i / 6 % 2 == 0 ? 1.0 : -1.0) * row;
    } else if (kind == 4 && kinks) {
      const auto x = normal();
      d = x - at::mv(across_.t(), at::mv(across_, x));
    } else if (kind == 5 && !zeroed_.empty()) {
      fill(d, zeroed_);
    } else {
      d = normal();
    }
    return d / d.norm().clamp_min(1e-300);
  }

  double length() {
    return kShortestMove * std::pow(kLongestMove / kShortestMove, random_.uniform());
  }

 private:
  void find_rows(const Objective& objective,
                 const Tensor& theta,
                 const std::vector<int64_t>& sites) {
    rows_ = objective.frozen(side_slopes(objective, theta))
                ->argument_gradients(theta, at::tensor(sites, torch::kInt64));
    const auto size = rows_.norm(2, {1}, true).clamp_min(1e-300);
    const auto [u, s, v] = at::linalg_svd(rows_ / size, /*full_matrices=*/false);
    const auto rank = (s > 1e-9 * s[0]).sum().item<int64_t>();
    across_ = v.narrow(0, 0, rank);
  }

  Tensor normal() {
    auto out = at::empty({dimension_}, torch::kFloat64);
    for (int64_t p = 0; p < dimension_; ++p)
      out.data_ptr<double>()[p] = random_.normal();
    return out;
  }

  // Random numbers for the parameters of one of the units.
  void fill(Tensor& d, const std::vector<std::vector<int64_t>>& units) {
    const auto k = random_.below(static_cast<int64_t>(units.size()));
    for (const auto p : units[static_cast<size_t>(k)]) d[p] = random_.normal();
  }

  const CertificateContext& context_;
  RandomStream random_;
  int64_t dimension_;
  Tensor rows_;    // of the kinks, [A, P]
  Tensor across_;  // what they span, orthonormal rows
  std::vector<std::vector<int64_t>> units_, zeroed_;
};

}  // namespace

MovesFound moves_of(const CertificateContext& context,
                    const Objective& objective,
                    const Endpoint& endpoint,
                    int64_t moves) {
  MovesFound out;
  Moves make(context, objective, endpoint);
  const auto theta = reals(endpoint.theta);
  const Real loss = context.reference.evaluate(theta, {}).value;
  const Real rounding = kRounding * (1 + std::abs(loss));
  const double sure = 1e-13 * (1 + std::abs(static_cast<double>(loss)));
  while (out.moves < moves) {
    check_stop();
    std::vector<Tensor> steps;
    std::vector<double> lengths;
    for (int64_t k = 0; k < std::min(kBatch, moves - out.moves); ++k) {
      lengths.push_back(make.length());
      steps.push_back(lengths.back() * make.direction(out.moves + k));
    }
    const auto list = at::stack(steps);
    const auto value = objective.value(endpoint.theta + list);
    for (size_t k = 0; k < steps.size(); ++k) {
      const double rise =
          value[static_cast<int64_t>(k)].item<double>() - static_cast<double>(loss);
      if (rise > sure) continue;
      const auto there =
          context.reference.evaluate(moved(theta, steps[k], 1), {}).value;
      const Real fall = loss - there;
      if (fall <= rounding || static_cast<double>(fall) <= out.fall) continue;
      out.fall = static_cast<double>(fall);
      out.length = lengths[k];
    }
    out.moves += static_cast<int64_t>(steps.size());
  }
  return out;
}

}  // namespace basin
