#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/file.h"
#include "store/export.h"
#include "store/npy.h"
#include "store/npz.h"

namespace basin {
namespace {

constexpr int64_t kAll = std::numeric_limits<int64_t>::max() / 2;

using Arrays = std::vector<std::pair<std::string, torch::Tensor>>;

void add_slice(StoredSlice& s, Arrays& arrays) {
  const auto add = [&](const std::string& what, const torch::Tensor& values) {
    if (values.defined())
      arrays.emplace_back(fmt::format("slice_{}_{}", s.frame.name, what), values);
  };
  add("x", s.frame.x);
  add("y", s.frame.y);
  for (const auto& [name, values] : s.values.channels()) add(name, *values);
  add("least_eigenvalue", s.least);
  add("largest_eigenvalue", s.largest);
  add("origin", s.frame.origin);
  add("u", s.frame.u);
  add("v", s.frame.v);
  for (const auto& path : s.frame.paths) {
    if (path.label != "training") continue;
    add("trajectory_x", at::tensor(path.x, torch::kFloat64));
    add("trajectory_y", at::tensor(path.y, torch::kFloat64));
    if (path.away.empty()) continue;
    add("trajectory_away", at::tensor(path.away, torch::kFloat64));
    add("trajectory_loss", at::tensor(path.loss, torch::kFloat64));
    add("trajectory_plane_loss", at::tensor(path.plane_loss, torch::kFloat64));
  }
}

Arrays arrays_of(Results& results) {
  Arrays arrays;
  std::vector<torch::Tensor> theta, curves, trajectories, minima;
  std::vector<double> seeds, losses;
  for (const auto& e : results.load_endpoints()) {
    theta.push_back(e.theta);
    seeds.push_back(static_cast<double>(e.seed));
    losses.push_back(e.loss);
  }
  for (const auto& s : results.load_training(0, kAll)) {
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
  if (!trajectories.empty())
    arrays.emplace_back("trajectories", at::stack(trajectories));
  if (!minima.empty()) arrays.emplace_back("minimum_theta", at::stack(minima));
  for (auto& s : results.load_slices(kAll)) {
    if (s.problem.empty()) add_slice(s, arrays);
  }
  return arrays;
}

std::string vtk_numbers(const torch::Tensor& values) {
  const auto flat = values.contiguous();
  std::string out;
  for (int64_t i = 0; i < flat.numel(); ++i)
    out += fmt::format("{}\n", flat.data_ptr<double>()[i]);
  return out;
}

std::string vtk_text(StoredSlice& s) {
  const auto nx = s.frame.x.size(0), ny = s.frame.y.size(0);
  auto out = fmt::format(
      "# vtk DataFile Version 3.0\nbasin slice {}\nASCII\nDATASET RECTILINEAR_GRID\n"
      "DIMENSIONS {} {} 1\nX_COORDINATES {} double\n{}Y_COORDINATES {} double\n{}"
      "Z_COORDINATES 1 double\n0\nPOINT_DATA {}\n",
      s.frame.name,
      nx,
      ny,
      nx,
      vtk_numbers(s.frame.x),
      ny,
      vtk_numbers(s.frame.y),
      nx * ny);
  for (const auto& [name, values] : s.values.channels()) {
    if (!values->defined()) continue;
    out += fmt::format(
        "SCALARS {} double 1\nLOOKUP_TABLE default\n{}", name, vtk_numbers(*values));
  }
  return out;
}

}  // namespace

void export_npz(Results& results, const std::filesystem::path& file) {
  write_npz(file, arrays_of(results));
}

void export_npy(Results& results, const std::filesystem::path& folder) {
  make_folder(folder);
  for (const auto& [name, array] : arrays_of(results))
    write_file(folder / (name + ".npy"), npy_bytes(array));
}

void export_vtk(Results& results, const std::filesystem::path& folder) {
  make_folder(folder);
  for (auto& s : results.load_slices(kAll)) {
    if (s.problem.empty()) write_file(folder / (s.frame.name + ".vtk"), vtk_text(s));
  }
}

}  // namespace basin
