#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "config/table.h"
#include "report/run_report.h"
#include "report/text.h"
#include "store/tables.h"

namespace basin {
namespace {

// The name of a choice as the config's table has it.
std::string choice_name(const Spec& spec,
                        const std::string& section,
                        const std::string& key) {
  auto copy = spec;
  for (const auto& part : describe(copy)) {
    if (part.key != section) continue;
    for (const auto& field : part.fields) {
      if (field.key != key) continue;
      const auto& choice = std::get<Choice>(field.target);
      return choice.names[choice.get()];
    }
  }
  return "";
}

const Count* find_count(const RunReport& r,
                        const std::string& set,
                        const std::string& level) {
  for (const auto& c : r.counts) {
    if (c.set == set && c.level == level) return &c;
  }
  return nullptr;
}

std::string asked(const RunReport& r) {
  return fmt::format(
      "{} of a {} {} network ({} parameters) were trained on {} ({}{}) with {} and "
      "weight "
      "decay {}.",
      plural(static_cast<int64_t>(r.endpoints.size()), "seed"),
      r.layers,
      r.spec.model.depth == 0 ? "one-layer" : activation_name(r.spec),
      show(r.parameters),
      r.spec.data.source == DataSource::kGaussianPopulation
          ? "a teacher of unit vectors"
          : r.data_name,
      r.spec.data.source == DataSource::kGaussianPopulation
          ? "the expectation over Gaussian inputs"
          : plural(r.samples, "sample"),
      r.held_out > 0 ? fmt::format(", {} held out", show(r.held_out)) : "",
      loss_name(r.spec),
      show(r.spec.loss.weight_decay));
}

std::string coverage_text(const Count& c) {
  return fmt::format("Chao1 {} (95 % {} to {}), coverage {} from {}",
                     show(c.chao1),
                     show(c.interval.low),
                     show(c.interval.high),
                     show(c.coverage, 3),
                     plural(c.seeds, "seed"));
}

std::string came_out(const RunReport& r) {
  const auto* parameters = find_count(r, "certified", "parameters");
  const auto* function = find_count(r, "certified", "function");
  const auto* loss = find_count(r, "certified", "loss");
  if (parameters == nullptr || parameters->count == 0) {
    const auto* places = find_count(r, "candidates", "parameters");
    if (places == nullptr || places->count == 0) {
      return "No endpoint is a minimum, and none may be one.";
    }
    return fmt::format(
        "No endpoint is certified as a minimum: {} lie at {} up to the "
        "symmetries of the network (level parameters; {} at level function, {} at "
        "level "
        "loss), a count of places, not of minima.",
        plural(places->seeds, "uncertified endpoint"),
        plural(places->count, "distinct place"),
        show(find_count(r, "candidates", "function")->count),
        show(find_count(r, "candidates", "loss")->count));
  }
  const double least = r.minima.front().endpoint.loss;
  double most = least;
  for (const auto& m : r.minima) {
    if (is_certified(m.endpoint)) most = std::max(most, m.endpoint.loss);
  }
  return fmt::format(
      "{} certified, distinct up to the symmetries of the network (level parameters: "
      "{}); "
      "{} at level function, {} at level loss; loss {}.",
      parameters->count == 1 ? "1 minimum is"
                             : plural(parameters->count, "minimum") + " are",
      coverage_text(*parameters),
      show(function->count),
      show(loss->count),
      parameters->count == 1
          ? show(least, 8)
          : fmt::format("from {} to {}", show(least, 8), show(most, 8)));
}

std::string trust(const RunReport& r) {
  int64_t certified = 0;
  std::vector<std::string> rest;
  for (const auto& e : r.endpoints) certified += is_certified(e);
  for (const auto& [word, count] : verdict_counts(r)) {
    const bool sure = word == name_of(Verdict::kStrictMinimum) ||
                      word == name_of(Verdict::kMinimumModuloSymmetry) ||
                      word == name_of(Verdict::kKinkMinimum);
    if (!sure) rest.push_back(fmt::format("{} {}", show(count), word));
  }
  if (rest.empty()) {
    return fmt::format("All {} ended at a certified minimum.",
                       plural(static_cast<int64_t>(r.endpoints.size()), "seed"));
  }
  return fmt::format("{} of {} ended at a certified minimum; the rest are {}.",
                     show(certified),
                     plural(static_cast<int64_t>(r.endpoints.size()), "seed"),
                     fmt::join(rest, ", "));
}

}  // namespace

std::string activation_name(const Spec& spec) {
  return choice_name(spec, "model", "activation");
}

std::string loss_name(const Spec& spec) { return choice_name(spec, "loss", "kind"); }

std::vector<std::pair<std::string, int64_t>> verdict_counts(const RunReport& report) {
  std::map<Verdict, int64_t> counts;
  for (const auto& e : report.endpoints) ++counts[e.verdict];
  std::vector<std::pair<std::string, int64_t>> out;
  for (const auto& [verdict, count] : counts) out.emplace_back(name_of(verdict), count);
  return out;
}

std::vector<std::string> three_sentences(const RunReport& report) {
  return {asked(report), came_out(report), trust(report)};
}

std::string minima_text(const RunReport& report, size_t rows) {
  auto out = fmt::format("{:>8}  {:<24} {:>12}  {:>6}  {:>10}  {:>12}\n",
                         "minimum",
                         "verdict",
                         "loss",
                         "hits",
                         "orbit",
                         "min eigenv.");
  for (size_t i = 0; i < std::min(rows, report.minima.size()); ++i) {
    const auto& m = report.minima[i];
    out += fmt::format("{:>8}  {:<24} {:>12}  {:>6}  {:>10}  {:>12}\n",
                       m.id,
                       name_of(m.endpoint.verdict),
                       show(m.endpoint.loss, 8),
                       m.seeds.size(),
                       format_orbit(m.log10_orbit),
                       show(m.endpoint.min_eigenvalue, 3));
  }
  if (report.minima.size() > rows) {
    out += fmt::format("{:>8}  and {} more: tables/minima.csv\n",
                       "",
                       show(static_cast<int64_t>(report.minima.size() - rows)));
  }
  return out;
}

}  // namespace basin
