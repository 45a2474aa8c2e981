#pragma once

#include <torch/types.h>

#include <vector>

#include "core/layout.h"
#include "core/objective.h"

namespace basin {

/// Which entries of θ the data term of L does not depend on near θ, because on every
/// sample a strictly inactive relu (or a hinge beyond its margin) stands between:
/// `[P]`.
///
/// On sample n, z_r is cut if unit r is strictly inactive or everything that reads it
/// is cut. W_ru is free if on every sample z_r is cut or unit u answers 0 for being
/// inactive; b_r, if z_r is cut on every sample. Strictly: |z| is above the tolerance
/// of a kink, so that all this holds in a neighbourhood. With skip connections none is.
/// `arguments` z of every site `[M]`, as from kink_arguments.
std::vector<bool> locally_free(const ParameterLayout& layout,
                               const std::vector<KinkBlock>& blocks,
                               const torch::Tensor& arguments);

}  // namespace basin
