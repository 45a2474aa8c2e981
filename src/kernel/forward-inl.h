// A block of samples through the layers, and the loss at their end.

#if defined(BASIN_KERNEL_FORWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BASIN_KERNEL_FORWARD_INL_H_
#undef BASIN_KERNEL_FORWARD_INL_H_
#else
#define BASIN_KERNEL_FORWARD_INL_H_
#endif

#include "kernel/affine-inl.h"
#include "kernel/loss-inl.h"
#include "kernel/workspace.h"

HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

template <class D>
const Scalar<D>* weight_of(D d, const PerceptronLayer& layer, const Scalar<D>* theta) {
  return theta + static_cast<size_t>(layer.weight) * hn::MaxLanes(d);
}

template <class D>
const Scalar<D>* bias_of(D d, const PerceptronLayer& layer, const Scalar<D>* theta) {
  if (layer.bias < 0) return nullptr;
  return theta + static_cast<size_t>(layer.bias) * hn::MaxLanes(d);
}

// Where φ'(z) is found on the way back.
enum class Slope { kStored, kMask /* a > 0 */, kOne };

template <Pass pass>
Slope slope_of(const PerceptronLayer& layer) {
  if (pass == Pass::kProduct) return Slope::kStored;
  if (layer.activation == Elementwise::kIdentity) return Slope::kOne;
  const bool mask = layer.activation == Elementwise::kRelu && !layer.skip;
  return mask ? Slope::kMask : Slope::kStored;
}

template <class D>
void add_to(D d,
            Scalar<D>* HWY_RESTRICT to,
            const Scalar<D>* HWY_RESTRICT from,
            size_t n) {
  for (size_t i = 0; i < n; i += hn::MaxLanes(d))
    hn::Store(hn::Add(hn::Load(d, to + i), hn::Load(d, from + i)), d, to + i);
}

template <Pass pass, class D>
void finish_layer(D d,
                  const PerceptronLayer& layer,
                  const LayerBuffers<Scalar<D>>& own,
                  const Scalar<D>* below,
                  size_t samples) {
  const auto count = static_cast<size_t>(layer.rows) * samples * hn::MaxLanes(d);
  if (slope_of<pass>(layer) == Slope::kOne) {
    // z is a already
  } else if constexpr (pass == Pass::kValue) {
    activate(d, layer.activation, own.output, count);
  } else if constexpr (pass == Pass::kGradient) {
    activate_with_slope(d, layer.activation, own.slope, own.output, count);
  } else {
    activate_with_bend(d, layer.activation, own.slope, own.output, own.bend, count);
  }
  if (layer.skip) add_to(d, own.output, below, count);
}

// Layer `l`, which reads `in`. `below` is what it reads as an array, for skips.
template <Pass pass, class D, class In>
void forward_layer(D d,
                   const PerceptronLayer& layer,
                   const Scalar<D>* theta,
                   const In& in,
                   const Scalar<D>* below,
                   size_t samples,
                   const LayerBuffers<Scalar<D>>& own) {
  const auto* w = weight_of(d, layer, theta);
  const auto* b = bias_of(d, layer, theta);
  const auto rows = static_cast<size_t>(layer.rows);
  const auto columns = static_cast<size_t>(layer.columns);
  const auto slope = slope_of<pass>(layer);
  if (slope == Slope::kMask) {
    affine<Into::kSetPositivePart>(d, w, b, rows, columns, in, samples, own.output);
    return;
  }
  const bool in_place = pass == Pass::kValue || slope == Slope::kOne;
  auto* z = in_place ? own.output : own.slope;
  affine<Into::kSet>(d, w, b, rows, columns, in, samples, z);
  finish_layer<pass>(d, layer, own, below, samples);
}

template <Pass pass, class D, class In>
void forward(D d,
             const Perceptron& network,
             const Scalar<D>* theta,
             const In& in,
             size_t samples,
             const Workspace<Scalar<D>>& space) {
  forward_layer<pass>(
      d, network.layers[0], theta, in, nullptr, samples, space.layers[0]);
  for (size_t l = 1; l < network.layers.size(); ++l) {
    const auto* below = space.layers[l - 1].output;
    forward_layer<pass>(d,
                        network.layers[l],
                        theta,
                        Packed<D>{below, samples},
                        below,
                        samples,
                        space.layers[l]);
  }
}

