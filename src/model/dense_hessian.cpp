#include "model/dense_hessian.h"

#include <ATen/Functions.h>

#include "core/error.h"
#include "core/stop.h"
#include "model/elementwise.h"

namespace basin {
namespace {

using torch::Tensor;

// Numbers in the largest intermediate result: samples are taken in blocks so small.
constexpr int64_t kMostNumbers = int64_t{1} << 22;

// Pairs of inputs of two layers from which one product for each pair of units is
// faster.
constexpr int64_t kManyPairs = 400;

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

/// H in the order of units: of each layer, row by row, weights then bias.
class Blocks {
 public:
  Blocks(const Network& network, const Tensor& theta) : network_(network) {
    int64_t offset = 0;
    std::vector<int64_t> order(static_cast<size_t>(theta.size(0)));
    for (const auto& layer : network.layout.layers) {
      offset_.push_back(offset);
      weights_.push_back(weights_of(layer, theta));
      for (int64_t r = 0; r < layer.rows; ++r) {
        for (int64_t c = 0; c < layer.columns; ++c)
          order[static_cast<size_t>(layer.weight + r * layer.columns + c)] = offset++;
        if (layer.bias >= 0) order[static_cast<size_t>(layer.bias + r)] = offset++;
      }
    }
    order_ = at::tensor(order, torch::kInt64).to(theta.device());
    hessian_ = at::zeros({offset, offset}, theta.options());
  }

  // Adds the samples of one block: jets from the input up, the loss at the top.
  void add(const std::vector<LayerJet>& jets, const LossJet& loss) {
    const auto layers = static_cast<int64_t>(jets.size());
    const auto adjoint = adjoints(jets, loss);
    for (int64_t m = 0; m < layers; ++m) {
      check_stop();
      const auto [z, a] = responses(jets, m);
      // E = ∂e/∂z_m of the layer at hand, from the top down.
      auto e = top_response(loss, a.back());
      for (int64_t l = layers - 1; l >= m; --l) {
        const auto at = static_cast<size_t>(l);
        const auto up = static_cast<size_t>(l - m);
        const auto bent = (adjoint[at] * jets[at].bend).unsqueeze(1) * z[up];
        const auto k = jets[at].slope.unsqueeze(1) * e + bent;
        const auto delta = adjoint[at] * jets[at].slope;
        add_block(jets, l, m, k, delta, l > m ? a[up - 1] : Tensor());
        if (l == m) break;
        auto below = through(weights_[at].weight.t(), k);
        e = network_.skips(l) ? below + e : below;
      }
    }
  }

  // In the order of θ.
  Tensor result(const Tensor& decay) const {
    const auto lower = hessian_.tril();
    const auto all = lower + lower.tril(-1).t();
    const auto out = all.index_select(0, order_).index_select(1, order_);
    return out + at::diag(decay);
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

  // Σ_n k[r, u, n] above[a, n] below[b, n] as [r, a, u, b]: one product over all pairs
  // (a, b), or, where these are many, one for each pair of units, half of them on the
  // diagonal of H.
  static Tensor first_part(const Tensor& k,
                           const Tensor& above,
                           const Tensor& below,
                           bool symmetric) {
    const auto rows = k.size(0), units = k.size(1);
    const auto high = above.size(0), low = below.size(0);
    if (high * low < kManyPairs) {
      return at::mm(k.reshape({rows * units, -1}), pairs(above, below).t())
          .view({rows, units, high, low})
          .permute({0, 2, 1, 3});
    }
    auto out = at::empty({rows, units, high, low}, k.options());
    const auto turned = below.t().contiguous();
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t u = 0; u < units; ++u) {
        auto block = out[r][u];
        if (symmetric && u < r) {
          block.copy_(out[u][r].t());
        } else {
          at::mm_out(block, above * k[r][u], turned);
        }
      }
    }
    return out.permute({0, 2, 1, 3});
  }

  void add_block(const std::vector<LayerJet>& jets,
                 int64_t l,
                 int64_t m,
                 const Tensor& k,
                 const Tensor& delta,
                 const Tensor& response) {
    const auto above = with_one(jets[static_cast<size_t>(l)], l);
    const auto below = with_one(jets[static_cast<size_t>(m)], m);
    const auto rows = k.size(0), units = k.size(1);
    const auto high = above.size(0), low = below.size(0);
    auto block = first_part(k, above, below, l == m);
    if (response.defined()) {
      const auto columns = response.size(0);
      const auto moved =
          at::mm(pairs(delta, below), response.reshape({columns * units, -1}).t())
              .view({rows, low, columns, units})
              .permute({0, 2, 3, 1});
      block = block.contiguous();
      block.narrow(1, 0, columns) += moved;
    }
    hessian_.narrow(0, offset_[static_cast<size_t>(l)], rows * high)
        .narrow(1, offset_[static_cast<size_t>(m)], units * low) +=
        block.reshape({rows * high, units * low});
  }

  const Network& network_;
  std::vector<Weights> weights_;
  std::vector<int64_t> offset_;
  Tensor order_;
  Tensor hessian_;
};

int64_t block_size(const Network& network) {
  int64_t most = 1;
  for (const auto& l : network.layout.layers) {
    for (const auto& m : network.layout.layers) {
      most = std::max({most,
                       l.rows * m.rows,
                       (l.columns + 1) * (m.columns + 1),
                       l.rows * (m.columns + 1)});
    }
  }
  return std::max<int64_t>(1, kMostNumbers / most);
}

}  // namespace

LossJet loss_jet(const LossOptions& loss, const Tensor& f, const Tensor& y) {
  const double weight = 1.0 / static_cast<double>(f.size(1));
  const auto with = [&](const Tensor& first, const Tensor& second) {
    return LossJet{.first = first * weight,
                   .second = second * weight,
                   .share = {},
                   .weight = weight};
  };
  const auto at_argument = [&](Elementwise kind, const Tensor& z, double parameter) {
    return std::pair(elementwise_derivative(kind, 1, z, parameter),
                     elementwise_derivative(kind, 2, z, parameter));
  };
  switch (loss.kind) {
    case LossKind::kMse:
      return with(f - y, at::ones_like(f));
    case LossKind::kCrossEntropy: {
      const auto p = at::softmax(f, 0);
      return {.first = (p - y) * weight, .second = {}, .share = p, .weight = weight};
    }
    case LossKind::kLogistic: {
      const auto [d, c] = at_argument(Elementwise::kSoftplus, -(f * y), 1);
      return with(-(y * d), y * y * c);
    }
    case LossKind::kHuber: {
      const auto [d, c] = at_argument(Elementwise::kHuber, f - y, loss.huber_delta);
      return with(d, c);
    }
    case LossKind::kHinge: {
      const auto [d, c] = at_argument(Elementwise::kHinge, f * y, 1);
      return with(y * d, y * y * c);
    }
    case LossKind::kSigmoidCrossEntropy: {
      const auto [d, c] = at_argument(Elementwise::kSoftplus, f, 1);
      return with(d - y, c);
    }
    case LossKind::kAbsolute: {
      const auto [d, c] = at_argument(Elementwise::kAbs, f - y, 1);
      return with(d, c);
    }
  }
  throw ContractError("loss_jet: unknown loss");
}

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
