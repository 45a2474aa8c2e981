#pragma once

#include <vector>

#include "kernel/perceptron.h"

namespace basin {

/// The samples that a pass runs over: those of the problem, the same for all lanes, or
/// a mini-batch gathered for each lane.
template <typename T>
struct SampleView {
  const T* inputs;   ///< `[d][padded]`, or `[d][padded][lanes]` if `own`
  const T* targets;  ///< `[K][padded]`, or `[K][padded][lanes]` if `own`
  const T* weights;  ///< `[padded]`, or `[padded][lanes]` if `own`
  int64_t padded;
  bool own;  ///< each lane has its own samples
};

/// On a line or plane origin + x u + y v the first pre-activations are affine in x and
/// y: z = base + x along_x + y along_y, each `[h][padded]`.
template <typename T>
struct PlaneLayer {
  Buffer<T> base, along_x, along_y;
};

/// What one pass over one block of samples writes, `[units][samples][lanes]` each.
template <typename T>
struct LayerBuffers {
  T* output = nullptr;       ///< a
  T* slope = nullptr;        ///< z, then φ'(z), then δ = ∂L/∂z
  T* adjoint = nullptr;      ///< ∂L/∂a; of hidden layers only with skips or for H v
  T* bend = nullptr;         ///< φ''(z); for H v
  T* output_rate = nullptr;  ///< Ra: how a changes along v; then R∂L/∂a; for H v
  T* rate = nullptr;         ///< Rz, then Rδ; for H v
  T* loss_bend = nullptr;    ///< ∂²L/∂f², of the output; for H v
};

/// Memory of one thread for one kind of pass.
template <typename T>
struct Workspace {
  int64_t block = 0;  ///< samples of a block, whole tiles
  std::vector<LayerBuffers<T>> layers;
  Buffer<T> memory;
};

enum class Pass { kValue, kGradient, kProduct };

template <typename T>
Workspace<T> make_workspace(const PerceptronProblem<T>& problem,
                            int64_t lanes,
                            Pass pass);

}  // namespace basin
