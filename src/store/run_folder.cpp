#include "store/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace basin {

namespace fs = std::filesystem;

FolderLock::FolderLock(const fs::path& folder)
    : file_(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (file_ < 0) {
    throw StorageError(
        fmt::format("{}: cannot lock: {}", folder.string(), std::strerror(errno)));
  }
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    ::close(file_);
    throw StorageError(
        fmt::format("{}: another process is writing this run", folder.string()));
  }
}

FolderLock::~FolderLock() { ::close(file_); }

std::vector<fs::path> list_runs(const fs::path& root) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    if (fs::exists(entry.path() / kConfigFile)) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

fs::path find_run(const fs::path& root, const std::string& name) {
  if (fs::exists(fs::path(name) / kConfigFile)) return name;
  std::vector<fs::path> found;
  for (const auto& run : list_runs(root)) {
    if (run.filename().string().starts_with(name)) found.push_back(run);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    throw InputError(fmt::format("{}: no run of that name in {}", name, root.string()));
  }
  std::string names;
  for (const auto& run : found) names += "\n  " + run.filename().string();
  throw InputError(
      fmt::format("{}: expected one run, several begin so:{}", name, names));
}

}  // namespace basin
