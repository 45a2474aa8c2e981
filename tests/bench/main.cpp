// Fused kernels against LibTorch, in one run: the table of docs/kernels.md.
//
//   ./scripts/bench [--threads=N] [--json=FILE] [--benchmark_filter=REGEX]

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "connectivity/alignment.h"
#include "core/machine.h"
#include "core/parallel.h"
#include "kernel/group.h"
#include "model/initialize.h"
#include "peak.h"
#include "work.h"

namespace basin::bench {
namespace {

struct Result {
  double per_second = 0;
  double gflops = 0;  ///< 0: not meaningful
};

/// Collects rates by name; prints a dot each, so that one sees it go on.
class Collector final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const auto& run : runs) {
      const auto work = run.counters.find("work"), flops = run.counters.find("flops");
      if (work == run.counters.end()) continue;
      results[run.run_name.function_name] = {work->second.value,
                                             flops->second.value / 1e9};
      fmt::print(stderr, ".");
    }
  }
  std::map<std::string, Result> results;
};

template <typename F>
void add(const std::string& name, double flops, F work) {
  benchmark::RegisterBenchmark(
      name.c_str(),
      [=](benchmark::State& state) {
        int64_t done = 0;
        for (auto _ : state) done += work();
        using benchmark::Counter;
        state.counters["work"] = Counter(static_cast<double>(done), Counter::kIsRate);
        state.counters["flops"] =
            Counter(flops * static_cast<double>(done), Counter::kIsRate);
      })
      ->UseRealTime()
      ->MinTime(0.5)
      ->Unit(benchmark::kMillisecond);
}

