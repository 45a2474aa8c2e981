#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/polynomial.h"

namespace basin {

/// A pre-activation counts as lying on a kink when
///
///   |z| <= kKinkTolerance * max |z| over the layer
///
inline constexpr double kKinkTolerance = 1e-9;

/// No certificate where another kink is nearer than this times 1 + ‖θ‖: rounding, not
/// the loss, says then on which side θ lies. (kKinkTolerance is relative to the largest
/// |z| of a layer, which is nothing where a whole layer is at zero.)
inline constexpr double kLeastRadius = 1e-12;

/// Places where L is not differentiable: the units of one layer (or of the loss) on all
/// samples. Inside L stands φ(z), with slope `low` for z < 0 and `high` for z > 0,
/// low < high. Sites are numbered unit by unit, sample by sample, from `offset`.
struct KinkBlock {
  std::string name;   ///< "layer0", ... or "loss"
  int64_t layer = 0;  ///< index into ParameterLayout::layers; of the loss, one past
  int64_t units = 0;
  int64_t samples = 0;
  int64_t offset = 0;
  double low = 0;
  double high = 1;

  int64_t size() const { return units * samples; }
};

class FrozenObjective;

/// What an implementation vouches for.
enum class Smoothness {
  kSmooth,   ///< L is twice differentiable within smooth_radius of any θ
  kKinked,   ///< ... but for its kink blocks
  kUnknown,  ///< nothing: no certificate may rest on derivatives
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

  /// Unknown is not smooth: every implementation says which it is.
  virtual Smoothness smoothness() const = 0;

  /// Rows that one call handles best: what keeps the work of a batch in cache.
  virtual int64_t preferred_rows() const { return 64; }

  virtual torch::Tensor value(const torch::Tensor& theta) const = 0;
  virtual ValueAndGradient value_and_gradient(const torch::Tensor& theta) const = 0;

  /// H(θ_b) v_b for each row b, `[B, P]`.
  virtual torch::Tensor hessian_times(const torch::Tensor& theta,
                                      const torch::Tensor& v) const = 0;

  /// H(θ_b) for each row b, `[B, P, P]`, symmetric. Unless an implementation knows
  /// better: P products, averaged with the transpose.
  virtual torch::Tensor hessian(const torch::Tensor& theta) const;

  /// How uncertain rounding leaves the gradient at θ `[P]`: an estimate of the error of
  /// its largest entry. Unless an implementation knows better, by how much g changes
  /// when every entry of θ moves by half a unit in its last place.
  virtual double gradient_noise(const torch::Tensor& theta) const;

  /// A radius round θ `[P]` within which L is twice differentiable but for its kink
  /// blocks, to first order: the distance to where a second derivative jumps. A
  /// certificate by the Hessian is worth nothing where Newton's step is as long.
  virtual double smooth_radius(const torch::Tensor& theta) const;

  /// Empty for a smooth L. The other two members then are not called.
  virtual std::vector<KinkBlock> kink_blocks() const { return {}; }

  /// z of every site, `[B, M]`, with the true φ below.
  virtual torch::Tensor kink_arguments(const torch::Tensor& theta) const;

  /// L with φ(z_m) replaced by slopes_m · z_m, `slopes` `[M]`. It stays valid as long
  /// as this objective lives.
  virtual std::unique_ptr<FrozenObjective> frozen(const torch::Tensor& slopes) const;
};

/// A piecewise linear L with the slope of every site held fixed: smooth everywhere, and
/// equal to L where each slope is that of its side.
class FrozenObjective : public Objective {
 public:
  /// z of every site, `[B, M]`.
  virtual torch::Tensor arguments(const torch::Tensor& theta) const = 0;

  /// ∂z_m/∂θ at θ `[P]` for each m in `sites` `[A]`: `[A, P]`.
  virtual torch::Tensor argument_gradients(const torch::Tensor& theta,
                                           const torch::Tensor& sites) const = 0;

