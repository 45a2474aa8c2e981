#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "config/table.h"
#include "report/count_text.h"
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

std::string came_out(const RunReport& r) {
  const auto* parameters = find_count(r, "certified", "parameters");
  const auto* function = find_count(r, "certified", "function");
  const auto* loss = find_count(r, "certified", "loss");
  const auto* symmetry = find_count(r, "certified", "symmetry");
  const auto* connected = find_count(r, "certified", "connected");
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
  double least = r.minima.front().endpoint.loss, most = least;
  for (const auto& m : r.minima) {
    if (!is_certified(m.endpoint)) continue;
    least = std::min(least, m.endpoint.loss);  // equal losses are not in their order
    most = std::max(most, m.endpoint.loss);
  }
  return fmt::format(
      "{} certified, distinct up to the symmetries of the network (level parameters: "
      "{}); {}{}{} at level function, {} at level loss; loss {}.",
      parameters->count == 1 ? "1 minimum is"
                             : plural(parameters->count, "minimum") + " are",
      unseen_text(*parameters),
      connected == nullptr ? "" : plural(connected->count, "connected set") + ", ",
      symmetry == nullptr ? ""
                          : show(symmetry->count) + " up to those of the data too, ",
      show(function->count),
      show(loss->count),
      parameters->count == 1
          ? show(least, 8)
          : fmt::format("from {} to {}", show(least, 8), show(most, 8)));
}

// Where the least possible loss is known: how many endpoints are above it.
std::string spurious_sentence(const RunReport& r) {
  const double above = r.spec.minima.spurious_above;
  if (above == 0) return "";
  int64_t hits = 0;
  for (const auto& e : r.endpoints) hits += e.loss >= above;
  const auto seeds = static_cast<int64_t>(r.endpoints.size());
  const auto interval = wilson_interval(hits, seeds);
  return fmt::format(
      " {} of {} ({} to {} %, Wilson 95 %) ended at a loss of at least {}.",
      show(hits),
      show(seeds),
      show(100 * interval.low, 3),
      show(100 * interval.high, 3),
      show(above));
}

std::string trust(const RunReport& r) {
  int64_t certified = 0;
  std::map<std::string, int64_t> others;
  for (const auto& e : r.endpoints) {
    if (is_certified(e)) {
      ++certified;
    } else {
      ++others[name_of(e.verdict)];
    }
  }
  std::vector<std::string> rest;
  for (const auto& [word, count] : others) {
    rest.push_back(fmt::format("{} {}", show(count), word));
  }
  if (rest.empty()) {
    return fmt::format("All {} ended at a certified minimum.",
                       plural(static_cast<int64_t>(r.endpoints.size()), "seed")) +
           spurious_sentence(r);
  }
  return fmt::format("{} of {} ended at a certified minimum; the rest are {}.",
                     show(certified),
                     plural(static_cast<int64_t>(r.endpoints.size()), "seed"),
                     fmt::join(rest, ", ")) +
         spurious_sentence(r);
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

std::string nullity_text(const Endpoint& e) {
  if (e.nullity < 0) return "–";
  return e.explained < 0 ? show(e.nullity)
                         : fmt::format("{} ({})", show(e.nullity), show(e.explained));
}

std::vector<std::string> three_sentences(const RunReport& report) {
  return {asked(report), came_out(report), trust(report)};
}

std::string verdicts_text(const RunReport& report) {
  auto out = fmt::format(
      "{:<24} {:>7} {:>10}  {}\n", "verdict", "seeds", "certified", "for example");
  for (const auto& [word, count] : verdict_counts(report)) {
    int64_t certified = 0;
    std::string reason;
    for (const auto& e : report.endpoints) {
      if (name_of(e.verdict) != word) continue;
      certified += is_certified(e);
      if (reason.empty()) reason = e.reason;
    }
    out += fmt::format("{:<24} {:>7} {:>10}  {}\n", word, count, certified, reason);
  }
  return out;
}

std::string minima_text(const RunReport& report, size_t rows) {
  const auto line = [](const auto&... cells) {
    return fmt::format("{:>7}  {:<24} {:>14} {:>6} {:>9} {:>11} {:>14}  {}\n",
                       cells...);
  };
  auto out = line("minimum",
                  "verdict",
                  "loss",
                  "hits",
                  "orbit",
                  "min eigenv.",
                  "zero (expl.)",
                  "certificate");
  for (size_t i = 0; i < std::min(rows, report.minima.size()); ++i) {
    const auto& m = report.minima[i];
    out += line(m.id,
                name_of(m.endpoint.verdict),
                show(m.endpoint.loss, 8),
                m.seeds.size(),
                format_orbit(m.log10_orbit),
                show(m.endpoint.min_eigenvalue, 3),
                nullity_text(m.endpoint),
                is_certified(m.endpoint) ? name_of(m.endpoint.certificate) : "none");
  }
  if (report.minima.size() > rows) {
    out += fmt::format("{:>7}  and {} more: tables/minima.csv\n",
                       "",
                       show(static_cast<int64_t>(report.minima.size() - rows)));
  }
  return out;
}

std::string counts_text(const RunReport& report) {
  auto out = fmt::format("{:<11} {:<11} {:>6} {:>9} {:>12} {:>9} {:>9} {:>7}\n",
                         "set",
                         "level",
                         "count",
                         "at least",
                         "new in n",
                         "coverage",
                         "cov. >=",
                         "n seeds");
  for (const auto& c : report.counts) {
    if (c.seeds == 0) continue;
    const bool proved = c.set == "certified";
    out += fmt::format("{:<11} {:<11} {:>6} {:>9} {:>12} {:>9} {:>9} {:>7}\n",
                       c.set,
                       c.level,
                       show(c.count),
                       proved ? show(c.at_least) : "-",
                       proved ? more_text(c) : "-",
                       proved ? show(c.coverage, 3) : "-",
                       proved ? least_text(c.least_coverage) : "-",
                       show(c.seeds));
  }
  return out;
}

}  // namespace basin
