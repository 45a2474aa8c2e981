#include "verify/kink_check.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/objective.h"
#include "core/random.h"
#include "curvature/symmetric_eigen.h"
#include "verify/held_multipliers.h"
#include "verify/held_slopes.h"
#include "verify/kink_sites.h"
#include "verify/silence_check.h"

namespace basin {
namespace {

using torch::Tensor;

// Near the endpoint the loss is nowhere less.
void check_by_differences(const CertificateContext& context,
                          const std::vector<Real>& theta,
                          Real loss,
                          std::vector<std::string>& faults) {
  RandomStream random(0, Stream::kProbe, 8);
  for (int trial = 0; trial < 48; ++trial) {
    auto direction = theta;
    Real size = 0;
    for (auto& d : direction) {
      d = random.normal();
      size += d * d;
    }
    for (const Real t : {Real{1e-5}, Real{1e-6}}) {
      auto moved = theta;
      for (size_t p = 0; p < moved.size(); ++p) {
        moved[p] += t * direction[p] / std::sqrt(size);
      }
      const Real fall = loss - context.reference.evaluate(moved, {}).value;
      if (fall > 1e-15L * (1 + std::abs(loss))) {
        faults.push_back(fmt::format("a step of {:.0e} lowers the loss by {:.1e}",
                                     static_cast<double>(t),
                                     static_cast<double>(fall)));
        return;
      }
    }
  }
}

}  // namespace

Tensor difference_hessian(const Reference& reference,
                          const std::vector<Real>& theta,
                          const std::vector<double>& slopes,
                          const std::vector<int64_t>& free,
                          Real step) {
  const auto index = at::tensor(free, torch::kInt64);
  return reference.hessian(theta, slopes, step)
      .index_select(0, index)
      .index_select(1, index);
}

namespace {

// Beside a live unit of its layer a unit at zero allows splittings.
void check_width(const CertificateContext& context,
                 const std::vector<Real>& theta,
                 const Endpoint& e,
                 int64_t zeroed,
                 std::vector<std::string>& faults) {
  bool splitting = false;
  for (const auto& b : context.blocks) {
    if (b.name == "loss") continue;
    int64_t silent = 0;
    for (int64_t unit = 0; unit < b.units; ++unit)
      silent += is_zeroed(context, theta, b.layer, unit);
    splitting = splitting || (silent > 0 && silent < b.units);
  }
  const bool fits = e.verdict == Verdict::kPrunedMinimum     ? zeroed > 0
                    : e.verdict == Verdict::kModuloSplitting ? splitting
                                                             : !splitting;
  if (fits) return;
  faults.push_back(fmt::format("{}, though {} units are at zero, {}beside live ones",
                               name_of(e.verdict),
                               zeroed,
                               splitting ? "" : "none "));
}

// No other kink is so near that rounding, or Newton's next step, says on which side of
// it θ lies: of each layer the nearest by |z| is asked.
void check_others(const CertificateContext& context,
                  const std::vector<Real>& theta,
                  const ReferenceValue& at,
                  const std::vector<int64_t>& active,
                  double step,
                  std::vector<std::string>& faults) {
  Real norm = 0;
  for (const Real t : theta) norm += t * t;
  for (const auto& b : context.blocks) {
    int64_t nearest = -1;
    for (int64_t i = 0; i < b.size(); ++i) {
      const auto site = b.offset + i;
      if (b.name != "loss" && is_zeroed(context, theta, b.layer, i / b.samples))
        continue;
      if (std::binary_search(active.begin(), active.end(), site)) continue;
      // Samples beyond the margin of a hinge.
      if (at.sensitivity[static_cast<size_t>(site)] == 0) continue;
      const auto z = [&](int64_t s) {
        return std::abs(at.arguments[static_cast<size_t>(s)]);
      };
      if (nearest < 0 || z(site) < z(nearest)) nearest = site;
    }
    if (nearest < 0) continue;
    Real slope = 0;
    for (const Real g : context.reference.argument_gradient(theta, {}, nearest))
      slope += g * g;
    const Real far = std::abs(at.arguments[static_cast<size_t>(nearest)]);
    const Real least =
        std::max<Real>(kLeastRadius * (1 + std::sqrt(norm)), Real{9} * step);
    if (far <= least * std::sqrt(slope)) {
      faults.push_back(fmt::format("another kink of {} is {:.1e} away",
                                   b.name,
                                   static_cast<double>(far / std::sqrt(slope))));
    }
  }
}

// Slopes of the active kinks, and what they leave.
struct Kinks {
  HeldSlopes found;
  std::vector<SiteGroup> groups;
  std::vector<FixedSlope> weak;
  double size = 0, limit = 0;  // of the gradient
  double pressed = 0;          // least force
  bool multiplied = false;     // found by multipliers

