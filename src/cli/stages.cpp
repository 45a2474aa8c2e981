#include "cli/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "core/parallel.h"
#include "core/progress.h"
#include "core/stop.h"
#include "curvature/hessian.h"
#include "model/initialize.h"

namespace basin {
namespace {

constexpr size_t kMostSpectra = 10;

/// Seeds `first`, ..., `first + count - 1`.
struct Chunk {
  int64_t first;
  int64_t count;
};

// The seeds that are not done, cut into chunks of at most `rows`, with some for every
// thread. Results do not depend on the cut.
std::vector<Chunk> missing_chunks(int64_t seeds,
                                  const std::set<int64_t>& done,
                                  int64_t rows,
                                  int64_t threads) {
  const auto missing = seeds - static_cast<int64_t>(done.size());
  const auto most = std::clamp<int64_t>((missing + threads - 1) / threads, 1, rows);
  std::vector<Chunk> chunks;
  for (int64_t seed = 0; seed < seeds; ++seed) {
    if (done.contains(seed)) continue;
    if (!chunks.empty() && chunks.back().first + chunks.back().count == seed &&
        chunks.back().count < most) {
      ++chunks.back().count;
    } else {
      chunks.push_back({seed, 1});
    }
  }
  return chunks;
}

std::set<int64_t> below(const std::set<int64_t>& seeds, int64_t end) {
  return {seeds.begin(), seeds.lower_bound(end)};
}

class BestLoss {
 public:
  std::string note(const torch::Tensor& losses) {
    const std::lock_guard lock(guard_);
    const auto finite = losses.masked_select(losses.isfinite());
    if (finite.numel() > 0) best_ = std::min(best_, finite.min().item<double>());
    return fmt::format("best loss {:.6g}", best_);
  }

 private:
  std::mutex guard_;
  double best_ = INFINITY;
};

// How well each minimum does on the data it was trained on and on what was held out.
void add_accuracy(const Session& session, std::vector<Minimum>& minima) {
  if (minima.empty()) return;
  std::vector<torch::Tensor> rows;
  for (const auto& m : minima) rows.push_back(m.endpoint.theta);
  const auto theta = at::stack(rows);
  const auto accuracy = session.analysis->accuracy(theta);
  for (size_t i = 0; i < minima.size(); ++i) {
    minima[i].accuracy = accuracy[static_cast<int64_t>(i)].item<double>();
  }
  if (!session.held_out) return;
  const auto held_out_loss = session.held_out->value(theta);
  const auto held_out_accuracy = session.held_out->accuracy(theta);
  for (size_t i = 0; i < minima.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    minima[i].held_out_loss = held_out_loss[at].item<double>();
    minima[i].held_out_accuracy = held_out_accuracy[at].item<double>();
  }
}

}  // namespace

int64_t threads_for(const Session& session) {
  return session.device == "cpu" ? session.threads : 1;
}

void train_stage(const Session& session, Results& results, int64_t seeds) {
  const auto& spec = session.spec;
  const auto done = below(results.trained_seeds(), seeds);
  const auto threads = threads_for(session);
  const auto chunks =
      missing_chunks(seeds, done, session.training->preferred_rows(), threads);
  Progress progress("training", seeds, static_cast<int64_t>(done.size()));
  BestLoss best;
  const auto seed = static_cast<uint64_t>(spec.seed);
  parallel_for(static_cast<int64_t>(chunks.size()), threads, [&](int64_t c) {
    const auto [first, count] = chunks[static_cast<size_t>(c)];
    const auto start = initial_parameters(session.network, seed, first, count);
    const auto trained = train_seeds(*session.training, start, first, seed, spec.train);
    results.save_training(trained);
    progress.advance(best.note(trained.loss), count);
  });
}

void judge_stage(const Session& session, Results& results, int64_t seeds) {
  const auto& spec = session.spec;
  const auto done = below(results.judged_seeds(), seeds);
  const auto threads = threads_for(session);
  // Rows end at different times: several chunks a thread even that out.
  const auto share = (seeds - static_cast<int64_t>(done.size())) / (4 * threads);
  const auto rows =
      std::min(std::max<int64_t>(8, share), session.analysis->preferred_rows());
  const auto chunks = missing_chunks(seeds, done, rows, threads);
  Progress progress("polishing", seeds, static_cast<int64_t>(done.size()));
  BestLoss best;
  std::vector<std::vector<TrainedSeed>> trained;
  for (const auto& [first, count] : chunks) {
    trained.push_back(results.load_training(first, count));
  }
  parallel_for(static_cast<int64_t>(chunks.size()), threads, [&](int64_t c) {
    const auto& chunk = trained[static_cast<size_t>(c)];
    std::vector<torch::Tensor> theta;
    std::vector<bool> diverged;
    for (const auto& s : chunk) {
      theta.push_back(s.theta);
      diverged.push_back(s.stop == StopReason::kDiverged || !std::isfinite(s.loss));
    }
    auto endpoints = polish_and_judge(
        session.problem(), at::stack(theta), chunk.front().seed, diverged, spec.minima);
    auto losses = at::empty({static_cast<int64_t>(endpoints.size())}, torch::kFloat64);
    for (size_t i = 0; i < endpoints.size(); ++i) {
      endpoints[i].trained_loss = chunk[i].loss;
      losses[static_cast<int64_t>(i)] = endpoints[i].loss;
    }
    results.save_endpoints(endpoints);
    progress.advance(best.note(losses), static_cast<int64_t>(endpoints.size()));
  });
}

void identify_stage(const Session& session, Results& results, int64_t seeds) {
  if (results.identified_seeds() == seeds) return;
  auto endpoints = results.load_endpoints();
  std::erase_if(endpoints, [&](const Endpoint& e) { return e.seed >= seeds; });
  auto minima =
      identify(session.problem(), endpoints, session.spec.minima, threads_for(session));
  add_accuracy(session, minima);
  results.save_minima(minima, count_minima(minima), seeds);
}

void spectrum_stage(const Session& session, Results& results) {
  const auto minima = results.load_minima();
  const auto done = results.spectra_done();
  std::vector<const Minimum*> missing;
  size_t chosen = 0;
  for (const auto& m : minima) {
    // On a kink there is no Hessian.
    if (m.endpoint.kinks > 0 || m.endpoint.zeroed > 0) continue;
    if (++chosen > kMostSpectra) break;
    if (!done.contains(m.id)) missing.push_back(&m);
  }
  Progress progress("spectra",
                    static_cast<int64_t>(missing.size() + done.size()),
                    static_cast<int64_t>(done.size()));
  parallel_for(
      static_cast<int64_t>(missing.size()), threads_for(session), [&](int64_t i) {
        const auto& minimum = *missing[static_cast<size_t>(i)];
        const auto spectrum =
            hessian_spectrum(*session.analysis,
                             minimum.endpoint.theta,
                             {.dense_limit = session.spec.minima.dense_limit,
                              .lanczos_steps = session.spec.minima.lanczos_steps});
        results.save_spectrum({.minimum = minimum.id,
                               .values = spectrum.values,
                               .complete = spectrum.complete,
                               .residual = spectrum.min_residual});
        progress.advance();
      });
}

}  // namespace basin
