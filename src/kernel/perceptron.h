#pragma once

#include <cstdint>
#include <vector>

#include "core/buffer.h"
#include "core/functions.h"

namespace basin {

/// z = W a + b, a' = φ(z) (+ a if `skip`), with W and b where a LayerSlice says.
struct PerceptronLayer {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t weight = 0;
  int64_t bias = -1;  ///< none if negative
  Elementwise activation = Elementwise::kIdentity;
  bool skip = false;
};

/// A multilayer perceptron with its loss.
struct Perceptron {
  std::vector<PerceptronLayer> layers;
  LossKind loss = LossKind::kMse;
  double huber_delta = 1.0;
  int64_t parameters = 0;  ///< P
};

/// A perceptron with its samples, in the order the kernels read. Samples are padded to
/// a whole number of tiles by copies of the last one with weight 0. Read-only once
/// made; shared by all threads.
template <typename T>
struct PerceptronProblem {
  Perceptron network;
  int64_t samples = 0;  ///< N
  int64_t padded = 0;   ///< N rounded up to whole tiles
  Buffer<T> inputs;     ///< `[d][padded]`
  Buffer<T> targets;    ///< `[K][padded]`
  Buffer<T> weights;    ///< 1/N, or 0 for padding, `[padded]`
  Buffer<T> decay;      ///< weight decay of each parameter, `[P]`; empty: none
  Buffer<T> classes;    ///< the largest target of each sample, or whether the only one
                        ///< is above `middle`, `[padded]`
  T middle = 0;         ///< of the least and the largest target

  /// 0: all lanes see all samples. Else sample i of the data is the (i / lanes)-th of
  /// lane i mod lanes: inputs, targets and weights are `[...][padded][lanes]`.
  int64_t split_lanes = 0;

  int64_t inputs_per_sample() const { return network.layers.front().columns; }
  int64_t outputs() const { return network.layers.back().rows; }
};

/// Samples in a tile: what the inner loops keep in registers at once.
inline constexpr int64_t kSampleTile = 4;

/// The same samples dealt out to `lanes` lanes, without decay: with one θ in all lanes,
/// their losses and gradients add up to those of all samples.
template <typename T>
PerceptronProblem<T> split_samples(const PerceptronProblem<T>& problem, int64_t lanes);

/// `inputs` is `[d][N]`, `targets` `[K][N]`, `decay` `[P]` or null.
template <typename T>
PerceptronProblem<T> make_problem(const Perceptron& network,
                                  int64_t samples,
                                  const T* inputs,
                                  const T* targets,
                                  const T* decay);

}  // namespace basin
