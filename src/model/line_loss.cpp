#include "model/line_loss.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/parallel.h"
#include "model/line_walk.h"

namespace basin {
namespace {

constexpr int64_t kMostPieces = 4'000'000;
constexpr size_t kBlock = 64;  // pieces that share the sum over samples at rest there

bool is_zero(const Polynomial& p) {
  return std::all_of(p.begin(), p.end(), [](double c) { return c == 0; });
}

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
    const auto* row = x.data_ptr<double>() + n * width;
    auto& own = found[static_cast<size_t>(n)];
    own = follow_sample(layers,
                        loss,
                        {row, row + width},
                        y.data_ptr<double>() + n * outputs,
                        1.0 / static_cast<double>(samples),
                        line.low,
                        line.high);
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
