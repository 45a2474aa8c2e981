#include "train/lbfgs.h"

#include <ATen/Functions.h>

#include <cmath>
#include <limits>

#include "core/buffer.h"
#include "core/stop.h"
#include "train/lbfgs_direction.h"

namespace basin {
namespace {

double largest(const Buffer<double>& a) {
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i]));
  return most;
}

/// The minimisation of one row: feed it L and g at trial(), give it a direction where
/// it asks for one, until done().
class Row {
 public:
  Row(const double* theta, size_t size, const LbfgsOptions& options)
      : options_(options),
        size_(size),
        theta_(padded_size(size)),
        trial_(theta_.size()),
        gradient_(theta_.size()),
        trial_gradient_(theta_.size()),
        direction_(theta_.size()),
        pair_room_(static_cast<size_t>(options.history + 1) * 2 * theta_.size()),
        spare_(pair_room_.data()) {
    std::copy_n(theta, size, theta_.data());
    std::copy_n(theta, size, trial_.data());
  }

  const double* trial() const { return trial_.data(); }
  const double* theta() const { return theta_.data(); }
  double value() const { return value_; }
  double gradient_norm() const { return largest(gradient_); }
  int64_t iterations() const { return iterations_; }
  bool done() const { return done_; }
  LbfgsEnd end() const { return end_; }

  /// True if the trial point became the current point.
  bool feed(double value, const double* gradient) {
    std::copy_n(gradient, size_, trial_gradient_.data());
    if (!begun_) {
      begun_ = true;
      accept(value);
      return false;
    }
    const double slope = dot(trial_gradient_, direction_);
    const bool finite = std::isfinite(value) && std::isfinite(slope);
    const bool decrease = value <= value_ + options_.armijo * step_ * slope_ ||
                          (value <= value_ + 1e-14 * std::abs(value_) &&
                           slope <= (2 * options_.armijo - 1) * slope_);
    if (!finite || !decrease) {
      high_ = step_;
    } else if (slope < options_.curvature * slope_) {
      low_ = step_;
    } else {
      remember();
      ++iterations_;
      accept(value);
      return true;
    }
    if (++trials_ > options_.max_trials || (high_ - low_) * length_ < 1e-17) {
      give_up();
    } else {
      step_ = std::isinf(high_) ? 2 * step_ : (low_ + high_) / 2;
      move();
    }
    return false;
  }

  bool wants_direction() const { return wants_direction_; }
  DirectionTask task() { return {pairs_, gradient_.data(), direction_.data()}; }

  /// A new line search, along the direction that came of task().
  void search() {
    wants_direction_ = false;
    slope_ = dot(gradient_, direction_);
    if (!(slope_ < 0)) return give_up();
    const double norm = std::sqrt(dot(gradient_, gradient_));
    step_ = pairs_.empty() ? std::min(1.0, 1 / norm) : 1.0;
    low_ = 0;
    high_ = std::numeric_limits<double>::infinity();
    trials_ = 0;
    length_ = largest(direction_) / (1 + largest(theta_));
    move();
  }

 private:
  double dot(const Buffer<double>& a, const Buffer<double>& b) const {
    return lane_dot(a.data(), b.data(), theta_.size());
  }

  void remember() {
    const auto padded = theta_.size();
    LbfgsPair pair{.s = spare_, .y = spare_ + padded};
    for (size_t i = 0; i < size_; ++i) {
      pair.s[i] = trial_[i] - theta_[i];
      pair.y[i] = trial_gradient_[i] - gradient_[i];
    }
    const double sy = lane_dot(pair.s, pair.y, padded);
    const double yy = lane_dot(pair.y, pair.y, padded);
    if (!(sy > 1e-14 * std::sqrt(lane_dot(pair.s, pair.s, padded) * yy))) return;
    pair.rho = 1 / sy;
    pair.scale = 1 / (pair.rho * yy);
    pairs_.push_back(pair);
    if (static_cast<int64_t>(pairs_.size()) > options_.history) {
      spare_ = pairs_.front().s;
      pairs_.erase(pairs_.begin());
    } else {
      spare_ = pair_room_.data() + pairs_.size() * 2 * padded;
    }
  }

  void accept(double value) {
    std::copy_n(trial_.data(), size_, theta_.data());
    std::copy_n(trial_gradient_.data(), size_, gradient_.data());
    value_ = value;
    if (!std::isfinite(value)) return finish(LbfgsEnd::kStalled);
    if (gradient_norm() <= options_.gradient_tolerance) {
      return finish(LbfgsEnd::kConverged);
    }
    if (iterations_ >= options_.max_iterations) return finish(LbfgsEnd::kIterations);
    restarted_ = false;
    wants_direction_ = true;
  }

