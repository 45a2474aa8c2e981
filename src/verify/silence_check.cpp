#include "verify/silence_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/kink_blocks.h"
#include "core/random.h"

namespace basin {
namespace {

constexpr double kLength = 1e-5;  // of a unit that grows
constexpr int kTrials = 400;
constexpr Real kFall = 1e-17L;  // of 1 + |L|

// Of the groups those that are one only as long as the units at zero of this layer are,
// and that have forces of both signs, with the slopes that hold them.
std::vector<SiteGroup> groups_apart(const CertificateContext& context,
                                    const std::vector<Real>& theta,
                                    const ReferenceValue& at,
                                    const std::vector<int64_t>& active,
                                    const std::vector<double>& slopes,
                                    const std::vector<SiteGroup>& groups,
                                    Silence silence,
                                    const KinkBlock& block) {
  std::map<int64_t, size_t> after;
  silence.but = block.layer;
  const auto held = context.reference.evaluate(theta, slopes);
  const auto parts = grouped_sites(context, theta, at, active, silence);
  for (size_t g = 0; g < parts.size(); ++g) {
    for (const auto site : parts[g]) after[site] = g;
  }
  std::vector<SiteGroup> out;
  for (const auto& group : groups) {
    const auto same = [&](int64_t site) { return after[site] == after[group.front()]; };
    const auto pulled = [&](int64_t site) {
      return held.sensitivity[static_cast<size_t>(site)] < 0;
    };
    if (!std::all_of(group.begin(), group.end(), same) &&
        std::any_of(group.begin(), group.end(), pulled))
      out.push_back(group);
  }
  return out;
}

// Every live unit of the layer is strictly inactive on their samples.
bool is_quiet(const CertificateContext& context,
              const std::vector<Real>& theta,
              const ReferenceValue& at,
              const std::vector<int64_t>& active,
              const KinkBlock& block,
              const std::vector<SiteGroup>& apart) {
  for (const auto& group : apart) {
    for (const auto kink : group) {
      const auto& b = block_of(context.blocks, kink);
      const auto n = (kink - b.offset) % b.samples;
      for (int64_t u = 0; u < block.units; ++u) {
        const auto site = block.offset + u * block.samples + n;
        const bool held = std::binary_search(active.begin(), active.end(), site);
        const bool below = at.arguments[static_cast<size_t>(site)] < 0;
        if (!is_zeroed(context, theta, block.layer, u) && (held || !below))
          return false;
      }
    }
  }
  return true;
}

// The largest fall of the loss as the kinks of each group in turn are moved, by the
// bias of their unit, to where one of its samples lies on it again.
Real fall_apart(const CertificateContext& context,
                std::vector<Real> grown,
                Real loss,
                const std::vector<SiteGroup>& apart) {
  Real most = 0;
  for (const auto& group : apart) {
    const auto& b = block_of(context.blocks, group.front());
    const auto& layer = context.layout.layers[static_cast<size_t>(b.layer)];
    const auto bias =
        static_cast<size_t>(layer.bias + (group.front() - b.offset) / b.samples);
    const auto now = context.reference.evaluate(grown, {}).arguments;
    const Real from = grown[bias];
    Real best = from;
    for (const auto site : group) {
      grown[bias] = from - now[static_cast<size_t>(site)];
      const Real fall = loss - context.reference.evaluate(grown, {}).value;
      if (fall <= most) continue;
      most = fall;
      best = grown[bias];
    }
    grown[bias] = best;
  }
  return most;
}

}  // namespace

void check_silence(const CertificateContext& context,
                   const std::vector<Real>& theta,
                   const ReferenceValue& at,
                   const std::vector<int64_t>& active,
                   const SilentUnit& silent,
                   std::vector<double> slopes,
                   const std::optional<Silence>& silence,
                   const std::vector<SiteGroup>& groups,
                   std::vector<std::string>& faults) {
  const auto& block = silent.block;
  const auto unit =
      entries_of(context.layout, static_cast<size_t>(block.layer), silent.unit);
  std::vector<SiteGroup> apart;
  if (silence) {
    apart = groups_apart(context, theta, at, active, slopes, groups, *silence, block);
  }
  if (!is_quiet(context, theta, at, active, block, apart)) {
    faults.push_back(fmt::format(
        "a unit of {} at zero sets samples apart on which live ones are active",
        block.name));
    return;
  }
  RandomStream random(0, Stream::kProbe, 7);
  double most = 0;
  Real fall = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    auto moved = theta;
    std::vector<double> w;
    double size = 0;
    for (size_t i = 0; i < unit.row.size(); ++i) {
      w.push_back(random.normal());
      size += w.back() * w.back();
    }
    for (size_t i = 0; i < unit.row.size(); ++i) {
      moved[static_cast<size_t>(unit.row[i])] = kLength * w[i] / std::sqrt(size);
    }
    const auto sides = context.reference.evaluate(moved, {});
    for (int64_t n = 0; n < block.samples; ++n) {
      const auto site =
          static_cast<size_t>(block.offset + silent.unit * block.samples + n);
      slopes[site] = sides.arguments[site] > 0 ? block.high : block.low;
    }
    const auto there = context.reference.evaluate(moved, slopes);
    double square = 0;
    for (const auto p : unit.column) {
      square +=
          std::pow(static_cast<double>(there.gradient[static_cast<size_t>(p)]), 2);
    }
    most = std::max(most, std::sqrt(square) / (kLength * context.decay));
    if (apart.empty() || square == 0) continue;
    for (const auto p : unit.column) {
      const auto c = there.gradient[static_cast<size_t>(p)];
      moved[static_cast<size_t>(p)] =
          -kLength * c / static_cast<Real>(std::sqrt(square));
    }
    fall = std::max(fall, fall_apart(context, moved, at.value, apart));
    // Another unit at zero of the layer may join.
    for (int64_t u = silent.unit + 1; u < block.units; ++u) {
      if (!is_zeroed(context, theta, block.layer, u)) continue;
      const auto other =
          entries_of(context.layout, static_cast<size_t>(block.layer), u);
      auto both = moved;
      for (const auto p : other.row)
        both[static_cast<size_t>(p)] = kLength * random.normal();
      for (size_t i = 0; i < other.column.size(); ++i) {
        both[static_cast<size_t>(other.column[i])] =
            moved[static_cast<size_t>(unit.column[i])];
      }
      fall = std::max(fall, fall_apart(context, both, at.value, apart));
      break;
    }
  }
  if (!(most < 1)) {
    faults.push_back(fmt::format("a unit at zero can grow: dual ratio {:.6g}", most));
  }
  if (fall > kFall * (1 + std::abs(at.value))) {
    faults.push_back(
        fmt::format("a unit of {} at zero that sets samples apart lowers the loss by "
                    "{:.1e}",
                    block.name,
                    static_cast<double>(fall)));
  }
}

}  // namespace basin
