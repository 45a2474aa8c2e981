#include "minima/units.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kTolerance = 1e-7;

double greatest(const Tensor& a) {
  return a.numel() == 0 ? 0.0 : a.abs().max().item<double>();
}

// Plain numbers: few units on few samples are asked of every endpoint.
using Answers = std::vector<double>;

double greatest(const Answers& a) {
  double most = 0;
  for (const double x : a) most = std::max(most, std::abs(x));
  return most;
}

// What each unit answers, by unit.
std::vector<Answers> by_unit(const Tensor& inputs, int64_t units) {
  const auto a = inputs.contiguous();
  const auto samples = static_cast<size_t>(a.size(0));
  const auto* at = a.data_ptr<double>();
  std::vector<Answers> out(static_cast<size_t>(units), Answers(samples));
  for (size_t n = 0; n < samples; ++n, at += a.size(1)) {
    for (size_t u = 0; u < out.size(); ++u) out[u][n] = at[u];
  }
  return out;
}

bool is_unread(const UnitGroup& group, const LayerViews& at, int64_t unit) {
  double own = 0, all = 0;
  for (const auto l : group.readers) {
    own = std::max(own, greatest(at.weight[static_cast<size_t>(l)].select(1, unit)));
    all = std::max(all, greatest(at.weight[static_cast<size_t>(l)]));
  }
  return !group.readers.empty() && own <= 1e-10 * all;
}

bool is_constant(const Answers& a, double scale) {
  double mean = 0;
  for (const double x : a) mean += x / static_cast<double>(a.size());
  return std::all_of(a.begin(), a.end(), [&](double x) {
    return std::abs(x - mean) <= kTolerance * scale;
  });
}

bool is_saturated(const Answers& a) {
  return std::all_of(a.begin(), a.end(), [](double x) {
    return std::min(std::abs(x), std::abs(std::abs(x) - 1)) <= kTolerance;
  });
}

bool is_parallel(const Answers& a, const Answers& b) {
  const double factor =
      std::inner_product(a.begin(), a.end(), b.begin(), 0.0) /
      std::max(std::inner_product(b.begin(), b.end(), b.begin(), 0.0), 1e-300);
  const double most = kTolerance * greatest(a);
  for (size_t n = 0; n < a.size(); ++n) {
    if (!(std::abs(a[n] - factor * b[n]) <= most)) return false;
  }
  return true;
}

const char* word(UnitKind kind) {
  switch (kind) {
    case UnitKind::kZeroed:
      return "zero";
    case UnitKind::kDead:
      return "dead";
    case UnitKind::kConstant:
      return "constant";
    case UnitKind::kSaturated:
      return "saturated";
    case UnitKind::kUnread:
      return "unread";
    case UnitKind::kDuplicate:
      return "duplicates";
  }
  return "";
}

}  // namespace

std::vector<UnitNote> odd_units(const ParameterLayout& layout,
                                const Tensor& theta,
                                const std::vector<LayerProbe>& probes) {
  std::vector<UnitNote> out;
  if (probes.empty()) return out;
  const auto at = layer_views(layout, theta);
  const auto flat = theta.contiguous();
  const std::span value(flat.data_ptr<double>(), static_cast<size_t>(flat.numel()));
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const auto& group = layout.groups[g];
    if (group.layers.size() > 1 || group.readers.empty() || group.general_linear) {
      continue;
    }
    // What the units answer is what the reader reads.
    const auto answers =
        by_unit(probes[static_cast<size_t>(group.readers.front())].inputs, group.units);
    double scale = 0;
    for (const auto& own : answers) scale = std::max(scale, greatest(own));
    for (int64_t u = 0; u < group.units; ++u) {
      const auto& own = answers[static_cast<size_t>(u)];
      const auto add = [&](UnitKind kind, int64_t partner = -1) {
        out.push_back({{g, u}, kind, partner});
      };
      const auto parameters = unit_parameters(layout, {g, u});
      const bool zero =
          std::all_of(parameters.begin(), parameters.end(), [&](int64_t p) {
            return value[static_cast<size_t>(p)] == 0;
          });
      if (zero) {
        add(UnitKind::kZeroed);
      } else if (greatest(own) == 0) {
        add(UnitKind::kDead);
      } else if (own.size() > 1 && is_constant(own, scale)) {
        add(UnitKind::kConstant);
      } else if (own.size() > 1 && !group.positive_scaling && is_saturated(own)) {
        add(UnitKind::kSaturated);
      } else if (is_unread(group, at, u)) {
        add(UnitKind::kUnread);
      } else {
        for (int64_t v = 0; v < u; ++v) {
          const auto& other = answers[static_cast<size_t>(v)];
          if (own.size() > 2 && greatest(other) > 0 && is_parallel(own, other)) {
            add(UnitKind::kDuplicate, v);
            break;
          }
        }
      }
    }
  }
  return out;
}

std::string describe(const ParameterLayout& layout,
                     const std::vector<UnitNote>& notes) {
  std::string out;
  size_t last = layout.groups.size();
  for (const auto& note : notes) {
    const auto layer = static_cast<size_t>(layout.groups[note.id.group].layers.front());
    out += note.id.group == last ? ", " : out.empty() ? "" : "; ";
    if (note.id.group != last) out += layout.layers[layer].name + ": ";
    last = note.id.group;
    out += fmt::format("unit {} {}", note.id.unit, word(note.kind));
    if (note.partner >= 0) out += fmt::format(" {}", note.partner);
  }
  return out;
}

}  // namespace basin
