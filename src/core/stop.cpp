#include "core/stop.h"

#include <atomic>
#include <csignal>

#include "core/error.h"

namespace basin {
namespace {

std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int signal) {
  requested = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_stop_signals() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool stop_requested() { return requested; }

void check_stop() {
  if (requested) throw Stopped();
}

}  // namespace basin
