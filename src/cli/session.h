#pragma once

#include <filesystem>
#include <string>

#include "config/spec.h"
#include "convexity/box.h"
#include "convexity/dual_bound.h"
#include "convexity/structural.h"
#include "data/dataset.h"
#include "minima/judge.h"
#include "model/make_objective.h"
#include "verify/reference.h"

namespace basin {

/// What does not change from run to run of one process.
struct Settings {
  std::filesystem::path root = "runs";
  int64_t threads = -1;  ///< 0: one a core; -1: as the config says
  bool quiet = false;
  std::string revision;
  std::string plotly;  ///< text of plotly.js, or empty
};

/// A spec with its data and network: everything that must be right before a run folder
/// is made. Throws InputError.
struct Session {
  Session(const Spec& resolved, const Settings& settings);

  Spec spec;
  DataSplit data;
  Network network;
  std::vector<DataSymmetry> symmetries;
  int64_t threads;
  std::string device;
  ComputePath computed_by;                     ///< never kAuto
  std::unique_ptr<SampledObjective> training;  ///< in the config's dtype
  std::unique_ptr<SampledObjective> analysis;  ///< float64
  std::unique_ptr<SampledObjective> held_out;  ///< of the held-out data; null without
  std::vector<torch::Tensor>
      direction_files;  ///< of each slice, `[k, P]`, or undefined
  std::string data_hash;
  std::string id;  ///< name and hash: the folder

  /// The loss is an expectation, not a mean over samples.
  bool population() const;

  MinimaProblem problem() const;

  /// The loss, float64, of the training samples `index` `[n]` alone.
  std::unique_ptr<SampledObjective> on_samples(const torch::Tensor& index) const;

  /// What a box of convexity is certified for.
  BoxProblem box_problem() const;

  /// The dual bound of the network with outputs `[N, K]` on the training data.
  DualBound dual_bound_at(const torch::Tensor& outputs) const;

  /// The same loss by other code, in extended precision.
  std::unique_ptr<Reference> reference() const;
  std::string path() const;    ///< "autograd" or "fused"
  std::string layers() const;  ///< "64-16-16-10"

 private:
  double lower_bound_;
};

/// Whether composition rules prove the loss of a spec convex in the parameters.
StructuralProof proof_of(const Spec& spec);

}  // namespace basin
