#include "verify/kink_sites.h"

#include <algorithm>
#include <cmath>

#include "core/objective.h"

namespace basin {
namespace {

bool all_zero(const std::vector<Real>& theta, const std::vector<int64_t>& entries) {
  for (const auto p : entries) {
    if (theta[static_cast<size_t>(p)] != 0) return false;
  }
  return true;
}

Real scale_of(const KinkBlock& b, const ReferenceValue& at) {
  Real most = 0;
  for (int64_t i = 0; i < b.size(); ++i)
    most = std::max(most, std::abs(at.arguments[static_cast<size_t>(b.offset + i)]));
  return most;
}

// Nothing but the units of layer `layer` is read by the next one.
bool is_plain(const ParameterLayout& layout, int64_t layer) {
  return std::any_of(layout.groups.begin(), layout.groups.end(), [&](const auto& g) {
    return g.layers.size() == 1 && g.layers.front() == layer && !g.readers.empty();
  });
}

}  // namespace

UnitEntries entries_of(const ParameterLayout& layout, size_t l, int64_t unit) {
  UnitEntries out;
  const auto& own = layout.layers[l];
  for (int64_t c = 0; c < own.columns; ++c) {
    out.row.push_back(own.weight + unit * own.columns + c);
  }
  if (own.bias >= 0) out.row.push_back(own.bias + unit);
  const auto& next = layout.layers[l + 1];
  for (int64_t r = 0; r < next.rows; ++r) {
    out.column.push_back(next.weight + r * next.columns + unit);
  }
  return out;
}

bool is_zeroed(const CertificateContext& context,
               const std::vector<Real>& theta,
               int64_t layer,
               int64_t unit) {
  const auto l = static_cast<size_t>(layer);
  if (context.decay == 0 || l + 1 >= context.layout.layers.size()) return false;
  const auto e = entries_of(context.layout, l, unit);
  return all_zero(theta, e.row) && all_zero(theta, e.column);
}

std::vector<int64_t> active_sites(const CertificateContext& context,
                                  const std::vector<Real>& theta,
                                  const ReferenceValue& at) {
  std::vector<int64_t> out;
  if (context.blocks.empty()) return out;
  const auto& last = context.blocks.back();
  const auto z = [&](int64_t site) { return at.arguments[static_cast<size_t>(site)]; };
  // Beyond the margin of a hinge the loss does not see a sample.
  std::vector<bool> silent(static_cast<size_t>(last.samples), false);
  if (last.name == "loss" && last.low == 0) {
    const Real scale = scale_of(last, at);
    for (int64_t n = 0; n < last.samples; ++n) {
      bool beyond = true;
      for (int64_t k = 0; k < last.units; ++k) {
        beyond =
            beyond && z(last.offset + k * last.samples + n) < -kKinkTolerance * scale;
      }
      silent[static_cast<size_t>(n)] = beyond;
    }
  }
  for (const auto& b : context.blocks) {
    const Real scale = scale_of(b, at);
    for (int64_t unit = 0; unit < b.units; ++unit) {
      if (b.name != "loss" && is_zeroed(context, theta, b.layer, unit)) continue;
      for (int64_t n = 0; n < b.samples; ++n) {
        if (b.name != "loss" && silent[static_cast<size_t>(n)]) continue;
        const auto site = b.offset + unit * b.samples + n;
        if (std::abs(z(site)) <= kKinkTolerance * scale) out.push_back(site);
      }
    }
  }
  return out;
}

std::vector<std::vector<int64_t>> grouped_sites(const CertificateContext& context,
                                                const std::vector<Real>& theta,
                                                const ReferenceValue& at,
                                                const std::vector<int64_t>& sites,
                                                const Silence& silence) {
  std::vector<std::vector<int64_t>> out;
  if (sites.empty()) return out;
  // Samples with the same number are one to the layers above.
  std::vector<int64_t> number(static_cast<size_t>(context.blocks.front().samples));
  for (size_t n = 0; n < number.size(); ++n) number[n] = static_cast<int64_t>(n);
  for (const auto& b : context.blocks) {
    std::vector<std::pair<int64_t, int64_t>> keys;  // unit, number
    const auto before = out.size();
    for (const auto site : sites) {
      if (site < b.offset || site >= b.offset + b.size()) continue;
      const auto unit = (site - b.offset) / b.samples;
      const auto n = (site - b.offset) % b.samples;
      const auto like = b.name == "loss" ? n : number[static_cast<size_t>(n)];
      const auto known = std::find(keys.begin(), keys.end(), std::pair(unit, like));
      if (known == keys.end()) {
        keys.emplace_back(unit, like);
        out.push_back({site});
      } else {
        out[before + static_cast<size_t>(known - keys.begin())].push_back(site);
      }
    }
    if (b.name == "loss" || b.low != 0 || !is_plain(context.layout, b.layer)) continue;
    const Real limit = -kKinkTolerance * scale_of(b, at);
    const bool zeroed = silence.zeroed && b.layer != silence.but;
    for (int64_t n = 0; n < b.samples; ++n) {
      bool silent = true;
      for (int64_t unit = 0; unit < b.units && silent; ++unit) {
        const auto site = b.offset + unit * b.samples + n;
        silent = at.arguments[static_cast<size_t>(site)] < limit ||
                 (zeroed && is_zeroed(context, theta, b.layer, unit)) ||
                 std::binary_search(silence.sites.begin(), silence.sites.end(), site);
      }
      if (silent) number[static_cast<size_t>(n)] = -1 - b.layer;
    }
  }
  return out;
}

}  // namespace basin
