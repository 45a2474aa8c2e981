#include "minima/parted_layers.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/kink_blocks.h"
#include "core/numbers.h"
#include "minima/kink_pieces.h"
#include "minima/same_sites.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr size_t kMostBetween = 6;  // kinks: 64 choices of slopes

// Which sites are the same function where only `zeroed` are at zero.
std::vector<double> classes(const MinimaProblem& problem,
                            const KinkPlace& place,
                            const HeldKinks& held,
                            const Tensor& z,
                            const std::vector<UnitId>& zeroed) {
  const auto same =
      held.but_for_kinks
          ? same_but_for_kinks(problem, z, place.active, zeroed)
          : same_sites(problem.layout, problem.objective.kink_blocks(), z, zeroed);
  return numbers(same.index_select(0, index_of(place.active)).to(torch::kFloat64));
}

// Samples of the sites that are no longer the same as all they were.
std::set<int64_t> samples_apart(const std::vector<KinkBlock>& blocks,
                                const std::vector<int64_t>& sites,
                                const std::vector<double>& before,
                                const std::vector<double>& after) {
  std::map<double, std::set<double>> parts;
  for (size_t i = 0; i < sites.size(); ++i) parts[before[i]].insert(after[i]);
  std::set<int64_t> out;
  for (size_t i = 0; i < sites.size(); ++i) {
    if (parts[before[i]].size() == 1) continue;
    const auto& block = block_of(blocks, sites[i]);
    out.insert((sites[i] - block.offset) % block.samples);
  }
  return out;
}

// Whether every live unit of the layer is strictly inactive on the samples.
bool is_quiet(const KinkBlock& block,
              const ParameterLayout& layout,
              const KinkPlace& place,
              const Tensor& slopes,
              const std::vector<int64_t>& samples) {
  for (int64_t u = 0; u < block.units; ++u) {
    if (is_one_of(layout, place.zeroed, block.layer, u)) continue;
    for (const auto n : samples) {
      const auto site = block.offset + u * block.samples + n;
      const bool held =
          std::binary_search(place.active.begin(), place.active.end(), site);
      if (held || slopes[site].item<double>() != 0) return false;
    }
  }
  return true;
}

// Sites of one unit that are the same function, above the layer.
std::vector<std::vector<int64_t>> shared_sites(const std::vector<KinkBlock>& blocks,
                                               const KinkPlace& place,
                                               const HeldKinks& held,
                                               const std::vector<double>& together,
                                               const std::set<int64_t>& samples,
                                               int64_t layer) {
  std::map<double, std::vector<int64_t>> out;
  for (size_t i = 0; i < place.active.size(); ++i) {
    const auto& block = block_of(blocks, place.active[i]);
    const auto sample = (place.active[i] - block.offset) % block.samples;
    const double same = held.piece.empty() ? together[i] : held.piece[i];
    if (block.layer > layer && samples.contains(sample))
      out[same].push_back(place.active[i]);
  }
  std::vector<std::vector<int64_t>> list;
  for (auto& [same, sites] : out) list.push_back(std::move(sites));
  return list;
}

