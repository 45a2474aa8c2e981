#include "model/dense_hessian.h"

#include <ATen/Functions.h>

#include "core/stop.h"

namespace basin {
namespace {

using torch::Tensor;

// Numbers in the largest intermediate result: samples are taken in blocks so small that
// it stays in the cache.
constexpr int64_t kMostNumbers = int64_t{1} << 19;
constexpr int64_t kLeastSamples = 32;

// Inputs of a layer from which its units are taken one by one, each on its samples.
constexpr int64_t kManyInputs = 24;

struct Weights {
  Tensor weight;  // [rows, columns]
  Tensor bias;    // [rows, 1], or undefined
};

Weights weights_of(const LayerSlice& layer, const Tensor& theta) {
  Weights out{.weight = theta.narrow(0, layer.weight, layer.rows * layer.columns)
                            .view({layer.rows, layer.columns}),
              .bias = {}};
  if (layer.bias >= 0) out.bias = theta.narrow(0, layer.bias, layer.rows).unsqueeze(1);
  return out;
}

// x [r, s, n] from w [r, q] and y [q, s, n].
Tensor through(const Tensor& w, const Tensor& y) {
  return at::mm(w, y.reshape({y.size(0), -1})).view({w.size(0), y.size(1), y.size(2)});
}

// The entries (a, b, n) a[a, n] b[b, n], as a matrix [(a, b), n].
Tensor pairs(const Tensor& a, const Tensor& b) {
  return (a.unsqueeze(1) * b.unsqueeze(0)).view({a.size(0) * b.size(0), a.size(1)});
}

/// H by pairs of layers l >= m: each `[u, r, a, b]`, of weight (r, a) of l and (u, b)
/// of m, biases being weights of an input that is one.
class Blocks {
 public:
  Blocks(const Network& network, const Tensor& theta) : network_(network) {
    for (const auto& layer : network.layout.layers) {
      weights_.push_back(weights_of(layer, theta));
      auto& row = sums_.emplace_back();
      const auto high = layer.columns + (layer.bias >= 0 ? 1 : 0);
      for (size_t m = 0; m < weights_.size(); ++m) {
        const auto& below = network.layout.layers[m];
        row.push_back(at::zeros(
            {below.rows, layer.rows, high, below.columns + (below.bias >= 0 ? 1 : 0)},
            theta.options()));
      }
    }
  }

  // Adds the samples of one block: jets from the input up, the loss at the top.
  void add(const std::vector<LayerJet>& jets, const LossJet& loss) {
    const auto layers = static_cast<int64_t>(jets.size());
    const auto adjoint = adjoints(jets, loss);
    for (int64_t m = 0; m < layers; ++m) {
      check_stop();
      const auto [z, a] = responses(jets, m);
      const auto lower = static_cast<size_t>(m);
      const auto inputs = with_one(jets[lower], m);
      const bool each_unit = jets[lower].input.size(0) >= kManyInputs;
      const auto live = each_unit ? live_samples(jets[lower], adjoint[lower], inputs)
                                  : std::vector<Live>{};
      // E = ∂e/∂z_m of the layer at hand, from the top down.
      auto e = top_response(loss, a.back());
      for (int64_t l = layers - 1; l >= m; --l) {
        const auto at = static_cast<size_t>(l);
        const auto up = static_cast<size_t>(l - m);
        const auto bent = (adjoint[at] * jets[at].bend).unsqueeze(1) * z[up];
        const Factors factors{.k = jets[at].slope.unsqueeze(1) * e + bent,
                              .above = with_one(jets[at], l),
                              .delta = adjoint[at] * jets[at].slope,
                              .response = l > m ? a[up - 1] : Tensor()};
        auto& sum = sums_[at][lower];
        if (each_unit) {
          add_units(factors, live, sum);
        } else {
          add_pairs(factors, inputs, sum);
        }
        if (l == m) break;
        auto below = through(weights_[at].weight.t(), factors.k);
        e = network_.skips(l) ? below + e : below;
      }
    }
  }

  // In the order of θ.
  Tensor result(const Tensor& decay) const {
    const auto count = decay.size(0);
    auto out = at::empty({count, count}, decay.options());
    for (size_t l = 0; l < sums_.size(); ++l) {
      for (size_t m = 0; m < l; ++m) place(l, m, sums_[l][m], out);
      place(l, l, mirrored(sums_[l][l]), out);
    }
    out.diagonal().add_(decay);
    return out;
  }

