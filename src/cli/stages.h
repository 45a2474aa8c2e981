#pragma once

#include "cli/session.h"
#include "store/results.h"

namespace basin {

/// The stages of a run, in order. Each does what the database does not hold yet, in
/// pieces that are saved as they finish.  The first three look at seeds 0, ..., `seeds`
/// - 1.
void train_stage(const Session& session, Results& results, int64_t seeds);
void judge_stage(const Session& session, Results& results, int64_t seeds);
void identify_stage(const Session& session, Results& results, int64_t seeds);
void spectrum_stage(const Session& session, Results& results);
void slice_stage(const Session& session, Results& results);
void curvature_stage(const Session& session, Results& results);
void convexity_stage(const Session& session, Results& results);

/// The minima that paths join: those of seeds, then what basin hopping finds, then what
/// is found on the way from one to another.
void node_stage(const Session& session, Results& results);
void explore_stage(const Session& session, Results& results);
void connect_stage(const Session& session, Results& results);

/// A device of its own takes one chunk at a time.
int64_t threads_for(const Session& session);

}  // namespace basin
