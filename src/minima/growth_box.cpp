#include "minima/growth_box.h"

#include <algorithm>
#include <cmath>

namespace basin {

double dot(const double* x, const double* y, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

double length(const std::vector<double>& x) {
  return std::sqrt(dot(x.data(), x.data(), x.size()));
}

double reach(const double* x, const DirectionBox& box) {
  double sum = 0;
  for (size_t i = 0; i < box.half.size(); ++i) sum += box.half[i] * std::abs(x[i]);
  return sum;
}

std::vector<double> corners(const DirectionBox& box) {
  const auto m = box.centre.size();
  std::vector<double> out = box.centre;
  for (size_t j = 0; j < m; ++j) {
    if (box.half[j] == 0) continue;
    const auto before = out.size();
    out.insert(out.end(), out.begin(), out.end());
    for (size_t i = j; i < out.size(); i += m) {
      out[i] += i < before ? -box.half[j] : box.half[j];
    }
  }
  return out;
}

double least_length(const DirectionBox& box) {
  double square = 0;
  for (size_t j = 0; j < box.centre.size(); ++j) {
    square += std::pow(std::max(0.0, std::abs(box.centre[j]) - box.half[j]), 2);
  }
  return std::sqrt(square);
}

std::vector<DirectionBox> faces(size_t m) {
  std::vector<DirectionBox> out;
  for (size_t j = 0; j < m; ++j) {
    for (const double sign : {1.0, -1.0}) {
      DirectionBox box{std::vector<double>(m, 0), std::vector<double>(m, 1)};
      box.centre[j] = sign;
      box.half[j] = 0;
      out.push_back(box);
    }
  }
  return out;
}

size_t face_of(const DirectionBox& box) {
  size_t face = 0;
  for (size_t j = 0; j < box.half.size(); ++j) {
    if (box.half[j] == 0 && std::abs(box.centre[j]) == 1) face = j;
  }
  return face;
}

size_t widest(const DirectionBox& box) {
  return static_cast<size_t>(std::max_element(box.half.begin(), box.half.end()) -
                             box.half.begin());
}

std::vector<DirectionBox> halves(const DirectionBox& box, size_t i) {
  std::vector<DirectionBox> out{box, box};
  for (auto& part : out) part.half[i] /= 2;
  out[0].centre[i] -= out[0].half[i];
  out[1].centre[i] += out[1].half[i];
  return out;
}

bool meets(const std::vector<double>& x, const DirectionBox& box, double share) {
  const auto face = face_of(box);
  const double scale = x[face] * box.centre[face];
  if (!(scale > 0)) return false;
  for (size_t j = 0; j < x.size(); ++j) {
    if (std::abs(x[j] / scale - box.centre[j]) > share * box.half[j]) return false;
  }
  return true;
}

}  // namespace basin
