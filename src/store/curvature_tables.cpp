#include "store/curvature_tables.h"

#include <fmt/format.h>

#include "core/file.h"
#include "store/csv.h"

namespace basin {
namespace {

std::string curvature_csv(const std::vector<PointCurvature>& points) {
  std::string out =
      "point,gauge,loss,norm,complete,largest,largest_residual,least,least_residual,"
      "trace,"
      "sampled_trace,sampled_trace_error,newton_largest,newton_trace,newton_size,"
      "residual_size,sharpness_box,sharpness_filter\n";
  for (const auto& p : points) {
    const auto end = [](const std::vector<EigenEstimate>& e) {
      return e.empty() ? "," : number(e[0].value) + "," + number(e[0].residual);
    };
    out += fmt::format("{},{},{},{},{},{},{}",
                       p.point,
                       p.gauge,
                       number(p.loss),
                       number(p.norm),
                       p.complete ? 1 : 0,
                       end(p.largest),
                       end(p.least));
    for (const double x : {p.trace,
                           p.sampled_trace.value,
                           p.sampled_trace.standard_error,
                           p.newton_largest,
                           p.newton_trace,
                           p.newton_size,
                           p.residual_size,
                           p.sharp.box,
                           p.sharp.filter})
      out.append(1, ',').append(number(x));
    out += "\n";
  }
  return out;
}

std::string layers_csv(const std::vector<PointCurvature>& points) {
  std::string out = "point,gauge,layer,least,largest,trace\n";
  for (const auto& p : points) {
    for (const auto& l : p.layers)
      out += fmt::format("{},{},{},{},{},{}\n",
                         p.point,
                         p.gauge,
                         l.name,
                         number(l.least),
                         number(l.largest),
                         number(l.trace));
  }
  return out;
}

std::string eigenvalues_csv(const std::vector<PointCurvature>& points) {
  std::string out = "point,gauge,end,rank,eigenvalue,residual\n";
  for (const auto& p : points) {
    const auto add = [&](const char* end, const std::vector<EigenEstimate>& list) {
      for (size_t k = 0; k < list.size(); ++k)
        out += fmt::format("{},{},{},{},{},{}\n",
                           p.point,
                           p.gauge,
                           end,
                           k,
                           number(list[k].value),
                           number(list[k].residual));
    };
    add("largest", p.largest);
    add("least", p.least);
  }
  return out;
}

std::string density_csv(const std::vector<PointCurvature>& points) {
  std::string out = "point,gauge,node,weight\n";
  for (const auto& p : points) {
    for (size_t k = 0; k < p.nodes.size(); ++k)
      out += fmt::format(
          "{},{},{},{}\n", p.point, p.gauge, number(p.nodes[k]), number(p.weights[k]));
  }
  return out;
}

std::string quadratic_csv(const std::vector<PointCurvature>& points) {
  std::string out = "point,gauge,batch,direction,rank,radius,end,hessian_change\n";
  for (const auto& p : points) {
    const auto add =
        [&](const std::string& batch, const RadiusReport& r, double change) {
          const std::pair<const char*, const std::vector<QuadraticRadius>*> kinds[] = {
              {"random", &r.random}, {"top", &r.top}, {"bottom", &r.bottom}};
          for (const auto& [kind, list] : kinds) {
            for (size_t k = 0; k < list->size(); ++k)
              out += fmt::format("{},{},{},{},{},{},{},{}\n",
                                 p.point,
                                 p.gauge,
                                 batch,
                                 kind,
                                 k,
                                 number((*list)[k].radius),
                                 name_of((*list)[k].end),
                                 number(change));
          }
        };
    add("full", p.radii, 0);
    for (size_t b = 0; b < p.batches.size(); ++b)
      add(fmt::format("{}", b), p.batches[b].radii, p.batches[b].hessian_change);
  }
  return out;
}

}  // namespace

void write_curvature_tables(Results& results, const std::filesystem::path& folder) {
  const auto points = results.load_points();
  if (points.empty()) return;
  write_file(folder / "curvature.csv", curvature_csv(points));
  write_file(folder / "layer_curvature.csv", layers_csv(points));
  write_file(folder / "eigenvalues.csv", eigenvalues_csv(points));
  write_file(folder / "density.csv", density_csv(points));
  write_file(folder / "quadratic.csv", quadratic_csv(points));
}

}  // namespace basin
