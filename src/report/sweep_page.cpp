#include "report/sweep_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/count_text.h"
#include "report/html.h"
#include "report/quantile.h"
#include "report/sweep_groups.h"
#include "report/text.h"

namespace basin {
namespace {

std::string verdict_text(const SweepRow& row) {
  std::string out;
  for (const auto& [word, count] : row.verdicts) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", show(count), word);
  }
  return out;
}

// Measures that some row has; a row without a number shows a dash.
std::string measures_html(const std::vector<SweepRow>& rows) {
  std::vector<size_t> shown;
  for (size_t i = 0; i < rows.front().measures.size(); ++i) {
    const bool any = std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
      return !std::isnan(row.measures[i].value);
    });
    if (any && !rows.front().measures[i].title.empty()) shown.push_back(i);
  }
  if (shown.empty()) return "";
  std::vector<std::string> head;
  for (const auto& [key, value] : rows.front().values)
    head.push_back(escape_html(short_key(key)));
  const auto keys = head.size();
  for (const auto i : shown)
    head.push_back(escape_html(rows.front().measures[i].title));
  std::vector<std::vector<std::string>> table;
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    for (const auto& [key, value] : row.values) cells.push_back(escape_html(value));
    for (const auto i : shown) cells.push_back(show(row.measures[i].value));
    table.push_back(cells);
  }
  return "<h2>Measures</h2>\n" + html_table(head, table, keys);
}

}  // namespace

std::vector<std::string> sweep_sentences(const std::string& name,
                                         const std::vector<SweepRow>& rows) {
  const auto& first = rows.front();
  std::string keys, found;
  for (const auto& [key, value] : first.values) {
    keys += (keys.empty() ? "" : " and ") + short_key(key);
  }
  for (const auto& x : group(rows).x) {
    int64_t least = std::numeric_limits<int64_t>::max(), most = 0;
    for (const auto& row : rows) {
      if (row.values.front().second != x) continue;
      const auto& own = row.coarse.level.empty() ? row.certified : row.coarse;
      least = std::min(least, own.count);
      most = std::max(most, own.count);
    }
    found += fmt::format("{}{} for {} {}",
                         found.empty() ? "" : ", ",
                         least == most ? show(most) : show(least) + " to " + show(most),
                         short_key(first.values.front().first),
                         x);
  }
  int64_t certified = 0, seeds = 0;
  double coverage = 1;
  for (const auto& row : rows) {
    certified += row.certified.seeds;
    seeds += row.seeds;
    if (row.certified.seeds > 0)
      coverage = std::min(coverage, row.certified.least_coverage);
  }
  return {
      fmt::format("{} varies {} in {}, {} each.",
                  name,
                  keys,
                  plural(static_cast<int64_t>(rows.size()), "run"),
                  plural(first.seeds, "seed")),
      fmt::format(
          "Distinct certified minima seen, up to the symmetries of the network "
          "(level {}): {}.",
          first.coarse.level.empty() ? "parameters" : "symmetry, those of the data too",
          found),
      fmt::format("{} of {} seeds ended at a certified minimum{}.",
                  show(certified),
                  show(seeds),
                  certified > 0
                      ? fmt::format("; in every cell a new seed finds a minimum "
                                    "already seen with probability at least {}",
                                    least_text(coverage))
                      : "")};
}

std::string sweep_text(const std::vector<SweepRow>& rows) {
  std::string out;
  const bool spurious = rows.front().spurious_above > 0;
  const bool coarse = !rows.front().coarse.level.empty();
  std::vector<size_t> widths;
  for (size_t k = 0; k < rows.front().values.size(); ++k) {
    const auto key = short_key(rows.front().values[k].first);
    size_t width = std::max<size_t>(12, key.size());
    for (const auto& row : rows) width = std::max(width, row.values[k].second.size());
    widths.push_back(width + 2);
    out += fmt::format("{:>{}}", key, widths.back());
  }
  if (spurious) out += fmt::format("{:>24}", "spurious, 95 %");
  if (coarse) out += fmt::format("{:>10}", "distinct");
  out += fmt::format("{:>12}{:>18}{:>9}{:>15}{:>10}{:>13}  {}\n",
                     "parameters",
                     "certified",
                     "minima",
                     "more, 95 %",
                     "cov. >=",
                     "median loss",
                     "in the parameters");
  for (const auto& row : rows) {
    for (size_t k = 0; k < widths.size(); ++k)
      out += fmt::format("{:>{}}", row.values[k].second, widths[k]);
    const auto& c = row.certified;
    if (spurious) out += fmt::format("{:>24}", spurious_text(row));
    if (coarse) out += fmt::format("{:>10}", row.coarse.count);
    out += fmt::format("{:>12}{:>18}{:>9}{:>15}{:>10}{:>13}  {}\n",
                       show(row.parameters),
                       fmt::format("{}/{}", c.seeds, row.seeds),
                       c.count,
                       more_text(c),
                       least_text(c.least_coverage),
                       show(loss_quantile(row.losses, 0.5), 5),
                       row.convexity);
  }
  return out;
}

