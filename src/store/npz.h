#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace basin {

/// Writes arrays as a NumPy .npz archive (a zip of .npy files, float64). The same
/// arrays give the same bytes. Throws StorageError.
void write_npz(const std::filesystem::path& path,
               const std::vector<std::pair<std::string, torch::Tensor>>& arrays);

}  // namespace basin
