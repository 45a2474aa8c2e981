#include "report/html.h"

#include <fmt/format.h>

#include "report/chart.h"
#include "report/text.h"

namespace basin {
namespace {

constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2330;--soft:#5b6575;--rule:#dfe3ea;--panel:#f5f7fa;--link:#0072b2}
@media (prefers-color-scheme:dark){:root{--paper:#12161d;--ink:#e8ecf3;--soft:#a4aebd;--rule:#303845;--panel:#1a202a;--link:#56b4e9}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1120px;padding:28px 20px 60px;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,"DejaVu Sans",sans-serif}
h1{font-size:1.7rem;margin:0 0 .2em;overflow-wrap:anywhere}h2{font-size:1.2rem;margin:2.2em 0 .6em;border-bottom:1px solid var(--rule);padding-bottom:.25em}
p{max-width:72ch}.soft{color:var(--soft);font-size:.92rem}.lead p{font-size:1.06rem;margin:.5em 0}
a{color:var(--link)}
.scroll{overflow-x:auto}td .soft{font-size:inherit}
table{border-collapse:collapse;font-size:.93rem;font-variant-numeric:tabular-nums;margin:.6em 0}
th,td{padding:.3em .75em .3em 0;text-align:left;border-bottom:1px solid var(--rule);vertical-align:top}
td{white-space:nowrap}th{color:var(--soft);font-weight:600;vertical-align:bottom}.n{text-align:right}td.wrap{white-space:normal;min-width:12em}
tr>:first-child,tr>.n:last-child:not(.wrap){position:sticky;background:var(--paper)}
tr>:first-child{left:0}tr>:last-child{padding-right:0}tr>.n:last-child:not(.wrap){right:0;padding-left:.5em}
@media (max-width:640px){body{padding:20px 11px 50px}table{font-size:.8rem}th,td{padding-right:.45em}td{white-space:normal}td.n{white-space:nowrap}td.wrap{white-space:normal;min-width:4em;hyphens:auto}}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:26px}
figure{margin:0;min-width:0}figcaption{color:var(--soft);font-size:.9rem;margin-top:.3em;overflow-wrap:anywhere}
button{font:inherit;font-size:.88rem;padding:.25em .8em;margin-top:.4em;border:1px solid var(--rule);border-radius:6px;background:var(--panel);color:var(--ink);cursor:pointer}
pre{background:var(--panel);padding:14px;border-radius:8px;overflow-x:auto;font-size:.85rem}
.surface{width:100%;height:460px}
)";

constexpr size_t kMostOnALine = 26;  // letters of a cell

// Without tags; an entity counts as its letters.
size_t visible_letters(const std::string& html) {
  size_t out = 0;
  bool tag = false;
  for (const char c : html) {
    if (c == '<') tag = true;
    out += !tag && !continues_letter(c) ? 1 : 0;
    if (c == '>') tag = false;
  }
  return out;
}

}  // namespace

std::string html_page(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<title>{}</title>\n<link rel=\"icon\" "
      "href=\"data:,\">\n<style>{}{}</style>\n</head>\n"
      "<body>\n{}</body>\n</html>\n",
      escape_html(title),
      kStyle,
      chart_style(),
      body);
}

std::string breakable(const std::string& name) {
  std::string out;
  for (const char c : name) out += c == '_' ? "_<wbr>" : escape_html({&c, 1});
  return out;
}

std::string html_table(const std::vector<std::string>& head,
                       const std::vector<std::vector<std::string>>& rows,
                       size_t numbers_from,
                       size_t numbers_to) {
  const auto kind = [&](size_t c) {
    return c >= numbers_from && c < numbers_to ? "n" : "t";
  };
  std::string out = "<div class=\"scroll\"><table>\n<tr>";
  for (size_t c = 0; c < head.size(); ++c)
    out += fmt::format("<th class=\"{}\">{}</th>", kind(c), head[c]);
  out += "</tr>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (size_t c = 0; c < row.size(); ++c) {
      out += fmt::format("<td class=\"{}{}\">{}</td>",
                         kind(c),
                         visible_letters(row[c]) > kMostOnALine ? " wrap" : "",
                         row[c]);
    }
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

}  // namespace basin
