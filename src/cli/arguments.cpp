#include "cli/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "config/suggest.h"
#include "core/error.h"

namespace basin {
namespace {

const std::vector<std::string> kCommands{"run",
                                         "check",
                                         "schema",
                                         "list",
                                         "show",
                                         "compare",
                                         "verify",
                                         "export",
                                         "import",
                                         "help"};
const std::vector<std::string> kOptions{"--out",
                                        "--set",
                                        "--threads",
                                        "--quiet",
                                        "--to",
                                        "--dest",
                                        "--points",
                                        "--energies",
                                        "--moves",
                                        "--help",
                                        "--version"};

int64_t parse_whole(const std::string& option, const std::string& text, int64_t most) {
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 ||
      value > most) {
    throw InputError(fmt::format(
        "{}: expected a whole number from 0 to {}, came '{}'", option, most, text));
  }
  return value;
}

void require_target(const Arguments& a) {
  const bool needs_config =
      a.command == "run" || a.command == "check" || a.command == "import";
  const bool needs_run =
      a.command == "show" || a.command == "verify" || a.command == "export";
  if (a.target.empty() && (needs_config || needs_run)) {
    throw InputError(fmt::format("{}: expected {}, came nothing",
                                 a.command,
                                 needs_config ? "a config file" : "a run"));
  }
  if (a.command == "compare" && a.runs.size() < 2) {
    throw InputError(
        fmt::format("compare: expected two runs or more, came {}", a.runs.size()));
  }
  static const std::set<std::string> formats{"csv",
                                             "npz",
                                             "npy",
                                             "hdf5",
                                             "vtk",
                                             "png",
                                             "pdf",
                                             "pele",
                                             "pathsample",
                                             "topsearch"};
  if (a.moves > 0 && a.command != "verify") {
    throw InputError(
        fmt::format("--moves: expected with verify, came with {}", a.command));
  }
  if (a.command == "export" && !formats.contains(a.to)) {
    throw InputError(fmt::format(
        "--to: expected one of {}, came '{}'", fmt::join(formats, ", "), a.to));
  }
}

}  // namespace

Arguments parse_arguments(const std::vector<std::string>& words) {
  Arguments out;
  size_t i = 0;
  const auto value = [&](const std::string& option) {
    if (++i == words.size()) {
      throw InputError(fmt::format("{}: expected a value, came nothing", option));
    }
    return words[i];
  };
  for (; i < words.size(); ++i) {
    const auto& word = words[i];
    if (word == "--help" || word == "-h") {
      out.command = "help";
      return out;
    } else if (word == "--version") {
      out.command = "version";
      return out;
    } else if (word == "--out") {
      out.out = value(word);
    } else if (word == "--set") {
      out.overrides.push_back(value(word));
    } else if (word == "--threads") {
      out.threads = parse_whole(word, value(word), 4096);
    } else if (word == "--moves") {
      out.moves = parse_whole(word, value(word), 100'000'000);
    } else if (word == "--quiet") {
      out.quiet = true;
    } else if (word == "--to") {
      out.to = value(word);
    } else if (word == "--dest") {
      out.dest = value(word);
    } else if (word == "--points") {
      out.points = value(word);
    } else if (word == "--energies") {
      out.energies = value(word);
    } else if (word.starts_with("-") && word.size() > 1) {
      throw InputError(
          fmt::format("{}: unknown option{}", word, suggestion(word, kOptions)));
    } else if (out.command.empty() &&
               std::find(kCommands.begin(), kCommands.end(), word) != kCommands.end()) {
      out.command = word;
    } else if (out.command == "compare") {
      out.runs.push_back(word);
    } else if (out.target.empty()) {
      if (out.command.empty()) out.command = "run";
      out.target = word;
    } else {
      throw InputError(
          fmt::format("'{}': expected one config or run, came another", word));
    }
  }
  if (out.command.empty()) out.command = "help";
  require_target(out);
  return out;
}

const std::vector<std::string>& command_names() { return kCommands; }

std::string usage() {
  return R"(basin: what does the loss of this network really look like?

  runner CONFIG               train, polish, judge, count, draw; continues a run that
                              was interrupted
  runner check CONFIG         validate without running; work and memory
  runner schema               JSON Schema of the config, for editors
  runner list                 the runs there are
  runner show RUN             what a run found
  runner compare RUN RUN...   one page and one table for all of them
  runner verify RUN           recompute every certificate from the run folder alone
    --moves N                 and move every certified minimum N ways: no lower loss
  runner export RUN --to csv|npz|npy|hdf5|vtk|png|pdf|pele|pathsample|topsearch
                              [--dest PATH]
  runner import CONFIG --points FILE [--energies FILE] [--dest CSV]
                              judge the minima of another program: min.coords of
                              TopSearch or points.min of PATHSAMPLE, and their min.data

options
  --out DIR        where runs are kept (runs)
  --set KEY=VALUE  override a key of the config: --set model.depth=4
  --threads N      0: one a core; changes no result
  --quiet          no progress
  --version

exit codes: 0 done, 2 wrong input, 3 cannot go on (disk full, run locked, numbers lost)
or a certificate that does not hold,
130 stopped by Ctrl-C (the same command continues), 1 a fault of this program
)";
}

}  // namespace basin
