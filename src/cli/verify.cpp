#include "cli/verify.h"

#include <fmt/format.h>

#include <atomic>
#include <map>

#include "cli/run.h"
#include "cli/verify_graph.h"
#include "config/read.h"
#include "core/error.h"
#include "core/file.h"
#include "core/numbers.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "report/text.h"
#include "store/results.h"
#include "store/run_folder.h"
#include "verify/certificate.h"

namespace basin {
namespace {

using Faults = std::vector<std::string>;

// The run's own config, with data and network; the data must be what it was.
Session session_of(const std::filesystem::path& folder,
                   const RunReport& report,
                   const Settings& settings) {
  const auto file = folder / kConfigFile;
  const auto experiment =
      parse_experiment(read_file(file, kConfigLimit), file.string(), {}, folder);
  Session session(experiment.spec, settings);
  if (session.data.train.sha256 != report.data_hash) {
    throw InputError(
        fmt::format("{}: expected the data of the run (sha256 {}), came {}",
                    file.string(),
                    report.data_hash,
                    session.data.train.sha256));
  }
  return session;
}

std::vector<Faults> check_endpoints(const CertificateContext& context,
                                    const std::vector<Endpoint>& endpoints,
                                    const std::vector<std::string>& changed,
                                    int64_t threads) {
  std::vector<Faults> out(endpoints.size());
  Progress progress("verifying", static_cast<int64_t>(endpoints.size()), 0);
  parallel_for(static_cast<int64_t>(endpoints.size()), threads, [&](int64_t i) {
    const auto k = static_cast<size_t>(i);
    out[k] = faults_of(context, endpoints[k]);
    if (!changed[k].empty()) out[k].push_back(changed[k]);
    progress.advance();
  });
  return out;
}

// Members and classes must follow from the endpoints.
Faults class_faults(const Session& session,
                    const std::vector<Endpoint>& endpoints,
                    const std::vector<Minimum>& stored,
                    std::vector<Count> counts) {
  // Components follow from the graph instead.
  std::erase_if(counts, [](const Count& c) { return c.level == "component"; });
  Faults out;
  const auto again = identify(session.problem(), endpoints, session.spec.minima);
  if (again.size() != stored.size()) {
    out.push_back(fmt::format("{} classes, not {}", again.size(), stored.size()));
    return out;
  }
  for (size_t m = 0; m < stored.size(); ++m) {
    const auto& a = again[m];
    const auto& b = stored[m];
    const bool same =
        a.id == b.id && a.seeds == b.seeds && a.endpoint.seed == b.endpoint.seed &&
        a.log10_orbit == b.log10_orbit && a.symmetry_class == b.symmetry_class &&
        a.everywhere_class == b.everywhere_class &&
        a.function_class == b.function_class && a.loss_class == b.loss_class &&
        a.proved_distinct == b.proved_distinct;
    if (!same)
      out.push_back(fmt::format("{} does not follow from the endpoints", label_of(b)));
  }
  const auto expected = count_minima(again);
  bool same = expected.size() == counts.size();
  for (size_t i = 0; same && i < counts.size(); ++i) {
    same = expected[i].level == counts[i].level && expected[i].set == counts[i].set &&
           expected[i].count == counts[i].count &&
           expected[i].seeds == counts[i].seeds &&
           std::abs(expected[i].chao1 - counts[i].chao1) <= 1e-9 * counts[i].chao1;
  }
  if (!same) out.emplace_back("the counts do not follow from the endpoints");
  return out;
}

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

/// Endpoints of one line: a class, or those of one verdict that belong to none.
struct Line {
  std::string label;
  Verdict verdict = Verdict::kNotConverged;
  Certificate certificate = Certificate::kNone;
  int64_t seeds = 0;
  int64_t wrong = 0;
  std::string example;
};

std::vector<Line> lines_of(const std::vector<Endpoint>& endpoints,
                           const std::vector<Minimum>& minima,
                           const std::vector<Faults>& faults) {
  std::map<int64_t, int64_t> class_of;
  std::vector<Line> out;
  for (const auto& m : minima) {
    for (const auto seed : m.seeds) class_of[seed] = static_cast<int64_t>(out.size());
    out.push_back({.label = label_of(m),
                   .verdict = m.endpoint.verdict,
                   .certificate = m.endpoint.certificate});
  }
  std::map<Verdict, int64_t> rest;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    const auto& e = endpoints[i];
    auto at = class_of.find(e.seed);
    if (at == class_of.end() && !rest.contains(e.verdict)) {
      rest[e.verdict] = static_cast<int64_t>(out.size());
      out.push_back({.label = "no class", .verdict = e.verdict});
    }
    const auto k = at == class_of.end() ? rest[e.verdict] : at->second;
    auto& line = out[static_cast<size_t>(k)];
    ++line.seeds;
    if (faults[i].empty()) continue;
    ++line.wrong;
    if (line.example.empty()) {
      line.example = fmt::format("seed {}: {}", e.seed, faults[i].front());
    }
  }
  return out;
}

void print_lines(const std::vector<Line>& lines) {
  for (const auto& line : lines) {
    const auto what = line.certificate == Certificate::kNone
                          ? std::string("no certificate; its numbers")
                          : "certificate by " + name_of(line.certificate);
    fmt::print("{:<14} {:<24} {:>6}  {} {}{}\n",
               line.label,
               name_of(line.verdict),
               plural(line.seeds, "seed"),
               what,
               line.wrong == 0
                   ? (line.certificate == Certificate::kNone ? "hold" : "holds")
                   : fmt::format("FAILS for {}", line.wrong),
               line.example.empty() ? "" : "\n    " + line.example);
  }
}

}  // namespace

