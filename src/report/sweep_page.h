#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "report/measures.h"

namespace basin {

/// A class of certified minima of one cell: level symmetry where the data has declared
/// symmetries, else parameters.
struct DistinctMinimum {
  double loss = 0;
  int64_t hits = 0;
  double min_eigenvalue = 0;
  int64_t nullity = 0;
  Verdict verdict = Verdict::kStrictMinimum;
};

/// The classes of a run, by loss.
std::vector<DistinctMinimum> distinct_minima(const std::vector<Minimum>& minima);

/// One cell of a sweep and what its run found.
struct SweepRow {
  std::vector<std::pair<std::string, std::string>> values;  ///< key, value
  std::string run;                                          ///< folder
  int64_t parameters = 0;
  int64_t seeds = 0;
  std::vector<std::pair<std::string, int64_t>> verdicts;
  std::string convexity;       ///< of the loss in the parameters; "": not asked
  Count certified;             ///< level parameters
  Count candidates;            ///< level parameters
  std::vector<double> losses;  ///< of all endpoints that did not diverge
  double spurious_above = 0;   ///< 0: not asked for
  int64_t spurious = 0;        ///< endpoints with at least that loss
  Count coarse;                ///< certified, up to declared symmetries of the data
  std::vector<DistinctMinimum> distinct;
  std::vector<Measure> measures;
  std::vector<StoredSlice> planes;  ///< to be drawn at one scale
};

/// A run as a row. `values` tell it from the others.
SweepRow row_of(const std::vector<std::pair<std::string, std::string>>& values,
                const RunReport& report);

/// Rows whose values are the keys in which the configs of the runs differ; the run
/// itself where nothing does.
std::vector<SweepRow> rows_of(const std::vector<RunReport>& reports);

/// Gives every row the measures of all rows, in one order; NaN where it has none.
void align_measures(std::vector<SweepRow>& rows);

/// "12.3 % (10.4 to 14.5)": the share of spurious endpoints with Wilson's interval.
std::string spurious_text(const SweepRow& row);

/// All distinct minima of all cells.
std::string sweep_minima_csv(const std::vector<SweepRow>& rows);
std::string sweep_minima_html(const std::vector<SweepRow>& rows);

std::string sweep_csv(const std::vector<SweepRow>& rows);
/// What was asked, what came out for each value of the first axis, how sure it is.
std::vector<std::string> sweep_sentences(const std::string& name,
                                         const std::vector<SweepRow>& rows);
std::string sweep_text(const std::vector<SweepRow>& rows);

/// A figure and the name of its file.
struct Picture {
  std::string name;
  std::string svg;
};

/// A plane of one row, drawn with the scale of colours that its `name` has in all rows.
struct ScaledPlane {
  std::string name;
  Picture picture;
  std::string caption = {};
};

/// The planes that two rows or more have by one name; 60 at most.
std::vector<ScaledPlane> planes_at_one_scale(const std::vector<SweepRow>& rows);
std::string planes_html(const std::vector<ScaledPlane>& planes);

/// What is drawn of a sweep, for the page and as files.
struct SweepPictures {
  Picture minima;
  Picture losses;
  std::vector<Picture> measures;  ///< of each that differs from row to row
  std::vector<ScaledPlane> planes;
};
SweepPictures sweep_pictures(const std::string& name,
                             const std::vector<SweepRow>& rows);
void write_sweep_figures(const SweepPictures& pictures,
                         const std::filesystem::path& folder);

std::string sweep_page(const std::string& name,
                       const std::vector<SweepRow>& rows,
                       const SweepPictures& pictures);

}  // namespace basin
