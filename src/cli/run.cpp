#include "cli/run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/stages.h"
#include "config/read.h"
#include "config/write.h"
#include "core/error.h"
#include "core/file.h"
#include "report/convexity_page.h"
#include "report/figures.h"
#include "report/graph_page.h"
#include "report/minima_spread.h"
#include "report/text.h"
#include "store/run_folder.h"
#include "store/tables.h"

namespace basin {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int64_t kMostOnPage =
    401;  // rows and columns of a plane; figures show no more

std::string now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

/// What the manifest says: how the results came about. Rewritten as stages end.
class Manifest {
 public:
  Manifest(const Session& s,
           const Settings& settings,
           const Machine& machine,
           fs::path folder)
      : path_(std::move(folder) / kManifestFile) {
    json_["program"] = "basin " + settings.revision;
    json_["libtorch"] = machine.libtorch;
    json_["blas"] = machine.blas;
    json_["vector_unit"] = machine.vector_unit;
    json_["path"] = machine.path;
    json_["threads"] = machine.threads;
    json_["device"] = machine.device;
    json_["data"] = {{"name", s.data.train.name},
                     {"samples", s.data.train.samples()},
                     {"held_out", s.data.test.samples()},
                     {"train_sha256", s.data.train.sha256},
                     {"test_sha256", s.data.test.sha256}};
    json_["network"] = {{"layers", s.layers()},
                        {"parameters", s.network.layout.dimension}};
    json_["started"] = now();
    json_["finished"] = nullptr;
    json_["seconds"] = Json::object();
    save();
  }

