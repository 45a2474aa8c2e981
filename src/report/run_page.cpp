#include <fmt/format.h>

#include <cmath>

#include "report/checks.h"
#include "report/convexity_page.h"
#include "report/count_text.h"
#include "report/curvature_page.h"
#include "report/figures.h"
#include "report/graph_page.h"
#include "report/html.h"
#include "report/minima_spread.h"
#include "report/run_report.h"
#include "report/surface_view.h"
#include "report/text.h"
#include "store/tables.h"

namespace basin {
namespace {

constexpr size_t kMostCertified = 25;
constexpr size_t kMostPlaces = 8;

std::string lead(const RunReport& r) {
  std::string out =
      fmt::format("<h1>{}</h1>\n<p class=\"soft\">run {}</p>\n<div class=\"lead\">\n",
                  escape_html(r.spec.name),
                  escape_html(r.id));
  for (const auto& sentence : three_sentences(r)) {
    out += "<p>" + escape_html(sentence) + "</p>\n";
  }
  return out + "</div>\n";
}

std::string verdict_meaning(const std::string& word) {
  static const std::map<std::string, std::string> meanings{
      {"strict_minimum", "critical, smooth there, every eigenvalue positive"},
      {"minimum_modulo_symmetry", "as many zero modes as the symmetries explain"},
      {"degenerate_minimum",
       "more zero modes, none negative: a valley, or of higher order"},
      {"kink_minimum", "a minimum where the loss is not differentiable"},
      {"minimum_modulo_splitting",
       "a kink minimum beside which only splittings of live units into units at zero "
       "have the same loss"},
      {"pruned_minimum",
       "a kink minimum of the network without its units at zero; whether these can "
       "grow is open"},
      {"saddle", "critical, with negative curvature"},
      {"escaping", "the loss keeps falling while the weights grow"},
      {"undecided", "a critical point whose kind was not decided; the reason says why"},
      {"not_converged", "no critical point was reached; the reason says why"},
      {"diverged", "training ended in numbers that are none, or huge"}};
  return meanings.at(word);
}

std::string first_reason(const RunReport& r, const std::string& word) {
  for (const auto& e : r.endpoints) {
    if (name_of(e.verdict) == word) return e.reason;
  }
  return "";
}

int64_t certified_of(const RunReport& r, const std::string& word) {
  int64_t out = 0;
  for (const auto& e : r.endpoints)
    out += name_of(e.verdict) == word && is_certified(e);
  return out;
}

std::string endpoints_section(const RunReport& r) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [word, count] : verdict_counts(r)) {
    rows.push_back(
        {breakable(word),
         show(count),
         show(certified_of(r, word)),
         verdict_meaning(word),
         "<span class=\"soft\">" + escape_html(first_reason(r, word)) + "</span>"});
  }
  return "<h2>Endpoints by verdict</h2>\n" +
         html_table(
             {"verdict", "seeds", "certified", "meaning", "for example"}, rows, 1, 3);
}

std::string counts_section(const RunReport& r) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& c : r.counts) {
    if (c.seeds == 0) continue;
    const bool proved = c.set == "certified";
    rows.push_back({proved ? "certified minima" : "all candidates",
                    c.level,
                    show(c.count),
                    proved ? show(c.at_least) : "",
                    proved ? more_text(c) : "",
                    proved ? show(c.coverage, 3) : "",
                    proved ? least_text(c.least_coverage) : "",
                    show(c.seeds)});
  }
  return "<h2>How many are different</h2>\n"
         "<p class=\"soft\">Level parameters: equal up to the symmetries of the "
         "network. "
         "Symmetry: up to the declared symmetries of the data too. Everywhere: the "
         "same "
         "function on all inputs (one piecewise linear hidden layer). "
         "Function: equal outputs on the training inputs. Loss: equal loss. "
         "Connected: joined by a path along which the loss was not seen to change; "
         "named "
         "where minima are not isolated. "
         "Component: joined by paths below the stated barrier, as far as they were "
         "sought. At least: Chao1 estimates a lower bound of seen and unseen together. "
         "New: how many minima not yet seen as many seeds again would find (95 %; "
         "nothing is said where none was reached twice). Coverage "
         "is the estimated chance that another seed ends at a minimum already seen; "
         "beside it the lower end of its one-sided interval. All of this speaks of "
         "the starts and the optimizer of this run. "
         "Candidates include endpoints that are not certified: their count is of "
         "places, not of minima, and nothing is estimated from it. " +
         stopping_text(r.spec.until) + "</p>\n" +
         html_table({"set",
                     "level",
                     "seen",
                     "at least (Chao1)",
                     "new in as many seeds again",
                     "coverage",
                     "coverage at least",
                     "seeds"},
                    rows,
                    2);
}

std::string percent(double share) {
  return std::isnan(share) ? "–" : show(100 * share, 3) + " %";
}

// Accuracy where there are classes, else the loss.
std::string percent_or_loss(const Minimum& m) {
  return std::isnan(m.held_out_accuracy) ? show(m.held_out_loss)
                                         : percent(m.held_out_accuracy);
}

// Many minima in short.
std::string spread_table(const RunReport& r) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : minima_spread(r))
    rows.push_back({row.what, row.least, row.median, row.greatest});
  if (rows.empty()) return "";
  return html_table(
      {"of the certified minima", "least", "median", "greatest"}, rows, 1);
}

