#include "support/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "core/file.h"
#include "support/folder.h"

namespace basin::testing {

namespace fs = std::filesystem;

namespace {

// Waits until `root`/*/results.sqlite exists, at most 20 seconds.
void wait_for(const fs::path& root) {
  for (int i = 0; i < 2000; ++i) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root, error)) {
      if (fs::exists(entry.path() / "results.sqlite", error)) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

Ended run_program(const std::vector<std::string>& words,
                  const Interruption& interruption,
                  int64_t file_limit_blocks) {
  const Folder folder;
  const auto out = folder.path() / "out", err = folder.path() / "err";
  auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    dup2(open(out.c_str(), flags, 0644), STDOUT_FILENO);
    dup2(open(err.c_str(), flags, 0644), STDERR_FILENO);
    if (file_limit_blocks >= 0) {
      ::signal(SIGXFSZ, SIG_IGN);  // so that writing fails instead
      const rlimit limit{static_cast<rlim_t>(file_limit_blocks) * 512,
                         static_cast<rlim_t>(file_limit_blocks) * 512};
      setrlimit(RLIMIT_FSIZE, &limit);
    }
    std::vector<char*> argv{const_cast<char*>(BASIN_RUNNER)};
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execv(BASIN_RUNNER, argv.data());
    _exit(99);
  }
  if (interruption.after_ms >= 0) {
    if (!interruption.once_exists.empty()) wait_for(interruption.once_exists);
    std::this_thread::sleep_for(std::chrono::milliseconds(interruption.after_ms));
    start = std::chrono::steady_clock::now();
    kill(child, interruption.signal);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return {
      .code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
      .out = read_file(out, 1 << 24),
      .err = read_file(err, 1 << 24),
      .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
                     .count()};
}

void run_config(const std::string& config,
                const fs::path& out,
                const std::vector<std::string>& more) {
  std::vector<std::string> words{
      std::string(BASIN_ROOT) + "/configs/" + config, "--out", out.string(), "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  const auto ended = run_program(words);
  EXPECT_EQ(ended.code, 0) << ended.err;
}

std::vector<std::string> settings(const std::vector<std::string>& changes) {
  std::vector<std::string> words;
  for (const auto& change : changes) words.insert(words.end(), {"--set", change});
  return words;
}

std::string failed_export(
    const std::string& name,
    const std::string& out,
    const std::vector<std::pair<std::string, std::string>>& to_place) {
  for (const auto& [to, place] : to_place) {
    const auto ended = run_program(
        {"export", name, "--out", out, "--to", to, "--dest", out + "/" + place});
    if (ended.code != 0) return to;
  }
  return "";
}

bool python_has(const std::string& modules) {
  return std::system(
             ("/usr/bin/python3 -c 'import " + modules + "' 2>/dev/null").c_str()) == 0;
}

fs::path only_run(const fs::path& root, const std::string& prefix) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(root)) {
    if (entry.path().filename().string().starts_with(prefix))
      found.push_back(entry.path());
  }
  if (found.size() != 1) throw std::runtime_error("expected one run named " + prefix);
  return found.front();
}

std::vector<std::pair<std::string, std::string>> tables_of(const fs::path& folder) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& entry : fs::directory_iterator(folder / "tables")) {
    out.emplace_back(entry.path().filename().string(),
                     read_file(entry.path(), 1 << 26));
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace basin::testing
