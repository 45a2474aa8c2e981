#pragma once

#include <string>
#include <string_view>

#include "data/dataset.h"
#include "data/options.h"

namespace basin {

/// Reads `options.file` (samples) and `options.labels` in IDX, the format of MNIST,
/// plain or gzip. Samples are flattened to `[N, d]`; bytes are divided by 255.
/// Format: two zero bytes, a type byte, the number of dimensions, big-endian sizes.
Dataset read_idx(const DataOptions& options);

/// The array in one IDX file as float64. Throws InputError naming `name`.
torch::Tensor parse_idx(std::string_view bytes, const std::string& name);

}  // namespace basin
