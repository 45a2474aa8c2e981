#include "minima/zeroed_test.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <functional>

#include "core/kink_blocks.h"
#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

// Row and bias of a unit, `[m]`.
Tensor row_of(const LayerViews& at, size_t layer, bool bias, int64_t unit) {
  const auto w = at.weight[layer][unit];
  if (!bias) return w.clone();
  return at::cat({w, at.bias[layer][unit].view({1})});
}

GrowthProblem growth_problem(const MinimaProblem& problem,
                             const std::vector<LayerProbe>& probes,
                             const KinkPoint& point,
                             size_t group) {
  const auto& units = problem.layout.groups[group];
  const auto layer = static_cast<size_t>(units.layers.front());
  const auto reader = static_cast<size_t>(units.readers.front());
  const bool bias = problem.layout.layers[layer].bias >= 0;
  const auto blocks = problem.objective.kink_blocks();
  const auto& block = layer_block(blocks, units.layers.front());
  GrowthProblem out{.inputs = probes[layer].inputs,
                    .sensitivity = probes[reader].sensitivity,
                    .low = block.low,
                    .high = block.high,
                    .decay = problem.decay,
                    .live = {}};
  if (bias) {
    const auto ones = at::ones({out.inputs.size(0), 1}, torch::kFloat64);
    out.inputs = at::cat({out.inputs, ones}, 1);
  }
  const auto at = layer_views(problem.layout, point.theta);
  for (int64_t u = 0; u < units.units; ++u) {
    const auto row = row_of(at, layer, bias, u);
    const auto column = at.weight[reader].select(1, u);
    const double size = row.norm().item<double>(), back = column.norm().item<double>();
    if (size == 0 && back == 0) continue;
    LiveUnit unit{.row = row / size,
                  .column = column / back,
                  .slopes = point.slopes.narrow(
                      0, block.offset + u * block.samples, block.samples),
                  .kinks = {}};
    for (const auto site : point.active) {
      const auto own = site - block.offset - u * block.samples;
      if (own >= 0 && own < block.samples) unit.kinks.push_back(own);
    }
    out.live.push_back(std::move(unit));
  }
  return out;
}

// w along the witness, v as given or against c(w).
Tensor growing_step(const MinimaProblem& problem,
                    const GrowthProblem& growth,
                    const Tensor& theta,
                    const GrowthTest& answer,
                    const UnitId& id) {
  const auto& units = problem.layout.groups[id.group];
  const auto layer = static_cast<size_t>(units.layers.front());
  const auto reader = static_cast<size_t>(units.readers.front());
  const auto& witness = answer.witness;
  const auto z = at::mv(growth.inputs, witness);
  const auto phi = at::where(z > 0, z * growth.high, z * growth.low);
  const auto c = at::mv(growth.sensitivity.t(), phi);
  const auto out = at::zeros_like(theta);
  const auto to = layer_views(problem.layout, out);
  const auto columns = problem.layout.layers[layer].columns;
  to.weight[layer][id.unit].copy_(witness.narrow(0, 0, columns));
  if (problem.layout.layers[layer].bias >= 0) {
    to.bias[layer][id.unit].copy_(witness[columns]);
  }
  to.weight[reader]
      .select(1, id.unit)
      .copy_(answer.column.defined() ? answer.column : -c / c.norm());
  return out;
}

using Question = std::function<GrowthTest(const GrowthProblem&, size_t group)>;

ZeroedTest ask(const MinimaProblem& problem,
               const KinkPoint& point,
               const std::vector<UnitId>& zeroed,
               const Question& question) {
  ZeroedTest out;
  if (zeroed.empty()) return out;
  const auto probes = problem.objective.layer_probes(point.theta, point.slopes);
  if (probes.empty()) return {.silent = Answer::kUndecided};
  for (size_t i = 0; i < zeroed.size(); ++i) {
    const auto& id = zeroed[i];
    if (i > 0 && zeroed[i - 1].group == id.group) continue;  // the same question
    const auto growth = growth_problem(problem, probes, point, id.group);
    const auto answer = question(growth, id.group);
    out.ratio = std::max(out.ratio, answer.ratio);
    out.splitting = out.splitting || answer.splitting;
    if (answer.silent == Answer::kUndecided) out.silent = Answer::kUndecided;
    if (answer.witness.defined())
      out.step = growing_step(problem, growth, point.theta, answer, id);
    if (answer.silent != Answer::kNo) continue;
    out.silent = Answer::kNo;
    out.ratio = answer.ratio;
    return out;
  }
  return out;
}

}  // namespace

ZeroedTest search_zeroed(const MinimaProblem& problem,
                         const KinkPoint& point,
                         const std::vector<UnitId>& zeroed) {
  return ask(problem, point, zeroed, [](const GrowthProblem& growth, size_t) {
    return test_growth(growth, 0);
  });
}

ZeroedTest test_zeroed(const MinimaProblem& problem,
                       const KinkPoint& point,
                       const std::vector<UnitId>& zeroed,
                       const std::vector<PartedLayer>& parted) {
  const Question question = [&](const GrowthProblem& growth, size_t group) {
    const auto layer = std::find_if(
        parted.begin(), parted.end(), [&](const auto& l) { return l.group == group; });
    if (layer == parted.end()) return test_growth(growth);
    if (!layer->known) return test_growth(growth, 0);
    auto apart = growth;
    apart.shared = layer->shared;
    return test_growth(apart);
  };
  auto out = ask(problem, point, zeroed, question);
  out.apart = std::any_of(
      parted.begin(), parted.end(), [](const auto& l) { return !l.shared.empty(); });
  return out;
}

}  // namespace basin