void verify_run(const std::filesystem::path& folder, const Settings& settings) {
  if (!std::filesystem::exists(folder / kDatabaseFile)) {
    throw InputError(
        fmt::format("{}: expected a run with its parameters (results.sqlite), came a "
                    "folder without",
                    folder.string()));
  }
  require_revision(folder, settings.revision);
  const auto report = load_report(folder);
  if (report.endpoints.empty()) {
    throw InputError(
        fmt::format("{}: expected a run with parameters, came one without endpoints",
                    folder.string()));
  }
  const auto session = session_of(folder, report, settings);
  Results results(folder, Database::Mode::kRead);
  if (results.identified_seeds() != static_cast<int64_t>(report.endpoints.size())) {
    throw InputError(
        fmt::format("{}: expected a finished run, came one of {} of {} seeds",
                    folder.string(),
                    results.identified_seeds(),
                    report.endpoints.size()));
  }
  const auto reference = session.reference();
  const CertificateContext context{.reference = *reference,
                                   .layout = session.network.layout,
                                   .blocks = session.analysis->kink_blocks(),
                                   .decay = session.problem().decay,
                                   .options = session.spec.minima};
  const auto faults = check_endpoints(
      context, report.endpoints, results.changed_endpoints(), session.threads);
  print_lines(lines_of(report.endpoints, report.minima, faults));
  int64_t wrong = 0;
  for (const auto& f : faults) wrong += !f.empty();
  const auto classes =
      class_faults(session, report.endpoints, report.minima, report.counts);
  for (const auto& fault : classes) fmt::print("classes: {}\n", fault);
  if (report.convexity) {
    auto fault = convexity_fault(session, context.reference, *report.convexity);
    if (fault.empty()) fault = dual_fault(session, context.reference, report);
    if (!fault.empty()) throw NumericError(folder.string() + ": convexity: " + fault);
    for (const auto& [id, box] : report.boxes) {
      const auto at = static_cast<size_t>(id);
      bool same = at < report.minima.size();
      if (same) {
        const auto again =
            certify_box(session.box_problem(), report.minima[at].endpoint.theta);
        same = again.radius == box.radius && again.curvature == box.curvature &&
               again.gradient == box.gradient && again.margin == box.margin &&
               again.problem == box.problem;
      }
      if (!same) {
        throw NumericError(fmt::format(
            "{}: the box of minimum {} does not hold", folder.string(), id));
      }
    }
    fmt::print("convexity: {} holds\n", name_of(report.convexity->verdict));
  }
  const auto graph = graph_faults(session, context, report.graph, report.counts);
  for (const auto& fault : graph) fmt::print("graph: {}\n", fault);
  if (wrong > 0 || !classes.empty() || !graph.empty()) {
    throw NumericError(
        fmt::format("{}: {} of {} endpoints, {} classes or counts and {} parts of the "
                    "graph FAIL",
                    folder.string(),
                    wrong,
                    report.endpoints.size(),
                    classes.size(),
                    graph.size()));
  }
  fmt::print("all {} hold\n", plural(static_cast<int64_t>(faults.size()), "endpoint"));
  fmt::print(
      "independent (plain loops in extended precision): losses, gradients, Hessians, "
      "zero modes, kinks, lower bounds, witnesses\n"
      "recomputed (the program's own code): classes, counts{}{}\n",
      report.convexity ? ", rules of convexity, boxes, dual bound" : "",
      report.graph.nodes.empty() ? "" : ", flows from saddles");
  if (!report.graph.nodes.empty()) {
    fmt::print("all {} and the flows from {} hold\n",
               plural(static_cast<int64_t>(report.graph.nodes.size()), "node"),
               plural(static_cast<int64_t>(report.graph.edges.size()), "saddle"));
  }
}

}  // namespace basin
