#include "kernel/workspace.h"

namespace basin {
namespace {

// A block should stay in the first cache together with a tile of weights; but weights
// that do not fit the second cache themselves are read once a block, so that the block
// must then be large. Measured with tests/bench.
constexpr int64_t kSmallBytes = int64_t{24} << 10;
constexpr int64_t kLargeBytes = int64_t{256} << 10;
constexpr int64_t kWeightBytes = int64_t{512} << 10;

}  // namespace

template <typename T>
Workspace<T> make_workspace(const PerceptronProblem<T>& problem,
                            int64_t lanes,
                            Pass pass) {
  const auto& layers = problem.network.layers;
  const bool product = pass == Pass::kProduct;
  bool skips = false;
  int64_t units = layers.back().rows;
  for (const auto& layer : layers) {
    skips = skips || layer.skip;
    units += layer.rows;
  }
  const int64_t arrays = product ? 6 : pass == Pass::kGradient ? (skips ? 3 : 2) : 1;
  const auto vector = lanes * static_cast<int64_t>(sizeof(T));
  const bool large = problem.network.parameters * vector > kWeightBytes;
  const auto fits = (large ? kLargeBytes : kSmallBytes) / (units * arrays * vector);
  Workspace<T> out;
  out.block =
      std::clamp<int64_t>(fits / kSampleTile * kSampleTile, 2 * kSampleTile, 64);
  const auto each = [&](const PerceptronLayer& layer) {
    return layer.rows * out.block * lanes;
  };
  out.memory = Buffer<T>(static_cast<size_t>(units * arrays * out.block * lanes));
  T* next = out.memory.data();
  const auto take = [&](const PerceptronLayer& layer) {
    T* at = next;
    next += each(layer);
    return at;
  };
  for (size_t l = 0; l < layers.size(); ++l) {
    const auto& layer = layers[l];
    const bool top = l + 1 == layers.size();
    LayerBuffers<T> buffers{.output = take(layer)};
    if (pass != Pass::kValue) buffers.slope = take(layer);
    if (arrays > 2 || (top && pass != Pass::kValue)) buffers.adjoint = take(layer);
    if (product) {
      buffers.bend = take(layer);
      buffers.output_rate = take(layer);
      buffers.rate = take(layer);
    }
    if (product && top) buffers.loss_bend = take(layer);
    out.layers.push_back(buffers);
  }
  return out;
}

template Workspace<float> make_workspace(const PerceptronProblem<float>&,
                                         int64_t,
                                         Pass);
template Workspace<double> make_workspace(const PerceptronProblem<double>&,
                                          int64_t,
                                          Pass);

}  // namespace basin
