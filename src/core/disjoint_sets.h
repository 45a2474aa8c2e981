#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

namespace basin {

/// Which of n things are in one set. Tarjan, J. ACM 22 (1975).
class DisjointSets {
 public:
  explicit DisjointSets(size_t n) : parent_(n) {
    std::iota(parent_.begin(), parent_.end(), size_t{0});
  }

  size_t root(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }

  /// The root of both, from now on.
  size_t unite(size_t a, size_t b) {
    a = root(a);
    b = root(b);
    parent_[b] = a;
    return a;
  }

  /// For each thing the number of its set; sets are counted along `order`, which names
  /// their members. A set that it does not name has -1.
  std::vector<int64_t> numbers(const std::vector<size_t>& order) {
    std::vector<int64_t> out(parent_.size(), -1);
    int64_t next = 0;
    for (const auto i : order) {
      auto& number = out[root(i)];
      if (number < 0) number = next++;
    }
    for (size_t i = 0; i < out.size(); ++i) out[i] = out[root(i)];
    return out;
  }

 private:
  std::vector<size_t> parent_;
};

}  // namespace basin
