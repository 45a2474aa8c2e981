#include "model/line_walk.h"

#include <algorithm>
#include <cmath>

#include "model/elementwise.h"

namespace basin {
namespace {

// The side of zero on which p lies; it changes no sign in (-1, 1).
bool is_above(const Polynomial& p) {
  const double middle = evaluate(p, 0);
  return middle != 0 ? middle > 0 : evaluate(p, -0.5) + evaluate(p, 0.5) > 0;
}

/// Follows one sample along the line.
class SampleWalk {
 public:
  SampleWalk(const std::vector<LineLayer>& layers,
             const LossOptions& loss,
             const double* target,
             double weight,
             SamplePieces& out)
      : layers_(layers), loss_(loss), target_(target), weight_(weight), out_(out) {}

  void run(double low, double high, const std::vector<Polynomial>& inputs) {
    descend(0, low, high, inputs);
  }

 private:
  // Layer `l` on [a, b], where what it reads has no kink.
  void descend(size_t l, double a, double b, const std::vector<Polynomial>& in) {
    if (l == layers_.size()) return finish(a, b, in);
    const auto& layer = layers_[l];
    const auto z = pre_activations(layer, 0.5 * (a + b), 0.5 * (b - a), in);
    std::vector<double> cuts;
    if (layer.slopes.kinked()) {
      for (const auto& p : z) note_cuts(p, cuts);
    }
    each_part(a, b, cuts, [&](double from, double to, double shift, double scale) {
      std::vector<Polynomial> next;
      for (size_t r = 0; r < z.size(); ++r) {
        auto value = substituted(z[r], shift, scale);
        const double slope = is_above(value) ? layer.slopes.high : layer.slopes.low;
        if (slope == 0) value.assign(1, 0.0);
        for (double& c : value) c *= slope;
        if (layer.skip) add_to(value, substituted(in[r], shift, scale));
        next.push_back(std::move(value));
      }
      descend(l + 1, from, to, next);
    });
  }

  static std::vector<Polynomial> pre_activations(const LineLayer& layer,
                                                 double centre,
                                                 double half,
                                                 const std::vector<Polynomial>& in) {
    size_t terms = 1;
    for (const auto& p : in) terms = std::max(terms, p.size());
    std::vector<Polynomial> out;
    for (int64_t r = 0; r < layer.rows; ++r) {
      Polynomial z(terms + 1, 0.0);
      for (int64_t c = 0; c < layer.columns; ++c) {
        const auto& p = in[static_cast<size_t>(c)];
        const auto at = r * layer.columns + c;
        const double w = layer.weight[at] + centre * layer.weight_rate[at];
        const double rate = half * layer.weight_rate[at];
        for (size_t k = 0; k < p.size(); ++k) {
          z[k] += w * p[k];
          z[k + 1] += rate * p[k];
        }
      }
      if (layer.bias != nullptr) {
        z[0] += layer.bias[r] + centre * layer.bias_rate[r];
        z[1] += half * layer.bias_rate[r];
      }
      while (z.size() > 1 && z.back() == 0) z.pop_back();
      out.push_back(std::move(z));
    }
    return out;
  }

  static void note_cuts(const Polynomial& p, std::vector<double>& cuts) {
    const auto roots = sign_changes(p);
    cuts.insert(cuts.end(), roots.begin(), roots.end());
  }

  // part(from, to, shift, scale) for each part of [a, b] between the cuts in (-1, 1);
  // shift + scale s is the old coordinate.
  template <typename Part>
  static void each_part(double a,
                        double b,
                        std::vector<double>& cuts,
                        const Part& part) {
    if (cuts.empty()) return part(a, b, 0.0, 1.0);
    std::sort(cuts.begin(), cuts.end());
    cuts.push_back(1);
    double last = -1, from = a;
    for (const double cut : cuts) {
      const double to = cut == 1 ? b : 0.5 * (a + b) + cut * 0.5 * (b - a);
      if (cut <= last || to <= from) continue;
      part(from, to, 0.5 * (last + cut), 0.5 * (cut - last));
      last = cut;
      from = to;
    }
  }

