#include "core/machine.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <filesystem>

namespace basin {
namespace {

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
    return config != nullptr ? fmt::format("{}{}",
                                           std::string(config()).substr(0, 40).substr(
                                               0, std::string(config()).find(" NO_")),
                                           kind)
                             : "OpenBLAS" + kind;
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
