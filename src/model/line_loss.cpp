#include "model/line_loss.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/parallel.h"
#include "core/stop.h"

namespace basin {
namespace {

constexpr int64_t kMostPieces = 4'000'000;
constexpr size_t kBlock = 64;  // pieces that share the sum over samples at rest there

/// φ(z) = low · z for z < 0, high · z for z > 0.
struct Slopes {
  double low = 1, high = 1;
  bool kinked() const { return low != high; }
};

std::optional<Slopes> slopes_of(Elementwise phi) {
  switch (phi) {
    case Elementwise::kIdentity:
      return Slopes{1, 1};
    case Elementwise::kRelu:
      return Slopes{0, 1};
    case Elementwise::kLeakyRelu:
      return Slopes{0.01, 1};
    case Elementwise::kAbs:
      return Slopes{-1, 1};
    default:
      return std::nullopt;
  }
}

bool is_polynomial(LossKind kind) {
  return kind == LossKind::kMse || kind == LossKind::kHuber ||
         kind == LossKind::kHinge || kind == LossKind::kAbsolute;
}

/// One affine layer along the line: entries a + t b.
struct LineLayer {
  int64_t rows, columns;
  const double *weight, *weight_rate;
  const double *bias, *bias_rate;  // null if there is none
  Slopes slopes;
  bool skip;
};

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

/// The loss of one sample: pieces in ascending order.
struct SamplePieces {
  std::vector<double> ends;  // of each piece; the first begins at `low`
  std::vector<Polynomial> pieces;
};

bool is_zero(const Polynomial& p) {
  return std::all_of(p.begin(), p.end(), [](double c) { return c == 0; });
}

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

// All places where a sample's loss changes its polynomial; nearer ones than rounding
// tells apart are one.
std::vector<double> all_breaks(const std::vector<SamplePieces>& samples,
                               double low,
                               double high) {
  std::vector<double> all{low, high};
  for (const auto& s : samples) all.insert(all.end(), s.ends.begin(), s.ends.end() - 1);
  std::sort(all.begin(), all.end());
  const double least = 1e-15 * (high - low);
  std::vector<double> out{low};
  for (const double t : all) {
    if (t - out.back() > least && high - t > least) out.push_back(t);
  }
  out.push_back(high);
  return out;
}

/// The pieces of one sample, looked up by t.
PiecewisePolynomial with_breaks(const SamplePieces& s, double low) {
  PiecewisePolynomial out{.breaks = {low}, .pieces = s.pieces};
  out.breaks.insert(out.breaks.end(), s.ends.begin(), s.ends.end());
  return out;
}

/// Polynomials added up, and how large they were.
struct Sum {
  Polynomial total{0.0};
  double terms = 0;

  void add(const Polynomial& p) {
    add_to(total, p);
    terms += variation(p);
  }
};

// Piece `i` of `from` in the coordinate of [a, b], added to `to`.
void add_piece(const PiecewisePolynomial& from, size_t i, double a, double b, Sum& to) {
  if (is_zero(from.pieces[i])) return;
  const double h = from.half(i);
  to.add(substituted(
      from.pieces[i], (0.5 * (a + b) - from.centre(i)) / h, 0.5 * (b - a) / h));
}

// Sums the samples on pieces [first, last) of `out`. Samples without a break in the
// whole block are summed once for all of its pieces.
void sum_block(const std::vector<PiecewisePolynomial>& samples,
               size_t first,
               size_t last,
               PiecewisePolynomial& out) {
  const double a = out.breaks[first], b = out.breaks[last];
  const double centre = 0.5 * (a + b), half = 0.5 * (b - a);
  Sum resting;
  std::vector<const PiecewisePolynomial*> moving;
  for (const auto& s : samples) {
    const auto i = s.piece_at(out.centre(first)), j = s.piece_at(out.centre(last - 1));
    if (i == j) {
      add_piece(s, i, a, b, resting);
    } else {
      moving.push_back(&s);
    }
  }
  for (size_t k = first; k < last; ++k) {
    const double scale = out.half(k) / half;
    Sum sum{.total = substituted(resting.total, (out.centre(k) - centre) / half, scale),
            .terms = resting.terms * scale};
    for (const auto* s : moving) {
      add_piece(*s, s->piece_at(out.centre(k)), out.breaks[k], out.breaks[k + 1], sum);
    }
    out.pieces[k] = std::move(sum.total);
    out.terms[k] = sum.terms;
  }
}

// ½ Σ decay (o + t u)² on every piece.
void add_decay(const torch::Tensor& decay,
               const LineSegment& line,
               PiecewisePolynomial& out) {
  const auto dot = [&](const torch::Tensor& x, const torch::Tensor& y) {
    return (decay * x * y).sum().item<double>();
  };
  const Polynomial p{0.5 * dot(line.origin, line.origin),
                     dot(line.origin, line.direction),
                     0.5 * dot(line.direction, line.direction)};
  if (is_zero(p)) return;
  for (size_t k = 0; k < out.pieces.size(); ++k) {
    const auto part = substituted(p, out.centre(k), out.half(k));
    add_to(out.pieces[k], part);
    out.terms[k] += variation(part);
  }
}

}  // namespace

LineLoss loss_on_line(const Network& network,
                      const LossOptions& loss,
                      const torch::Tensor& inputs,
                      const torch::Tensor& targets,
                      const torch::Tensor& decay,
                      const LineSegment& line,
                      int64_t threads) {
  LineLoss out;
  if (!slopes_of(network.options.activation) ||
      !slopes_of(network.options.output_activation)) {
    out.problem = "the activation is not piecewise linear";
    return out;
  }
  const auto layers = layers_on(network, line);
  const auto x = inputs.contiguous(), y = targets.contiguous();
  const auto samples = x.size(0), width = x.size(1), outputs = y.size(1);
  std::vector<SamplePieces> found(static_cast<size_t>(samples));
  std::atomic<int64_t> pieces = 0;
  parallel_for(samples, threads, [&](int64_t n) {
    if (pieces > kMostPieces) return;
    std::vector<Polynomial> start;
    for (int64_t c = 0; c < width; ++c)
      start.push_back({x.data_ptr<double>()[n * width + c]});
    auto& own = found[static_cast<size_t>(n)];
    SampleWalk(layers,
               loss,
               y.data_ptr<double>() + n * outputs,
               1.0 / static_cast<double>(samples),
               own)
        .run(line.low, line.high, start);
    pieces += static_cast<int64_t>(own.pieces.size());
  });
  if (pieces > kMostPieces) {
    out.problem = "there are over 4 million pieces";
    return out;
  }
  const auto breaks = all_breaks(found, line.low, line.high);
  out.kinks.assign(breaks.begin() + 1, breaks.end() - 1);
  if (!is_polynomial(loss.kind)) {
    out.problem = "the loss is no polynomial of the outputs";
    return out;
  }
  std::vector<PiecewisePolynomial> each;
  for (const auto& s : found) each.push_back(with_breaks(s, line.low));
  PiecewisePolynomial sum{.breaks = breaks};
  sum.pieces.resize(breaks.size() - 1);
  sum.terms.resize(breaks.size() - 1);
  const auto blocks = (sum.pieces.size() + kBlock - 1) / kBlock;
  parallel_for(static_cast<int64_t>(blocks), threads, [&](int64_t block) {
    const auto first = static_cast<size_t>(block) * kBlock;
    sum_block(each, first, std::min(first + kBlock, sum.pieces.size()), sum);
  });
  add_decay(decay, line, sum);
  out.pieces = std::move(sum);
  return out;
}

}  // namespace basin
