#include "store/json_values.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace basin {
namespace {

using Json = nlohmann::json;

// One description of each struct serves both ways: `Write` fills a JSON object from
// fields, `Read` fields from the object.
struct Write {
  Json& json;
  void operator()(const char* key, const double& x) const {
    json[key] = std::isfinite(x) ? Json(x) : Json(nullptr);
  }
  template <typename T>
  void operator()(const char* key, const T& x) const {
    json[key] = x;
  }
  void operator()(const char* key, const std::vector<double>& list) const {
    json[key] = list;
  }
  template <typename T>
  void later(const char* key, const T& x) const {
    (*this)(key, x);
  }
  template <typename T, typename Describe>
  void each(const char* key,
            const std::vector<T>& list,
            const Describe& describe) const {
    json[key] = Json::array();
    for (auto item : list) {
      Json child;
      describe(Write{child}, item);
      json[key].push_back(child);
    }
  }
};

struct Read {
  const Json& json;
  void operator()(const char* key, double& x) const {
    const auto& value = json.at(key);
    x = value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                        : value.get<double>();
  }
  template <typename T>
  void operator()(const char* key, T& x) const {
    x = json.at(key).get<T>();
  }
  void operator()(const char* key, std::vector<double>& list) const {
    for (const auto& value : json.at(key))
      list.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                     : value.get<double>());
  }
  // What runs of an earlier program do not have.
  template <typename T>
  void later(const char* key, T& x) const {
    if (json.contains(key)) (*this)(key, x);
  }
  template <typename T, typename Describe>
  void each(const char* key, std::vector<T>& list, const Describe& describe) const {
    for (const auto& child : json.at(key)) describe(Read{child}, list.emplace_back());
  }
};

constexpr auto kEigen = [](const auto& f, EigenEstimate& e) {
  f("value", e.value);
  f("residual", e.residual);
};
constexpr auto kRadius = [](const auto& f, QuadraticRadius& r) {
  f("radius", r.radius);
  f("end", r.end);
};

template <typename F>
void describe_radii(const F& f, RadiusReport& r) {
  f.each("random", r.random, kRadius);
  f.each("top", r.top, kRadius);
  f.each("bottom", r.bottom, kRadius);
}

constexpr auto kLayer = [](const auto& f, LayerCurvature& l) {
  f("name", l.name);
  f("least", l.least);
  f("largest", l.largest);
  f("trace", l.trace);
};
constexpr auto kBatch = [](const auto& f, BatchCurvature& b) {
  f("loss", b.loss);
  f("gradient_norm", b.gradient_norm);
  f("hessian_change", b.hessian_change);
  f("largest", b.largest);
  f("least", b.least);
  describe_radii(f, b.radii);
};
constexpr auto kPoint = [](const auto& f, PointCurvature& p) {
  f("point", p.point);
  f("gauge", p.gauge);
  f("loss", p.loss);
  f("norm", p.norm);
  f("complete", p.complete);
  f.each("largest", p.largest, kEigen);
  f.each("least", p.least, kEigen);
  f("trace", p.trace);
  f("sampled_trace", p.sampled_trace.value);
  f("sampled_trace_error", p.sampled_trace.standard_error);
  f("nodes", p.nodes);
  f("weights", p.weights);
  f("newton_largest", p.newton_largest);
  f("newton_trace", p.newton_trace);
  f("residual_size", p.residual_size);
  f("newton_size", p.newton_size);
  f.each("layers", p.layers, kLayer);
  f("sharp_box", p.sharp.box);
  f("sharp_filter", p.sharp.filter);
  describe_radii(f, p.radii);
  f.each("batches", p.batches, kBatch);
};
constexpr auto kMark = [](const auto& f, SliceMark& m) {
  f("label", m.label);
  f("x", m.x);
  f("y", m.y);
  f("away", m.away);
  f("saddle", m.saddle);
  f.later("bare", m.bare);
  f.later("loss", m.loss);
  f.later("slice_loss", m.slice_loss);
};
constexpr auto kPath = [](const auto& f, SlicePath& p) {
  f("label", p.label);
  f("x", p.x);
  f("y", p.y);
  f.later("away", p.away);
  f.later("loss", p.loss);
  f.later("plane_loss", p.plane_loss);
};
constexpr auto kExtremum = [](const auto& f, LineExtremum& e) {
  int kind = static_cast<int>(e.kind);
  f("kind", kind);
  e.kind = kind == 0 ? ExtremumKind::kMinimum : ExtremumKind::kMaximum;
  f("t", e.t);
  f("end", e.end);
  f("loss", e.loss);
  f("kink", e.kink);
};

constexpr auto kLine = [](const auto& f, AlignmentCandidate& c) {
  f("method", c.method);
  f("distance", c.distance);
  f("chord", c.line.loss.chord);
  f("mean", c.line.loss.mean);
  f("pass", c.line.loss.pass);
  f("top", c.line.loss.top);
  f("at", c.line.loss.at);
  f("exact", c.line.exact);
  f("kinks", c.line.kinks);
  f("points", c.line.points);
  f("error", c.line.error);
  f("end_error", c.line.end_error);
  f("held_out", c.line.held_out);
  f("held_out_error", c.line.held_out_error);
};

template <typename F>
void parsed(const std::string& text, const F& use) {
  try {
    use(Json::parse(text));
  } catch (const Json::exception&) {
    throw StorageError("results.sqlite: a JSON text is damaged");
  }
}

}  // namespace

std::string overlay_json(const SliceFrame& frame) {
  Json json;
  Write{json}.each("marks", frame.marks, kMark);
  Write{json}.each("paths", frame.paths, kPath);
  return json.dump();
}

void read_overlay(const std::string& text, SliceFrame& frame) {
  parsed(text, [&](const Json& json) {
    Read{json}.each("marks", frame.marks, kMark);
    Read{json}.each("paths", frame.paths, kPath);
  });
}

std::string extrema_json(const LineExtrema& extrema) {
  Json json;
  const Write f{json};
  f("exact", extrema.method == ExtremaMethod::kExact);
  f("kinks", extrema.kinks);
  f("grid", extrema.grid);
  f("problem", extrema.problem);
  f.each("points", extrema.points, kExtremum);
  return json.dump();
}

LineExtrema read_extrema(const std::string& text) {
  LineExtrema out;
  if (text.empty()) return out;
  parsed(text, [&](const Json& json) {
    const Read f{json};
    bool exact = false;
    f("exact", exact);
    out.method = exact ? ExtremaMethod::kExact : ExtremaMethod::kBracketed;
    f("kinks", out.kinks);
    f("grid", out.grid);
    f("problem", out.problem);
    f.each("points", out.points, kExtremum);
  });
  return out;
}

std::string curvature_json(const std::vector<PointCurvature>& gauges) {
  Json json;
  Write{json}.each("gauges", gauges, kPoint);
  return json.dump();
}

std::vector<PointCurvature> read_curvature(const std::string& text) {
  std::vector<PointCurvature> out;
  parsed(text, [&](const Json& json) { Read{json}.each("gauges", out, kPoint); });
  return out;
}

std::string lines_json(const std::vector<AlignmentCandidate>& lines) {
  Json json;
  Write{json}.each("lines", lines, kLine);
  return json.dump();
}

std::vector<AlignmentCandidate> read_lines(const std::string& text) {
  std::vector<AlignmentCandidate> out;
  parsed(text, [&](const Json& json) { Read{json}.each("lines", out, kLine); });
  return out;
}

}  // namespace basin
