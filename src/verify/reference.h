#pragma once

#include <torch/types.h>

#include <array>
#include <span>
#include <vector>

#include "core/objective.h"
#include "model/network.h"

namespace basin {

/// A number of the reference: 64-bit mantissa where the machine has it.
using Real = long double;

/// One evaluation of a loss at θ.
struct ReferenceValue {
  Real value = 0;
  std::vector<Real> gradient;     ///< `[P]`
  std::vector<Real> outputs;      ///< sample by sample, `[N · K]`
  std::vector<Real> arguments;    ///< z of every site, as in KinkBlock
  std::vector<Real> sensitivity;  ///< ∂L/∂φ(z) of every site
};

/// A loss computed again, by plain loops in extended precision: no LibTorch, no
/// batches, no code shared with the objective that made a certificate.
class Reference {
 public:
  virtual ~Reference() = default;
  virtual int64_t dimension() const = 0;

  /// A loss that is this near to zero may be zero: what the rounding of the certified
  /// objective leaves open.
  virtual double zero_loss() const { return 1e-20; }

  /// No loss is less; −∞ if that is not known, or no finite outputs attain it.
  virtual Real least_loss() const { return 0; }

  /// The distance to the nearest point where the loss is not twice differentiable,
  /// kinks of sites left out, to first order.
  virtual Real smooth_radius(const std::vector<Real>& theta) const;

  /// `slopes` in place of φ at every site; the true φ if empty.
  virtual ReferenceValue evaluate(const std::vector<Real>& theta,
                                  const std::vector<double>& slopes) const = 0;

  /// H `[P, P]` by central differences of the gradient, of `step` · (1 + size). By
  /// default one of each parameter.
  virtual torch::Tensor hessian(const std::vector<Real>& theta,
                                const std::vector<double>& slopes,
                                Real step) const;

  /// ∂z/∂θ of one site.
  virtual std::vector<Real> argument_gradient(const std::vector<Real>& theta,
                                              const std::vector<double>& slopes,
                                              int64_t site) const;
};

/// The loss of one sample and its derivative by the outputs.
struct SampleLoss {
  Real value = 0;
  std::vector<Real> slope;
};

/// One sample on its way through the layers of a network and back, by layer.
struct ReferenceTrace {
  std::vector<std::vector<Real>> input;  ///< `[columns]`
  std::vector<std::vector<Real>> pre;    ///< z `[rows]`
  std::vector<std::vector<Real>> slope;  ///< φ'(z) `[rows]`
  std::vector<std::vector<Real>> delta;  ///< ∂/∂z `[rows]` of what is derived; 0: empty
  std::vector<Real> output;

  /// Of all but the output.
  void set_layers(size_t count) {
    for (auto* part : {&input, &pre, &slope, &delta}) part->resize(count);
  }
};

/// A multilayer perceptron on samples.
class ReferenceNetwork final : public Reference {
 public:
  /// `inputs` X `[N, d]`; `targets` Y `[N, K]` as from loss_targets.
  ReferenceNetwork(const Network& network,
                   const LossOptions& loss,
                   const torch::Tensor& inputs,
                   const torch::Tensor& targets);

  int64_t dimension() const override { return network_.layout.dimension; }
  Real least_loss() const override;
  Real smooth_radius(const std::vector<Real>& theta) const override;
  ReferenceValue evaluate(const std::vector<Real>& theta,
                          const std::vector<double>& slopes) const override;
  std::vector<Real> argument_gradient(const std::vector<Real>& theta,
                                      const std::vector<double>& slopes,
                                      int64_t site) const override;

  /// One difference for each unit of each sample: W of a layer l acts through its z,
  ///
  ///   ∂²L/∂W_l[u, j] ∂W_m[r, i] = Σ_n a_{l-1}[j] ∂(δ_m[r] a_{m-1}[i]) / ∂z_l[u],  m ≥
  ///   l.
  torch::Tensor hessian(const std::vector<Real>& theta,
                        const std::vector<double>& slopes,
                        Real step) const override;

 private:
  void forward(const std::vector<Real>& theta,
               const std::vector<double>& slopes,
               int64_t sample,
               ReferenceTrace& out) const;
  void go_on(const std::vector<Real>& theta,
             const std::vector<double>& slopes,
             int64_t sample,
             size_t from,
             ReferenceTrace& trace) const;
  SampleLoss end(const std::vector<double>& slopes,
                 int64_t sample,
                 ReferenceTrace& trace) const;
  void backward(const std::vector<Real>& theta,
                size_t from,
                size_t to,
                int64_t sample,
                ReferenceTrace& trace,
                std::vector<Real>* sensitivity) const;
  /// A unit of a layer and by how much its z moves.
  struct UnitStep {
    size_t layer;
    size_t unit;
    Real length;
  };
  void bend(const std::vector<Real>& theta,
            const std::vector<double>& slopes,
            const ReferenceTrace& base,
            int64_t sample,
            const UnitStep& by,
            std::array<ReferenceTrace, 2>& sides,
            double* row) const;
  torch::Tensor mirrored(const torch::Tensor& columns) const;
  void add_gradient(std::span<const ReferenceTrace> traces,
                    std::vector<Real>& gradient) const;
  std::vector<Real> gradient_of(const ReferenceTrace& trace) const;
  int64_t site_of(size_t layer, int64_t unit, int64_t sample) const;

  Network network_;
  LossOptions loss_;
  torch::Tensor inputs_, targets_;
  std::vector<int64_t>
      offset_;  // first site of each layer, -1 without kinks; the loss last
  int64_t sites_ = 0;
};

/// The expectation of GaussianPopulation, without kinks.
class ReferencePopulation final : public Reference {
 public:
  ReferencePopulation(int64_t units, int64_t inputs) : units_(units), inputs_(inputs) {}
  int64_t dimension() const override { return units_ * inputs_; }
  double zero_loss() const override { return 1e-11; }  // large terms cancel there
  Real smooth_radius(const std::vector<Real>& theta) const override;
  ReferenceValue evaluate(const std::vector<Real>& theta,
                          const std::vector<double>& slopes) const override;

 private:
  int64_t units_, inputs_;
};

}  // namespace basin
