#include "store/tables.h"

#include <fmt/format.h>

#include <array>

#include "core/file.h"
#include "store/csv.h"
#include "store/curvature_tables.h"
#include "store/graph_tables.h"

namespace basin {
namespace {

void add_endpoint(Csv& csv, const Endpoint& e, const std::string& minimum) {
  csv.add("seed", e.seed)
      .add("verdict", name_of(e.verdict))
      .add("loss", e.loss)
      .add("gradient_norm", e.gradient_norm)
      .add("min_eigenvalue", e.min_eigenvalue)
      .add("minimum", minimum)
      .add("certificate", name_of(e.certificate))
      .add("gradient_noise", e.noise)
      .add("max_eigenvalue", e.max_eigenvalue)
      .add("eigenvalue_residual", e.residual)
      .add("newton_step", e.newton_step)
      .add("nullity", count(e.nullity))
      .add("explained", count(e.explained))
      .add("explained_by", csv_text(e.sources))
      .add("cut_below", e.cut_below)
      .add("cut_above", e.cut_above)
      .add("index", count(e.index))
      .add("witness_fall", e.witness_fall)
      .add("growth_fall", e.growth_fall)
      .add("norm", e.norm)
      .add("kink_distance", e.kink_distance)
      .add("radius", e.radius)
      .add("kinks", e.kinks)
      .add("kink_margin", e.kink_margin)
      .add("kink_force", e.kink_force)
      .add("zeroed_units", e.zeroed)
      .add("dual_ratio", e.silence)
      .add("units", csv_text(e.units))
      .add("polish_steps", e.polish_steps)
      .add("reason", csv_text(e.reason));
}

std::string endpoints_csv(const std::vector<Endpoint>& endpoints,
                          const std::vector<Minimum>& minima) {
  std::map<int64_t, int64_t> minimum_of;
  for (const auto& m : minima) {
    for (const auto seed : m.seeds) minimum_of[seed] = m.id;
  }
  Csv csv;
  for (const auto& e : endpoints) {
    const auto found = minimum_of.find(e.seed);
    add_endpoint(
        csv, e, found == minimum_of.end() ? "" : fmt::format("{}", found->second));
    csv.end_row();
  }
  return csv.text();
}

void add_minimum(Csv& csv, const Minimum& m, int64_t seeds) {
  const auto hits = static_cast<int64_t>(m.seeds.size());
  const auto share = wilson_interval(hits, seeds);
  csv.add("minimum", m.id)
      .add("loss", m.endpoint.loss)
      .add("hits", hits)
      .add("orbit_size", format_orbit(m.log10_orbit))
      .add("min_eigenvalue", m.endpoint.min_eigenvalue)
      .add("nullity", count(m.endpoint.nullity))
      .add("verdict", name_of(m.endpoint.verdict))
      .add("explained", count(m.endpoint.explained))
      .add("certificate", name_of(m.endpoint.certificate))
      .add("certified", int64_t{is_certified(m.endpoint)})
      .add("share_low", share.low)
      .add("share_high", share.high)
      .add("symmetry_class", count(m.symmetry_class))
      .add("everywhere_class", count(m.everywhere_class))
      .add("function_class", m.function_class)
      .add("connected_class", count(m.connected_class))
      .add("loss_class", m.loss_class)
      .add("proved_distinct", int64_t{m.proved_distinct})
      .add("margin", m.margin)
      .add("accuracy", m.accuracy)
      .add("held_out_loss", m.held_out_loss)
      .add("held_out_accuracy", m.held_out_accuracy)
      .add("seed", m.endpoint.seed);
}

std::string minima_csv(const std::vector<Minimum>& minima) {
  int64_t seeds = 0;
  for (const auto& m : minima) seeds += static_cast<int64_t>(m.seeds.size());
  return table_of(
      minima, [&](Csv& csv, int64_t, const Minimum& m) { add_minimum(csv, m, seeds); });
}

std::string counts_csv(const std::vector<Count>& counts) {
  std::string out =
      "level,count,at_least,more_low,more_high,coverage,coverage_low,seeds,set\n";
  for (const auto& c : counts) {
    out += fmt::format("{},{},{},{},{},{},{},{},{}\n",
                       c.level,
                       c.count,
                       number(c.at_least),
                       number(c.more.low),
                       number(c.more.high),
                       number(c.coverage),
                       number(c.least_coverage),
                       c.seeds,
                       c.set);
  }
  return out;
}

// Tile by tile: a plane may have millions of points.
void write_slices(Results& results, const std::filesystem::path& file) {
  FileWriter out(file);
  out.write(
      "slice,x,y,loss,accuracy,plain_loss,held_out_loss,held_out_accuracy,quadratic\n");
  for (const auto& s : results.load_frames()) {
    if (!s.problem.empty()) continue;
    const auto& grid = s.frame;
    results.each_tile(s.frame.name, [&](int64_t first, SliceValues& tile) {
      const std::array columns{&tile.loss,
                               &tile.accuracy,
                               &tile.plain_loss,
                               &tile.held_out_loss,
                               &tile.held_out_accuracy,
                               &tile.quadratic};
      std::string text;
      for (int64_t k = 0; k < tile.loss.numel(); ++k) {
        const auto nx = grid.x.size(0);
        text += fmt::format("{},{},{}",
                            s.frame.name,
                            grid.x.data_ptr<double>()[k % nx],
                            grid.y.data_ptr<double>()[first + k / nx]);
        for (const auto* column : columns)
          text.append(1, ',').append(
              column->defined() ? number(column->data_ptr<double>()[k]) : "");
        text += "\n";
      }
      out.write(text);
    });
  }
  out.finish();
}

std::string extrema_csv(const std::vector<StoredSlice>& slices) {
  std::string out = "slice,method,kind,t,end,loss,kink\n";
  for (const auto& s : slices) {
    for (const auto& e : s.extrema.points) {
      out +=
          fmt::format("{},{},{},{},{},{},{}\n",
                      s.frame.name,
                      s.extrema.method == ExtremaMethod::kExact ? "exact" : "bracketed",
                      e.kind == ExtremumKind::kMinimum ? "minimum" : "maximum",
                      e.t,
                      e.end,
                      number(e.loss),
                      e.kink ? 1 : 0);
    }
  }
  return out;
}

// What planes show besides their contours, each with both losses: its own, and that of
// the plane under it.
std::string overlays_csv(const std::vector<StoredSlice>& slices) {
  std::string out = "slice,kind,label,point,x,y,away,loss,slice_loss\n";
  const auto at = [](const std::vector<double>& list, size_t k) {
    return k < list.size() ? number(list[k]) : "";
  };
  for (const auto& s : slices) {
    for (const auto& m : s.frame.marks) {
      out += fmt::format("{},{},{},0,{},{},{},{},{}\n",
                         s.frame.name,
                         m.saddle ? "saddle"
                         : m.bare ? "point"
                                  : "minimum",
                         m.label,
                         number(m.x),
                         number(m.y),
                         number(m.away),
                         number(m.loss),
                         number(m.slice_loss));
    }
    for (const auto& p : s.frame.paths) {
      for (size_t k = 0; k < p.x.size(); ++k) {
        out += fmt::format("{},path,{},{},{},{},{},{},{}\n",
                           s.frame.name,
                           p.label,
                           k,
                           number(p.x[k]),
                           number(p.y[k]),
                           at(p.away, k),
                           at(p.loss, k),
                           at(p.plane_loss, k));
      }
    }
  }
  return out;
}

std::string training_csv(const std::vector<TrainedSeed>& seeds) {
  const char* reasons[] = {"steps", "gradient", "plateau", "diverged"};
  std::string out = "seed,loss,gradient_norm,steps,stop\n";
  for (const auto& s : seeds) {
    out += fmt::format("{},{},{},{},{}\n",
                       s.seed,
                       number(s.loss),
                       number(s.gradient_norm),
                       s.steps,
                       reasons[static_cast<size_t>(s.stop)]);
  }
  return out;
}

std::string curves_csv(const std::vector<TrainedSeed>& seeds) {
  std::string out = "seed,point,loss\n";
  for (const auto& s : seeds) {
    for (int64_t k = 0; k < s.curve.numel(); ++k) {
      out +=
          fmt::format("{},{},{}\n", s.seed, k, number(s.curve.data_ptr<double>()[k]));
    }
  }
  return out;
}

std::string spectra_csv(const std::vector<StoredSpectrum>& spectra) {
  std::string out = "minimum,rank,eigenvalue,complete\n";
  for (const auto& s : spectra) {
    for (int64_t k = 0; k < s.values.numel(); ++k) {
      out += fmt::format("{},{},{},{}\n",
                         s.minimum,
                         k,
                         number(s.values.data_ptr<double>()[k]),
                         s.complete ? 1 : 0);
    }
  }
  return out;
}

}  // namespace

std::string format_orbit(double log10_orbit) {
  if (log10_orbit < 15) return fmt::format("{:.0f}", std::pow(10.0, log10_orbit));
  const double exponent = std::floor(log10_orbit);
  return fmt::format(
      "{:.4g}e+{:.0f}", std::pow(10.0, log10_orbit - exponent), exponent);
}

void write_tables(Results& results, const std::filesystem::path& folder) {
  make_folder(folder);
  const auto minima = results.load_minima();
  const auto seeds = results.load_training(0, std::numeric_limits<int64_t>::max() / 2);
  write_file(folder / "endpoints.csv", endpoints_csv(results.load_endpoints(), minima));
  write_file(folder / "minima.csv", minima_csv(minima));
  write_file(folder / "counts.csv", counts_csv(results.load_counts()));
  write_slices(results, folder / "slices.csv");
  const auto frames = results.load_frames();
  write_file(folder / "extrema.csv", extrema_csv(frames));
  write_file(folder / "overlays.csv", overlays_csv(frames));
  write_curvature_tables(results, folder);
  const auto barrier = results.meta("component_barrier");
  write_graph_tables(
      results.load_graph(), barrier.empty() ? 0 : std::stod(barrier), folder);
  write_file(folder / "training.csv", training_csv(seeds));
  write_file(folder / "curves.csv", curves_csv(seeds));
  write_file(folder / "spectra.csv", spectra_csv(results.load_spectra()));
}

}  // namespace basin
