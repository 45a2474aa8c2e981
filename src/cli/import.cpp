#include "cli/import.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include "config/read.h"
#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "data/points.h"
#include "minima/identify.h"
#include "report/text.h"
#include "store/csv.h"

namespace basin {
namespace {

/// A point as it came, and what polishing made of it.
struct Judged {
  Endpoint given, polished;
  double moved = 0;
};

std::string table_of(const std::vector<Judged>& points,
                     const std::vector<double>& energies) {
  Csv csv;
  for (size_t i = 0; i < points.size(); ++i) {
    const auto& [given, polished, moved] = points[i];
    csv.add("point", static_cast<int64_t>(i))
        .add("energy", energies.empty() ? Endpoint::kNan : energies[i])
        .add("loss", given.loss)
        .add("verdict", name_of(given.verdict))
        .add("certified", int64_t{is_certified(given)})
        .add("gradient_norm", given.gradient_norm)
        .add("min_eigenvalue", given.min_eigenvalue)
        .add("index", count(given.index))
        .add("polished_verdict", name_of(polished.verdict))
        .add("polished_certified", int64_t{is_certified(polished)})
        .add("polished_loss", polished.loss)
        .add("moved", moved)
        .add("reason", csv_text(given.reason))
        .end_row();
  }
  return csv.text();
}

void print_points(const std::vector<Judged>& points,
                  const std::vector<double>& energies) {
  fmt::print("{:>5} {:>14} {:>14}  {:<24} {:>9} {:>12}  {:<24} {:>14} {:>9}\n",
             "point",
             "energy",
             "loss",
             "verdict as it is",
             "gradient",
             "min eigenv.",
             "verdict after polishing",
             "loss",
             "moved by");
  for (size_t i = 0; i < points.size(); ++i) {
    const auto& [given, polished, moved] = points[i];
    fmt::print("{:>5} {:>14} {:>14}  {:<24} {:>9} {:>12}  {:<24} {:>14} {:>9}\n",
               i,
               energies.empty() ? "–" : show(energies[i], 9),
               show(given.loss, 9),
               name_of(given.verdict),
               show(given.gradient_norm, 2),
               show(given.min_eigenvalue, 3),
               name_of(polished.verdict),
               show(polished.loss, 9),
               show(moved, 2));
  }
}

}  // namespace

void import_command(const Arguments& arguments, const Settings& settings) {
  if (arguments.points.empty())
    throw InputError("import: expected --points FILE, came nothing");
  const auto experiment = read_experiment(arguments.target, arguments.overrides);
  if (!experiment.cells.empty())
    throw InputError("import: expected the config of one run, came a sweep");
  const Session session(experiment.spec, settings);
  const auto theta = read_points(arguments.points, session.network.layout.dimension);
  const auto energies = arguments.energies.empty() ? std::vector<double>{}
                                                   : read_energies(arguments.energies);
  if (!energies.empty() && static_cast<int64_t>(energies.size()) != theta.size(0)) {
    throw InputError(fmt::format("{}: expected {} energies, one a point, came {}",
                                 arguments.energies,
                                 theta.size(0),
                                 energies.size()));
  }
  const auto problem = session.problem();
  const auto& options = session.spec.minima;
  std::vector<Judged> points(static_cast<size_t>(theta.size(0)));
  Progress progress("judging", theta.size(0));
  parallel_for(theta.size(0), session.threads, [&](int64_t i) {
    auto& p = points[static_cast<size_t>(i)];
    const auto own = theta[i].contiguous();
    p.given = judge(problem, own, options);
    p.polished =
        polish_and_judge(problem, own.unsqueeze(0), i, {false}, options).front();
    p.moved = (p.polished.theta - own).norm().item<double>();
    p.given.seed = p.polished.seed = i;
    progress.advance();
  });
  print_points(points, energies);
  std::vector<Endpoint> given;
  for (const auto& p : points) given.push_back(p.given);
  const auto classes = identify(problem, given, options);
  int64_t certified = 0, distinct = 0;
  for (const auto& e : given) certified += is_certified(e);
  for (const auto& m : classes) distinct += is_certified(m.endpoint);
  fmt::print(
      "\n{} of {} are certified minima as they are, {} of them distinct up to the "
      "symmetries of the network (level parameters).\n",
      certified,
      plural(theta.size(0), "point"),
      distinct);
  if (arguments.dest.empty()) return;
  write_file(arguments.dest, table_of(points, energies));
  fmt::print("{}\n", arguments.dest);
}

}  // namespace basin
