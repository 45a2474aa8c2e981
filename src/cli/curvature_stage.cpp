#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cli/stages.h"
#include "core/error.h"
#include "core/progress.h"
#include "core/random.h"
#include "core/stop.h"
#include "landscape/curvature.h"
#include "minima/balance.h"

namespace basin {
namespace {

constexpr size_t kMostEvery = 10;

/// A point to measure: what it is called and where it is; no θ if there is none.
struct Point {
  std::string name;
  torch::Tensor theta;
};

double number_of(const std::string& text) {
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

// "slice:NAME:x:y"
Point on_slice(const std::string& word, Results& results) {
  const auto last = word.rfind(':'), middle = word.rfind(':', last - 1);
  const auto name = word.substr(6, middle - 6);
  const double x = number_of(word.substr(middle + 1, last - middle - 1));
  const double y = number_of(word.substr(last + 1));
  for (const auto& s : results.load_frames()) {
    if (s.frame.name == name && s.problem.empty())
      return {word, (s.frame.origin + x * s.frame.u + y * s.frame.v).contiguous()};
  }
  return {word, {}};
}

// Certified minima by rank of loss: all, or `most` of them, the first and the last
// among them.
std::vector<size_t> certified_of(const std::vector<Minimum>& minima, int64_t most) {
  std::vector<size_t> all;
  for (size_t i = 0; i < minima.size(); ++i) {
    if (is_certified(minima[i].endpoint)) all.push_back(i);
  }
  const auto count = static_cast<size_t>(most);
  if (all.size() <= count) return all;
  fmt::print(
      stderr, "curvature: {} of {} certified minima are measured\n", most, all.size());
  if (count == 1) return {all.front()};
  std::vector<size_t> out;
  for (size_t k = 0; k < count; ++k)
    out.push_back(all[k * (all.size() - 1) / (count - 1)]);
  return out;
}

std::vector<Point> points_of(const std::string& word,
                             const std::vector<Minimum>& minima,
                             int64_t most,
                             Results& results) {
  if (word.starts_with("slice:")) return {on_slice(word, results)};
  if (word.starts_with("seed:")) {
    const auto seed = static_cast<int64_t>(number_of(word.substr(5)));
    for (const auto& e : results.load_endpoints()) {
      if (e.seed == seed)
        return {{fmt::format("seed {} ({})", seed, name_of(e.verdict)), e.theta}};
    }
    return {{word, {}}};
  }
  const auto of = [&](size_t i) {
    return Point{label_of(minima[i]), minima[i].endpoint.theta};
  };
  std::vector<Point> out;
  if (word == "every") {
    for (size_t i = 0; i < std::min(kMostEvery, minima.size()); ++i)
      out.push_back(of(i));
    return out;
  }
  if (word == "certified") {
    for (const auto i : certified_of(minima, most)) out.push_back(of(i));
    return out;
  }
  const auto id = word == "best" ? size_t{0} : static_cast<size_t>(number_of(word));
  return {id < minima.size() ? of(id) : Point{"minimum " + word, {}}};
}

std::vector<std::unique_ptr<SampledObjective>> batches_of(const Session& session) {
  const auto& o = session.spec.curvature;
  std::vector<std::unique_ptr<SampledObjective>> out;
  if (session.population()) return out;
  const auto samples = session.data.train.samples();
  for (int64_t b = 0; b < o.batches; ++b) {
    RandomStream random(static_cast<uint64_t>(session.spec.seed),
                        Stream::kBatchOrder,
                        (uint64_t{1} << 40) + static_cast<uint64_t>(b));
    auto order = random.permutation(samples);
    order.resize(static_cast<size_t>(std::min(o.batch, samples)));
    std::sort(order.begin(), order.end());
    out.push_back(session.on_samples(at::tensor(order, torch::kInt64)));
  }
  return out;
}

}  // namespace

void curvature_stage(const Session& session, Results& results) {
  const auto& o = session.spec.curvature;
  if (o.at.empty()) return;
  const auto minima = results.load_minima();
  const auto done = results.points_done();
  std::vector<Point> points;
  for (const auto& word : o.at) {
    for (auto& p : points_of(word, minima, o.minima, results)) {
      const bool again = std::any_of(points.begin(), points.end(), [&](const Point& q) {
        return q.name == p.name;
      });
      if (!again) points.push_back(std::move(p));
    }
  }
  const auto batches = batches_of(session);
  const auto& layout = session.network.layout;
  const auto seed = static_cast<uint64_t>(session.spec.seed);
  Progress progress("curvature", static_cast<int64_t>(points.size()));
  for (const auto& p : points) {
    check_stop();
    if (!p.theta.defined()) {
      fmt::print(stderr, "curvature: there is no {}\n", p.name);
    } else if (!done.contains(p.name)) {
      std::vector<PointCurvature> gauges;
      const auto measure = [&](const torch::Tensor& theta, const char* gauge) {
        auto found = measure_point(
            *session.analysis, layout, theta.contiguous(), batches, o, seed);
        found.point = p.name;
        found.gauge = gauge;
        gauges.push_back(std::move(found));
      };
      measure(p.theta, "stored");
      if (can_balance(layout)) measure(balanced(layout, p.theta), "balanced");
      results.save_point(p.name, gauges);
    }
    progress.advance(p.name);
  }
}

}  // namespace basin