 private:
  // e_l = ∂L/∂a_l.
  std::vector<Tensor> adjoints(const std::vector<LayerJet>& jets,
                               const LossJet& loss) const {
    std::vector<Tensor> out(jets.size());
    out.back() = loss.first;
    for (size_t l = jets.size(); l-- > 1;) {
      const auto down = at::mm(weights_[l].weight.t(), out[l] * jets[l].slope);
      out[l - 1] = network_.skips(static_cast<int64_t>(l)) ? down + out[l] : down;
    }
    return out;
  }

  // ∂z_l/∂z_m and ∂a_l/∂z_m, [h_l, h_m, n], for l = m, m + 1, ...
  std::pair<std::vector<Tensor>, std::vector<Tensor>> responses(
      const std::vector<LayerJet>& jets, int64_t m) const {
    std::vector<Tensor> z, a;
    const auto& first = jets[static_cast<size_t>(m)].slope;
    const auto units = first.size(0), samples = first.size(1);
    z.push_back(
        at::eye(units, first.options()).unsqueeze(2).expand({units, units, samples}));
    a.push_back(z.back() * first.unsqueeze(1));
    for (auto l = static_cast<size_t>(m) + 1; l < jets.size(); ++l) {
      z.push_back(through(weights_[l].weight, a.back()));
      const auto bent = jets[l].slope.unsqueeze(1) * z.back();
      a.push_back(network_.skips(static_cast<int64_t>(l)) ? bent + a.back() : bent);
    }
    return {z, a};
  }

  static Tensor top_response(const LossJet& loss, const Tensor& a) {
    if (loss.second.defined()) return loss.second.unsqueeze(1) * a;
    const auto p = loss.share.unsqueeze(1);
    const auto mean = (p * a).sum(0, /*keepdim=*/true);
    return p * (a - mean) * loss.weight;
  }

  Tensor with_one(const LayerJet& jet, int64_t layer) const {
    if (!weights_[static_cast<size_t>(layer)].bias.defined()) return jet.input;
    return at::cat({jet.input, at::ones({1, jet.input.size(1)}, jet.input.options())});
  }

  // What a block is made of, on every sample.
  struct Factors {
    Tensor k;         // K_lm, [r, u, n]
    Tensor above;     // a_{l-1}, [a, n]
    Tensor delta;     // δ_l, [r, n]
    Tensor response;  // A_{l-1,m}, [c, u, n]; undefined if l = m
  };

  // The samples on which a unit of layer m is not silent, and a_{m-1} on them.
  struct Live {
    Tensor samples;  // undefined: all
    Tensor below;    // [b, s]
  };

  static std::vector<Live> live_samples(const LayerJet& jet,
                                        const Tensor& adjoint,
                                        const Tensor& below) {
    std::vector<Live> out;
    const auto live = at::logical_or(jet.slope != 0, adjoint * jet.bend != 0);
    for (int64_t u = 0; u < live.size(0); ++u) {
      const auto samples = live[u].nonzero().squeeze(1);
      if (samples.size(0) < live.size(1)) {
        out.push_back({samples, below.index_select(1, samples)});
      } else {
        out.push_back({Tensor(), below});
      }
    }
    return out;
  }

  // Adds the block unit by unit of layer m; if l = m, its lower half.
  static void add_units(const Factors& f, const std::vector<Live>& live, Tensor& sum) {
    const auto rows = f.k.size(0), high = f.above.size(0);
    for (int64_t u = 0; u < f.k.size(1); ++u) {
      const auto& [samples, below] = live[static_cast<size_t>(u)];
      const auto pick = [&, &s = samples](const Tensor& x) {
        return s.defined() ? x.index_select(1, s) : x;
      };
      const auto from = f.response.defined() ? 0 : u;
      const auto left =
          pairs(pick(f.k.select(1, u).narrow(0, from, rows - from)), pick(f.above));
      if (f.response.defined()) {
        left.view({rows, high, -1})
            .narrow(1, 0, f.response.size(0))
            .addcmul_(pick(f.delta).unsqueeze(1), pick(f.response.select(1, u)));
      }
      sum[u]
          .narrow(0, from, rows - from)
          .view({left.size(0), -1})
          .addmm_(left, below.t());
    }
  }

