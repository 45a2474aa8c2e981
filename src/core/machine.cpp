#include "core/machine.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string_view>

namespace basin {
namespace {

// The kernels that OpenBLAS uses, "" for another BLAS.
std::string blas_kernels() {
  using Name = char* (*)();
  const auto name =
      reinterpret_cast<Name>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return name != nullptr ? name() : "";
}

// The file that sgemm_ comes from says which BLAS is in use, whatever the
// alternatives system was told.
std::string blas_name() {
  void* gemm = dlsym(RTLD_DEFAULT, "sgemm_");
  Dl_info info{};
  if (gemm == nullptr || dladdr(gemm, &info) == 0) return "BLAS inside LibTorch";
  std::error_code error;
  const auto path = std::filesystem::canonical(info.dli_fname, error).string();
  const auto has = [&](const char* part) {
    return path.find(part) != std::string::npos;
  };
  if (has("openblas")) {
    using Config = char* (*)();
    const auto config =
        reinterpret_cast<Config>(dlsym(RTLD_DEFAULT, "openblas_get_config"));
    const std::string kind = has("openmp")    ? ", OpenMP build"
                             : has("pthread") ? ", pthread build"
                                              : "";
    if (config == nullptr) return "OpenBLAS" + kind;
    const auto version = std::string(config()).substr(0, 40);
    return fmt::format("{}{}, kernels {}",
                       version.substr(0, version.find(" NO_")),
                       kind,
                       blas_kernels());
  }
  if (has("mkl")) return "MKL";
  if (has("blis")) return "BLIS";
  if (has("torch")) return "BLAS inside LibTorch";
  return "reference BLAS (slow: install libopenblas0-openmp)";
}

std::string vector_unit() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return "AVX-512";
  if (__builtin_cpu_supports("avx2")) return "AVX2";
  return "SSE2";
#elif defined(__aarch64__)
  return "NEON";
#else
  return "baseline";
#endif
}

// Kernels without AVX2.
constexpr std::string_view kOldKernels[] = {
    "Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Sandybridge", "Barcelona"};

}  // namespace

Machine describe_machine(int64_t threads,
                         const std::string& device,
                         const std::string& path) {
  return {.libtorch = TORCH_VERSION,
          .blas = blas_name(),
          .vector_unit = vector_unit(),
          .threads = threads,
          .device = device,
          .path = path};
}

std::string better_blas_kernels() {
#if defined(__x86_64__)
  if (std::getenv("OPENBLAS_CORETYPE") != nullptr) return "";
  const auto now = blas_kernels();
  const bool old = std::any_of(std::begin(kOldKernels),
                               std::end(kOldKernels),
                               [&](std::string_view k) { return k == now; });
  if (!old || !__builtin_cpu_supports("fma")) return "";
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw")) {
    return "SkylakeX";
  }
  if (__builtin_cpu_supports("avx2")) return "Haswell";
#endif
  return "";
}

void restart_with_better_kernels(char** argv) {
  const auto better = better_blas_kernels();
  if (better.empty() || setenv("OPENBLAS_CORETYPE", better.c_str(), 1) != 0) return;
  execv("/proc/self/exe", argv);
}

std::string summary(const Machine& m) {
  return fmt::format("LibTorch {} · {} · {} · {} thread{} · {} · {}",
                     m.libtorch,
                     m.blas,
                     m.vector_unit,
                     m.threads,
                     m.threads == 1 ? "" : "s",
                     m.device,
                     m.path);
}

}  // namespace basin
