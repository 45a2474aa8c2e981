#include "train/first_order.h"

#include <cmath>
#include <limits>

#include "core/random.h"
#include "core/stop.h"
#include "train/step_rule.h"

namespace basin {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Draws one seed's mini-batches.
class BatchOrder {
 public:
  BatchOrder(uint64_t user_seed, int64_t seed, int64_t samples)
      : random_(user_seed, Stream::kBatchOrder, static_cast<uint64_t>(seed)),
        samples_(samples) {}

  void next(int64_t* index, int64_t count) {
    if (at_ + count > static_cast<int64_t>(order_.size())) {
      order_ = random_.permutation(samples_);
      at_ = 0;
    }
    std::copy_n(order_.begin() + at_, count, index);
    at_ += count;
  }

 private:
  RandomStream random_;
  int64_t samples_;
  int64_t at_ = 0;
  std::vector<int64_t> order_;
};

/// One seed under way.
struct Runner {
  int64_t row;  // in the whole chunk
  BatchOrder order;
  int64_t step = 0;
  double start_loss = kNan;
  double least = std::numeric_limits<double>::infinity();
  int64_t least_step = 0;

  std::optional<StopReason> verdict(const TrainOptions& o,
                                    double loss,
                                    double gradient) {
    if (step == 0) start_loss = loss;
    if (!std::isfinite(loss) || !std::isfinite(gradient) ||
        loss > o.divergence_factor * (1 + std::abs(start_loss))) {
      return StopReason::kDiverged;
    }
    if (o.batch == 0 && gradient <= o.gradient_tolerance) return StopReason::kGradient;
    if (loss < least - o.plateau_tolerance * std::abs(loss)) {
      least = loss;
      least_step = step;
    }
    if (o.plateau_steps > 0 && step - least_step >= o.plateau_steps)
      return StopReason::kPlateau;
    return std::nullopt;
  }
};

/// The lanes of one thread.
template <typename T>
class Lanes {
 public:
  Lanes(const SampledObjective& objective,
        PackedObjective<T>& packed,
        uint64_t user_seed,
        const TrainOptions& options,
        TrainedSeeds& out,
        Record& record)
      : packed_(packed),
        user_seed_(user_seed),
        options_(options),
        out_(out),
        record_(record),
        samples_(objective.samples()),
        parameters_(out.theta.size(1)),
        lanes_(packed.lanes()),
        batch_(options.batch >= samples_ ? 0 : options.batch),
        runners_(static_cast<size_t>(lanes_)),
        wanted_(static_cast<size_t>(lanes_), false),
        index_(static_cast<size_t>(lanes_ * batch_)),
        theta_(static_cast<size_t>(lanes_ * parameters_)),
        gradient_(theta_.size()),
        value_(static_cast<size_t>(lanes_)),
        largest_(static_cast<size_t>(lanes_)),
        state_(make_step_state<T>(options, parameters_, lanes_)) {}

  void run() {
    for (int64_t k = 0; k < lanes_; ++k) begin(k);
    while (running_ > 0) {
      check_stop();
      evaluate();
      for (int64_t k = 0; k < lanes_; ++k) judge(k);
      take_steps(options_, gradient_.data(), state_, theta_.data());
      for (int64_t k = 0; k < lanes_; ++k) advance(k);
    }
  }

 private:
  std::optional<Runner>& runner(int64_t lane) {
    return runners_[static_cast<size_t>(lane)];
  }

  // The next seed, if there is one, takes the lane.
  void begin(int64_t lane) {
    if (next_ >= out_.theta.size(0) || options_.steps == 0) return;
    const double* from = out_.theta.data_ptr<double>() + next_ * parameters_;
    for (int64_t i = 0; i < parameters_; ++i)
      theta_[static_cast<size_t>(i * lanes_ + lane)] = static_cast<T>(from[i]);
    restart_lane(state_, lane);
    runner(lane).emplace(Runner{
        .row = next_, .order = BatchOrder(user_seed_, out_.first + next_, samples_)});
    wanted_[static_cast<size_t>(lane)] = true;
    ++running_;
    ++next_;
  }

  void evaluate() {
    if (batch_ > 0) {
      for (int64_t k = 0; k < lanes_; ++k) {
        if (runner(k)) runner(k)->order.next(index_.data() + k * batch_, batch_);
      }
    }
    packed_.value_and_gradient(theta_.data(),
                               batch_ > 0 ? index_.data() : nullptr,
                               batch_,
                               wanted_,
                               value_.data(),
                               gradient_.data());
    largest_entries(gradient_.data(), parameters_, lanes_, largest_.data());
  }

  // Notes the loss; a seed that has come to its end leaves before the step.
  void judge(int64_t lane) {
    auto& seed = runner(lane);
    if (!seed) return;
    const auto k = static_cast<size_t>(lane);
    const auto loss = static_cast<double>(value_[k]);
    record_.keep(seed->row, seed->step, loss, theta_.data() + lane, lanes_);
    const auto why = seed->verdict(options_, loss, static_cast<double>(largest_[k]));
    if (why) {
      record_.close(seed->row, seed->step, *why == StopReason::kDiverged ? kNan : loss);
      end(lane, *why);
    } else {
      prepare(lane, seed->step);
    }
  }

  // The seeds are mostly at the same step: what it needs is worked out once.
  void prepare(int64_t lane, int64_t step) {
    if (prepared_lane_ >= 0 && prepared_step_ == step) {
      copy_step(state_, prepared_lane_, lane);
      return;
    }
    prepare_step(options_, step, lane, state_);
    prepared_lane_ = lane;
    prepared_step_ = step;
  }

  void advance(int64_t lane) {
    auto& seed = runner(lane);
    if (seed && ++seed->step == options_.steps) end(lane, StopReason::kSteps);
    if (!runner(lane)) begin(lane);
  }

  void end(int64_t lane, StopReason why) {
    auto& seed = runner(lane);
    double* to = out_.theta.data_ptr<double>() + seed->row * parameters_;
    for (int64_t i = 0; i < parameters_; ++i)
      to[i] = static_cast<double>(theta_[static_cast<size_t>(i * lanes_ + lane)]);
    out_.stop[static_cast<size_t>(seed->row)] = why;
    out_.steps[static_cast<size_t>(seed->row)] = seed->step;
    seed.reset();
    wanted_[static_cast<size_t>(lane)] = false;
    --running_;
  }

  PackedObjective<T>& packed_;
  uint64_t user_seed_;
  const TrainOptions& options_;
  TrainedSeeds& out_;
  Record& record_;
  int64_t samples_, parameters_, lanes_, batch_;
  int64_t next_ = 0, running_ = 0;
  int64_t prepared_lane_ = -1, prepared_step_ = -1;
  std::vector<std::optional<Runner>> runners_;
  std::vector<bool> wanted_;
  std::vector<int64_t> index_;
  Buffer<T> theta_, gradient_, value_, largest_;
  StepState<T> state_;
};

}  // namespace

void train_first_order(const SampledObjective& objective,
                       uint64_t user_seed,
                       const TrainOptions& options,
                       TrainedSeeds& out,
                       Record& record) {
  if (objective.dtype() == torch::kFloat32) {
    const auto packed = objective.packed_float();
    Lanes<float>(objective, *packed, user_seed, options, out, record).run();
  } else {
    const auto packed = objective.packed_double();
    Lanes<double>(objective, *packed, user_seed, options, out, record).run();
  }
}

}  // namespace basin