  // The outputs f on [a, b].
  void finish(double a, double b, std::vector<Polynomial> f) {
    if (!is_polynomial(loss_.kind)) return emit(b, {0.0});
    std::vector<double> cuts;
    for (size_t k = 0; k < f.size(); ++k) {
      const double y = target_[k];
      if (loss_.kind == LossKind::kHinge) {
        for (double& c : f[k]) c *= -y;  // 1 − y f
        f[k][0] += 1;
      } else {
        f[k][0] -= y;
      }
      if (loss_.kind == LossKind::kHuber) {
        for (const double side : {-loss_.huber_delta, loss_.huber_delta}) {
          auto moved = f[k];
          moved[0] -= side;
          note_cuts(moved, cuts);
        }
      } else if (loss_.kind != LossKind::kMse) {
        note_cuts(f[k], cuts);
      }
    }
    each_part(a, b, cuts, [&](double, double to, double shift, double scale) {
      Polynomial total{0.0};
      for (const auto& e : f)
        add_to(total, loss_of(substituted(e, shift, scale)), weight_);
      emit(to, total);
    });
  }

  // Of an error e that stays on one side of every kink.
  Polynomial loss_of(Polynomial e) const {
    switch (loss_.kind) {
      case LossKind::kHinge:
        return is_above(e) ? e : Polynomial{0.0};
      case LossKind::kAbsolute:
        if (!is_above(e)) {
          for (double& c : e) c = -c;
        }
        return e;
      case LossKind::kHuber:
        if (std::abs(evaluate(e, 0)) > loss_.huber_delta) {
          const double d = is_above(e) ? loss_.huber_delta : -loss_.huber_delta;
          for (double& c : e) c *= d;
          e[0] -= 0.5 * d * d;
          return e;
        }
        break;
      default:
        break;
    }
    auto square = product(e, e);
    for (double& c : square) c *= 0.5;
    return square;
  }

  void emit(double b, const Polynomial& p) {
    out_.ends.push_back(b);
    out_.pieces.push_back(p);
  }

  const std::vector<LineLayer>& layers_;
  const LossOptions& loss_;
  const double* target_;
  double weight_;
  SamplePieces& out_;
};

}  // namespace

std::optional<Slopes> slopes_of(Elementwise phi) {
  if (phi == Elementwise::kIdentity) return Slopes{1, 1};
  if (!has_kink(phi)) return std::nullopt;
  const auto slopes = kink_slopes(phi);
  return Slopes{slopes.low, slopes.high};
}

bool is_polynomial(LossKind kind) {
  return kind == LossKind::kMse || kind == LossKind::kHuber ||
         kind == LossKind::kHinge || kind == LossKind::kAbsolute;
}

std::vector<LineLayer> layers_on(const Network& network, const LineSegment& line) {
  std::vector<LineLayer> out;
  const auto* from = line.origin.data_ptr<double>();
  const auto* along = line.direction.data_ptr<double>();
  const auto& layers = network.layout.layers;
  for (size_t l = 0; l < layers.size(); ++l) {
    const auto& layer = layers[l];
    const bool last = l + 1 == layers.size();
    const auto phi =
        last ? network.options.output_activation : network.options.activation;
    const bool bias = layer.bias >= 0;
    out.push_back({.rows = layer.rows,
                   .columns = layer.columns,
                   .weight = from + layer.weight,
                   .weight_rate = along + layer.weight,
                   .bias = bias ? from + layer.bias : nullptr,
                   .bias_rate = bias ? along + layer.bias : nullptr,
                   .slopes = slopes_of(phi).value_or(Slopes{}),
                   .skip = network.skips(static_cast<int64_t>(l))});
  }
  return out;
}

SamplePieces follow_sample(const std::vector<LineLayer>& layers,
                           const LossOptions& loss,
                           const std::vector<double>& x,
                           const double* y,
                           double weight,
                           double low,
                           double high) {
  SamplePieces out;
  std::vector<Polynomial> inputs;
  for (const double value : x) inputs.push_back({value});
  SampleWalk(layers, loss, y, weight, out).run(low, high, inputs);
  return out;
}

}  // namespace basin