  // Once per point, forget the past and try steepest descent; then stop.
  void give_up() {
    if (restarted_ || pairs_.empty()) return finish(LbfgsEnd::kStalled);
    restarted_ = true;
    pairs_.clear();
    spare_ = pair_room_.data();
    wants_direction_ = true;
  }

  void move() {
    for (size_t i = 0; i < size_; ++i) trial_[i] = theta_[i] + step_ * direction_[i];
  }

  void finish(LbfgsEnd end) {
    done_ = true;
    end_ = end;
  }

  const LbfgsOptions& options_;
  size_t size_;
  Buffer<double> theta_, trial_, gradient_, trial_gradient_, direction_;
  Buffer<double> pair_room_;  // one pair more than are kept
  double* spare_;
  std::vector<LbfgsPair> pairs_;
  double value_ = std::numeric_limits<double>::quiet_NaN();
  double slope_ = 0, step_ = 0, low_ = 0, high_ = 0, length_ = 0;
  int64_t trials_ = 0, iterations_ = 0;
  bool begun_ = false, done_ = false, restarted_ = false, wants_direction_ = false;
  LbfgsEnd end_ = LbfgsEnd::kIterations;
};

// Until every row has a trial point to ask about, or is done.
void give_directions(std::vector<Row>& rows, size_t padded) {
  std::vector<Row*> wanting;
  std::vector<DirectionTask> tasks;
  const auto gather = [&] {
    wanting.clear();
    tasks.clear();
    for (auto& row : rows) {
      if (!row.done() && row.wants_direction()) {
        wanting.push_back(&row);
        tasks.push_back(row.task());
      }
    }
    return !tasks.empty();
  };
  while (gather()) {
    lbfgs_directions(tasks, padded);
    for (auto* row : wanting) row->search();
  }
}

torch::Tensor trial_points(const std::vector<Row>& rows,
                           const std::vector<size_t>& active,
                           int64_t parameters) {
  auto out =
      at::empty({static_cast<int64_t>(active.size()), parameters}, torch::kFloat64);
  auto* entry = out.data_ptr<double>();
  for (const auto r : active) {
    entry = std::copy_n(rows[r].trial(), parameters, entry);
  }
  return out;
}

std::vector<size_t> unfinished(const std::vector<Row>& rows) {
  std::vector<size_t> active;
  for (size_t r = 0; r < rows.size(); ++r) {
    if (!rows[r].done()) active.push_back(r);
  }
  return active;
}

}  // namespace

LbfgsResult minimize_lbfgs(const Objective& objective,
                           const torch::Tensor& theta,
                           const LbfgsOptions& options,
                           const StepObserver& observer) {
  const auto start = theta.to(torch::kFloat64).contiguous();
  const auto parameters = start.size(1);
  const auto padded = padded_size(static_cast<size_t>(parameters));
  std::vector<Row> rows;
  rows.reserve(static_cast<size_t>(start.size(0)));
  for (int64_t b = 0; b < start.size(0); ++b) {
    rows.emplace_back(start.data_ptr<double>() + b * parameters,
                      static_cast<size_t>(parameters),
                      options);
  }
  for (auto active = unfinished(rows); !active.empty(); active = unfinished(rows)) {
    check_stop();
    const auto answer =
        objective.value_and_gradient(trial_points(rows, active, parameters));
    const auto values = answer.value.to(torch::kFloat64);
    const auto gradients = answer.gradient.to(torch::kFloat64).contiguous();
    for (size_t k = 0; k < active.size(); ++k) {
      auto& row = rows[active[k]];
      const auto at = static_cast<int64_t>(k);
      const bool moved = row.feed(values.data_ptr<double>()[at],
                                  gradients.data_ptr<double>() + at * parameters);
      if (moved && observer) {
        observer(static_cast<int64_t>(active[k]),
                 row.iterations(),
                 row.value(),
                 row.theta());
      }
    }
    give_directions(rows, padded);
  }
  LbfgsResult result{.theta = at::empty_like(start),
                     .value = at::empty({start.size(0)}, torch::kFloat64),
                     .gradient_norm = at::empty({start.size(0)}, torch::kFloat64)};
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto b = static_cast<int64_t>(r);
    std::copy_n(
        rows[r].theta(), parameters, result.theta.data_ptr<double>() + b * parameters);
    result.value.data_ptr<double>()[b] = rows[r].value();
    result.gradient_norm.data_ptr<double>()[b] = rows[r].gradient_norm();
    result.iterations.push_back(rows[r].iterations());
    result.end.push_back(rows[r].end());
  }
  return result;
}

}  // namespace basin
