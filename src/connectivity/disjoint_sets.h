#pragma once

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

 private:
  std::vector<size_t> parent_;
};

}  // namespace basin
