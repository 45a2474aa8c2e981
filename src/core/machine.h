#pragma once

#include <cstdint>
#include <string>

namespace basin {

/// What the numbers were made with, for the first line of a run and its manifest.
struct Machine {
  std::string libtorch;     ///< version
  std::string blas;         ///< implementation that answers to sgemm
  std::string vector_unit;  ///< widest vector extension of this processor
  int64_t threads = 1;      ///< ours
  std::string device;       ///< "cpu" or "cuda"
  std::string path;         ///< code that evaluates networks: "autograd" or "fused"
};

Machine describe_machine(int64_t threads,
                         const std::string& device,
                         const std::string& path);

/// One line: "LibTorch 1.13.1 · OpenBLAS ... · AVX-512 · 2 threads · cpu · fused".
std::string summary(const Machine& machine);

/// The kernels that OpenBLAS should be told to use (OPENBLAS_CORETYPE) on a processor
/// that is newer than it: it takes those of 2004 for models it does not know, which are
/// several times slower. Empty where it chose well, where it was told, and where the
/// BLAS is another one.
std::string better_blas_kernels();

/// Starts the program again with those kernels; returns where there are none better.
/// OpenBLAS chooses when it is loaded, so call it first.
void restart_with_better_kernels(char** argv);

}  // namespace basin
