#include "report/convert.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/stop.h"

extern char** environ;

namespace basin {
namespace {

// Runs a program found on PATH; its exit status, 127 if there is none.
int run_program(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) !=
      0)
    return 127;
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

void convert_figures(const std::filesystem::path& from,
                     const std::filesystem::path& to,
                     const std::string& format) {
  make_folder(to);
  std::vector<std::filesystem::path> figures;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(from, error)) {
    if (entry.path().extension() == ".svg") figures.push_back(entry.path());
  }
  std::sort(figures.begin(), figures.end());
  for (const auto& figure : figures) {
    check_stop();
    const auto out = to / (figure.stem().string() + "." + format);
    const auto part = out.string() + ".part";
    std::vector<std::string> words{
        "rsvg-convert", "--format", format, "--output", part, figure.string()};
    if (format == "png")
      words.insert(
          words.begin() + 1,
          {"--width", "1417", "--keep-aspect-ratio", "--background-color", "white"});
    const int status = run_program(words);
    if (status == 127)
      throw StorageError(
          "rsvg-convert is missing: install librsvg2-bin (scripts/setup does)");
    if (status != 0) throw StorageError(figure.string() + ": cannot be converted");
    std::filesystem::rename(part, out, error);
    if (error) throw StorageError(out.string() + ": " + error.message());
  }
}

}  // namespace basin
