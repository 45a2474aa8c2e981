#pragma once

#include <map>
#include <optional>
#include <set>

#include "connectivity/graph.h"
#include "connectivity/hopping.h"
#include "convexity/box.h"
#include "convexity/verdict.h"
#include "landscape/curvature.h"
#include "landscape/line_extrema.h"
#include "landscape/slice.h"
#include "minima/count.h"
#include "minima/identify.h"
#include "store/database.h"
#include "store/seal.h"
#include "train/ensemble.h"

namespace basin {

/// What training left of one seed.
struct TrainedSeed {
  int64_t seed = 0;
  torch::Tensor theta;
  double loss = 0;
  double gradient_norm = 0;
  int64_t steps = 0;
  StopReason stop = StopReason::kSteps;
  torch::Tensor curve;
  torch::Tensor trajectory;
};

struct StoredSlice {
  SliceFrame frame;
  SliceValues
      values;  ///< on every `stride`-th row and column, like frame.x and frame.y
  int64_t stride = 1;
  torch::Tensor least,
      largest;          ///< extreme eigenvalues `[m, m]`; undefined without map
  LineExtrema extrema;  ///< of a line
  std::string problem;  ///< why there are no values
};

struct StoredSpectrum {
  int64_t minimum = 0;
  torch::Tensor values;
  bool complete = false;
  double residual = 0;
};

/// The results of one run, in its database. Each save_ is one transaction.
class Results {
 public:
  Results(const std::filesystem::path& folder, Database::Mode mode);

  std::set<int64_t> trained_seeds();
  std::set<int64_t> judged_seeds();
  std::set<int64_t> spectra_done();

  /// How many seeds the minima were made from; 0: there are none yet.
  int64_t identified_seeds();

  /// The program revision that made these results, for example; "" if never set.
  std::string meta(const std::string& key);
  void set_meta(const std::string& key, const std::string& value);

  /// True once a slice is whole.
  bool has_slice(const std::string& name);

  /// The tiles of a slice, and the rows of its map of eigenvalues, that are done.
  std::set<int64_t> tiles_done(const std::string& name);
  std::set<int64_t> map_rows_done(const std::string& name);
  std::set<std::string> points_done();

  void save_training(const TrainedSeeds& seeds);
  void save_endpoints(const std::vector<Endpoint>& endpoints);
  void save_minima(const std::vector<Minimum>& minima,
                   const std::vector<Count>& counts,
                   int64_t seeds);
  void save_spectrum(const StoredSpectrum& spectrum);

  /// A slice is begun with its frame or its problem, filled tile by tile (`first`: the
  /// first row of the grid), and finished.
  void begin_slice(const SliceFrame& frame, const std::string& problem);
  void save_tile(const std::string& name, int64_t first, SliceValues values);
  void save_map_row(const std::string& name, int64_t row, const CurvatureRow& values);
  void finish_slice(const std::string& name, const LineExtrema& extrema);
  void save_point(const std::string& point, const std::vector<PointCurvature>& gauges);

  /// In the order of seeds; `[first, first + count)`.
  std::vector<TrainedSeed> load_training(int64_t first, int64_t count);
  std::vector<Endpoint> load_endpoints();
  std::vector<Minimum> load_minima();

  /// Seals every row, once the run has ended; see seal_rows.
  void seal() { seal_rows(database_); }

  /// What was changed since.
  std::vector<BrokenSeal> broken_seals();
  std::vector<Count> load_counts();
  std::vector<StoredSpectrum> load_spectra();

  /// Slices that are whole, in the order of the run; without their values.
  std::vector<StoredSlice> load_frames();

  /// ... with every `stride`-th row and column, at most `most` of each.
  std::vector<StoredSlice> load_slices(int64_t most);

  /// Each tile of a slice in the order of rows, one at a time.
  void each_tile(const std::string& name,
                 const std::function<void(int64_t first, SliceValues&)>& use);
  std::vector<PointCurvature> load_points();

  /// The graph of minima, as far as it is known; empty at first.
  Graph load_graph();
  std::vector<HopChain> load_chains();

  /// The first nodes.
  void save_nodes(const std::vector<Node>& nodes);

  /// Attempts that were made together, with what each adds; all of it or nothing.
  /// `first` is the number of the first one, `edge` that of the first new edge.
  void save_attempts(int64_t first,
                     int64_t edge,
                     const std::vector<Attempt>& attempts,
                     const std::vector<Growth>& growth);

  /// The count of components, beside those of the other levels.
  void save_component_count(const Count& count);

  /// The verdict on convexity; proofs are made again from the spec.
  void save_convexity(const ConvexityReport& report);
  std::optional<ConvexityReport> load_convexity();
  void save_box(int64_t minimum, const BoxCertificate& box);
  std::map<int64_t, BoxCertificate> load_boxes();

  /// Chains after a round of hops, with the nodes it found.
  void save_hops(const std::vector<HopChain>& chains, const std::vector<Node>& found);

 private:
  // Endpoints of seeds, nodes and saddles are in tables of the same columns.
  static constexpr const char* kSeedEnds = "endpoints";
  static constexpr const char* kNodeEnds = "node_points";
  static constexpr const char* kSaddles = "saddles";
  void write_ends(const char* table, const std::vector<Endpoint>& points);
  void write_counts(const std::vector<Count>& counts);
  std::vector<Endpoint> load_ends(const char* table);

  Database database_;
};

/// Throws InputError if the results in `folder` were made by another revision of the
/// program: their certificates are not ours, and nothing is mixed or overwritten.
void require_revision(const std::filesystem::path& folder, const std::string& revision);

}  // namespace basin
