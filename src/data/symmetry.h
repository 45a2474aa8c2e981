#pragma once

#include <string>
#include <vector>

#include "core/layout.h"
#include "data/dataset.h"

namespace basin {

/// "-x2 x1 -> y1" as signed permutations of d inputs and K outputs; "permutations" as
/// two generators of all permutations of the inputs. Throws InputError, naming `key`,
/// unless each input and output stands there once.
std::vector<DataSymmetry> parse_symmetry(const std::string& text,
                                         int64_t inputs,
                                         int64_t outputs,
                                         const std::string& key);

/// Throws InputError, naming `key`, if a sample's image is missing from the data.
/// `targets` `[N, K]` as the loss wants them.
void require_symmetry(const Dataset& data,
                      const torch::Tensor& targets,
                      const DataSymmetry& symmetry,
                      const std::string& key);

/// Throws InputError, naming `key`, if a sign is changed.
void require_permutation(const DataSymmetry& symmetry, const std::string& key);

}  // namespace basin
