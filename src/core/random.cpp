#include "core/random.h"

#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/error.h"

namespace basin {
namespace {

// One round of SplitMix64: a bijection of 64-bit words that spreads a change of
// any input bit over the whole word.
constexpr uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

RandomStream::RandomStream(uint64_t seed, Stream stream, uint64_t index) {
  uint64_t key = mix(mix(mix(seed) ^ static_cast<uint64_t>(stream)) ^ index);
  for (auto& word : state_) word = key = mix(key);
}

uint64_t RandomStream::next() {
  const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double RandomStream::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

double RandomStream::normal() {
  if (std::exchange(has_spare_, false)) return spare_;
  double u = 0, v = 0, s = 0;
  do {
    u = 2 * uniform() - 1;
    v = 2 * uniform() - 1;
    s = u * u + v * v;
  } while (s >= 1 || s == 0);
  const double factor = std::sqrt(-2 * std::log(s) / s);
  spare_ = v * factor;
  has_spare_ = true;
  return u * factor;
}

int64_t RandomStream::below(int64_t bound) {
  require(bound > 0, "RandomStream::below: the bound must be positive");
  const auto range = static_cast<uint64_t>(bound);
  const uint64_t limit = ~uint64_t{0} - ~uint64_t{0} % range;
  uint64_t word = next();
  while (word >= limit) word = next();
  return static_cast<int64_t>(word % range);
}

std::vector<int64_t> RandomStream::permutation(int64_t size) {
  std::vector<int64_t> order(static_cast<size_t>(size));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = size - 1; i > 0; --i) std::swap(order[i], order[below(i + 1)]);
  return order;
}

}  // namespace basin
