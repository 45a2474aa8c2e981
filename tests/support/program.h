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

/// Sends `signal` to the program `after_ms` after the start or, if `once_exists` is not
/// empty, after the database of a run appeared below that folder.
struct Interruption {
  int after_ms = -1;  ///< -1: none
  int signal = 9;
  std::filesystem::path once_exists = {};
};

/// Runs the program with these words. `file_limit_blocks >= 0` limits the size of files
/// it may write, in 512-byte blocks. `seconds` count from the signal, if one was sent.
Ended run_program(const std::vector<std::string>& words,
                  const Interruption& interruption = {},
                  int64_t file_limit_blocks = -1);

/// Runs `config`, a path below configs/, into `out` without progress; `more` follows.
/// The test fails if the program does.
void run_config(const std::string& config,
                const std::filesystem::path& out,
                const std::vector<std::string>& more = {});

/// "--set" before each of `changes`.
std::vector<std::string> settings(const std::vector<std::string>& changes);

/// Exports the run `name` below `out` in each format to a place below `out`; the first
/// format that fails, or "".
std::string failed_export(
    const std::string& name,
    const std::string& out,
    const std::vector<std::pair<std::string, std::string>>& to_place);

/// True if the Python of the system imports these modules.
bool python_has(const std::string& modules);

/// The one folder below `root` whose name begins with `prefix`.
std::filesystem::path only_run(const std::filesystem::path& root,
                               const std::string& prefix);

/// Every file of `folder/tables`, by name.
std::vector<std::pair<std::string, std::string>> tables_of(
    const std::filesystem::path& folder);

}  // namespace basin::testing
