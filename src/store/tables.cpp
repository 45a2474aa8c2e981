#include "store/tables.h"

#include <fmt/format.h>

#include <cmath>

#include "core/file.h"

namespace basin {
namespace {

std::string number(double x) { return std::isnan(x) ? "" : fmt::format("{}", x); }
std::string count(int64_t n) { return n < 0 ? "" : fmt::format("{}", n); }

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string endpoints_csv(const std::vector<Endpoint>& endpoints,
                          const std::vector<Minimum>& minima) {
  std::map<int64_t, int64_t> minimum_of;
  for (const auto& m : minima) {
    for (const auto seed : m.seeds) minimum_of[seed] = m.id;
  }
  std::string out =
      "seed,verdict,loss,gradient_norm,min_eigenvalue,minimum,max_eigenvalue,"
      "eigenvalue_residual,nullity,explained,index,norm,kink_distance,kinks,polish_"
      "steps,"
      "reason\n";
  for (const auto& e : endpoints) {
    const auto found = minimum_of.find(e.seed);
    out +=
        fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                    e.seed,
                    name_of(e.verdict),
                    number(e.loss),
                    number(e.gradient_norm),
                    number(e.min_eigenvalue),
                    found == minimum_of.end() ? "" : fmt::format("{}", found->second),
                    number(e.max_eigenvalue),
                    number(e.residual),
                    count(e.nullity),
                    count(e.explained),
                    count(e.index),
                    number(e.norm),
                    number(e.kink_distance),
                    e.kinks,
                    e.polish_steps,
                    number(e.newton_step),
                    csv_text(e.reason));
  }
  return out;
}

std::string minima_csv(const std::vector<Minimum>& minima) {
  int64_t seeds = 0;
  for (const auto& m : minima) seeds += static_cast<int64_t>(m.seeds.size());
  std::string out =
      "minimum,loss,hits,orbit_size,min_eigenvalue,nullity,verdict,certified,share_low,"
      "share_high,function_class,loss_class,proved_distinct,accuracy,held_out_loss,"
      "held_out_accuracy,seed\n";
  for (const auto& m : minima) {
    const auto hits = static_cast<int64_t>(m.seeds.size());
    const auto share = wilson_interval(hits, seeds);
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                       m.id,
                       number(m.endpoint.loss),
                       hits,
                       format_orbit(m.log10_orbit),
                       number(m.endpoint.min_eigenvalue),
                       count(m.endpoint.nullity),
                       name_of(m.endpoint.verdict),
                       is_certified(m.endpoint) ? 1 : 0,
                       number(share.low),
                       number(share.high),
                       m.function_class,
                       m.loss_class,
                       m.proved_distinct ? 1 : 0,
                       number(m.accuracy),
                       number(m.held_out_loss),
                       number(m.held_out_accuracy),
                       m.endpoint.seed);
  }
  return out;
}

std::string counts_csv(const std::vector<Count>& counts) {
  std::string out = "level,count,low,high,coverage,seeds,set,chao1\n";
  for (const auto& c : counts) {
    out += fmt::format("{},{},{},{},{},{},{},{}\n",
                       c.level,
                       c.count,
                       number(c.interval.low),
                       number(c.interval.high),
                       number(c.coverage),
                       c.seeds,
                       c.set,
                       number(c.chao1));
  }
  return out;
}

std::string slices_csv(const std::vector<StoredSlice>& slices) {
  std::string out = "slice,x,y,loss,accuracy\n";
  for (const auto& s : slices) {
    if (!s.values.loss.defined()) continue;
    const auto* loss = s.values.loss.data_ptr<double>();
    const auto* accuracy = s.values.accuracy.data_ptr<double>();
    const auto* x = s.frame.x.data_ptr<double>();
    const auto* y = s.frame.y.data_ptr<double>();
    for (int64_t j = 0; j < s.frame.y.numel(); ++j) {
      for (int64_t i = 0; i < s.frame.x.numel(); ++i) {
        out += fmt::format("{},{},{},{},{}\n",
                           s.frame.name,
                           x[i],
                           y[j],
                           number(*loss++),
                           number(*accuracy++));
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
  write_file(folder / "slices.csv", slices_csv(results.load_slices()));
  write_file(folder / "training.csv", training_csv(seeds));
  write_file(folder / "curves.csv", curves_csv(seeds));
  write_file(folder / "spectra.csv", spectra_csv(results.load_spectra()));
}

}  // namespace basin