// Adds the loss of the block to `total`, tile by tile. For a gradient or a product,
// `first` `[K][s]` becomes ∂L/∂f, weights included; for a product `second` becomes
// ∂²L/∂f², or, for softmax, its probabilities p.
template <Pass pass, class D, class Samples>
void block_loss(D d,
                const Perceptron& network,
                const Scalar<D>* HWY_RESTRICT f,
                const Samples& targets,
                const Samples& weights,
                size_t samples,
                VecOf<D>& total,
                Scalar<D>* HWY_RESTRICT first,
                Scalar<D>* HWY_RESTRICT second) {
  constexpr size_t L = hn::MaxLanes(d);
  const auto outputs = static_cast<size_t>(network.layers.back().rows);
  if (network.loss == LossKind::kCrossEntropy) {
    for (size_t tile = 0; tile < samples; tile += kTile) {
      auto part = hn::Zero(d);
      for (size_t s = tile; s < tile + kTile; ++s) {
        const auto w = weights(d, 0, s);
        auto most = hn::Load(d, f + s * L);
        for (size_t k = 1; k < outputs; ++k)
          most = hn::Max(most, hn::Load(d, f + (k * samples + s) * L));
        auto sum = hn::Zero(d), chosen = hn::Zero(d);
        for (size_t k = 0; k < outputs; ++k) {
          const auto at = (k * samples + s) * L;
          const auto z = hn::Sub(hn::Load(d, f + at), most);
          const auto e = exponential(d, z);
          sum = hn::Add(sum, e);
          chosen = hn::MulAdd(z, targets(d, k, s), chosen);
          if constexpr (pass != Pass::kValue) hn::Store(e, d, first + at);
        }
        part = hn::MulAdd(w, hn::Sub(logarithm(d, sum), chosen), part);
        if constexpr (pass != Pass::kValue) {
          const auto share = hn::Div(number(d, 1), sum);
          for (size_t k = 0; k < outputs; ++k) {
            const auto at = (k * samples + s) * L;
            const auto p = hn::Mul(hn::Load(d, first + at), share);
            if constexpr (pass == Pass::kProduct) hn::Store(p, d, second + at);
            hn::Store(hn::Mul(w, hn::Sub(p, targets(d, k, s))), d, first + at);
          }
        }
      }
      total = hn::Add(total, part);
    }
    return;
  }
  const auto delta = number(d, network.huber_delta);
  with_loss(network.loss, [&]<LossKind kind>() HWY_ATTR {
    for (size_t tile = 0; tile < samples; tile += kTile) {
      auto part = hn::Zero(d);
      for (size_t k = 0; k < outputs; ++k) {
        for (size_t s = tile; s < tile + kTile; ++s) {
          const auto at = (k * samples + s) * L;
          const auto w = weights(d, 0, s);
          const auto j =
              loss_jet<kind>(d, hn::Load(d, f + at), targets(d, k, s), delta);
          part = hn::MulAdd(w, j.value, part);
          if constexpr (pass != Pass::kValue)
            hn::Store(hn::Mul(w, j.first), d, first + at);
          if constexpr (pass == Pass::kProduct)
            hn::Store(hn::Mul(w, j.second), d, second + at);
        }
      }
      total = hn::Add(total, part);
    }
  });
}

// Calls f with the inputs, targets and weights of the block that begins at `at`.
template <class D, class F>
HWY_INLINE void with_block(D,
                           const SampleView<Scalar<D>>& view,
                           size_t at,
                           const F& f) {
  constexpr size_t L = hn::MaxLanes(D());
  const auto padded = static_cast<size_t>(view.padded);
  if (view.own) {
    f(Packed<D>{view.inputs + at * L, padded},
      Packed<D>{view.targets + at * L, padded},
      Packed<D>{view.weights + at * L, padded});
  } else {
    f(Shared<D>{view.inputs + at, padded},
      Shared<D>{view.targets + at, padded},
      Shared<D>{view.weights + at, padded});
  }
}

// ½ Σ decay θ².
template <class D>
VecOf<D> half_decay(D d,
                    const PerceptronProblem<Scalar<D>>& problem,
                    const Scalar<D>* HWY_RESTRICT theta) {
  auto sum = hn::Zero(d);
  const auto& decay = problem.decay;
  for (size_t i = 0; i < decay.size(); ++i) {
    const auto x = hn::Load(d, theta + i * hn::MaxLanes(d));
    sum = hn::MulAdd(hn::Mul(x, x), hn::Set(d, decay[i]), sum);
  }
  return hn::Mul(sum, number(d, 0.5));
}

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
