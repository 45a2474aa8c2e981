#pragma once

#include "config/table.h"

namespace basin {

// What the rows of the table are written with.

inline constexpr double kBig = 1e15;

template <typename E>
Choice choice(E& target, std::vector<std::string> names) {
  return {.names = std::move(names),
          .get = [&target] { return static_cast<size_t>(target); },
          .set = [&target](size_t i) { target = static_cast<E>(i); }};
}

/// The section `data`.
Section data_section(DataOptions& options);

/// The section `curvature`.
Section curvature_section(CurvatureOptions& options);

/// The section `connectivity`.
Section connectivity_section(ConnectivityOptions& options);

inline Range at_least(double low, double high = kBig) { return {low, high, false}; }
inline Range above(double low, double high = kBig) { return {low, high, true}; }

}  // namespace basin
