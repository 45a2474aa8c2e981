#include "cli/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "config/write.h"
#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "data/load.h"
#include "data/symmetry.h"
#include "landscape/frame.h"
#include "model/gaussian_population.h"
#include "model/loss.h"
#include "store/npy.h"

namespace basin {
namespace {

constexpr int64_t kMostParameters = 50'000'000;

DataSplit load_for(const Spec& spec) {
  return load_data(
      spec.data,
      static_cast<uint64_t>(spec.seed),
      needs_classes(spec.loss.kind) ? TargetUse::kClasses : TargetUse::kAny);
}

bool is_population(const Spec& spec) {
  return spec.data.source == DataSource::kGaussianPopulation;
}

Network network_for(const Spec& spec, const Dataset& data) {
  auto network = is_population(spec)
                     ? make_population_network(spec.model, data.inputs.size(1))
                     : make_network(spec.model,
                                    data.inputs.size(1),
                                    loss_targets(spec.loss, data).size(1),
                                    freedom_of(spec.loss));
  if (network.layout.dimension > kMostParameters) {
    throw InputError(fmt::format("model: expected at most {} parameters, came {}",
                                 kMostParameters,
                                 network.layout.dimension));
  }
  for (size_t i = 0; i < spec.landscape.size(); ++i) {
    const auto kinds = axis_kinds(spec.landscape[i]);
    if (std::find(kinds.begin(), kinds.end(), DirectionKind::kAxes) == kinds.end())
      continue;
    for (const auto& axis : spec.landscape[i].axes) {
      if (parameter_index(network.layout, axis) < 0) {
        throw InputError(fmt::format(
            "landscape[{}].axes: expected a parameter, layer0.weight[0,0] for example, "
            "came '{}'",
            i,
            axis));
      }
    }
  }
  return network;
}

std::vector<DataSymmetry> symmetries_for(const Spec& spec,
                                         const Network& network,
                                         const Dataset& data) {
  std::vector<DataSymmetry> out;
  for (size_t i = 0; i < spec.data.symmetries.size(); ++i) {
    const auto key = fmt::format("data.symmetries[{}]", i);
    const auto targets = loss_targets(spec.loss, data);
    const auto found = parse_symmetry(
        spec.data.symmetries[i], network.layout.inputs(), targets.size(1), key);
    for (const auto& g : found) {
      // The teacher's units are the unit vectors: it allows permutations of the inputs.
      if (is_population(spec)) {
        require_permutation(g, key);
      } else {
        require_symmetry(data, targets, g, key);
      }
      out.push_back(g);
    }
  }
  return out;
}

std::string device_for(const Spec& spec) {
  if (spec.compute.device == DeviceKind::kCpu) return "cpu";
  if (cuda_is_available()) return "cuda";
  if (spec.compute.device == DeviceKind::kAuto) return "cpu";
  throw InputError(
      "compute.device: expected cpu or auto, since LibTorch sees no CUDA device");
}

constexpr int64_t kDirectionFileLimit = int64_t{1} << 32;

std::vector<torch::Tensor> direction_files_for(const Spec& spec,
                                               const Network& network) {
  std::vector<torch::Tensor> out;
  for (size_t i = 0; i < spec.landscape.size(); ++i) {
    out.emplace_back();
    const auto& s = spec.landscape[i];
    const auto kinds = axis_kinds(s);
    if (std::find(kinds.begin(), kinds.end(), DirectionKind::kFile) == kinds.end())
      continue;
    auto rows = read_npy(s.file, kDirectionFileLimit);
    if (rows.dim() == 1) rows = rows.unsqueeze(0);
    const auto p = network.layout.dimension;
    if (rows.size(1) != p || !(rows.norm(2, {1}).min().item<double>() > 0)) {
      throw InputError(
          fmt::format("landscape[{}].file: expected rows of {} numbers, none of them "
                      "all zero, came "
                      "rows of {}{}",
                      i,
                      p,
                      rows.size(1),
                      rows.size(1) == p ? ", one of zeros" : ""));
    }
    out.back() = rows;
  }
  return out;
}

// The data, and the files of directions.
std::string hash_of_inputs(const DataSplit& data,
                           const std::vector<torch::Tensor>& directions) {
  auto hash = sha256(data.train.sha256 + data.test.sha256);
  for (const auto& rows : directions) {
    if (rows.defined())
      hash = sha256(
          hash + std::string(static_cast<const char*>(rows.data_ptr()), rows.nbytes()));
  }
  return hash;
}

std::unique_ptr<SampledObjective> objective_for(const Spec& spec,
                                                const Network& network,
                                                const Dataset& data,
                                                const Placement& placement,
                                                ComputePath& path) {
  if (is_population(spec)) {
    path = ComputePath::kAutograd;
    return std::make_unique<GaussianPopulation>(network, data.inputs);
  }
  return make_objective(network, spec.loss, data, placement, path);
}

}  // namespace

Session::Session(const Spec& resolved, const Settings& settings)
    : spec(resolved),
      data(load_for(resolved)),
      network(network_for(resolved, data.train)),
      symmetries(symmetries_for(resolved, network, data.train)),
      threads(resolve_threads(settings.threads >= 0 ? settings.threads
                                                    : resolved.compute.threads)),
      device(device_for(resolved)),
      computed_by(resolved.compute.path),
      training(objective_for(
          resolved,
          network,
          data.train,
          {.dtype = resolved.compute.dtype == Dtype::kFloat32 ? torch::kFloat32
                                                              : torch::kFloat64,
           .device = torch::Device(device)},
          computed_by)),
      analysis(
          objective_for(resolved,
                        network,
                        data.train,
                        {.dtype = torch::kFloat64, .device = torch::Device(device)},
                        computed_by)),
      held_out(data.test.samples() > 0 && !is_population(resolved)
                   ? objective_for(
                         resolved,
                         network,
                         data.test,
                         {.dtype = torch::kFloat64, .device = torch::Device(device)},
                         computed_by)
                   : nullptr),
      direction_files(direction_files_for(resolved, network)),
      data_hash(hash_of_inputs(data, direction_files)),
      id(resolved.name + "-" + run_hash(resolved, data_hash)),
      lower_bound_(is_population(resolved)
                       ? 0.0
                       : least_loss(resolved.loss,
                                    resolved.model.output_activation,
                                    loss_targets(resolved.loss, data.train))) {}

MinimaProblem Session::problem() const {
  return {.objective = *analysis,
          .layout = network.layout,
          .decay = spec.loss.decay_biases ? spec.loss.weight_decay : 0,
          .lower_bound = lower_bound_,
          .convex = proof_of(spec).convex,
          .data_symmetries = symmetries,
          .all_input_permutations =
              spec.data.symmetries == std::vector<std::string>{"permutations"}};
}

std::unique_ptr<SampledObjective> Session::on_samples(
    const torch::Tensor& index) const {
  auto path = computed_by;
  return objective_for(spec,
                       network,
                       select_samples(data.train, index),
                       {.dtype = torch::kFloat64, .device = torch::Device(device)},
                       path);
}

std::string Session::path() const {
  return computed_by == ComputePath::kFused ? "fused" : "autograd";
}

bool Session::population() const { return is_population(spec); }

std::unique_ptr<Reference> Session::reference() const {
  if (population()) {
    return std::make_unique<ReferencePopulation>(network.layout.layers.front().rows,
                                                 network.layout.inputs());
  }
  return std::make_unique<ReferenceNetwork>(
      network, spec.loss, data.train.inputs, loss_targets(spec.loss, data.train));
}

BoxProblem Session::box_problem() const {
  return {network, spec.loss, data.train.inputs, loss_targets(spec.loss, data.train)};
}

DualBound Session::dual_bound_at(const torch::Tensor& outputs) const {
  const auto targets = loss_targets(spec.loss, data.train);
  return dual_bound(
      spec.model, spec.loss, data.train.inputs, outputs.view(targets.sizes()), targets);
}

StructuralProof proof_of(const Spec& spec) {
  return prove_convex(spec.model, spec.loss, spec.data.features > 0);
}

std::string Session::layers() const {
  auto out = fmt::format("{}", network.layout.inputs());
  for (const auto& layer : network.layout.layers) out += fmt::format("-{}", layer.rows);
  return population() ? out + "-1" : out;
}

}  // namespace basin
