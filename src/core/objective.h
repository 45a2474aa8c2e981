#pragma once

#include <torch/types.h>

#include <cstdint>

namespace basin {

/// A pre-activation counts as lying on a kink when
///
///   |z| <= kKinkTolerance * max |z| over the layer
///
inline constexpr double kKinkTolerance = 1e-9;

/// How near the points of a batch lie to a place where L is not differentiable.
struct KinkDistances {
  torch::Tensor nearest;  ///< least |z| / max |z|, `[B]`; infinite if L is smooth
  torch::Tensor active;   ///< pre-activations on a kink, `[B]` int64
};

struct ValueAndGradient {
  torch::Tensor value;     ///< L, `[B]`
  torch::Tensor gradient;  ///< ∂L/∂θ, `[B, P]`
};

/// A loss L over batches of flat parameter vectors θ, `[B, P]`, P = dimension().
///
/// Row b of every answer depends on row b of θ alone: equal θ gives equal answers,
/// bit for bit, whatever B is and however many threads call. θ is a contiguous CPU
/// tensor; answers are CPU tensors of type dtype(). Where the work is done (which
/// device, which kernels) is the implementation's own matter. All members may be
/// called from several threads at once.
class Objective {
 public:
  virtual ~Objective() = default;
  virtual int64_t dimension() const = 0;
  virtual torch::ScalarType dtype() const { return torch::kFloat64; }

  /// Rows that one call handles best: what keeps the work of a batch in cache.
  virtual int64_t preferred_rows() const { return 64; }

  virtual torch::Tensor value(const torch::Tensor& theta) const = 0;
  virtual ValueAndGradient value_and_gradient(const torch::Tensor& theta) const = 0;

  /// H(θ_b) v_b for each row b, `[B, P]`.
  virtual torch::Tensor hessian_times(const torch::Tensor& theta,
                                      const torch::Tensor& v) const = 0;

  /// Smooth, unless an implementation says otherwise.
  virtual KinkDistances kinks(const torch::Tensor& theta) const;
};

/// An Objective that is a mean over samples, so that a mini-batch makes sense.
class SampledObjective : public Objective {
 public:
  virtual int64_t samples() const = 0;  ///< N

  /// The loss of row b on its own samples `index[b]`. `index` is `[B, m]`, int64.
  /// Decay is part of L and enters whole.
  virtual ValueAndGradient value_and_gradient_on(const torch::Tensor& theta,
                                                 const torch::Tensor& index) const = 0;

  /// What the model answers on every sample, `[B, N, K]`.
  virtual torch::Tensor outputs(const torch::Tensor& theta) const = 0;

  /// Share of samples classified right, `[B]`; NaN where that is not defined.
  virtual torch::Tensor accuracy(const torch::Tensor& theta) const = 0;
};

}  // namespace basin