  bool hold() const { return found.margin > 0 && pressed > 0 && size <= limit; }
};

// `zeroed`: units at zero make a layer silent.
Kinks held_as(const CertificateContext& context,
              const std::vector<Real>& theta,
              const ReferenceValue& at,
              const std::vector<int64_t>& active,
              const std::vector<int64_t>& free,
              bool zeroed) {
  Kinks out;
  const auto measure = [&] {
    out.size = out.found.gradient.abs().max().item<double>();
    out.limit = gradient_limit(context, theta, out.found.slopes);
    out.pressed = least_force(context, theta, out.found.slopes, out.groups, out.weak);
  };
  out.groups = grouped_sites(context, theta, at, active, {.zeroed = zeroed});
  out.found = held_slopes(context, theta, at, out.groups, {}, free);
  out.weak = take_weak(context, out.found, out.groups);
  if (!out.weak.empty())
    out.found = held_slopes(context, theta, at, out.groups, out.weak, free);
  measure();
  if (active.empty() || out.hold()) return out;
  auto other = held_multipliers(context, theta, at, active, free, zeroed);
  if (!other.found) return out;
  out.multiplied = true;
  out.found = std::move(other.held);
  out.groups = std::move(other.groups);
  out.weak = std::move(other.weak);
  measure();
  return out;
}

}  // namespace

void check_active_set(const CertificateContext& context,
                      const Endpoint& e,
                      const std::vector<Real>& theta,
                      const ReferenceValue& at,
                      std::vector<std::string>& faults) {
  const auto active = active_sites(context, theta, at);
  if (static_cast<int64_t>(active.size()) != e.kinks) {
    faults.push_back(fmt::format("{} kinks, not {}", active.size(), e.kinks));
    return;
  }
  std::vector<SilentUnit> silent;
  std::vector<bool> held(theta.size(), false);
  int64_t zeroed = 0;
  for (const auto& b : context.blocks) {
    for (int64_t unit = 0; b.name != "loss" && unit < b.units; ++unit) {
      if (!is_zeroed(context, theta, b.layer, unit)) continue;
      ++zeroed;
      const auto entries =
          entries_of(context.layout, static_cast<size_t>(b.layer), unit);
      for (const auto p : entries.row) held[static_cast<size_t>(p)] = true;
      for (const auto p : entries.column) held[static_cast<size_t>(p)] = true;
      silent.push_back({unit, b});
    }
  }
  if (zeroed != e.zeroed) {
    faults.push_back(fmt::format("{} units at zero, not {}", zeroed, e.zeroed));
  }
  std::vector<int64_t> free;
  for (size_t p = 0; p < theta.size(); ++p) {
    if (!held[p]) free.push_back(static_cast<int64_t>(p));
  }
  const bool pruned = e.verdict == Verdict::kPrunedMinimum;
  auto kinks = held_as(context, theta, at, active, free, pruned);
  // Units at zero may make a layer silent; those that grow then meet more.
  const bool wide = !pruned && zeroed > 0 && !kinks.hold();
  if (wide) kinks = held_as(context, theta, at, active, free, true);
  const auto& [found, groups, weak, size, limit, pressed, multiplied] = kinks;
  const auto& [slopes, rows, gradient, force, shares, margin] = found;
  check_width(context, theta, e, zeroed, faults);
  std::optional<Silence> silence;
  if (wide) silence = Silence{.zeroed = true};
  if (wide && multiplied) silence->sites = active;
  auto together = groups;
  for (const auto& fixed : weak) together.push_back(fixed.sites);
  for (const auto& unit : silent) {
    if (pruned) break;  // says nothing of those
    check_silence(context, theta, at, active, unit, slopes, silence, together, faults);
  }
  const auto count = static_cast<int64_t>(groups.size());
  if (!(size <= limit)) {
    faults.push_back(fmt::format("gradient {:.1e} on the kinks", size));
  }
  if (!(margin > 0 && pressed > 0)) {
    faults.push_back(fmt::format(
        "a kink does not hold: share {:.1e}, force {:.1e}", margin, pressed));
  }
  auto along = at::eye(static_cast<int64_t>(free.size()), torch::kFloat64);
  if (count > 0) {
    const auto unit = rows / rows.norm(2, {1}, true);
    const auto [u, s, v] = at::linalg_svd(unit, /*full_matrices=*/true);
    const auto rank = (s > 1e-9 * s[0]).sum().item<int64_t>();
    along = v.narrow(0, rank, v.size(0) - rank).t();
    // Where rows repeat, other slopes serve as well.
    const bool only = rank == count && !multiplied;
    if (only && std::abs(pressed - e.kink_force) > 1e-6 * (1e-9 + std::abs(pressed))) {
      faults.push_back(fmt::format(
          "least force of a kink {:.6e}, not {:.6e}", pressed, e.kink_force));
    }
    if (only && !(std::abs(margin - e.kink_margin) <= 1e-6)) {
      faults.push_back(
          fmt::format("slope share {:.6g}, not {:.6g}", margin, e.kink_margin));
    }
  }
  double step = 0;
  if (along.size(1) > 0) {
    const auto full = difference_hessian(context.reference, theta, slopes, free);
    const auto [values, vectors] =
        symmetric_eigen(at::mm(along.t(), at::mm(full, along)));
    const double most = values.abs().max().item<double>();
    const double cut = context.options.zero_tolerance * most;
    step = solution_length(
        {values, vectors}, at::mv(along.t(), gradient), context.options.zero_tolerance);
    if (!(std::abs(values[0].item<double>() - e.min_eigenvalue) <= 1e-6 * most &&
          std::abs(values[-1].item<double>() - e.max_eigenvalue) <= 1e-6 * most)) {
      faults.push_back(fmt::format(
          "eigenvalues along the kinks from {:.6e} to {:.6e}, not {:.6e} to "
          "{:.6e}",
          values[0].item<double>(),
          values[-1].item<double>(),
          e.min_eigenvalue,
          e.max_eigenvalue));
    }
    const auto zero = (values.abs() <= cut).sum().item<int64_t>();
    if (!(values[0].item<double>() >= -cut) || zero != e.nullity ||
        e.explained != e.nullity) {
      faults.push_back(
          fmt::format("along the kinks: least eigenvalue {:.3e}, {} zero modes",
                      values[0].item<double>(),
                      zero));
    }
  }
  check_others(context, theta, at, active, step, faults);
  check_by_differences(context, theta, at.value, faults);
}

}  // namespace basin
