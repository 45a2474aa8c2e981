#include "cli/commands.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/run.h"
#include "cli/sweep.h"
#include "config/read.h"
#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "model/initialize.h"
#include "report/text.h"
#include "store/npz.h"
#include "store/run_folder.h"
#include "store/tables.h"

namespace basin {
namespace {

namespace fs = std::filesystem;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

// Seconds a gradient of one seed takes, measured on a batch of the usual size.
double seconds_per_gradient(const Session& s, const NetworkObjective& objective) {
  const auto rows = std::min<int64_t>(objective.preferred_rows(), s.spec.seeds);
  const auto theta = initial_parameters(s.network, 1, 0, rows).to(objective.dtype());
  objective.value_and_gradient(theta);
  double least = 1e9;
  for (int i = 0; i < 3; ++i) {
    least = std::min(least, seconds_of([&] { objective.value_and_gradient(theta); }));
  }
  return least / static_cast<double>(rows);
}

void print_estimate(const Spec& spec, const Settings& settings) {
  const Session s(spec, settings);
  const auto p = static_cast<double>(s.network.layout.dimension);
  const auto n = static_cast<double>(s.data.train.samples());
  const auto seeds = static_cast<double>(spec.seeds);
  const double share = spec.train.batch > 0
                           ? std::min(1.0, static_cast<double>(spec.train.batch) / n)
                           : 1.0;
  const double train = seeds * static_cast<double>(spec.train.steps) * share;
  const double polish = seeds * static_cast<double>(spec.minima.polish_iterations);
  double points = 0;
  for (const auto& slice : spec.landscape) {
    const auto side = static_cast<double>(slice.points);
    points += slice.kind == SliceKind::kPlane ? side * side : side;
  }
  const double flops = 6 * n * p;
  const auto threads = static_cast<double>(s.threads);
  const double train_time = train * seconds_per_gradient(s, s.training) / threads;
  const double one = seconds_per_gradient(s, s.analysis);
  const double polish_time = polish * one / threads;
  const double trajectory =
      spec.train.trajectory_every > 0
          ? static_cast<double>(spec.train.steps / spec.train.trajectory_every + 1)
          : 0;
  const double stored =
      8 * seeds * (p * (2 + trajectory) + static_cast<double>(spec.train.curve_points));
  const double rows = static_cast<double>(s.training.preferred_rows());
  double activations = 0;
  for (const auto& layer : s.network.layout.layers) {
    activations += 8 * static_cast<double>(layer.rows) * n;
  }
  const double memory =
      250e6 + 2 * stored + threads * rows * (6 * activations + 64 * p);
  fmt::print("{}: valid\n", spec.name);
  fmt::print("  network     {} ({} parameters), {} samples, {} seeds\n",
             s.layers(),
             show(s.network.layout.dimension),
             show(s.data.train.samples()),
             show(spec.seeds));
  fmt::print("  training    at most {} GFLOP, {}\n",
             show(train * flops / 1e9, 3),
             format_duration(train_time));
  fmt::print("  polishing   at most {} GFLOP, {}\n",
             show(polish * flops / 1e9, 3),
             format_duration(polish_time));
  fmt::print("  slices      {} points, {}\n",
             show(static_cast<int64_t>(points)),
             format_duration(2 * points * one / 3 / threads));
  fmt::print("  memory      about {} MB; results about {} MB\n",
             show(memory / 1e6, 3),
             show(stored / 1e6, 3));
  fmt::print("  run         {}\n", (settings.root / s.id).string());
}

void export_npz(const fs::path& run, const fs::path& file) {
  Results results(run, Database::Mode::kRead);
  std::vector<std::pair<std::string, torch::Tensor>> arrays;
  std::vector<torch::Tensor> theta, curves, trajectories, minima;
  std::vector<double> seeds, losses;
  for (const auto& e : results.load_endpoints()) {
    theta.push_back(e.theta);
    seeds.push_back(static_cast<double>(e.seed));
    losses.push_back(e.loss);
  }
  for (const auto& s : results.load_training(0, static_cast<int64_t>(1) << 40)) {
    curves.push_back(s.curve);
    if (s.trajectory.defined()) trajectories.push_back(s.trajectory);
  }
  for (const auto& m : results.load_minima()) minima.push_back(m.endpoint.theta);
  if (!theta.empty()) {
    arrays.emplace_back("endpoint_theta", at::stack(theta));
    arrays.emplace_back("endpoint_seed", at::tensor(seeds, torch::kFloat64));
    arrays.emplace_back("endpoint_loss", at::tensor(losses, torch::kFloat64));
  }
  if (!curves.empty()) arrays.emplace_back("curves", at::stack(curves));
  if (!trajectories.empty()) {
    arrays.emplace_back("trajectories", at::stack(trajectories));
  }
  if (!minima.empty()) arrays.emplace_back("minimum_theta", at::stack(minima));
  for (const auto& s : results.load_slices()) {
    if (!s.values.loss.defined()) continue;
    const auto name = "slice_" + s.frame.name;
    arrays.emplace_back(name + "_x", s.frame.x);
    arrays.emplace_back(name + "_y", s.frame.y);
    arrays.emplace_back(name + "_loss", s.values.loss);
    arrays.emplace_back(name + "_accuracy", s.values.accuracy);
    arrays.emplace_back(name + "_origin", s.frame.origin);
    arrays.emplace_back(name + "_u", s.frame.u);
    arrays.emplace_back(name + "_v", s.frame.v);
  }
  write_npz(file, arrays);
}

}  // namespace

void check_command(const Arguments& arguments, const Settings& settings) {
  const auto experiment = read_experiment(arguments.target, arguments.overrides);
  if (experiment.cells.empty()) return print_estimate(experiment.spec, settings);
  for (const auto& cell : experiment.cells) {
    for (const auto& [key, value] : cell.values) fmt::print("{} = {}  ", key, value);
    fmt::print("\n");
    print_estimate(cell.spec, settings);
  }
}

void list_command(const Arguments& arguments) {
  const auto runs = list_runs(arguments.out);
  if (runs.empty()) fmt::print("no runs in {}\n", arguments.out);
  for (const auto& run : runs) {
    const bool page = fs::exists(run / kPageFile);
    fmt::print("{:<48} {}\n", run.filename().string(), page ? "" : "unfinished");
  }
}

void show_command(const Arguments& arguments) {
  const auto run = find_run(arguments.out, arguments.target);
  if (!fs::exists(run / kDatabaseFile)) {
    fmt::print("{}", read_file(run / "tables" / "sweep.csv", int64_t{1} << 26));
    fmt::print("page: {}\n", (run / kPageFile).string());
    return;
  }
  print_outcome(load_report(run), run);
}

void export_command(const Arguments& arguments) {
  const auto run = find_run(arguments.out, arguments.target);
  if (arguments.to == "csv") {
    const fs::path folder =
        arguments.dest.empty() ? run / "tables" : fs::path(arguments.dest);
    Results results(run, Database::Mode::kRead);
    write_tables(results, folder);
    fmt::print("{}\n", folder.string());
  } else {
    const fs::path file =
        arguments.dest.empty() ? run / "arrays.npz" : fs::path(arguments.dest);
    export_npz(run, file);
    fmt::print("{}\n", file.string());
  }
}

void run_command(const Arguments& arguments, const Settings& settings) {
  const auto experiment = read_experiment(arguments.target, arguments.overrides);
  if (experiment.cells.empty()) {
    const auto outcome = run_spec(experiment.spec, settings);
    print_outcome(outcome.report, outcome.folder);
  } else {
    const auto folder = run_sweep(experiment, settings);
    fmt::print("page: {}\n", (folder / kPageFile).string());
  }
}

}  // namespace basin