std::string sweep_page(const std::string& name,
                       const std::vector<SweepRow>& rows,
                       const SweepPictures& pictures) {
  std::vector<std::string> head;
  for (const auto& [key, value] : rows.front().values)
    head.push_back(escape_html(short_key(key)));
  const size_t keys = head.size();
  const bool spurious = rows.front().spurious_above > 0;
  const bool coarse = !rows.front().coarse.level.empty();
  if (spurious) {
    head.push_back(
        fmt::format("loss at least {}, 95 %", show(rows.front().spurious_above)));
  }
  if (coarse) head.emplace_back("distinct up to data symmetry");
  for (const char* title : {"parameters",
                            "certified",
                            "minima",
                            "new in as many seeds again",
                            "coverage at least",
                            "places",
                            "least loss",
                            "median loss"}) {
    head.push_back(title);
  }
  head.push_back("loss in the parameters");
  head.push_back("verdicts");
  std::vector<std::vector<std::string>> table;
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    for (const auto& [key, value] : row.values) cells.push_back(escape_html(value));
    const auto& c = row.certified;
    if (spurious) cells.push_back(spurious_text(row));
    if (coarse) cells.push_back(show(row.coarse.count));
    cells.push_back(show(row.parameters));
    cells.push_back(fmt::format("{} of {}", show(c.seeds), show(row.seeds)));
    cells.push_back(show(c.count));
    cells.push_back(more_text(c));
    cells.push_back(least_text(c.least_coverage));
    cells.push_back(show(row.candidates.count));
    cells.push_back(show(loss_quantile(row.losses, 0), 6));
    cells.push_back(show(loss_quantile(row.losses, 0.5), 6));
    cells.push_back(row.convexity.empty() ? "–" : row.convexity);
    cells.push_back(fmt::format("<a href=\"../{}/report.html\">{}</a>",
                                escape_html(row.run),
                                verdict_text(row)));
    table.push_back(cells);
  }
  std::string body = "<h1>" + escape_html(name) + "</h1>\n<div class=\"lead\">\n";
  for (const auto& sentence : sweep_sentences(name, rows)) {
    body += "<p>" + escape_html(sentence) + "</p>\n";
  }
  body += fmt::format(
      "</div>\n<h2>Table</h2>\n{}<p class=\"soft\">Where few seeds are certified, the "
      "count "
      "says little: read the verdicts. Places: distinct endpoints, certified or "
      "not.</p>\n"
      "<h2>Charts</h2>\n<div class=\"figures\"><figure>{}<figcaption>Distinct "
      "certified "
      "minima seen; the bar ends where as many seeds again would bring it (95 %), "
      "which "
      "is not the number of all there "
      "are.</figcaption></figure><figure>{}<figcaption>Loss of "
      "every endpoint (small "
      "dots) "
      "and the median.</figcaption></figure></div>\n",
      html_table(head, table, keys),
      pictures.minima.svg,
      pictures.losses.svg);
  std::string charts;
  for (const auto& chart : pictures.measures)
    charts += fmt::format("<figure>{}</figure>", chart.svg);
  body += measures_html(rows);
  if (!charts.empty()) body += "<div class=\"figures\">" + charts + "</div>\n";
  body += planes_html(pictures.planes) + sweep_minima_html(rows);
  return html_page(name + " · basin sweep", body);
}

}  // namespace basin
