#pragma once

namespace basin::bench {

/// GFLOP/s of independent fused multiply-adds in registers, on one thread for about
/// `seconds`: what the kernels are measured against. T is float or double.
template <typename T>
double peak_gflops(double seconds);

}  // namespace basin::bench
