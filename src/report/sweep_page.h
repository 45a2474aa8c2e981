#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "minima/count.h"

namespace basin {

/// One cell of a sweep and what its run found.
struct SweepRow {
  std::vector<std::pair<std::string, std::string>> values;  ///< key, value
  std::string run;                                          ///< folder
  int64_t parameters = 0;
  int64_t seeds = 0;
  std::vector<std::pair<std::string, int64_t>> verdicts;
  Count certified;             ///< level parameters
  Count candidates;            ///< level parameters
  std::vector<double> losses;  ///< of all endpoints that did not diverge
};

std::string sweep_csv(const std::vector<SweepRow>& rows);
/// What was asked, what came out for each value of the first axis, how sure it is.
std::vector<std::string> sweep_sentences(const std::string& name,
                                         const std::vector<SweepRow>& rows);
std::string sweep_text(const std::vector<SweepRow>& rows);
std::string sweep_page(const std::string& name, const std::vector<SweepRow>& rows);
void write_sweep_figures(const std::string& name,
                         const std::vector<SweepRow>& rows,
                         const std::filesystem::path& folder);

}  // namespace basin
