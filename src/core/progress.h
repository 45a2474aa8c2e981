#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace basin {

/// Shows how far a long piece of work is, on standard error: a bar with the time
/// left on a terminal, else a plain line every ten seconds. Safe to call from
/// several threads.
class Progress {
 public:
  /// `total` units of work, of which `done` were finished before (a resumed run).
  Progress(std::string label, int64_t total, int64_t done = 0);
  ~Progress();

  /// One unit less to do. `note` stands behind the bar: losses, say.
  void advance(const std::string& note = "", int64_t units = 1);

  /// There are `total` units in all, as it turns out.
  void expect(int64_t total);

 private:
  void draw(bool last);

  std::string label_;
  std::string note_;
  int64_t total_;
  int64_t done_;
  int64_t resumed_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
  bool terminal_;
  std::mutex guard_;
};

/// Silences every Progress (`--quiet`, tests).
void silence_progress();

/// "8 s", "3 min 20 s", "2 h 5 min".
std::string format_duration(double seconds);

}  // namespace basin
