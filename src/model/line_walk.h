#pragma once

#include <optional>
#include <vector>

#include "core/objective.h"
#include "model/network.h"

namespace basin {

/// φ(z) = low · z for z < 0, high · z for z > 0.
struct Slopes {
  double low = 1, high = 1;
  bool kinked() const { return low != high; }
};

/// The slopes of a piecewise linear φ with one kink at most, at zero.
std::optional<Slopes> slopes_of(Elementwise phi);

/// True for losses that are piecewise polynomials of the outputs.
bool is_polynomial(LossKind kind);

/// One affine layer along a line: entries are a + t · rate.
struct LineLayer {
  int64_t rows, columns;
  const double *weight, *weight_rate;
  const double *bias, *bias_rate;  ///< null if there is none
  Slopes slopes;
  bool skip;
};

/// The layers along `line`, whose tensors they point into.
std::vector<LineLayer> layers_on(const Network& network, const LineSegment& line);

/// The loss of one sample on [low, high]: pieces in ascending order. Of a loss that is
/// no polynomial, zeros.
struct SamplePieces {
  std::vector<double> ends;  ///< of each piece; the first begins at `low`
  std::vector<Polynomial> pieces;
};

/// Follows one sample, inputs x and targets y, along the line; its loss counts
/// `weight`.
SamplePieces follow_sample(const std::vector<LineLayer>& layers,
                           const LossOptions& loss,
                           const std::vector<double>& x,
                           const double* y,
                           double weight,
                           double low,
                           double high);

}  // namespace basin
