#pragma once

// Networks of many kinds, to plant symmetries in.

#include "support/networks.h"

namespace basin::testing {

struct Architecture {
  std::vector<int64_t> widths;
  Elementwise activation;
};

inline const std::vector<Architecture> kArchitectures{
    {{3}, Elementwise::kTanh},
    {{3}, Elementwise::kRelu},
    {{8}, Elementwise::kRelu},
    {{5, 5}, Elementwise::kTanh},
    {{10, 10}, Elementwise::kGelu},
    {{16, 16, 16}, Elementwise::kRelu},
    {{20, 10}, Elementwise::kLeakyRelu},
    {{30, 30, 30}, Elementwise::kTanh}};

inline NetworkObjective network_of(const Architecture& a, const Dataset& data) {
  return objective_for({.depth = static_cast<int64_t>(a.widths.size()),
                        .widths = a.widths,
                        .activation = a.activation,
                        .init = Initializer::kLecunNormal},
                       {},
                       data);
}

}  // namespace basin::testing