  /// u_m = ∂L/∂φ(z_m) at θ `[P]`: `[M]`.
  virtual torch::Tensor sensitivities(const torch::Tensor& theta) const = 0;
};

/// One affine layer at one θ, seen on the samples.
struct LayerProbe {
  torch::Tensor inputs;       ///< a, `[N, columns]`
  torch::Tensor pre;          ///< z = W a + b, `[N, rows]`
  torch::Tensor sensitivity;  ///< ∂(mean loss)/∂z, `[N, rows]`; decay not included
};

/// Rows of θ side by side ("packed"): entry i of lane k stands at [i * lanes() + k]. A
/// training loop keeps its seeds like this, so that nothing is copied between steps.
/// lanes() is a whole number of vectors of this machine. For one thread; arrays are
/// aligned to 64 bytes.
template <typename T>
class PackedObjective {
 public:
  virtual ~PackedObjective() = default;
  virtual int64_t lanes() const = 0;

  /// L and ∂L/∂θ of every lane. `index`, unless null, names each lane's own samples:
  /// `[lanes][count]`. Lanes not `wanted` may be left out.
  virtual void value_and_gradient(const T* theta,
                                  const int64_t* index,
                                  int64_t count,
                                  const std::vector<bool>& wanted,
                                  T* value,
                                  T* gradient) = 0;
};

/// What a plane shows at some of its points.
struct PlaneValues {
  torch::Tensor loss;      ///< `[n]`, float64
  torch::Tensor accuracy;  ///< `[n]`, float64; NaN where it is not defined
};

/// The loss on a plane origin + x u + y v. May be called from several threads.
class PlaneObjective {
 public:
  virtual ~PlaneObjective() = default;

  /// x and y are `[n]`, float64.
  virtual PlaneValues at(const torch::Tensor& x, const torch::Tensor& y) const = 0;
};

/// origin + t · direction, low <= t <= high; vectors `[P]`, float64, contiguous.
struct LineSegment {
  torch::Tensor origin, direction;
  double low = 0;
  double high = 1;
};

/// What is known of a loss along a line without sampling it.
struct LineLoss {
  std::vector<double> kinks;                  ///< where L may bend, ascending
  std::optional<PiecewisePolynomial> pieces;  ///< L itself
  std::string problem;                        ///< why there are no pieces
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

  /// Every layer at θ `[P]`; `slopes` as in `frozen`, or undefined for the true φ.
  /// Empty if the model has no layers to show.
  virtual std::vector<LayerProbe> layer_probes(const torch::Tensor& theta,
                                               const torch::Tensor& slopes) const;

  /// Share of samples classified right, `[B]`; NaN where that is not defined.
  virtual torch::Tensor accuracy(const torch::Tensor& theta) const = 0;

  /// This loss for packed rows; the one of dtype(). It must not outlive the objective.
  virtual std::unique_ptr<PackedObjective<float>> packed_float() const;
  virtual std::unique_ptr<PackedObjective<double>> packed_double() const;

  /// The Gauss-Newton part Σ Jᵀ (∂²ℓ/∂f²) J of the Hessian at θ `[P]`, decay left out:
  /// `[P, P]`, and times v `[P]`. Undefined if the loss is not a sum over outputs.
  virtual torch::Tensor gauss_newton(const torch::Tensor& theta) const;
  virtual torch::Tensor gauss_newton_times(const torch::Tensor& theta,
                                           const torch::Tensor& v) const;

  /// The decay of each parameter, `[P]`: ½ Σ decay θ² is part of L.
  virtual torch::Tensor decay() const;

  /// The loss on a line, exactly, where it is piecewise polynomial there.
  virtual LineLoss on_line(const LineSegment& line, int64_t threads) const;

  /// This loss on a plane, all `[P]`. It must not outlive the objective.
  virtual std::unique_ptr<PlaneObjective> on_plane(const torch::Tensor& origin,
                                                   const torch::Tensor& u,
                                                   const torch::Tensor& v) const;
};

}  // namespace basin
