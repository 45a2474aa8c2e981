#include "minima/silent_units.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

namespace basin {
namespace {

using torch::Tensor;

/// A box on the surface of the cube [-1, 1]^m: one coordinate is ±1.
struct Box {
  std::vector<double> centre;
  std::vector<double> half;
};

/// c(w) with bounds over boxes.
class Gain {
 public:
  Gain(const Tensor& inputs, const Tensor& sensitivity, double low, double high)
      : n_(inputs.size(0)),
        m_(inputs.size(1)),
        k_(sensitivity.size(1)),
        a_(inputs.contiguous()),
        r_(sensitivity.contiguous()),
        low_(low),
        high_(high) {
    const auto size = r_.norm(2, {1});
    for (int64_t i = 0; i < n_; ++i) size_.push_back(size[i].item<double>());
  }

  int64_t inputs() const { return m_; }

  double at(const std::vector<double>& w) const {
    std::vector<double> c(static_cast<size_t>(k_), 0);
    for (int64_t i = 0; i < n_; ++i) {
      const double z = dot(i, w);
      const double phi = (z > 0 ? high_ : low_) * z;
      for (int64_t j = 0; j < k_; ++j) c[static_cast<size_t>(j)] += r(i, j) * phi;
    }
    return norm(c);
  }

  // An upper bound of ‖c‖ over the box. Samples whose side is the same all over the box
  // add up to one linear map C: ‖C w‖ <= ‖C centre‖ + Σ_j half_j ‖C e_j‖.
  double bound(const Box& box) const {
    std::vector<double> linear(static_cast<size_t>(k_ * m_), 0);
    double uncertain = 0;
    const double steepest = std::max(std::abs(low_), std::abs(high_));
    for (int64_t i = 0; i < n_; ++i) {
      const double z = dot(i, box.centre);
      double reach = 0;
      for (int64_t j = 0; j < m_; ++j) {
        reach += std::abs(a(i, j)) * box.half[static_cast<size_t>(j)];
      }
      if (std::abs(z) <= reach) {
        uncertain += size_[static_cast<size_t>(i)] * steepest * (std::abs(z) + reach);
        continue;
      }
      const double slope = z > 0 ? high_ : low_;
      if (slope == 0) continue;
      for (int64_t o = 0; o < k_; ++o) {
        for (int64_t j = 0; j < m_; ++j) {
          linear[static_cast<size_t>(o * m_ + j)] += slope * r(i, o) * a(i, j);
        }
      }
    }
    double out = uncertain;
    std::vector<double> at_centre(static_cast<size_t>(k_), 0);
    for (int64_t j = 0; j < m_; ++j) {
      double column = 0;
      for (int64_t o = 0; o < k_; ++o) {
        const double c = linear[static_cast<size_t>(o * m_ + j)];
        at_centre[static_cast<size_t>(o)] += c * box.centre[static_cast<size_t>(j)];
        column += c * c;
      }
      out += std::sqrt(column) * box.half[static_cast<size_t>(j)];
    }
    return out + norm(at_centre);
  }

 private:
  double a(int64_t i, int64_t j) const { return a_.data_ptr<double>()[i * m_ + j]; }
  double r(int64_t i, int64_t j) const { return r_.data_ptr<double>()[i * k_ + j]; }
  double dot(int64_t i, const std::vector<double>& w) const {
    double z = 0;
    for (int64_t j = 0; j < m_; ++j) z += a(i, j) * w[static_cast<size_t>(j)];
    return z;
  }
  static double norm(const std::vector<double>& c) {
    double square = 0;
    for (const double x : c) square += x * x;
    return std::sqrt(square);
  }

