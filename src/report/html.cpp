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
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.93rem;font-variant-numeric:tabular-nums;margin:.6em 0}
th,td{padding:.3em .75em .3em 0;text-align:left;border-bottom:1px solid var(--rule);vertical-align:top;white-space:nowrap}
th{color:var(--soft);font-weight:600}.n{text-align:right}td.wrap{white-space:normal;min-width:14em}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:26px}
figure{margin:0;min-width:0}figcaption{color:var(--soft);font-size:.9rem;margin-top:.3em;overflow-wrap:anywhere}
button{font:inherit;font-size:.88rem;padding:.25em .8em;margin-top:.4em;border:1px solid var(--rule);border-radius:6px;background:var(--panel);color:var(--ink);cursor:pointer}
pre{background:var(--panel);padding:14px;border-radius:8px;overflow-x:auto;font-size:.85rem}
.surface{width:100%;height:460px}
)";

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

std::string html_table(const std::vector<std::string>& head,
                       const std::vector<std::vector<std::string>>& rows,
                       size_t numbers_from) {
  std::string out = "<div class=\"scroll\"><table>\n<tr>";
  for (size_t c = 0; c < head.size(); ++c) {
    out +=
        fmt::format("<th{}>{}</th>", c >= numbers_from ? " class=\"n\"" : "", head[c]);
  }
  out += "</tr>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (size_t c = 0; c < row.size(); ++c) {
      out +=
          fmt::format("<td{}>{}</td>", c >= numbers_from ? " class=\"n\"" : "", row[c]);
    }
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

}  // namespace basin