std::string minima_section(const RunReport& r) {
  if (r.minima.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  int64_t seeds = 0;
  for (const auto& m : r.minima) seeds += static_cast<int64_t>(m.seeds.size());
  size_t certified = 0, places = 0;
  for (const auto& m : r.minima) {
    const bool sure = is_certified(m.endpoint);
    auto& shown = sure ? certified : places;
    if (shown == (sure ? kMostCertified : kMostPlaces)) continue;
    ++shown;
    const auto hits = static_cast<int64_t>(m.seeds.size());
    const auto share = wilson_interval(hits, seeds);
    rows.push_back(
        {show(m.id),
         name_of(m.endpoint.verdict),
         show(m.endpoint.loss, 8),
         show(hits),
         fmt::format("{} – {} %", show(100 * share.low, 3), show(100 * share.high, 3)),
         format_orbit(m.log10_orbit),
         show(m.endpoint.min_eigenvalue, 3),
         show(m.endpoint.max_eigenvalue, 3),
         nullity_text(m.endpoint),
         is_certified(m.endpoint) ? name_of(m.endpoint.certificate) : "none",
         show(m.endpoint.gradient_norm, 2)});
    if (r.minima.front().accuracy >= 0) rows.back().push_back(percent(m.accuracy));
    if (r.held_out > 0) rows.back().push_back(percent_or_loss(m));
  }
  std::vector<std::string> head{"id",
                                "verdict",
                                "loss",
                                "hits",
                                "share, 95 %",
                                "orbit size",
                                "least eigenvalue",
                                "largest",
                                "zero modes (explained)",
                                "certificate",
                                "gradient"};
  if (r.minima.front().accuracy >= 0) head.push_back("accuracy");
  if (r.held_out > 0) head.push_back("held out");
  std::string out =
      "<h2>Minima and candidates</h2>\n" + spread_table(r) + html_table(head, rows, 2);
  if (r.minima.size() > rows.size()) {
    out +=
        fmt::format("<p class=\"soft\">{} of {}; all are in tables/minima.csv.</p>\n",
                    rows.size(),
                    r.minima.size());
  }
  return out;
}

std::string slice_html(const RunReport& r,
                       const SliceFigure& f,
                       bool surfaces,
                       size_t id) {
  const auto& s = *f.slice;
  if (f.figure.svg.empty()) {
    return fmt::format(
        "<figure><figcaption>{}: not drawn, it {}.</figcaption></figure>\n",
        escape_html(s.frame.name),
        escape_html(s.problem));
  }
  auto out = fmt::format("<figure>{}<figcaption>{}</figcaption>",
                         f.figure.svg,
                         escape_html(f.figure.caption));
  if (surfaces && s.frame.kind == SliceKind::kPlane) {
    out += fmt::format(
        "<button type=\"button\" data-surface=\"s{0}\">show in 3D</button>"
        "<div class=\"surface\" id=\"s{0}\" hidden></div>"
        "<script type=\"application/json\" id=\"s{0}-data\">{1}</script>",
        id,
        surface_data(s, style_of(r, s)));
  }
  return out + "</figure>\n";
}

std::string slices_section(const RunReport& r, bool surfaces) {
  if (r.slices.empty()) return "";
  std::string out =
      "<h2>The landscape</h2>\n<p class=\"soft\">Each picture is a slice: the loss on "
      "a line "
      "or plane through parameter space, in units of its directions. Away from the "
      "slice "
      "the loss may do anything; a slice proves no minimum. A minimum along a line "
      "need not be one of the loss.</p>\n<div "
      "class=\"figures\">\n";
  size_t id = 0;
  for (const auto& f : slice_figures(r)) out += slice_html(r, f, surfaces, id++);
  return out + "</div>\n" + figures_html(path_figures(r)) +
         figures_html(map_figures(r));
}

std::string made_with(const RunReport& r) {
  return fmt::format(
      "<h2>How it was made</h2>\n<p class=\"soft\">{}. {}. Data SHA-256 {}. "
      "Tables are in "
      "tables/, arrays in results.sqlite. The same config gives the same numbers.</p>\n"
      "<details><summary>The whole config, every default filled in</summary>"
      "<pre>{}</pre></details>\n",
      escape_html(summary(r.machine)),
      escape_html(r.revision),
      escape_html(r.data_hash.substr(0, 16)),
      escape_html(r.config));
}

std::string checks_section(const RunReport& r) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& c : checks_of(r)) rows.push_back({name_of(c.how), c.claims});
  return "<h2>How these claims are checked</h2>\n<p class=\"soft\"><code>runner "
         "verify</code> on this folder checks all of it again. Independent: by other "
         "code, plain loops in extended precision and differences. Recomputed: by the "
         "program's own code. Sealed: only that no bit was changed since the run "
         "ended.</p>\n" +
         html_table({"how", "claims"}, rows, 2);
}

}  // namespace

std::string run_page(const RunReport& report, const std::string& plotly) {
  bool planes = false;
  for (const auto& s : report.slices) {
    planes = planes || (s.frame.kind == SliceKind::kPlane && s.values.loss.defined());
  }
  const bool surfaces = planes && !plotly.empty();
  auto body = lead(report) + endpoints_section(report) + counts_section(report) +
              minima_section(report) + convexity_section(report) +
              graph_section(report) + slices_section(report, surfaces) +
              curvature_section(report) + "<h2>The ensemble</h2>\n" +
              figures_html(ensemble_figures(report)) + checks_section(report) +
              made_with(report);
  if (surfaces) {
    body += surface_scripts(plotly);
  } else if (planes) {
    body +=
        "<p class=\"soft\">plotly.js was not found at set-up: planes are drawn in 2D "
        "only.</p>\n";
  }
  return html_page(report.spec.name + " · basin", body);
}

}  // namespace basin
