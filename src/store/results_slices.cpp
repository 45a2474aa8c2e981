// Slices and the curvature of points, in the database.

#include <ATen/Functions.h>

#include <algorithm>

#include "core/error.h"
#include "store/json_values.h"
#include "store/results.h"

namespace basin {
namespace {

using torch::Tensor;

// Every `stride`-th entry along `dim`, those whose place from `first` on divides by it.
Tensor thinned(const Tensor& x, int64_t dim, int64_t first, int64_t stride) {
  if (stride == 1 || !x.defined()) return x;
  const auto skip = (stride - first % stride) % stride;
  return x.slice(dim, std::min(skip, x.size(dim)), x.size(dim), stride).contiguous();
}

std::set<int64_t> numbers_of(Statement& rows) {
  std::set<int64_t> out;
  while (rows.step()) out.insert(rows.integer(0));
  return out;
}

}  // namespace

bool Results::has_slice(const std::string& name) {
  auto row = database_.prepare("SELECT 1 FROM slices WHERE slice = ? AND done = 1");
  return row.bind(name).step();
}

std::set<int64_t> Results::tiles_done(const std::string& name) {
  auto rows = database_.prepare("SELECT first FROM slice_tiles WHERE slice = ?");
  return numbers_of(rows.bind(name));
}

std::set<int64_t> Results::map_rows_done(const std::string& name) {
  auto rows = database_.prepare("SELECT row FROM slice_map WHERE slice = ?");
  return numbers_of(rows.bind(name));
}

std::set<std::string> Results::points_done() {
  std::set<std::string> out;
  auto rows = database_.prepare("SELECT point FROM curvature");
  while (rows.step()) out.insert(rows.text(0));
  return out;
}

void Results::begin_slice(const SliceFrame& f, const std::string& problem) {
  database_.transaction([&] {
    database_
        .prepare(
            "INSERT OR REPLACE INTO slices VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, ?, "
            "?)")
        .bind(f.name)
        .bind(f.series)
        .bind(static_cast<int64_t>(f.kind))
        .bind(f.recipe)
        .bind(problem)
        .bind(int64_t{problem.empty() ? 0 : 1})
        .bind(f.x_label)
        .bind(f.y_label)
        .bind(overlay_json(f))
        .bind(std::string())
        .bind(f.origin)
        .bind(f.u)
        .bind(f.v)
        .bind(f.x)
        .bind(f.y)
        .run();
  });
}

void Results::save_tile(const std::string& name, int64_t first, SliceValues values) {
  database_.transaction([&] {
    auto row = database_.prepare(
        "INSERT OR REPLACE INTO slice_tiles VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    row.bind(name).bind(first);
    for (const auto& [channel, tensor] : values.channels()) row.bind(*tensor);
    row.run();
  });
}

void Results::save_map_row(const std::string& name,
                           int64_t row,
                           const CurvatureRow& values) {
  database_.transaction([&] {
    database_.prepare("INSERT OR REPLACE INTO slice_map VALUES(?, ?, ?, ?)")
        .bind(name)
        .bind(row)
        .bind(values.least)
        .bind(values.largest)
        .run();
  });
}

void Results::finish_slice(const std::string& name, const LineExtrema& extrema) {
  database_.transaction([&] {
    database_.prepare("UPDATE slices SET done = 1, extrema = ? WHERE slice = ?")
        .bind(extrema_json(extrema))
        .bind(name)
        .run();
  });
}

void Results::save_point(const std::string& point,
                         const std::vector<PointCurvature>& gauges) {
  database_.transaction([&] {
    database_.prepare("INSERT OR REPLACE INTO curvature VALUES(?, ?)")
        .bind(point)
        .bind(curvature_json(gauges))
        .run();
  });
}

void Results::each_tile(const std::string& name,
                        const std::function<void(int64_t, SliceValues&)>& use) {
  auto rows = database_.prepare(
      "SELECT first, loss, plain_loss, accuracy, held_out_loss, held_out_accuracy, "
      "quadratic FROM slice_tiles WHERE slice = ? ORDER BY first");
  rows.bind(name);
  while (rows.step()) {
    SliceValues tile;
    int column = 1;
    for (auto& [channel, tensor] : tile.channels()) *tensor = rows.tensor(column++);
    use(rows.integer(0), tile);
  }
}

std::vector<StoredSlice> Results::load_frames() {
  std::vector<StoredSlice> out;
  auto row = database_.prepare(
      "SELECT slice, series, kind, recipe, problem, x_label, y_label, marks, extrema, "
      "origin, u, v, x, y FROM slices WHERE done = 1 ORDER BY rowid");
  while (row.step()) {
    const auto kind = row.integer(2);
    if (kind != 0 && kind != 1) throw StorageError("results.sqlite: an unknown code");
    StoredSlice s{.frame = {.name = row.text(0),
                            .series = row.text(1),
                            .recipe = row.text(3),
                            .kind = static_cast<SliceKind>(kind),
                            .origin = row.tensor(9),
                            .u = row.tensor(10),
                            .v = row.tensor(11),
                            .x = row.tensor(12),
                            .y = row.tensor(13),
                            .x_label = row.text(5),
                            .y_label = row.text(6)},
                  .extrema = read_extrema(row.text(8)),
                  .problem = row.text(4)};
    read_overlay(row.text(7), s.frame);
    out.push_back(std::move(s));
  }
  return out;
}

std::vector<StoredSlice> Results::load_slices(int64_t most) {
  auto out = load_frames();
  for (auto& s : out) {
    if (!s.problem.empty()) continue;
    const auto longest = std::max(s.frame.x.size(0), s.frame.y.size(0));
    s.stride = (longest + most - 1) / most;
    std::vector<SliceValues> tiles;
    each_tile(s.frame.name, [&](int64_t first, SliceValues& tile) {
      for (auto& [channel, tensor] : tile.channels())
        *tensor = thinned(thinned(*tensor, 0, first, s.stride), 1, 0, s.stride);
      tiles.push_back(tile);
    });
    s.frame.x = thinned(s.frame.x, 0, 0, s.stride);
    s.frame.y = thinned(s.frame.y, 0, 0, s.stride);
    const auto channels = s.values.channels();
    for (size_t c = 0; c < channels.size(); ++c) {
      std::vector<Tensor> parts;
      for (auto& tile : tiles) {
        if (tile.channels()[c].second->defined())
          parts.push_back(*tile.channels()[c].second);
      }
      if (!parts.empty()) *channels[c].second = at::cat(parts);
    }
    std::vector<Tensor> least, largest;
    auto map = database_.prepare(
        "SELECT least, largest FROM slice_map WHERE slice = ? ORDER BY row");
    map.bind(s.frame.name);
    while (map.step()) {
      least.push_back(map.tensor(0));
      largest.push_back(map.tensor(1));
    }
    if (!least.empty()) {
      s.least = at::stack(least);
      s.largest = at::stack(largest);
    }
  }
  return out;
}

std::vector<PointCurvature> Results::load_points() {
  std::vector<PointCurvature> out;
  auto row = database_.prepare("SELECT gauges FROM curvature ORDER BY rowid");
  while (row.step()) {
    for (auto& p : read_curvature(row.text(0))) out.push_back(std::move(p));
  }
  return out;
}

}  // namespace basin
