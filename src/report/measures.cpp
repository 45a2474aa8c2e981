#include "report/measures.h"

#include <algorithm>
#include <cmath>

#include "core/disjoint_sets.h"
#include "report/quantile.h"

namespace basin {
namespace {

double median(const std::vector<double>& values) { return quantile(values, 0.5); }

double share_of(const RunReport& r, Verdict verdict) {
  if (r.endpoints.empty()) return NAN;
  const auto found = std::count_if(r.endpoints.begin(),
                                   r.endpoints.end(),
                                   [&](const auto& e) { return e.verdict == verdict; });
  return static_cast<double>(found) / static_cast<double>(r.endpoints.size());
}

// Seeds at the certified minima of least loss, as equal as level `loss` says.
double share_of_best(const RunReport& r) {
  int64_t best = -1, hits = 0;
  for (const auto& m : r.minima) {
    if (!is_certified(m.endpoint)) continue;
    if (best < 0) best = m.loss_class;
    if (m.loss_class == best) hits += static_cast<int64_t>(m.seeds.size());
  }
  return best < 0 || r.endpoints.empty()
             ? NAN
             : static_cast<double>(hits) / static_cast<double>(r.endpoints.size());
}

using Radii = std::vector<QuadraticRadius>;

double median_radius(const Radii& radii) {
  std::vector<double> all;
  for (const auto& q : radii) all.push_back(q.radius);
  return median(all);
}

// Of the random directions, those whose radius is a bound or undefined.
double share_of_bounds(const std::vector<const PointCurvature*>& points) {
  double bounds = 0, all = 0;
  for (const auto* p : points) {
    for (const auto& q : p->radii.random) {
      bounds += q.end != RadiusEnd::kFound;
      ++all;
    }
  }
  return bounds / all;
}

// Certified minima, or the first point if none was measured; in the balanced gauge
// where units can be scaled.
std::vector<const PointCurvature*> compared_points(const RunReport& r) {
  const bool scaled = std::any_of(r.points.begin(), r.points.end(), [](const auto& p) {
    return p.gauge == "balanced";
  });
  std::vector<const PointCurvature*> all, minima;
  for (const auto& p : r.points) {
    if (scaled != (p.gauge == "balanced")) continue;
    all.push_back(&p);
    if (p.point.starts_with("minimum ")) minima.push_back(&p);
  }
  if (minima.empty() && !all.empty()) minima.push_back(all.front());
  return minima;
}

void add_curvature(const RunReport& r, std::vector<Measure>& out) {
  const auto points = compared_points(r);
  const auto over = [&](const auto& value) {
    std::vector<double> all;
    for (const auto* p : points) all.push_back(value(*p));
    return all;
  };
  const auto add = [&](const char* name, const char* title, const auto& value) {
    out.push_back({name, title, median(over(value))});
  };
  const auto add_spread = [&](const std::string& name, const auto& value) {
    out.push_back({name + "_low", "", quantile(over(value), 0.25)});
    out.push_back({name + "_high", "", quantile(over(value), 0.75)});
  };
  const auto random = [](const PointCurvature& p) {
    return median_radius(p.radii.random) / p.norm;
  };
  const auto top = [](const PointCurvature& p) {
    return p.radii.top.empty() ? NAN : p.radii.top.front().radius / p.norm;
  };
  const auto change = [](const PointCurvature& p) {
    std::vector<double> all;
    for (const auto& b : p.batches) all.push_back(b.hessian_change);
    return median(all);
  };
  const auto batch = [](const PointCurvature& p) {
    std::vector<double> all;
    for (const auto& b : p.batches)
      all.push_back(median_radius(b.radii.random) / p.norm);
    return median(all);
  };
  const auto box = [&](const PointCurvature& p) {
    return convex_radius(r, p) / p.norm;
  };
  out.push_back({"curvature_points",
                 "",
                 points.empty() ? NAN : static_cast<double>(points.size())});
  add("lambda_max", "λ max", [](const PointCurvature& p) {
    return p.largest.empty() ? NAN : p.largest.front().value;
  });
  add("lambda_min", "λ min", [](const PointCurvature& p) {
    return p.least.empty() ? NAN : p.least.front().value;
  });
  add("trace", "trace", [](const PointCurvature& p) {
    return p.complete ? p.trace : p.sampled_trace.value;
  });
  add("quadratic_radius", "quadratic radius / ‖θ‖, random", random);
  add_spread("quadratic_radius", random);
  add("quadratic_radius_top", "quadratic radius / ‖θ‖, top eigenvector", top);
  add_spread("quadratic_radius_top", top);
  out.push_back({"quadratic_bounds", "", share_of_bounds(points)});
  add("convex_radius", "radius proved convex / ‖θ‖", box);
  add_spread("convex_radius", box);
  add("batch_radius", "quadratic radius of mini-batches / ‖θ‖, random", batch);
  add("batch_hessian_change", "‖H_B − H‖ / ‖H‖ of mini-batches", change);
}

void add_barriers(const RunReport& r, std::vector<Measure>& out) {
  std::vector<double> raw, aligned, path;
  for (const auto& t : r.graph.attempts) {
    if (t.lines.empty()) continue;
    double least = NAN;
    bool first = true;
    for (const auto& c : t.lines) {
      if (c.method.ends_with("none") && first) {  // in the stored gauge
        raw.push_back(c.line.loss.pass);
        first = false;
      }
      least = std::fmin(least, c.line.loss.pass);
    }
    aligned.push_back(least);
    const double ends = std::max(node_of(r.graph, t.a).endpoint.loss,
                                 node_of(r.graph, t.b).endpoint.loss);
    if (t.aligned) path.push_back(t.bound - ends);
  }
  const bool any = !r.graph.nodes.empty();
  out.push_back({"pairs", "pairs joined", any ? static_cast<double>(raw.size()) : NAN});
  out.push_back({"barrier_raw", "barrier (pass), raw", median(raw)});
  out.push_back({"barrier_aligned", "barrier (pass), units matched", median(aligned)});
  out.push_back({"barrier_path", "barrier along the relaxed path", median(path)});
  out.push_back({"saddles",
                 "certified saddles",
                 any ? static_cast<double>(r.graph.edges.size()) : NAN});
}

// Of each named map, over its draws.
void add_maps(const RunReport& r, std::vector<Measure>& out) {
  std::vector<std::string> names;
  for (const auto& s : r.slices) {
    if (s.least.defined() &&
        std::find(names.begin(), names.end(), s.frame.series) == names.end())
      names.push_back(s.frame.series);
  }
  for (const auto& name : names) {
    std::vector<double> shares, regions, ratios;
    for (const auto& s : r.slices) {
      if (!s.least.defined() || s.frame.series != name) continue;
      const auto part = negative_part(s.least, s.largest);
      shares.push_back(part.share);
      regions.push_back(static_cast<double>(part.regions));
      ratios.push_back((-s.least / s.largest.abs().clamp_min(1e-300))
                           .clamp_min(0)
                           .median()
                           .item<double>() +
                       0.0);  // no −0
    }
    out.push_back({"negative_share_" + name,
                   "share of " + name + " with a negative eigenvalue",
                   median(shares)});
    out.push_back({"negative_regions_" + name,
                   "regions of " + name + " with one",
                   median(regions)});
    out.push_back(
        {"negative_ratio_" + name, "−λ min / λ max in " + name, median(ratios)});
  }
}

void add_boxes(const RunReport& r, std::vector<Measure>& out) {
  double unique = 0;
  for (const auto& [id, box] : r.boxes) unique += box.unique_minimum();
  const bool any = !r.boxes.empty();
  out.push_back(
      {"boxes_tried", "boxes tried", any ? static_cast<double>(r.boxes.size()) : NAN});
  out.push_back({"boxes_unique", "with one minimum inside", any ? unique : NAN});
}

}  // namespace

NegativePart negative_part(const torch::Tensor& least, const torch::Tensor& largest) {
  const auto rows = static_cast<size_t>(least.size(0));
  const auto columns = static_cast<size_t>(least.size(1));
  const auto flat =
      (least < -1e-12 * largest.abs().max()).to(torch::kFloat64).contiguous();
  const auto* negative = flat.data_ptr<double>();
  DisjointSets sets(rows * columns);
  std::vector<size_t> members;
  for (size_t i = 0; i < rows * columns; ++i) {
    if (negative[i] == 0) continue;
    members.push_back(i);
    if (i % columns > 0 && negative[i - 1] != 0) sets.unite(i - 1, i);
    if (i >= columns && negative[i - columns] != 0) sets.unite(i - columns, i);
  }
  NegativePart out;
  out.share = static_cast<double>(members.size()) / static_cast<double>(rows * columns);
  for (const auto n : sets.numbers(members)) out.regions = std::max(out.regions, n + 1);
  return out;
}

double convex_radius(const RunReport& r, const PointCurvature& p) {
  if (p.gauge != "stored") return NAN;
  for (const auto& m : r.minima) {
    const auto found = r.boxes.find(m.id);
    if (label_of(m) == p.point && found != r.boxes.end()) return found->second.radius;
  }
  return NAN;
}

std::vector<Measure> measures_of(const RunReport& r) {
  std::vector<Measure> out{
      {"best_share", "seeds at the least certified loss", share_of_best(r)}};
  for (const auto v : {Verdict::kStrictMinimum,
                       Verdict::kMinimumModuloSymmetry,
                       Verdict::kDegenerateMinimum,
                       Verdict::kKinkMinimum,
                       Verdict::kSaddle,
                       Verdict::kEscaping,
                       Verdict::kUndecided,
                       Verdict::kNotConverged,
                       Verdict::kDiverged}) {
    out.push_back({"share_" + name_of(v), "", share_of(r, v)});
  }
  // Of kinked networks with units at zero only: no column where there are none.
  for (const auto v : {Verdict::kModuloSplitting, Verdict::kPrunedMinimum}) {
    const double share = share_of(r, v);
    out.push_back({"share_" + name_of(v), "", share > 0 ? share : NAN});
  }
  add_boxes(r, out);
  const bool dual = r.convexity && r.convexity->dual_minimum >= 0;
  out.push_back({"dual_ratio", "dual ratio", dual ? r.convexity->dual.ratio : NAN});
  out.push_back({"dual_lower",
                 "least loss of all widths at least",
                 dual ? r.convexity->dual.lower : NAN});
  add_curvature(r, out);
  add_barriers(r, out);
  add_maps(r, out);
  return out;
}

}  // namespace basin
