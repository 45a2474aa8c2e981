#pragma once

#include <torch/types.h>

#include <filesystem>
#include <vector>

namespace basin {

/// Points of other programs: rows of numbers, a point each, from a text file as
/// TopSearch writes it (min.coords), or from float64 numbers as PATHSAMPLE does
/// (points.min, by its name). `[n, dimension]`, float64. Throws InputError with every
/// line that is wrong: of another length, not a number, not finite. At most 1 GiB is
/// read.
torch::Tensor read_points(const std::filesystem::path& file, int64_t dimension);

/// The energies of min.data: of "index energy" (TopSearch, two columns) the second,
/// else (PATHSAMPLE) the first column. Throws InputError as above.
std::vector<double> read_energies(const std::filesystem::path& file);

}  // namespace basin
