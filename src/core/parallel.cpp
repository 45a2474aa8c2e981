#include "core/parallel.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/stop.h"

namespace basin {
namespace {

// OpenBLAS may be loaded twice (as libblas.so.3 and as libopenblas.so.0): each
// copy has its own thread count.
int limit_blas(struct dl_phdr_info* info, size_t, void*) {
  const std::string path = info->dlpi_name;
  if (path.find("blas") == std::string::npos) return 0;
  if (void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD)) {
    using SetThreads = void (*)(int);
    if (auto set =
            reinterpret_cast<SetThreads>(dlsym(library, "openblas_set_num_threads"))) {
      set(1);
    }
    dlclose(library);
  }
  return 0;
}

}  // namespace

void use_one_library_thread() {
  static std::once_flag once;
  std::call_once(once, [] { dl_iterate_phdr(limit_blas, nullptr); });
  at::set_num_threads(1);
}

void keep_freed_memory() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

int64_t resolve_threads(int64_t requested) {
  if (requested > 0) return requested;
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return std::max(1, CPU_COUNT(&cores));
}

void parallel_for(int64_t count,
                  int64_t threads,
                  const std::function<void(int64_t)>& task) {
  std::atomic<int64_t> next{0};
  std::exception_ptr failure;
  std::mutex guard;
  const auto work = [&] {
    use_one_library_thread();
    try {
      for (int64_t i = next++; i < count; i = next++) {
        check_stop();
        task(i);
      }
    } catch (...) {
      next = count;
      const std::lock_guard lock(guard);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> workers;
  for (int64_t t = 1; t < std::min(threads, count); ++t) workers.emplace_back(work);
  work();
  for (auto& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace basin
