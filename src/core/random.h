#pragma once

#include <cstdint>
#include <vector>

namespace basin {

/// What a random stream is for. Two draws that share a user seed but not a
/// stream are independent, so adding a stage never changes an earlier one.
/// The numbers are part of the result format: append, never renumber.
enum class Stream : uint32_t {
  kData = 1,
  kInitialization = 2,
  kBatchOrder = 3,
  kProbe = 4,      ///< start vectors for Lanczos, probe inputs
  kDirection = 5,  ///< axes of a landscape slice
  kSplit = 6,      ///< which samples are held out, or kept as a subset
  kTeacher = 7,    ///< weights of a teacher network
  kMatching = 8,   ///< random starts of the alignment of two networks
  kHop = 9,        ///< steps of basin hopping
  kFeatures = 10,  ///< weights of frozen features
};

/// The random numbers number `index` of `stream` under the user's `seed`.
///
/// The same three numbers give the same values in any order of calls, on any
/// number of threads and with any LibTorch; no global generator is touched.
/// Generator: xoshiro256++ (Blackman and Vigna 2021), seeded by SplitMix64
/// (Steele, Lea and Flood, OOPSLA 2014).
class RandomStream {
 public:
  RandomStream(uint64_t seed, Stream stream, uint64_t index);

  uint64_t next();

  /// Uniform in [0, 1), 53 bits.
  double uniform();

  /// Standard normal, by the polar method (Marsaglia and Bray 1964).
  double normal();

  /// Uniform in {0, ..., bound - 1}, without bias; bound > 0.
  int64_t below(int64_t bound);

  /// A uniformly random order of 0, ..., size - 1 (Fisher and Yates).
  std::vector<int64_t> permutation(int64_t size);

 private:
  uint64_t state_[4];
  double spare_;
  bool has_spare_ = false;
};

}  // namespace basin
