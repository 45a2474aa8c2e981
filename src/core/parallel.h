#pragma once

#include <cstdint>
#include <functional>

namespace basin {

/// Holds LibTorch's and OpenBLAS' own threading at one thread for the calling
/// thread and all later ones. Ours is the only level of parallelism: nested
/// threads were measured up to 18 times slower.
void use_one_library_thread();

/// Tells malloc to keep what is freed. Each step frees and asks again for the same
/// blocks; giving them back to the system costs a tenth of the time (measured).
void keep_freed_memory();

/// `requested`, or the number of cores this process may use if that is 0.
int64_t resolve_threads(int64_t requested);

/// Runs task(0), ..., task(count - 1), each once, on `threads` threads.
///
/// Tasks start in ascending order. The first exception ends the loop (tasks under
/// way finish) and is thrown again here. Throws Stopped if the user asked to stop.
void parallel_for(int64_t count,
                  int64_t threads,
                  const std::function<void(int64_t)>& task);

}  // namespace basin