// What the layer feeds moves z of the site by: for each choice of the slopes of kinks
// below it, of its sample. Undefined if there are too many.
Tensor feeds_of(const MinimaProblem& problem,
                const KinkPlace& place,
                const KinkPoint& point,
                const UnitGroup& units,
                int64_t site) {
  const auto blocks = problem.objective.kink_blocks();
  const auto& own = block_of(blocks, site);
  const auto sample = (site - own.offset) % own.samples;
  std::vector<int64_t> between;
  for (const auto other : place.active) {
    const auto& block = block_of(blocks, other);
    const bool below = block.layer > units.layers.front() && block.layer < own.layer;
    if (below && (other - block.offset) % block.samples == sample)
      between.push_back(other);
  }
  const auto& reader =
      problem.layout.layers[static_cast<size_t>(units.readers.front())];
  if (between.size() > kMostBetween || reader.bias < 0) return {};
  const auto table = site_table(problem.objective);
  std::vector<Tensor> out;
  for (size_t choice = 0; choice < size_t{1} << between.size(); ++choice) {
    auto slopes = point.slopes.clone();
    for (size_t i = 0; i < between.size(); ++i) {
      const auto& from = (choice >> i & 1) != 0 ? table.high : table.low;
      slopes[between[i]] = from[between[i]];
    }
    // By the bias of what reads the layer.
    const auto row = problem.objective.frozen(slopes)
                         ->argument_gradients(point.theta, index_of({site}))
                         .squeeze(0)
                         .narrow(0, reader.bias, reader.rows)
                         .clone();
    const bool known = std::any_of(
        out.begin(), out.end(), [&](const Tensor& r) { return r.equal(row); });
    if (!known) out.push_back(row);
  }
  return at::stack(out);
}

// Whether all are told.
bool add_shared(const MinimaProblem& problem,
                const KinkPlace& place,
                const KinkPoint& point,
                const UnitGroup& units,
                const std::vector<std::vector<int64_t>>& groups,
                std::vector<SharedKink>& out) {
  const auto blocks = problem.objective.kink_blocks();
  const auto& own = layer_block(blocks, units.layers.front());
  const auto force =
      numbers(problem.objective.frozen(point.slopes)->sensitivities(point.theta));
  for (const auto& sites : groups) {
    const auto& block = block_of(blocks, sites.front());
    const double slope = point.slopes[sites.front()].item<double>();
    SharedKink kink{.below = slope - block.low, .above = block.high - slope};
    for (const auto site : sites) {
      kink.samples.push_back((site - block.offset) % block.samples);
      kink.force.push_back(force[static_cast<size_t>(site)]);
    }
    if (*std::min_element(kink.force.begin(), kink.force.end()) >= 0) continue;
    // Where a live unit has a kink below, its sample has most often a force of its own.
    if (!is_quiet(own, problem.layout, place, point.slopes, kink.samples)) return false;
    kink.feeds = feeds_of(problem, place, point, units, sites.front());
    if (!kink.feeds.defined()) return false;
    out.push_back(std::move(kink));
  }
  return true;
}

}  // namespace

std::vector<PartedLayer> parted_layers(const MinimaProblem& problem,
                                       const KinkPlace& place,
                                       const HeldKinks& held) {
  std::vector<PartedLayer> out;
  if (place.zeroed.empty() || place.active.empty()) return out;
  const auto z = arguments_at(problem.objective, held.point.theta);
  const auto blocks = problem.objective.kink_blocks();
  const auto together = classes(problem, place, held, z, place.zeroed);
  for (size_t i = 0; i < place.zeroed.size(); ++i) {
    const auto group = place.zeroed[i].group;
    if (i > 0 && place.zeroed[i - 1].group == group) continue;
    std::vector<UnitId> others;
    std::copy_if(place.zeroed.begin(),
                 place.zeroed.end(),
                 std::back_inserter(others),
                 [&](const UnitId& id) { return id.group != group; });
    const auto apart = samples_apart(
        blocks, place.active, together, classes(problem, place, held, z, others));
    if (apart.empty()) continue;
    PartedLayer layer{.group = group};
    const auto& units = problem.layout.groups[group];
    const auto own = units.layers.front();
    const auto shared = shared_sites(blocks, place, held, together, apart, own);
    layer.known = add_shared(problem, place, held.point, units, shared, layer.shared);
    const auto units_at_zero =
        std::count_if(place.zeroed.begin(), place.zeroed.end(), [&](const UnitId& id) {
          return id.group == group;
        });
    for (auto& kink : layer.shared) kink.several = units_at_zero > 1;
    out.push_back(std::move(layer));
  }
  return out;
}

}  // namespace basin