  // Adds the block by one product over all pairs of inputs.
  static void add_pairs(const Factors& f, const Tensor& below, Tensor& sum) {
    const auto rows = f.k.size(0), units = f.k.size(1);
    const auto high = f.above.size(0), low = below.size(0);
    const auto k = f.k.transpose(0, 1).reshape({units * rows, -1});
    sum.view({units * rows, high * low}).addmm_(k, pairs(f.above, below).t());
    if (!f.response.defined()) return;
    const auto columns = f.response.size(0);
    const auto moved =
        at::mm(pairs(f.delta, below), f.response.reshape({columns * units, -1}).t())
            .view({rows, low, columns, units})
            .permute({3, 0, 2, 1});
    sum.narrow(2, 0, columns) += moved;
  }

  // The lower half of a block on the diagonal, and its mirror image.
  static Tensor mirrored(const Tensor& sum) {
    const auto rows = sum.size(0), high = sum.size(2);
    const auto lower =
        sum.permute({1, 2, 0, 3}).reshape({rows * high, rows * high}).tril();
    return (lower + lower.tril(-1).t())
        .view({rows, high, rows, high})
        .permute({2, 0, 1, 3});
  }

  // Where the weights, and the biases, of a layer are in θ and among its inputs.
  struct Range {
    int64_t first, input, inputs;
  };
  std::vector<Range> ranges(size_t layer) const {
    const auto& at = network_.layout.layers[layer];
    std::vector<Range> out{{at.weight, 0, at.columns}};
    if (at.bias >= 0) out.push_back({at.bias, at.columns, 1});
    return out;
  }

  // The block of two layers, and its mirror image, in `out` in the order of θ.
  void place(size_t l, size_t m, const Tensor& sum, Tensor& out) const {
    const auto units = sum.size(0), rows = sum.size(1);
    for (const auto& a : ranges(l)) {
      for (const auto& b : ranges(m)) {
        const auto part = sum.narrow(2, a.input, a.inputs)
                              .narrow(3, b.input, b.inputs)
                              .permute({1, 2, 0, 3});
        auto to = out.narrow(0, a.first, rows * a.inputs)
                      .narrow(1, b.first, units * b.inputs);
        to.view({rows, a.inputs, units, b.inputs}).copy_(part);
        if (l == m) continue;
        out.narrow(0, b.first, units * b.inputs)
            .narrow(1, a.first, rows * a.inputs)
            .copy_(to.t());
      }
    }
  }

  const Network& network_;
  std::vector<Weights> weights_;
  std::vector<std::vector<Tensor>> sums_;
};

int64_t block_size(const Network& network) {
  int64_t most = 1;
  for (const auto& l : network.layout.layers) {
    for (const auto& m : network.layout.layers) {
      const auto high = l.columns + 1, low = m.columns + 1;
      most = std::max({most,
                       l.rows * m.rows,
                       m.columns >= kManyInputs ? l.rows * high : high * low,
                       l.rows * low,
                       l.columns * m.rows});
    }
  }
  return std::max<int64_t>(kLeastSamples, kMostNumbers / most);
}

}  // namespace

Tensor closed_hessian(const Network& network,
                      const Tensor& theta,
                      const Tensor& inputs,
                      const ActivationJet& activation,
                      const std::function<LossJet(const Tensor&)>& loss,
                      const Tensor& decay) {
  const at::NoGradGuard no_grad;
  const auto count = static_cast<int64_t>(network.layout.layers.size());
  std::vector<LayerJet> jets;
  auto a = inputs;
  for (int64_t l = 0; l < count; ++l) {
    const auto w = weights_of(network.layout.layers[static_cast<size_t>(l)], theta);
    auto z = at::mm(w.weight, a);
    if (w.bias.defined()) z = z + w.bias;
    const auto [value, slope, bend] = activation(l, z);
    jets.push_back({.input = a, .slope = slope, .bend = bend});
    a = network.skips(l) ? value + a : value;
  }
  const auto top = loss(a);
  Blocks blocks(network, theta);
  const auto samples = inputs.size(1), step = block_size(network);
  for (int64_t at = 0; at < samples; at += step) {
    const auto n = std::min(step, samples - at);
    const auto cut = [&](const Tensor& x) {
      return x.defined() ? x.narrow(1, at, n) : x;
    };
    std::vector<LayerJet> part;
    for (const auto& jet : jets)
      part.push_back({cut(jet.input), cut(jet.slope), cut(jet.bend)});
    blocks.add(part, {cut(top.first), cut(top.second), cut(top.share), top.weight});
  }
  return blocks.result(decay);
}

}  // namespace basin