  int64_t n_, m_, k_;
  Tensor a_, r_;
  double low_, high_;
  std::vector<double> size_;
};

double length(const std::vector<double>& w) {
  double square = 0;
  for (const double x : w) square += x * x;
  return std::sqrt(square);
}

// Length of the shortest vector in the box.
double least_length(const Box& box) {
  double square = 0;
  for (size_t j = 0; j < box.centre.size(); ++j) {
    square += std::pow(std::max(0.0, std::abs(box.centre[j]) - box.half[j]), 2);
  }
  return std::sqrt(square);
}

std::vector<Box> faces(int64_t m) {
  std::vector<Box> out;
  for (int64_t j = 0; j < m; ++j) {
    for (const double sign : {1.0, -1.0}) {
      Box box{std::vector<double>(static_cast<size_t>(m), 0),
              std::vector<double>(static_cast<size_t>(m), 1)};
      box.centre[static_cast<size_t>(j)] = sign;
      box.half[static_cast<size_t>(j)] = 0;
      out.push_back(box);
    }
  }
  return out;
}

}  // namespace

std::vector<int64_t> unit_parameters(const ParameterLayout& layout, const UnitId& id) {
  std::vector<int64_t> out;
  const auto& group = layout.groups[id.group];
  for (const auto l : group.layers) {
    const auto& layer = layout.layers[static_cast<size_t>(l)];
    for (int64_t c = 0; c < layer.columns; ++c) {
      out.push_back(layer.weight + id.unit * layer.columns + c);
    }
    if (layer.bias >= 0) out.push_back(layer.bias + id.unit);
  }
  for (const auto l : group.readers) {
    const auto& layer = layout.layers[static_cast<size_t>(l)];
    for (int64_t r = 0; r < layer.rows; ++r) {
      out.push_back(layer.weight + r * layer.columns + id.unit);
    }
  }
  return out;
}

std::vector<UnitId> zeroed_units(const ParameterLayout& layout, const Tensor& theta) {
  std::vector<UnitId> out;
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const auto& group = layout.groups[g];
    if (!group.positive_scaling || group.layers.size() > 1 || group.readers.empty()) {
      continue;
    }
    for (int64_t u = 0; u < group.units; ++u) {
      bool zero = true;
      for (const auto p : unit_parameters(layout, {g, u})) {
        zero = zero && theta[p].item<double>() == 0;
      }
      if (zero) out.push_back({g, u});
    }
  }
  return out;
}

Tensor free_parameters(const ParameterLayout& layout,
                       const std::vector<UnitId>& units) {
  std::vector<bool> held(static_cast<size_t>(layout.dimension), false);
  for (const auto& id : units) {
    for (const auto p : unit_parameters(layout, id))
      held[static_cast<size_t>(p)] = true;
  }
  std::vector<int64_t> free;
  for (int64_t p = 0; p < layout.dimension; ++p) {
    if (!held[static_cast<size_t>(p)]) free.push_back(p);
  }
  return at::tensor(free, torch::kInt64);
}

SilenceTest test_silence(const Tensor& inputs,
                         const Tensor& sensitivity,
                         double low,
                         double high,
                         double decay,
                         int64_t max_nodes) {
  const Gain gain(inputs, sensitivity, low, high);
  SilenceTest out;
  auto boxes = faces(gain.inputs());
  int64_t nodes = 0;
  while (!boxes.empty()) {
    if (++nodes > max_nodes) return out;
    const auto box = boxes.back();
    boxes.pop_back();
    const double ratio = gain.at(box.centre) / (decay * length(box.centre));
    out.bound = std::max(out.bound, ratio);
    if (ratio > 1 + 1e-9) {
      out.silent = Answer::kNo;
      out.witness = at::tensor(box.centre, torch::kFloat64) / length(box.centre);
      return out;
    }
    // A safety of 1e-9 covers rounding of the sums.
    if (gain.bound(box) * (1 + 1e-9) < decay * least_length(box)) continue;
    const auto widest = static_cast<size_t>(
        std::max_element(box.half.begin(), box.half.end()) - box.half.begin());
    for (const double side : {-0.5, 0.5}) {
      auto part = box;
      part.centre[widest] += side * box.half[widest];
      part.half[widest] /= 2;
      boxes.push_back(part);
    }
  }
  out.silent = Answer::kYes;
  return out;
}

}  // namespace basin
