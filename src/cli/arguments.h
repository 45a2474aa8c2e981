#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace basin {

/// What the command line asks for.
struct Arguments {
  std::string command;  ///< run, check, schema, list, show, compare, verify, export,
                        ///< import, help, version
  std::string target;   ///< config or run
  std::vector<std::string> runs;       ///< compare: all of them
  std::string out = "runs";            ///< where runs are kept
  std::vector<std::string> overrides;  ///< of --set
  int64_t threads = -1;                ///< -1: as the config says
  bool quiet = false;
  std::string to;                ///< export: csv or npz
  std::string dest;              ///< export: folder or file; empty: beside the run
  std::string points, energies;  ///< import: files
  int64_t moves = 0;             ///< verify: of each certified minimum
};

/// Throws InputError for anything unknown.
Arguments parse_arguments(const std::vector<std::string>& words);

const std::vector<std::string>& command_names();

std::string usage();

}  // namespace basin
