#include "train/lbfgs.h"

#include <ATen/Functions.h>

#include <array>
#include <cmath>
#include <deque>
#include <limits>

#include "core/stop.h"

namespace basin {
namespace {

using Vector = std::vector<double>;

// In eight lanes, whatever the machine has, so that the sum is the same everywhere.
double dot(const Vector& a, const Vector& b) {
  constexpr size_t kLanes = 8;
  std::array<double, kLanes> lane{};
  const size_t whole = a.size() / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) lane[k] += a[i + k] * b[i + k];
  }
  for (size_t i = whole; i < a.size(); ++i) lane[i - whole] += a[i] * b[i];
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
         ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

double largest(const Vector& a) {
  double most = 0;
  for (const double x : a) most = std::max(most, std::abs(x));
  return most;
}

struct Pair {
  Vector s, y;
  double rho;
};

/// The minimisation of one row: feed it L and g at trial(), until done().
class Row {
 public:
  Row(const double* theta, size_t size, const LbfgsOptions& options)
      : options_(options), theta_(theta, theta + size), trial_(theta_) {}

  const Vector& trial() const { return trial_; }
  const Vector& theta() const { return theta_; }
  double value() const { return value_; }
  double gradient_norm() const { return largest(gradient_); }
  int64_t iterations() const { return iterations_; }
  bool done() const { return done_; }
  LbfgsEnd end() const { return end_; }

  /// True if the trial point became the current point.
  bool feed(double value, const double* gradient) {
    const Vector g(gradient, gradient + theta_.size());
    if (gradient_.empty()) {
      accept(value, g);
      return false;
    }
    const double slope = dot(g, direction_);
    const bool finite = std::isfinite(value) && std::isfinite(slope);
    const bool decrease = value <= value_ + options_.armijo * step_ * slope_ ||
                          (value <= value_ + 1e-14 * std::abs(value_) &&
                           slope <= (2 * options_.armijo - 1) * slope_);
    if (!finite || !decrease) {
      high_ = step_;
    } else if (slope < options_.curvature * slope_) {
      low_ = step_;
    } else {
      remember(g);
      ++iterations_;
      accept(value, g);
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

 private:
  void remember(const Vector& g) {
    Pair pair{.s = Vector(g.size()), .y = Vector(g.size())};
    for (size_t i = 0; i < g.size(); ++i) {
      pair.s[i] = trial_[i] - theta_[i];
      pair.y[i] = g[i] - gradient_[i];
    }
    const double sy = dot(pair.s, pair.y);
    if (!(sy > 1e-14 * std::sqrt(dot(pair.s, pair.s) * dot(pair.y, pair.y)))) return;
    pair.rho = 1 / sy;
    pairs_.push_back(std::move(pair));
    if (static_cast<int64_t>(pairs_.size()) > options_.history) pairs_.pop_front();
  }

  void accept(double value, const Vector& g) {
    theta_ = trial_;
    value_ = value;
    gradient_ = g;
    if (!std::isfinite(value)) return finish(LbfgsEnd::kStalled);
    if (gradient_norm() <= options_.gradient_tolerance) {
      return finish(LbfgsEnd::kConverged);
    }
    if (iterations_ >= options_.max_iterations) return finish(LbfgsEnd::kIterations);
    restarted_ = false;
    search();
  }

  // The two-loop recursion: −(inverse Hessian estimate) g.
  void search() {
    direction_ = gradient_;
    Vector alpha(pairs_.size());
    for (size_t k = pairs_.size(); k-- > 0;) {
      alpha[k] = pairs_[k].rho * dot(pairs_[k].s, direction_);
      add(-alpha[k], pairs_[k].y);
    }
    if (!pairs_.empty()) {
      const auto& last = pairs_.back();
      const double scale = 1 / (last.rho * dot(last.y, last.y));
      for (double& x : direction_) x *= scale;
    }
    for (size_t k = 0; k < pairs_.size(); ++k) {
      add(alpha[k] - pairs_[k].rho * dot(pairs_[k].y, direction_), pairs_[k].s);
    }
    for (double& x : direction_) x = -x;
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

  // Once per point, forget the past and try steepest descent; then stop.
  void give_up() {
    if (restarted_ || pairs_.empty()) return finish(LbfgsEnd::kStalled);
    restarted_ = true;
    pairs_.clear();
    search();
  }

  void add(double factor, const Vector& v) {
    for (size_t i = 0; i < v.size(); ++i) direction_[i] += factor * v[i];
  }

  void move() {
    for (size_t i = 0; i < theta_.size(); ++i) {
      trial_[i] = theta_[i] + step_ * direction_[i];
    }
  }

  void finish(LbfgsEnd end) {
    done_ = true;
    end_ = end;
  }

  const LbfgsOptions& options_;
  Vector theta_, trial_, gradient_, direction_;
  std::deque<Pair> pairs_;
  double value_ = std::numeric_limits<double>::quiet_NaN();
  double slope_ = 0, step_ = 0, low_ = 0, high_ = 0, length_ = 0;
  int64_t trials_ = 0, iterations_ = 0;
  bool done_ = false, restarted_ = false;
  LbfgsEnd end_ = LbfgsEnd::kIterations;
};

torch::Tensor trial_points(const std::vector<Row>& rows,
                           const std::vector<size_t>& active,
                           int64_t parameters) {
  auto out =
      at::empty({static_cast<int64_t>(active.size()), parameters}, torch::kFloat64);
  auto* entry = out.data_ptr<double>();
  for (const auto r : active) {
    entry = std::copy(rows[r].trial().begin(), rows[r].trial().end(), entry);
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
  std::vector<Row> rows;
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
                 row.theta().data());
      }
    }
  }
  LbfgsResult result{.theta = at::empty_like(start),
                     .value = at::empty({start.size(0)}, torch::kFloat64),
                     .gradient_norm = at::empty({start.size(0)}, torch::kFloat64)};
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto b = static_cast<int64_t>(r);
    std::copy(rows[r].theta().begin(),
              rows[r].theta().end(),
              result.theta.data_ptr<double>() + b * parameters);
    result.value.data_ptr<double>()[b] = rows[r].value();
    result.gradient_norm.data_ptr<double>()[b] = rows[r].gradient_norm();
    result.iterations.push_back(rows[r].iterations());
    result.end.push_back(rows[r].end());
  }
  return result;
}

}  // namespace basin
