#pragma once

#include <string>
#include <vector>

#include "core/objective.h"

namespace basin {

struct BandOptions {
  int64_t iterations = 400;

  /// Relaxed when the largest perpendicular force, ‖g − (g·τ) τ‖₂ over the images, is
  /// at most this.
  double force_tolerance = 1e-3;
  bool climb = true;  ///< the highest image climbs, once the band is nearly relaxed
};

enum class BandStatus { kRelaxed, kIterations, kNotFinite };

/// "relaxed", "not relaxed", "not finite".
std::string name_of(BandStatus status);

/// A chain of images between two fixed ends.
struct Band {
  torch::Tensor images;  ///< `[K, P]`
  std::vector<double> loss;
  BandStatus status = BandStatus::kIterations;
  double force = 0;  ///< largest perpendicular force
  int64_t iterations = 0;
  int64_t climbing = -1;  ///< which image climbs; -1: none

  /// The highest image.
  int64_t top() const;
};

/// `count` images at equal distances on the straight line a → b.
torch::Tensor straight_images(const torch::Tensor& a,
                              const torch::Tensor& b,
                              int64_t count);

/// A band of images moved down the force perpendicular to it, with the tangents of
/// Henkelman and Jónsson (J. Chem. Phys. 113 (2000), 9978) and equal distances along
/// the band after every step, by FIRE (Bitzek et al., Phys. Rev. Lett. 97 (2006)). The
/// climbing image (Henkelman, Uberuaga, Jónsson 2000) goes up along the band; the other
/// images keep equal distances on either side of it. Without climbing the highest image
/// stays below the pass.
Band relax_band(const Objective& objective,
                const torch::Tensor& images,
                const BandOptions& options);

/// The band with an image more in the middle of each segment whose middle is higher
/// than both its ends, or whose turn is sharper than a right angle; at most `most`
/// images.
torch::Tensor with_more_images(const Objective& objective,
                               const Band& band,
                               int64_t most);

}  // namespace basin
