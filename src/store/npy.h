#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>

namespace basin {

/// An array in NumPy's format 1.0, little-endian float64.
std::string npy_bytes(const torch::Tensor& array);

/// Reads an array of little-endian float64 or float32 numbers, in C order, of one or
/// two dimensions and at most `limit` bytes, as float64. No Python objects, no pickles.
/// Throws InputError.
torch::Tensor read_npy(const std::filesystem::path& path, int64_t limit);

}  // namespace basin
