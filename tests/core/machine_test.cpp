#include "core/machine.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace basin {
namespace {

TEST(Machine, LeavesTheKernelsThatItWasTold) {
  const auto* before = std::getenv("OPENBLAS_CORETYPE");
  const std::string kept = before != nullptr ? before : "";
  setenv("OPENBLAS_CORETYPE", "Haswell", 1);
  EXPECT_EQ(better_blas_kernels(), "");
  if (before != nullptr) {
    setenv("OPENBLAS_CORETYPE", kept.c_str(), 1);
  } else {
    unsetenv("OPENBLAS_CORETYPE");
  }
}

TEST(Machine, AsksForKernelsThatThisProcessorRuns) {
  const auto better = better_blas_kernels();
#if defined(__x86_64__)
  if (better == "SkylakeX") {
    EXPECT_TRUE(__builtin_cpu_supports("avx512f"));
  } else if (better == "Haswell") {
    EXPECT_TRUE(__builtin_cpu_supports("avx2"));
  } else {
    EXPECT_EQ(better, "");
  }
#else
  EXPECT_EQ(better, "");
#endif
}

}  // namespace
}  // namespace basin
