#include "verify/held_multipliers.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/kink_blocks.h"
#include "core/numbers.h"
#include "minima/kink_multipliers.h"
#include "verify/kink_sites.h"
#include "verify/points.h"

namespace basin {
namespace {

using torch::Tensor;

// The slopes of the sides, of active sites the lower one.
std::vector<double> lower_slopes(const CertificateContext& context,
                                 const ReferenceValue& at,
                                 const std::vector<int64_t>& active) {
  std::vector<double> out;
  for (const auto& b : context.blocks) {
    for (int64_t i = 0; i < b.size(); ++i) {
      const auto site = static_cast<size_t>(b.offset + i);
      out.push_back(at.arguments[site] > 0 ? b.high : b.low);
    }
  }
  for (const auto site : active)
    out[static_cast<size_t>(site)] = block_of(context.blocks, site).low;
  return out;
}

// A live unit further up reads the unit of this site with weight 0: what the kink says
// of one sample and not of another then shows to second order alone.
bool is_read_by_zero(const CertificateContext& context,
                     const std::vector<Real>& theta,
                     int64_t site) {
  const auto& b = block_of(context.blocks, site);
  const bool read_by_kinks =
      b.name != "loss" &&
      std::any_of(context.blocks.begin(), context.blocks.end(), [&](const auto& other) {
        return other.layer == b.layer + 1 && other.name != "loss";
      });
  if (!read_by_kinks) return false;
  const auto entries = entries_of(
      context.layout, static_cast<size_t>(b.layer), (site - b.offset) / b.samples);
  const auto& next = context.layout.layers[static_cast<size_t>(b.layer + 1)];
  Real most = 0;
  for (int64_t i = 0; i < next.rows * next.columns; ++i)
    most = std::max(most, std::abs(theta[static_cast<size_t>(next.weight + i)]));
  for (size_t u = 0; u < entries.column.size(); ++u) {
    const auto weight = std::abs(theta[static_cast<size_t>(entries.column[u])]);
    if (!is_zeroed(context, theta, b.layer + 1, static_cast<int64_t>(u)) &&
        weight <= Real{1e-10} * most)
      return true;
  }
  return false;
}

Tensor row_of(const CertificateContext& context,
              const std::vector<Real>& theta,
              const std::vector<double>& slopes,
              int64_t site,
              const Tensor& free) {
  return as_tensor(context.reference.argument_gradient(theta, slopes, site))
      .index_select(0, free);
}

// What the kinks of a sample in lower layers are worth to this one, in units of them:
// its row with the slope of each raised, along the other's row.
std::vector<KinkPieces::Read> reads_of(const CertificateContext& context,
                                       const std::vector<Real>& theta,
                                       const std::vector<double>& low,
                                       const std::vector<int64_t>& active,
                                       const Tensor& rows,
                                       size_t a,
                                       const Tensor& free) {
  std::vector<KinkPieces::Read> out;
  const auto& own = block_of(context.blocks, active[a]);
  for (size_t b = 0; b < a; ++b) {
    const auto& other = block_of(context.blocks, active[b]);
    const bool feeds =
        other.offset < own.offset && (active[a] - own.offset) % own.samples ==
                                         (active[b] - other.offset) % other.samples;
    if (!feeds) continue;
    auto raised = low;
    raised[static_cast<size_t>(active[b])] = other.high;
    const auto more =
        row_of(context, theta, raised, active[a], free) - rows[static_cast<int64_t>(a)];
    const auto by = rows[static_cast<int64_t>(b)];
    const double weight = (more.dot(by) / by.dot(by)).item<double>();
    if (std::abs(weight) > 1e-12) out.push_back({b, weight});
  }
  return out;
}

}  // namespace

HeldMultipliers held_multipliers(const CertificateContext& context,
                                 const std::vector<Real>& theta,
                                 const ReferenceValue& at,
                                 const std::vector<int64_t>& active,
                                 const std::vector<int64_t>& free,
                                 bool zeroed) {
  HeldMultipliers out;
  const auto index = at::tensor(free, torch::kInt64);
  const auto low = lower_slopes(context, at, active);
  const auto base = context.reference.evaluate(theta, low);
  std::vector<Tensor> list;
  for (const auto site : active)
    list.push_back(row_of(context, theta, low, site, index));
  const auto rows = at::stack(list);

  // Like sites that read like ones are one piece.
  const auto like =
      grouped_sites(context, theta, at, active, {.zeroed = zeroed, .sites = active});
  KinkPieces pieces{.coordinates = free.size(),
                    .pull = numbers(as_tensor(base.gradient).index_select(0, index))};
  std::vector<size_t> piece(active.size()), origin;
  std::vector<SiteGroup> groups;
  for (size_t a = 0; a < active.size(); ++a) {
    auto reads = reads_of(context, theta, low, active, rows, a, index);
    for (auto& read : reads) read.from = piece[read.from];
    std::sort(reads.begin(), reads.end(), [](const auto& x, const auto& y) {
      return x.from < y.from;
    });
    const auto group = static_cast<size_t>(
        std::find_if(like.begin(),
                     like.end(),
                     [&](const auto& g) {
                       return std::find(g.begin(), g.end(), active[a]) != g.end();
                     }) -
        like.begin());
    size_t p = 0;
    for (; p < groups.size(); ++p) {
      const auto& other = pieces.reads[p];
      bool same = origin[p] == group && other.size() == reads.size();
      for (size_t k = 0; same && k < reads.size(); ++k) {
        same = reads[k].from == other[k].from &&
               std::abs(reads[k].weight - other[k].weight) <=
                   1e-10 * std::abs(reads[k].weight);
      }
      if (same) break;
    }
    const auto& b = block_of(context.blocks, active[a]);
    const auto force = static_cast<double>(
        base.sensitivity[static_cast<size_t>(active[a])] * (b.high - b.low));
    if (p == groups.size()) {
      groups.emplace_back();
      origin.push_back(group);
      pieces.force.push_back(0);
      pieces.reads.push_back(reads);
      const auto row = numbers(rows[static_cast<int64_t>(a)]);
      pieces.rows.insert(pieces.rows.end(), row.begin(), row.end());
    }
    piece[a] = p;
    groups[p].push_back(active[a]);
    pieces.force[p] += force;
  }
  const auto multipliers = find_multipliers(pieces);
  if (!multipliers.found) return out;
  for (size_t p = 0; p < groups.size(); ++p) {
    if (multipliers.end[p] > 0 && is_read_by_zero(context, theta, groups[p].front()))
      return out;
  }

  out.held.slopes = low;
  out.held.margin = 0.5;
  std::vector<Tensor> held_rows;
  for (size_t p = 0; p < groups.size(); ++p) {
    const auto& b = block_of(context.blocks, groups[p].front());
    const auto end = multipliers.end[p];
    const double share = multipliers.t[p] / multipliers.total[p];
    const double slope = end < 0   ? b.low
                         : end > 0 ? b.high
                                   : b.low + (b.high - b.low) * share;
    for (const auto site : groups[p])
      out.held.slopes[static_cast<size_t>(site)] = slope;
    if (end != 0) {
      out.weak.push_back({groups[p], slope});
      continue;
    }
    out.held.margin = std::min({out.held.margin, share, 1 - share});
    out.groups.push_back(groups[p]);
  }
  const auto value = context.reference.evaluate(theta, out.held.slopes);
  out.held.gradient = as_tensor(value.gradient).index_select(0, index);
  for (const auto& group : out.groups)
    held_rows.push_back(row_of(context, theta, out.held.slopes, group.front(), index));
  out.held.rows = held_rows.empty() ? at::empty({0, index.size(0)}, torch::kFloat64)
                                    : at::stack(held_rows);
  out.found = true;
  return out;
}

}  // namespace basin
