#include "minima/permuted_matrix.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <vector>

namespace basin {
namespace {

using Labels = std::vector<int64_t>;

class Matcher {
 public:
  Matcher(const torch::Tensor& a,
          const torch::Tensor& b,
          double tolerance,
          int64_t nodes)
      : k_(a.size(0)),
        d_(a.size(1)),
        a_(a.contiguous()),
        b_(b.contiguous()),
        tolerance_(tolerance),
        nodes_(nodes),
        used_(static_cast<size_t>(d_), false) {
    for (int64_t c = 0; c < d_; ++c) {
      sorted_a_.push_back(sorted(a_, c));
      sorted_b_.push_back(sorted(b_, c));
    }
  }

  PermutedAnswer run() {
    const Labels none(static_cast<size_t>(k_), 0);
    if (extend(0, none, none)) return PermutedAnswer::kSame;
    return nodes_ > 0 ? PermutedAnswer::kDifferent : PermutedAnswer::kUndecided;
  }

 private:
  double entry(const torch::Tensor& m, int64_t r, int64_t c) const {
    return m.data_ptr<double>()[r * d_ + c];
  }

  std::vector<double> sorted(const torch::Tensor& m, int64_t c) const {
    std::vector<double> out;
    for (int64_t r = 0; r < k_; ++r) out.push_back(entry(m, r, c));
    std::sort(out.begin(), out.end());
    return out;
  }

  bool alike(int64_t ca, int64_t cb) const {
    const auto& x = sorted_a_[static_cast<size_t>(ca)];
    const auto& y = sorted_b_[static_cast<size_t>(cb)];
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::abs(x[i] - y[i]) > tolerance_) return false;
    }
    return true;
  }

  // Rows of both matrices get equal labels where they had equal labels and hold equal
  // entries. False if a label occurs more often in one of them.
  bool refine(int64_t ca, int64_t cb, Labels& la, Labels& lb) const {
    struct Row {
      int64_t label;
      double value;
      int64_t row;
      bool of_a;
    };
    std::vector<Row> rows;
    for (int64_t r = 0; r < k_; ++r) {
      rows.push_back({la[static_cast<size_t>(r)], entry(a_, r, ca), r, true});
      rows.push_back({lb[static_cast<size_t>(r)], entry(b_, r, cb), r, false});
    }
    std::sort(rows.begin(), rows.end(), [](const Row& x, const Row& y) {
      return std::pair(x.label, x.value) < std::pair(y.label, y.value);
    });
    int64_t label = -1, balance = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      const bool next = i == 0 || rows[i].label != rows[i - 1].label ||
                        rows[i].value - rows[i - 1].value > tolerance_;
      if (next) {
        if (balance != 0) return false;
        ++label;
      }
      balance += rows[i].of_a ? 1 : -1;
      (rows[i].of_a ? la : lb)[static_cast<size_t>(rows[i].row)] = label;
    }
    return balance == 0;
  }

  bool extend(int64_t column, const Labels& la, const Labels& lb) {
    if (column == d_) return true;
    for (int64_t c = 0; c < d_; ++c) {
      if (used_[static_cast<size_t>(c)] || !alike(column, c)) continue;
      if (--nodes_ <= 0) return false;
      auto next_a = la, next_b = lb;
      if (!refine(column, c, next_a, next_b)) continue;
      used_[static_cast<size_t>(c)] = true;
      if (extend(column + 1, next_a, next_b)) return true;
      used_[static_cast<size_t>(c)] = false;
    }
    return false;
  }

  int64_t k_, d_;
  torch::Tensor a_, b_;
  double tolerance_;
  int64_t nodes_;
  std::vector<bool> used_;
  std::vector<std::vector<double>> sorted_a_, sorted_b_;
};

}  // namespace

PermutedAnswer match_permuted(const torch::Tensor& a,
                              const torch::Tensor& b,
                              double tolerance,
                              int64_t max_nodes) {
  return Matcher(a, b, tolerance, max_nodes).run();
}

}  // namespace basin
