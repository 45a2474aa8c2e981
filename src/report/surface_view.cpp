#include "report/surface_view.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/plane_parts.h"
#include "report/view.h"

namespace basin {
namespace {

constexpr int64_t kMostCells = 110;  // of a surface, looked at for its view

constexpr const char* kSurfaceScript = R"(
for (const button of document.querySelectorAll('[data-surface]')) {
  button.addEventListener('click', () => {
    const id = button.dataset.surface, place = document.getElementById(id);
    place.hidden = !place.hidden;
    button.textContent = place.hidden ? 'show in 3D' : 'hide 3D';
    if (place.hidden || place.dataset.drawn) return;
    place.dataset.drawn = '1';
    const data = JSON.parse(document.getElementById(id + '-data').textContent);
    const ink = getComputedStyle(document.body).color;
    const axis = title => ({title: {text: title}, color: ink, gridcolor: '#8886'});
    const height = data.log ? 'log10 loss' : 'loss', far = 2.1, pick = key => data.marks.map(m => m[key]);
    // Saddles are named on hovering: their names would hide each other.
    const above = data.marks.map(m => m.z + 0.03 * (data.high - data.low));
    const names = data.marks.map((m, k) => ({x: m.x, y: m.y, z: above[k], text: m.text, ax: 0, ay: -24 - 17 * (k % 3),
      bgcolor: '#fffc', font: {color: '#000', size: 12}, arrowcolor: '#000', arrowwidth: 1, arrowhead: 0}))
      .filter((_, k) => data.marks[k].symbol !== 'diamond-open');
    Plotly.newPlot(place, [
      {type: 'surface', x: data.x, y: data.y, z: data.z, customdata: data.loss, colorscale: 'Viridis',
       cmin: data.low, cmax: data.high, hovertemplate: 'loss %{customdata}<br>%{x}, %{y}<extra></extra>',
       colorbar: {title: {text: height}, tickfont: {color: ink}}},
      {type: 'scatter3d', mode: 'markers', x: pick('x'), y: pick('y'), z: above, text: pick('text'),
       hoverinfo: 'text', showlegend: false,
       marker: {size: 5, color: '#fff', symbol: pick('symbol'), line: {color: '#000', width: 2}}}],
      {paper_bgcolor: 'rgba(0,0,0,0)', font: {color: ink}, margin: {l: 0, r: 0, t: 0, b: 0},
       scene: {annotations: names, aspectmode: 'manual', aspectratio: {x: 1, y: 1, z: data.height},
               camera: {eye: {x: far * data.eye[0], y: far * data.eye[1], z: far * data.eye[2]}},
               xaxis: axis(data.x_label), yaxis: axis(data.y_label), zaxis: axis(height)}},
      {responsive: true, displaylogo: false});
  });
}
)";

// A library inside a page must not be able to end its own script element.
std::string inline_script(std::string text) {
  for (size_t at = 0; (at = text.find("</script", at)) != std::string::npos; at += 2) {
    text.replace(at, 2, "<\\/");
  }
  return "<script>" + text + "</script>\n";
}

nlohmann::json short_numbers(const double* from, int64_t count) {
  auto out = nlohmann::json::array();
  for (int64_t i = 0; i < count; ++i) {
    if (std::isfinite(from[i])) {
      out.push_back(std::stod(fmt::format("{:.5g}", from[i])));
    } else {
      out.push_back(nullptr);
    }
  }
  return out;
}

}  // namespace

std::string surface_data(const StoredSlice& s, const SliceStyle& style) {
  nlohmann::json out;
  const auto nx = s.frame.x.numel(), ny = s.frame.y.numel();
  const auto h = heights_of(s.values.loss, style);
  out["x"] = short_numbers(s.frame.x.data_ptr<double>(), nx);
  out["y"] = short_numbers(s.frame.y.data_ptr<double>(), ny);
  out["z"] = out["loss"] = nlohmann::json::array();
  for (int64_t j = 0; j < ny; ++j) {
    out["z"].push_back(short_numbers(h.grid.z.data() + j * nx, nx));
    out["loss"].push_back(
        short_numbers(s.values.loss.contiguous().data_ptr<double>() + j * nx, nx));
  }
  out["log"] = h.log;
  out["low"] = h.low;
  out["high"] = h.high;
  out["x_label"] = s.frame.x_label;
  out["y_label"] = s.frame.y_label;
  const Surface surface(h, kMostCells);
  const auto view = best_view(surface);
  out["eye"] = view.eye();
  out["height"] = view.height;
  auto& marks = out["marks"] = nlohmann::json::array();
  for (const auto& m : s.frame.marks) {
    const auto share = [](const torch::Tensor& t, double at) {
      const double low = t[0].item<double>(), high = t[-1].item<double>();
      return (at - low) / (high - low);
    };
    const double x = share(s.frame.x, m.x), y = share(s.frame.y, m.y);
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) continue;
    const double z = h.low + surface.at(x, y) * (h.high - h.low);
    if (!std::isfinite(z)) continue;
    marks.push_back({{"x", m.x},
                     {"y", m.y},
                     {"z", z},
                     {"text", m.label},
                     {"symbol",
                      m.saddle            ? "diamond-open"
                      : m.bare            ? "diamond"
                      : m.away > kOnPlane ? "circle-open"
                                          : "circle"}});
  }
  auto text = out.dump();
  for (size_t at = 0; (at = text.find('<', at)) != std::string::npos;) {
    text.replace(at, 1, "\\u003c");
  }
  return text;
}

std::string surface_scripts(const std::string& plotly) {
  return inline_script(plotly) + inline_script(kSurfaceScript);
}

}  // namespace basin