/// Steps that make one iteration about `gflop` of work, enough that they and not the
/// first parameters take the time.
int64_t steps_for(double gflop, double flops, int64_t seeds) {
  const auto steps = gflop * 1e9 / (flops * static_cast<double>(seeds));
  return std::clamp<int64_t>(static_cast<int64_t>(steps), 12, 20'000);
}

std::string key(const Subject& s, const char* what, const char* path) {
  return fmt::format("{}|{}|{}|{}",
                     s.shape.name,
                     s.dtype == torch::kFloat32 ? "float32" : "float64",
                     what,
                     path);
}

void add_subject(const std::shared_ptr<Subject>& s, int64_t threads) {
  const auto gradient = s->gradient_flops(), value = s->value_flops();
  const bool large = gradient > 2e8;
  const int64_t seeds = large ? 32 : 256;
  const auto fused_steps = steps_for(24, gradient, seeds);
  add(key(*s, "train", "fused"), gradient, [=] {
    return train(*s, *s->fused, seeds, fused_steps, threads);
  });
  const auto batched_steps = steps_for(8, gradient, seeds);
  add(key(*s, "train", "batched"), gradient, [=] {
    return train(*s, *s->batched, seeds, batched_steps, threads);
  });
  const auto loop_steps = steps_for(0.5, gradient, 4 * threads);
  add(key(*s, "train", "loop"), gradient, [=] {
    return train_modules(*s, 4 * threads, std::min<int64_t>(loop_steps, 200), threads);
  });
  add(key(*s, "plane", "fused"), value, [=] {
    return plane(*s, *s->fused, false, 51, threads);
  });
  add(key(*s, "plane", "batched"), value, [=] {
    return plane(*s, *s->batched, true, large ? 8 : 51, threads);
  });
  const int64_t rows = large ? 16 : 64;
  add(key(*s, "product", "fused"), s->product_flops(), [=] {
    return products(*s, *s->fused, rows, threads);
  });
  add(key(*s, "product", "batched"), s->product_flops(), [=] {
    return products(*s, *s->batched, rows, threads);
  });
  if (s->parameters() > 2000 && s->shape.widths.front() > 2) return;
  if (s->dtype != torch::kFloat64) return;
  add(key(*s, "hessian", "closed"), 0, [=] {
    return hessians(*s, *s->fused, false, threads);
  });
  add(key(*s, "hessian", "fused"), 0, [=] {
    return hessians(*s, *s->fused, true, threads);
  });
  add(key(*s, "hessian", "batched"), 0, [=] {
    return hessians(*s, *s->batched, true, threads);
  });
}

struct Row {
  std::string name;  ///< case and dtype
  std::string what;
  std::string units;
  std::vector<std::string> paths;
};

double rate(const std::map<std::string, Result>& all, const std::string& name) {
  const auto at = all.find(name);
  return at == all.end() ? 0 : at->second.per_second;
}

std::string ratio(double fast, double slow) {
  return slow > 0 && fast > 0 ? fmt::format("{:.1f}x", fast / slow) : "-";
}

std::string count(double x) { return x > 0 ? fmt::format("{:.4g}", x) : "-"; }

nlohmann::json print_table(const std::map<std::string, Result>& all,
                           const std::map<std::string, double>& peak) {
  nlohmann::json out = nlohmann::json::array();
  const auto heading = [](const char* what, const char* base, const char* other) {
    fmt::print("\n{:<34}{:>11}{:>11}{:>11}{:>9}{:>9}{:>9}{:>7}\n",
               what,
               "fused",
               base,
               other,
               "ratio",
               "ratio",
               "GFLOP/s",
               "peak");
  };
  const auto line = [&](const std::string& name,
                        const std::string& dtype,
                        const char* what,
                        std::array<const char*, 3> path) {
    std::array<double, 3> rates{};
    for (size_t i = 0; i < 3; ++i)
      rates[i] = rate(all, fmt::format("{}|{}|{}|{}", name, dtype, what, path[i]));
    if (rates[0] == 0) return;
    const auto& best = all.at(fmt::format("{}|{}|{}|{}", name, dtype, what, path[0]));
    const double share = best.gflops / peak.at(dtype);
    fmt::print("{:<34}{:>11}{:>11}{:>11}{:>9}{:>9}{:>9}{:>7}\n",
               name + " " + dtype,
               count(rates[0]),
               count(rates[1]),
               count(rates[2]),
               ratio(rates[0], rates[1]),
               ratio(rates[0], rates[2]),
               best.gflops > 0 ? fmt::format("{:.1f}", best.gflops) : "-",
               best.gflops > 0 ? fmt::format("{:.0f}%", 100 * share) : "-");
    nlohmann::json row{{"case", name}, {"dtype", dtype}, {"what", what}};
    for (size_t i = 0; i < 3; ++i)
      if (rates[i] > 0) row[path[i]] = rates[i];
    if (best.gflops > 0) row["gflops"] = best.gflops, row["share_of_peak"] = share;
    out.push_back(row);
  };
  const auto each = [&](const char* what, std::array<const char*, 3> path) {
    for (const auto& c : all_cases())
      for (const char* dtype : {"float32", "float64"}) line(c.name, dtype, what, path);
  };
  heading("training, seed-steps/s", "batched", "loop");
  each("train", {"fused", "batched", "loop"});
  heading("plane 51x51, points/s", "batched", "");
  each("plane", {"fused", "batched", "none"});
  heading("Hessian products/s", "batched", "");
  each("product", {"fused", "batched", "none"});
  fmt::print("\n{:<34}{:>11}{:>11}{:>11}\n",
             "dense Hessians/s",
             "closed form",
             "products",
             "batched");
  each("hessian", {"closed", "fused", "batched"});
  return out;
}

constexpr const char* kAlignment = "alignment/64-512-512-10";

// Weight matching of two networks with initial weights from different seeds.
void add_alignment() {
  const auto network = std::make_shared<Network>(
      make_network({.depth = 2, .width = 512, .activation = Elementwise::kTanh},
                   64,
                   10,
                   {.logit_shift = true}));
  const auto theta = initial_parameters(*network, 1, 0, 2);
  add(kAlignment, 0, [=] {
    const auto start = identity_element(network->layout);
    match_weights(network->layout, theta[0], theta[1], start);
    return int64_t{1};
  });
}

int run(int argc, char** argv) {
  int64_t threads = 0;
  std::string json = "build/bench.json";
  std::vector<char*> rest;
  for (int i = 0; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("--threads=")) {
      threads = std::atol(word.c_str() + 10);
    } else if (word.starts_with("--json=")) {
      json = word.substr(7);
    } else {
      rest.push_back(argv[i]);
    }
  }
  auto count = static_cast<int>(rest.size());
  benchmark::Initialize(&count, rest.data());
  if (benchmark::ReportUnrecognizedArguments(count, rest.data())) return 2;
  threads = resolve_threads(threads);
  use_one_library_thread();
  keep_freed_memory();
  const auto n = static_cast<double>(threads);
  const std::map<std::string, double> peak{{"float32", n * peak_gflops<float>(0.3)},
                                           {"float64", n * peak_gflops<double>(0.3)}};
  const auto machine = summary(describe_machine(threads, "cpu", kernel_target()));
  fmt::print("{}\n", machine);
  fmt::print("FMA peak on {} threads: float32 {:.0f}, float64 {:.0f} GFLOP/s\n",
             threads,
             peak.at("float32"),
             peak.at("float64"));
  for (const auto& c : all_cases()) {
    for (const auto dtype : {torch::kFloat32, torch::kFloat64})
      add_subject(std::make_shared<Subject>(c, dtype), threads);
  }
  add_alignment();
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);
  fmt::print(stderr, "\n");
  const auto rows = print_table(collector.results, peak);
  if (const auto found = collector.results.find(kAlignment);
      found != collector.results.end()) {
    fmt::print("\nweight matching of two 64-512-512-10 networks: {:.2f} s\n",
               1 / found->second.per_second);
  }
  std::ofstream(json) << nlohmann::json{{"machine", machine},
                                        {"threads", threads},
                                        {"peak_gflops", peak},
                                        {"rows", rows}}
                             .dump(2)
                      << "\n";
  fmt::print("\nwritten to {}\n", json);
  return 0;
}

}  // namespace
}  // namespace basin::bench

int main(int argc, char** argv) {
  basin::restart_with_better_kernels(argv);
  return basin::bench::run(argc, argv);
}
