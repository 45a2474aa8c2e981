#include "cli/verify_convexity.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>

#include "core/numbers.h"

namespace basin {
namespace {

constexpr double kBoxAgreement = 1e-9;

// What does not hold of a verdict on convexity: a witness is evaluated by the
// reference, a proof is made again from the config.
std::string convexity_fault(const Session& session,
                            const Reference& reference,
                            const ConvexityReport& r) {
  if (r.verdict == Convexity::kStructural) {
    const auto proof = proof_of(session.spec);
    return proof.convex ? "" : "no composition rule proves it";
  }
  const auto& w = r.witness;
  if (r.verdict != Convexity::kWitness)
    return w.a.defined() && w.violates() ? "its witness says another verdict" : "";
  const bool fits = w.a.defined() && w.b.defined() &&
                    w.a.numel() == reference.dimension() &&
                    w.b.numel() == reference.dimension() && w.t > 0 && w.t < 1;
  if (!fits) return "its witness is missing, or not of this network";
  const auto loss = [&](const torch::Tensor& theta) {
    const auto list = numbers(theta);
    return reference.evaluate({list.begin(), list.end()}, {}).value;
  };
  const Real t = w.t;
  const Real right = (1 - t) * loss(w.a) + t * loss(w.b);
  const Real left = loss((1 - w.t) * w.a + w.t * w.b);
  auto again = w;
  measure(*session.analysis, again);
  const auto agrees = [](Real stored, Real value, Real tolerance) {
    return (stored > value ? stored - value : value - stored) <= tolerance;
  };
  const Real scale = (left < 0 ? -left : left) + (right < 0 ? -right : right);
  if (!agrees(w.left, left, 1e-9L * scale) || !agrees(w.right, right, 1e-9L * scale) ||
      !agrees(w.error, again.error, 0.5L * again.error))
    return "the losses of its witness are others";
  // The mixture is rounded to float64: by so much its loss may be another's.
  return left - right > 10 * static_cast<Real>(std::max(w.error, 0.0)) && left > right
             ? ""
             : "the witness does not violate the inequality";
}

// The dual bound again, from outputs that the reference computes.
std::string dual_fault(const Session& session,
                       const Reference& reference,
                       const RunReport& report) {
  const auto& c = *report.convexity;
  if (c.dual_minimum < 0) return "";
  for (const auto& m : report.minima) {
    if (m.id != c.dual_minimum) continue;
    const auto list = numbers(m.endpoint.theta);
    const auto outputs = reference.evaluate({list.begin(), list.end()}, {}).outputs;
    const std::vector<double> rounded(outputs.begin(), outputs.end());
    const auto again = session.dual_bound_at(at::tensor(rounded, torch::kFloat64));
    const auto same = [](double a, double b) {
      return (std::isnan(a) && std::isnan(b)) ||
             std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
    };
    return again.exact == c.dual.exact && same(again.ratio, c.dual.ratio) &&
                   same(again.lower, c.dual.lower)
               ? ""
               : "the dual bound does not follow from its minimum";
  }
  return "the dual bound is of no minimum there is";
}

// A box again, by the same interval arithmetic. On another machine products are summed
// in another order: bounds may differ in their last digits, that of a gradient, itself
// but rounding, by more of itself.
bool is_same_box(const Session& session,
                 const Minimum& minimum,
                 const BoxCertificate& box) {
  const auto again = certify_box(session.box_problem(), minimum.endpoint.theta);
  const auto same = [](double a, double b, double scale) {
    return a == b || std::abs(a - b) <= kBoxAgreement * scale;
  };
  return again.radius == box.radius &&
         same(again.curvature, box.curvature, again.curvature) &&
         same(again.gradient, box.gradient, again.curvature * again.radius) &&
         same(again.margin, box.margin, 1 + std::abs(again.margin)) &&
         again.unique_minimum() == box.unique_minimum() && again.problem == box.problem;
}

}  // namespace

std::vector<std::string> convexity_faults(const Session& session,
                                          const Reference& reference,
                                          const RunReport& report) {
  if (!report.convexity) return {};
  std::vector<std::string> out;
  for (const auto& fault : {convexity_fault(session, reference, *report.convexity),
                            dual_fault(session, reference, report)}) {
    if (!fault.empty()) out.push_back(fault);
  }
  for (const auto& [id, box] : report.boxes) {
    const auto at = static_cast<size_t>(id);
    if (at >= report.minima.size() || !is_same_box(session, report.minima[at], box))
      out.push_back(fmt::format("the box of minimum {} does not hold", id));
  }
  return out;
}

}  // namespace basin
