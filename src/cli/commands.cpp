#include "cli/commands.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include "cli/estimate.h"
#include "cli/run.h"
#include "cli/sweep.h"
#include "cli/verify.h"
#include "config/complaints.h"
#include "config/read.h"
#include "core/error.h"
#include "core/file.h"
#include "store/npz.h"
#include "store/run_folder.h"
#include "store/tables.h"

namespace basin {
namespace {

namespace fs = std::filesystem;

// A config that is not there: was a command meant, or a file beside it?
void require_config(const fs::path& file) {
  std::error_code error;
  if (fs::exists(file, error)) return;
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  std::vector<std::string> near;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    near.push_back((file.parent_path() / entry.path().filename()).string());
  }
  auto hint = suggestion(file.string(), near);
  if (hint.empty()) hint = suggestion(file.string(), command_names());
  throw InputError(fmt::format("{}: no such file or command{}", file.string(), hint));
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
  require_config(arguments.target);
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

void verify_command(const Arguments& arguments, const Settings& settings) {
  verify_run(find_run(arguments.out, arguments.target), settings);
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
  require_config(arguments.target);
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
