#pragma once

namespace basin {

/// Lets Ctrl-C and SIGTERM ask for an orderly end; a second Ctrl-C ends at once.
void catch_stop_signals();

/// True once the user asked to stop.
bool stop_requested();

/// Throws Stopped once the user asked to stop. Called once a step by every loop
/// that can take long, so that the program ends within a step.
void check_stop();

}  // namespace basin
