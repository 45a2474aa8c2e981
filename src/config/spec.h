#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "connectivity/options.h"
#include "convexity/options.h"
#include "data/options.h"
#include "landscape/curvature.h"
#include "landscape/options.h"
#include "minima/options.h"
#include "model/options.h"
#include "train/options.h"

namespace basin {

enum class Dtype { kFloat32, kFloat64 };
enum class DeviceKind { kCpu, kCuda, kAuto };

/// How the work is done. Of these only `threads` changes no number.
struct ComputeOptions {
  Dtype dtype = Dtype::kFloat32;  ///< of training; analysis is float64 always
  DeviceKind device = DeviceKind::kCpu;
  ComputePath path = ComputePath::kAuto;
  int64_t threads = 0;  ///< 0: as many as the process may use cores
};

/// When an ensemble that began with `seeds` members is large enough.
struct UntilOptions {
  double coverage = 0;  ///< lower end of the coverage of the certified minima at level
                        ///< parameters (Count::least_coverage); 0: off
  int64_t min_seeds = 100;
  int64_t max_seeds = 10'000;
};

enum class Combine { kCross, kZip };

/// Keys to vary and their values, each value as YAML text.
struct SweepOptions {
  Combine combine = Combine::kCross;
  std::vector<std::pair<std::string, std::vector<std::string>>> axes;
};

/// One run, resolved: every default filled in.
struct Spec {
  std::string name = "run";
  int64_t seed = 1;
  DataOptions data;
  ModelOptions model;
  LossOptions loss;
  int64_t seeds = 20;  ///< ensemble.seeds
  UntilOptions until;
  TrainOptions train;  ///< the rest of ensemble
  MinimaOptions minima;
  ExploreOptions explore;  ///< also of section minima
  std::vector<SliceOptions> landscape;
  CurvatureOptions curvature;
  ConnectivityOptions connectivity;
  ConvexityOptions convexity;
  SweepOptions sweep;
  ComputeOptions compute;
};

/// A cell of a sweep: what was varied, and the run that follows.
struct SweepCell {
  std::vector<std::pair<std::string, std::string>> values;  ///< key, value
  Spec spec;
};

/// What a config asks for: one run, or (`cells` not empty) one for each cell.
struct Experiment {
  Spec spec;
  std::vector<SweepCell> cells;
};

}  // namespace basin
