#include <limits>

#include "cli/stages.h"
#include "convexity/verdict.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "curvature/symmetric_eigen.h"
#include "model/initialize.h"

namespace basin {
namespace {

constexpr int64_t kMostForHessians = 500;  // parameters

// Minima, ends of the first certified seeds (in a valley each lies elsewhere), places
// and saddles, the first of each; saddles with their way down.
void gather(Results& results,
            std::vector<KnownPoint>& points,
            std::vector<KnownPoint>& down) {
  constexpr size_t kMost = 10;
  for (const auto& m : results.load_minima()) {
    if (points.size() == kMost) break;
    points.push_back({label_of(m), m.endpoint.theta});
  }
  const auto endpoints = results.load_endpoints();
  size_t ends = 0;
  for (const auto& e : endpoints) {
    if (!is_certified(e)) continue;
    if (++ends > kMost / 2) break;
    points.push_back({"the end of seed " + std::to_string(e.seed), e.theta});
  }
  size_t saddles = 0;
  for (const auto& e : results.load_graph().edges) {
    if (++saddles > kMost) break;
    points.push_back({"saddle " + std::to_string(saddles - 1), e.saddle.theta});
    down.push_back({points.back().name, e.eigenvector});
  }
  for (const auto& e : endpoints) {
    if (e.verdict != Verdict::kSaddle || !e.witness.defined()) continue;
    if (++saddles > kMost) break;
    points.push_back({"the saddle of seed " + std::to_string(e.seed), e.theta});
    down.push_back({points.back().name, e.witness});
  }
}

// Where the first `count` seeds began, `[count, P]`.
torch::Tensor starts_of(const Session& session, int64_t count) {
  const auto seed = static_cast<uint64_t>(session.spec.seed);
  return initial_parameters(session.network, seed, 0, count).to(torch::kFloat64);
}

// Where training began, with the least eigenvector of the Hessian there: for a network
// whose minima are the fixed points of its symmetries, and so their own copies.
void gather_starts(const Session& session,
                   std::vector<KnownPoint>& points,
                   std::vector<KnownPoint>& down) {
  constexpr int64_t kMost = 8;
  const auto starts = starts_of(session, kMost);
  for (int64_t k = 0; k < kMost; ++k) {
    points.push_back({"the start of seed " + std::to_string(k), starts[k]});
    if (starts.size(1) > kMostForHessians) continue;
    const auto h = session.analysis->hessian(starts.narrow(0, k, 1).contiguous())[0];
    if (!h.isfinite().all().item<bool>()) continue;
    const auto [values, vectors] = symmetric_eigen(h);
    down.push_back({points.back().name, vectors.select(1, 0).contiguous()});
  }
}

// Boxes round the first certified minima that are smooth.
void find_boxes(const Session& session, Results& results) {
  if (session.population()) return;
  const auto problem = session.box_problem();
  if (!can_certify_box(problem)) return;
  const auto done = results.load_boxes();
  std::vector<Minimum> chosen;
  for (const auto& m : results.load_minima()) {
    const auto& e = m.endpoint;
    if (static_cast<int64_t>(chosen.size()) == session.spec.convexity.boxes) break;
    if (is_certified(e) && e.kinks == 0 && e.zeroed == 0) chosen.push_back(m);
  }
  std::erase_if(chosen, [&](const Minimum& m) { return done.contains(m.id); });
  Progress progress("boxes", static_cast<int64_t>(chosen.size()));
  parallel_for(static_cast<int64_t>(chosen.size()), session.threads, [&](int64_t i) {
    const auto& m = chosen[static_cast<size_t>(i)];
    results.save_box(m.id, certify_box(problem, m.endpoint.theta));
    progress.advance();
  });
}

// How near the best minimum is to the best of all widths, where that is known.
void bound_by_dual(const Session& session, Results& results, ConvexityReport& out) {
  if (session.population() || session.spec.model.depth != 1) return;
  for (const auto& m : results.load_minima()) {
    if (!is_certified(m.endpoint)) continue;
    const auto outputs = session.analysis->outputs(m.endpoint.theta.unsqueeze(0))[0];
    const auto dual = session.dual_bound_at(outputs);
    if (!dual.problem.empty()) return;
    out.dual_minimum = m.id;
    out.dual = dual;
    return;
  }
}

}  // namespace

void convexity_stage(const Session& session, Results& results) {
  const auto& o = session.spec.convexity;
  if (!o.verdict) return;
  find_boxes(session, results);
  if (results.load_convexity()) return;
  ConvexityReport out{.proof = proof_of(session.spec)};
  // An expectation over Gaussian inputs is a mean too, but its teacher's network is
  // deep.
  if (out.proof.convex && !session.population()) {
    out.verdict = Convexity::kStructural;
  } else {
    std::vector<KnownPoint> points, down;
    gather(results, points, down);
    const auto& layout = session.network.layout;
    out.witness = find_witness(*session.analysis, layout, points, down);
    if (!out.witness.a.defined() || !out.witness.violates()) {
      points.clear();
      down.clear();
      gather_starts(session, points, down);
      const auto again = find_witness(*session.analysis, layout, points, down);
      if (again.a.defined()) out.witness = again;
    }
    if (out.witness.a.defined() && out.witness.violates())
      out.verdict = Convexity::kWitness;
  }
  out.chords = std::numeric_limits<double>::quiet_NaN();
  if (o.chords > 0) {
    out.chords = violating_chords(*session.analysis, starts_of(session, o.chords + 1));
    out.drawn = o.chords;
  }
  out.hessians = std::numeric_limits<double>::quiet_NaN();
  if (o.hessians > 0 && session.analysis->dimension() <= kMostForHessians) {
    out.hessians = negative_hessians(*session.analysis, starts_of(session, o.hessians));
    out.hessians_made = o.hessians;
  }
  bound_by_dual(session, results, out);
  results.save_convexity(out);
}

}  // namespace basin
