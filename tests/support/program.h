#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace basin::testing {

/// What a run of the program left.
struct Ended {
  int code = -1;  ///< exit code, or 128 + signal
  std::string out;
  std::string err;
  double seconds = 0;
};

/// Runs the program with these words. If `kill_after_ms >= 0`, sends it `signal` then.
/// `file_limit_blocks >= 0` limits the size of files it may write, in 512-byte blocks.
Ended run_program(const std::vector<std::string>& words,
                  int kill_after_ms = -1,
                  int signal = 9,
                  int64_t file_limit_blocks = -1);

/// The one folder below `root` whose name begins with `prefix`.
std::filesystem::path only_run(const std::filesystem::path& root,
                               const std::string& prefix);

/// Every file of `folder/tables`, by name.
std::vector<std::pair<std::string, std::string>> tables_of(
    const std::filesystem::path& folder);

}  // namespace basin::testing
