#include "cli/verify.h"

#include <fmt/format.h>

#include <atomic>
#include <map>

#include "cli/run.h"
#include "cli/verify_convexity.h"
#include "cli/verify_graph.h"
#include "config/read.h"
#include "core/error.h"
#include "core/file.h"
#include "core/numbers.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "report/checks.h"
#include "report/text.h"
#include "store/results.h"
#include "store/run_folder.h"
#include "verify/certificate.h"
#include "verify/moves_check.h"

namespace basin {
namespace {

using Faults = std::vector<std::string>;

// The run's own config, with data and network; config and data must be what they were.
Session session_of(const std::filesystem::path& folder,
                   Results& results,
                   const RunReport& report,
                   const Settings& settings) {
  const auto file = folder / kConfigFile;
  const auto text = read_file(file, kConfigLimit);
  const auto sealed = results.meta(kConfigSeal);
  if (!sealed.empty() && sealed != sha256(text)) {
    throw InputError(
        fmt::format("{}: expected the config of the run (sha256 {}), came {}",
                    file.string(),
                    sealed,
                    sha256(text)));
  }
  const auto experiment = parse_experiment(text, file.string(), {}, folder);
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
                                    int64_t threads) {
  std::vector<Faults> out(endpoints.size());
  Progress progress("verifying", static_cast<int64_t>(endpoints.size()), 0);
  parallel_for(static_cast<int64_t>(endpoints.size()), threads, [&](int64_t i) {
    const auto k = static_cast<size_t>(i);
    out[k] = faults_of(context, endpoints[k]);
    progress.advance();
  });
  return out;
}

// Adds to the faults of each certified minimum that a move of it lowers the loss.
void check_moves(const CertificateContext& context,
                 const Session& session,
                 const std::vector<Endpoint>& endpoints,
                 int64_t moves,
                 std::vector<Faults>& faults) {
  std::vector<size_t> certified;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    if (endpoints[i].certificate != Certificate::kNone) certified.push_back(i);
  }
  std::atomic<int64_t> fell = 0;
  Progress progress("moving", static_cast<int64_t>(certified.size()), 0);
  parallel_for(static_cast<int64_t>(certified.size()), session.threads, [&](int64_t k) {
    const auto i = certified[static_cast<size_t>(k)];
    const auto found = moves_of(context, *session.analysis, endpoints[i], moves);
    if (found.fall > 0) {
      ++fell;
      faults[i].push_back(fmt::format(
          "a move of {:.1e} lowers the loss by {:.1e}", found.length, found.fall));
    }
    progress.advance();
  });
  fmt::print(
      "moves: {} of each of {}, {:g} to {:g} long: {}\n",
      plural(moves, "move"),
      plural(static_cast<int64_t>(certified.size()), "certified endpoint"),
      kShortestMove,
      kLongestMove,
      fell == 0 ? "no lower loss" : fmt::format("{} have a lower loss", fell.load()));
}

bool same_number(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-9 * std::abs(a);
}

// Rows that are not as they were when the run ended, by the name of what they are.
Faults seal_faults(Results& results) {
  static const std::map<std::string, std::string> kNames{{"endpoints", "seed"},
                                                         {"minima", "minimum"},
                                                         {"members", "member"},
                                                         {"node_points", "node"},
                                                         {"nodes", "node"},
                                                         {"saddles", "saddle"},
                                                         {"edges", "edge"},
                                                         {"boxes", "box of minimum"},
                                                         {"spectra", "spectrum"}};
  Faults out;
  for (const auto& seal : results.broken_seals()) {
    const auto at = kNames.find(seal.table);
    const auto& name = at == kNames.end() ? seal.table : at->second;
    out.push_back(
        seal.row < 0
            ? fmt::format("{} {}", name, seal.what)
            : fmt::format("{} {} {} after the run ended", name, seal.row, seal.what));
  }
  return out;
}

// Parameters that are missing, or of another network: nothing can be derived from them.
void require_parameters(const std::filesystem::path& folder,
                        const Session& session,
                        const std::vector<Endpoint>& endpoints) {
  for (const auto& e : endpoints) {
    const bool fits =
        e.theta.defined() && e.theta.numel() == session.network.layout.dimension;
    if (fits || e.verdict == Verdict::kDiverged) continue;
    throw StorageError(fmt::format(
        "{}: seed {} has no parameters of this network", folder.string(), e.seed));
  }
}

// Members and classes must follow from the endpoints.
Faults class_faults(const Session& session,
                    const std::vector<Endpoint>& endpoints,
                    const std::vector<Minimum>& stored,
                    std::vector<Count> counts) {
  // Components follow from the graph instead.
  std::erase_if(counts, [](const Count& c) { return c.level == "component"; });
  Faults out;
  const auto again =
      identify(session.problem(), endpoints, session.spec.minima, session.threads);
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
        a.connected_class == b.connected_class &&
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
           same_number(expected[i].at_least, counts[i].at_least) &&
           same_number(expected[i].coverage, counts[i].coverage) &&
           same_number(expected[i].least_coverage, counts[i].least_coverage) &&
           same_number(expected[i].more.low, counts[i].more.low) &&
           same_number(expected[i].more.high, counts[i].more.high);
  }
  if (!same) out.emplace_back("the counts do not follow from the endpoints");
  return out;
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

void verify_run(const std::filesystem::path& folder,
                const Settings& settings,
                int64_t moves) {
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
  Results results(folder, Database::Mode::kRead);
  const auto session = session_of(folder, results, report, settings);
  if (results.identified_seeds() != static_cast<int64_t>(report.endpoints.size())) {
    throw InputError(
        fmt::format("{}: expected a finished run, came one of {} of {} seeds",
                    folder.string(),
                    results.identified_seeds(),
                    report.endpoints.size()));
  }
  require_parameters(folder, session, report.endpoints);
  const auto reference = session.reference();
  const auto problem = session.problem();
  const CertificateContext context{.reference = *reference,
                                   .layout = session.network.layout,
                                   .blocks = session.analysis->kink_blocks(),
                                   .decay = problem.decay,
                                   .convex = problem.convex,
                                   .options = session.spec.minima};
  const auto seals = seal_faults(results);
  for (const auto& fault : seals) fmt::print("seals: {}\n", fault);
  auto faults = check_endpoints(context, report.endpoints, session.threads);
  if (moves > 0) check_moves(context, session, report.endpoints, moves, faults);
  print_lines(lines_of(report.endpoints, report.minima, faults));
  int64_t wrong = 0;
  for (const auto& f : faults) wrong += !f.empty();
  const auto classes =
      class_faults(session, report.endpoints, report.minima, report.counts);
  for (const auto& fault : classes) fmt::print("classes: {}\n", fault);
  const auto convexity = convexity_faults(session, context.reference, report);
  for (const auto& fault : convexity) fmt::print("convexity: {}\n", fault);
  if (report.convexity && convexity.empty())
    fmt::print("convexity: {} holds\n", name_of(report.convexity->verdict));
  const auto graph = graph_faults(session, context, report.graph, report.counts);
  for (const auto& fault : graph) fmt::print("graph: {}\n", fault);
  if (wrong > 0 || !classes.empty() || !graph.empty() || !seals.empty() ||
      !convexity.empty()) {
    throw NumericError(
        fmt::format("{}: {} of {} endpoints, {} classes or counts, {} claims of "
                    "convexity, {} parts of the graph and {} seals FAIL",
                    folder.string(),
                    wrong,
                    report.endpoints.size(),
                    classes.size(),
                    convexity.size(),
                    graph.size(),
                    seals.size()));
  }
  fmt::print("all {} hold\n", plural(static_cast<int64_t>(faults.size()), "endpoint"));
  for (const auto& c : checks_of(report))
    fmt::print("{}: {}\n", name_of(c.how), c.claims);
  if (!report.graph.nodes.empty()) {
    fmt::print("all {} and the flows from {} hold\n",
               plural(static_cast<int64_t>(report.graph.nodes.size()), "node"),
               plural(static_cast<int64_t>(report.graph.edges.size()), "saddle"));
  }
}

}  // namespace basin
