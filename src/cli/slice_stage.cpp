#include <fmt/format.h>

#include <algorithm>

#include "cli/stages.h"
#include "core/progress.h"
#include "core/stop.h"
#include "landscape/line_extrema.h"

namespace basin {
namespace {

constexpr int64_t kExtremaGrid = 401;

/// What the stage works on.
struct Bench {
  const Session& session;
  Results& results;
  Progress& progress;
};

// Without the steps after an early stop.
torch::Tensor finite_rows(const torch::Tensor& trajectory) {
  if (!trajectory.defined()) return {};
  return trajectory.index_select(0, trajectory.isfinite().all(1).nonzero().flatten());
}

// Of seeds that ended there, and of the graph, whose number is −1 less theirs.
std::vector<Endpoint> saddles_of(Results& results, const Graph& graph) {
  auto all = results.load_endpoints();
  std::erase_if(all, [](const Endpoint& e) { return e.verdict != Verdict::kSaddle; });
  for (size_t k = 0; k < graph.edges.size(); ++k) {
    all.push_back(graph.edges[k].saddle);
    all.back().seed = -1 - static_cast<int64_t>(k);
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.loss < b.loss;
  });
  return all;
}

std::vector<SpacePath> paths_of(const Graph& graph) {
  std::vector<SpacePath> out;
  for (const auto& t : graph.attempts) {
    if (t.variant == 0 && t.images.defined())
      out.push_back({fmt::format("path {} – {}", t.a, t.b), t.images});
  }
  return out;
}

void fill_tiles(const Bench& b, const SliceFrame& frame, bool quadratic) {
  const SliceEvaluator evaluator(
      *b.session.analysis, b.session.held_out.get(), frame, quadratic);
  const auto done = b.results.tiles_done(frame.name);
  const auto rows = frame.y.size(0), step = evaluator.preferred_rows();
  for (int64_t first = 0; first < rows; first += step) {
    const auto count = std::min(step, rows - first);
    if (!done.contains(first)) {
      check_stop();
      b.results.save_tile(
          frame.name, first, evaluator.rows(first, count, threads_for(b.session)));
    }
    b.progress.advance(frame.name, count * frame.x.size(0));
  }
}

void fill_map(const Bench& b, const SliceFrame& frame, int64_t m) {
  if (m == 0) return;
  const auto done = b.results.map_rows_done(frame.name);
  const auto x = map_axis(frame.x, m), y = map_axis(frame.y, m);
  for (int64_t row = 0; row < m; ++row) {
    if (!done.contains(row)) {
      check_stop();
      b.results.save_map_row(frame.name,
                             row,
                             curvature_row(*b.session.analysis,
                                           frame,
                                           x,
                                           y[row].item<double>(),
                                           {},
                                           threads_for(b.session)));
    }
    b.progress.advance(frame.name + ", curvature", m);
  }
}

LineExtrema extrema_on(const Bench& b, const SliceFrame& frame) {
  if (frame.kind == SliceKind::kPlane) return {};
  const LineSegment line{.origin = frame.origin.contiguous(),
                         .direction = frame.u.contiguous(),
                         .low = frame.x[0].item<double>(),
                         .high = frame.x[-1].item<double>()};
  return find_extrema(*b.session.analysis,
                      line,
                      std::max(kExtremaGrid, frame.x.size(0)),
                      threads_for(b.session));
}

int64_t points_of(const SliceOptions& s) {
  const auto rows = s.kind == SliceKind::kPlane ? s.points : 1;
  return s.points * rows + s.curvature * s.curvature;
}

}  // namespace

void slice_stage(const Session& session, Results& results) {
  const auto minima = results.load_minima();
  const auto graph = results.load_graph();
  const auto saddles = saddles_of(results, graph);
  struct Job {
    SliceOptions options;
    std::string series;
  };
  std::vector<Job> jobs;
  int64_t total = 0, done = 0;
  for (size_t i = 0; i < session.spec.landscape.size(); ++i) {
    const auto& written = session.spec.landscape[i];
    for (const auto& options : expanded(written, minima)) {
      total += points_of(options);
      if (results.has_slice(options.name)) {
        done += points_of(options);
      } else {
        jobs.push_back({options, written.name});
      }
    }
  }
  Progress progress("slices", total, done);
  const Bench bench{session, results, progress};
  FrameSources sources{
      .objective = *session.analysis,
      .layout = session.network.layout,
      .minima = minima,
      .saddles = saddles,
      .seed = static_cast<uint64_t>(session.spec.seed),
      .paths = paths_of(graph),
      .file =
          [&](const SliceOptions& o) {
            for (size_t i = 0; i < session.spec.landscape.size(); ++i) {
              const auto& rows = session.direction_files[i];
              if (rows.defined() && session.spec.landscape[i].file == o.file)
                return rows;
            }
            return torch::Tensor();
          },
      .trajectory =
          [&](int64_t seed) {
            const auto found = results.load_training(seed, 1);
            return found.empty() ? torch::Tensor() : finite_rows(found[0].trajectory);
          }};
  for (const auto& job : jobs) {
    check_stop();
    auto made = make_frame(job.options, sources);
    if (!made.frame) {
      results.begin_slice(
          {.name = job.options.name, .series = job.series, .kind = job.options.kind},
          made.problem);
      progress.advance(job.options.name, points_of(job.options));
      continue;
    }
    made.frame->series = job.series;
    results.begin_slice(*made.frame, "");
    fill_tiles(bench, *made.frame, job.options.quadratic > 0);
    fill_map(bench, *made.frame, job.options.curvature);
    results.finish_slice(job.options.name, extrema_on(bench, *made.frame));
  }
}

}  // namespace basin
