#include "core/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdio>
#include <utility>

namespace basin {
namespace {

using Clock = std::chrono::steady_clock;
std::atomic<bool> silent{false};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

void silence_progress() { silent = true; }

std::string format_duration(double seconds) {
  const auto s = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

Progress::Progress(std::string label, int64_t total, int64_t done)
    : label_(std::move(label)),
      total_(total),
      done_(done),
      resumed_(done),
      start_(Clock::now()),
      drawn_(start_),
      terminal_(isatty(STDERR_FILENO) == 1) {
  if (resumed_ > 0 && resumed_ < total_ && !silent) {
    fmt::print(
        stderr, "{}: {} of {} already done, going on\n", label_, resumed_, total_);
  }
}

Progress::~Progress() {
  if (done_ > resumed_) draw(true);
}

void Progress::advance(const std::string& note, int64_t units) {
  const std::lock_guard lock(guard_);
  done_ += units;
  note_ = note;
  if (seconds_since(drawn_) >= (terminal_ ? 0.1 : 10.0) && done_ < total_) draw(false);
}

void Progress::expect(int64_t total) {
  const std::lock_guard lock(guard_);
  total_ = total;
}

void Progress::draw(bool last) {
  if (silent) return;
  drawn_ = Clock::now();
  const double elapsed = seconds_since(start_);
  const double rate = static_cast<double>(done_ - resumed_) / std::max(elapsed, 1e-9);
  const std::string time =
      last ? format_duration(elapsed)
           : format_duration(static_cast<double>(total_ - done_) / rate) + " left";
  const auto text =
      fmt::format("{:<10} {}/{}  {}  {}", label_, done_, total_, time, note_);
  if (!terminal_) {
    fmt::print(stderr, "{}\n", text);
    return;
  }
  constexpr int kWidth = 24;
  const auto filled = static_cast<int>(kWidth * done_ / std::max<int64_t>(total_, 1));
  fmt::print(stderr,
             "\r\033[K[{:█<{}}{:·<{}}] {}{}",
             "",
             filled,
             "",
             kWidth - filled,
             text,
             last ? "\n" : "");
  std::fflush(stderr);
}

}  // namespace basin
