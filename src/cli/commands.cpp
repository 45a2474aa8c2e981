#include "cli/commands.h"

#include <fmt/format.h>

#include <charconv>
#include <map>

#include "cli/estimate.h"
#include "cli/run.h"
#include "cli/sweep.h"
#include "cli/verify.h"
#include "config/read.h"
#include "config/suggest.h"
#include "core/error.h"
#include "core/file.h"
#include "model/gaussian_population.h"
#include "report/convert.h"
#include "store/export.h"
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

// The layout of a finished run, from what its folder says.
ParameterLayout layout_of(const RunReport& report) {
  const auto& text = report.layers;
  int64_t inputs = 0, outputs = 0;
  const auto last = text.rfind('-');
  std::from_chars(text.data(), text.data() + text.size(), inputs);
  std::from_chars(text.data() + last + 1, text.data() + text.size(), outputs);
  if (inputs < 1 || outputs < 1 || last == std::string::npos)
    throw InputError(
        fmt::format("manifest.json: not the layers of a network: {}", text));
  const auto network =
      report.spec.data.source == DataSource::kGaussianPopulation
          ? make_population_network(report.spec.model, inputs)
          : make_network(
                report.spec.model, inputs, outputs, freedom_of(report.spec.loss));
  if (network.layout.dimension != report.parameters)
    throw InputError("manifest.json: the network is not that of config.yaml");
  return network.layout;
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
  const auto unfinished = unfinished_text(run);
  if (!unfinished.empty()) {
    fmt::print("{}\n", unfinished);
    return;
  }
  if (!fs::exists(run / kDatabaseFile)) {
    fmt::print("{}", read_file(run / "tables" / "sweep.csv", int64_t{1} << 26));
    fmt::print("page: {}\n", (run / kPageFile).string());
    return;
  }
  print_outcome(load_report(run), run);
}

void compare_command(const Arguments& arguments) {
  const auto folder = compare_runs(arguments.out, arguments.runs);
  fmt::print("page: {}\n", (folder / kPageFile).string());
}

void verify_command(const Arguments& arguments, const Settings& settings) {
  verify_run(find_run(arguments.out, arguments.target), settings, arguments.moves);
}

void export_command(const Arguments& arguments) {
  const auto run = find_run(arguments.out, arguments.target);
  const std::map<std::string, const char*> places{{"csv", "tables"},
                                                  {"npz", "arrays.npz"},
                                                  {"npy", "npy"},
                                                  {"hdf5", "hdf5"},
                                                  {"vtk", "vtk"},
                                                  {"pele", "pele.sqlite"},
                                                  {"pathsample", "pathsample"},
                                                  {"topsearch", "topsearch"},
                                                  {"png", "figures"},
                                                  {"pdf", "figures"}};
  const fs::path to =
      arguments.dest.empty() ? run / places.at(arguments.to) : fs::path(arguments.dest);
  if (arguments.to == "png" || arguments.to == "pdf") {
    convert_figures(run / "figures", to, arguments.to);
  } else {
    Results results(run, Database::Mode::kRead);
    if (arguments.to == "csv") write_tables(results, to);
    if (arguments.to == "npz") export_npz(results, to);
    if (arguments.to == "npy") export_npy(results, to);
    if (arguments.to == "vtk") export_vtk(results, to);
    if (arguments.to == "pele") export_pele(results, to);
    if (arguments.to == "pathsample") export_pathsample(results, to);
    if (arguments.to == "topsearch") export_topsearch(results, to);
    if (arguments.to == "hdf5") export_hdf5(results, layout_of(load_report(run)), to);
  }
  fmt::print("{}\n", to.string());
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