  void stage(const char* name, const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    json_["seconds"][name] =
        json_["seconds"].value(name, 0.0) +
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  void finish() {
    json_["finished"] = now();
    save();
  }

 private:
  void save() { write_file(path_, json_.dump(2) + "\n"); }

  fs::path path_;
  Json json_;
};

Json read_manifest(const fs::path& folder) {
  try {
    return Json::parse(read_file(folder / kManifestFile, 1 << 20));
  } catch (const Json::exception& error) {
    throw InputError(fmt::format(
        "{}: not a manifest: {}", (folder / kManifestFile).string(), error.what()));
  }
}

void fill_results(Results& results, RunReport& report) {
  report.training =
      results.load_training(0, std::max<int64_t>(1, results.identified_seeds()));
  report.curve_steps = curve_steps(report.spec.train);
  report.endpoints = results.load_endpoints();
  report.minima = results.load_minima();
  report.counts = results.load_counts();
  report.spectra = results.load_spectra();
  report.slices = results.load_slices(kMostOnPage);
  report.points = results.load_points();
  report.graph = results.load_graph();
  report.chains = results.load_chains();
  report.convexity = results.load_convexity();
  report.boxes = results.load_boxes();
  if (report.convexity) {
    report.convexity->proof = proof_of(report.spec);
    report.convexity->in_outputs = prove_convex_in_outputs(report.spec.loss);
  }
}

// The lower end of the coverage of the certified minima; 0 without any.
double least_coverage_of(Results& results) {
  for (const auto& c : results.load_counts()) {
    if (c.set == "certified" && c.level == "parameters" && c.seeds > 0)
      return c.least_coverage;
  }
  return 0;
}

// Trains, judges and identifies; half as many seeds again until the minima seen cover
// what the config asks for. The numbers of seeds follow from the config alone.
void run_ensemble(const Session& session, Results& results, Manifest& manifest) {
  const auto& until = session.spec.until;
  for (auto seeds = session.spec.seeds;;) {
    manifest.stage("training", [&] { train_stage(session, results, seeds); });
    manifest.stage("polishing", [&] { judge_stage(session, results, seeds); });
    manifest.stage("identifying", [&] { identify_stage(session, results, seeds); });
    if (until.coverage == 0 || seeds >= until.max_seeds) return;
    if (seeds >= until.min_seeds && least_coverage_of(results) >= until.coverage)
      return;
    seeds = std::min(until.max_seeds, seeds + std::max<int64_t>(16, seeds / 2));
  }
}

}  // namespace

std::string unfinished_text(const fs::path& folder) {
  const char* more = "the same command continues";
  if (!fs::exists(folder / kManifestFile)) {
    return fs::exists(folder / kPageFile)
               ? ""
               : fmt::format("{}: unfinished: {}", folder.string(), more);
  }
  const auto manifest = read_manifest(folder);
  if (manifest.contains("finished") && manifest.at("finished").is_string()) return "";
  if (!fs::exists(folder / kDatabaseFile))
    return fmt::format(
        "{}: unfinished: nothing trained yet; {}", folder.string(), more);
  Results results(folder, Database::Mode::kRead);
  return fmt::format(
      "{}: unfinished: {} trained, {} judged, minima {}; {}",
      folder.string(),
      plural(static_cast<int64_t>(results.trained_seeds().size()), "seed"),
      show(static_cast<int64_t>(results.judged_seeds().size())),
      results.identified_seeds() > 0 ? "identified" : "not yet identified",
      more);
}

RunReport load_report(const fs::path& folder) {
  const auto manifest = read_manifest(folder);
  RunReport report{.id = fs::absolute(folder).lexically_normal().filename().string()};
  report.config = read_file(folder / kConfigFile, kConfigLimit);
  report.spec = parse_experiment(report.config, (folder / kConfigFile).string()).spec;
  try {
    report.revision = manifest.at("program").get<std::string>();
    report.machine = {.libtorch = manifest.at("libtorch").get<std::string>(),
                      .blas = manifest.at("blas").get<std::string>(),
                      .vector_unit = manifest.at("vector_unit").get<std::string>(),
                      .threads = manifest.at("threads").get<int64_t>(),
                      .device = manifest.at("device").get<std::string>(),
                      .path = manifest.at("path").get<std::string>()};
    const auto& data = manifest.at("data");
    report.data_name = fs::path(data.at("name").get<std::string>()).filename().string();
    report.samples = data.at("samples").get<int64_t>();
    report.held_out = data.at("held_out").get<int64_t>();
    report.data_hash = data.at("train_sha256").get<std::string>();
    report.layers = manifest.at("network").at("layers").get<std::string>();
    report.parameters = manifest.at("network").at("parameters").get<int64_t>();
  } catch (const Json::exception& error) {
    throw InputError(
        fmt::format("{}: {}", (folder / kManifestFile).string(), error.what()));
  }
  Results results(folder, Database::Mode::kRead);
  fill_results(results, report);
  return report;
}

RunOutcome run_spec(const Spec& spec, const Settings& settings) {
  const Session session(spec, settings);
  const auto machine =
      describe_machine(session.threads, session.device, session.path());
  const auto folder = settings.root / session.id;
  require_revision(folder, settings.revision);
  make_folder(folder);
  const FolderLock lock(folder);
  if (!settings.quiet) {
    fmt::print(stderr,
               "{}\n{}: {} network, {} parameters, {} samples, {} seeds\n",
               summary(machine),
               folder.string(),
               session.layers(),
               session.network.layout.dimension,
               session.data.train.samples(),
               spec.seeds);
  }
  const auto config = to_yaml(session.spec);
  write_file(folder / kConfigFile, config);
  Manifest manifest(session, settings, machine, folder);
  {
    Results results(folder, Database::Mode::kWrite);
    results.set_meta("revision", settings.revision);
    results.set_meta(kConfigSeal, sha256(config));
    run_ensemble(session, results, manifest);
    manifest.stage("spectra", [&] { spectrum_stage(session, results); });
    manifest.stage("exploring", [&] {
      node_stage(session, results);
      explore_stage(session, results);
    });
    manifest.stage("passes", [&] { connect_stage(session, results); });
    manifest.stage("convexity", [&] { convexity_stage(session, results); });
    manifest.stage("slices", [&] { slice_stage(session, results); });
    manifest.stage("curvature", [&] { curvature_stage(session, results); });
    write_tables(results, folder / "tables");
    results.seal();
  }
  RunOutcome out{folder, load_report(folder)};
  manifest.stage("report", [&] {
    write_figures(out.report, folder / "figures");
    write_file(folder / kPageFile, run_page(out.report, settings.plotly));
  });
  manifest.finish();
  return out;
}

void print_outcome(const RunReport& report, const fs::path& folder) {
  fmt::print("\n");
  for (const auto& sentence : three_sentences(report)) fmt::print("{}\n", sentence);
  for (const auto& sentence : convexity_sentences(report)) fmt::print("{}\n", sentence);
  for (const auto& sentence : graph_sentences(report)) fmt::print("{}\n", sentence);
  for (const auto& sentence : line_sentences(report)) fmt::print("{}\n", sentence);
  const auto spread = spread_text(report);
  fmt::print("\n{}\n{}{}\n{}\npage: {}\n",
             verdicts_text(report),
             spread,
             minima_text(report, spread.empty() ? 12 : 5),
             counts_text(report),
             (folder / kPageFile).string());
}

}  // namespace basin
