#pragma once

#include "cli/session.h"
#include "store/results.h"

namespace basin {

/// The stages of a run, in order. Each does what the database does not hold yet, in
/// pieces that are saved as they finish.
void train_stage(const Session& session, Results& results);
void judge_stage(const Session& session, Results& results);
void identify_stage(const Session& session, Results& results);
void spectrum_stage(const Session& session, Results& results);
void slice_stage(const Session& session, Results& results);

}  // namespace basin
