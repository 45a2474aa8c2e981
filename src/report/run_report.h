#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/spec.h"
#include "core/machine.h"
#include "store/results.h"

namespace basin {

/// Everything a page says about one run.
struct RunReport {
  std::string id;  ///< name of the folder
  Spec spec;
  std::string config;    ///< the resolved YAML
  std::string revision;  ///< of the program
  Machine machine;
  std::string data_name;
  std::string data_hash;
  int64_t samples = 0;
  int64_t held_out = 0;
  int64_t parameters = 0;
  std::string layers;  ///< "64-16-16-10"
  std::vector<TrainedSeed> training;
  std::vector<int64_t> curve_steps;
  std::vector<Endpoint> endpoints;
  std::vector<Minimum> minima;
  std::vector<Count> counts;
  std::vector<StoredSpectrum> spectra;
  std::vector<StoredSlice> slices;
  std::vector<PointCurvature> points;
  Graph graph;  ///< how the minima are joined; empty if that was not asked
  std::vector<HopChain> chains;
  std::optional<ConvexityReport> convexity;
  std::map<int64_t, BoxCertificate> boxes;  ///< by minimum
};

/// What was asked, what came out, and how far it can be trusted: three sentences.
std::vector<std::string> three_sentences(const RunReport& report);

/// The minima with loss, hits, orbit size and eigenvalues, as text in columns; at most
/// `rows` of them.
/// Tables for a terminal: endpoints by verdict, the first minima, the counts.
std::string verdicts_text(const RunReport& report);
std::string counts_text(const RunReport& report);

/// "3 (2)": zero modes, and how many symmetries explain.
std::string nullity_text(const Endpoint& endpoint);

std::string minima_text(const RunReport& report, size_t rows);

/// Endpoints by verdict: word, how many.
std::vector<std::pair<std::string, int64_t>> verdict_counts(const RunReport& report);

/// "relu", "cross_entropy", ...: names as in the config.
std::string activation_name(const Spec& spec);
std::string loss_name(const Spec& spec);

/// The self-contained page. `plotly` is the library's text, or empty: then without 3D.
std::string run_page(const RunReport& report, const std::string& plotly);

/// Writes the figures as SVG files into `folder`.
void write_figures(const RunReport& report, const std::filesystem::path& folder);

}  // namespace basin
