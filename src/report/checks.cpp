#include "report/checks.h"

#include <fmt/format.h>

namespace basin {

std::string name_of(CheckKind kind) {
  switch (kind) {
    case CheckKind::kIndependent:
      return "independent";
    case CheckKind::kRecomputed:
      return "recomputed";
    case CheckKind::kSealed:
      return "sealed";
  }
  return "";
}

std::vector<Check> checks_of(const RunReport& report) {
  const bool convexity = report.convexity.has_value();
  const bool graph = !report.graph.nodes.empty();
  return {{CheckKind::kIndependent,
           fmt::format("losses, gradients, Hessians, zero modes, kinks, least losses, "
                       "steps that lower the loss{}",
                       convexity ? ", the witness against convexity" : "")},
          {CheckKind::kRecomputed,
           fmt::format("classes, counts and what they estimate{}{}",
                       convexity ? ", rules of convexity, boxes, dual bound" : "",
                       graph ? ", flows from saddles, components" : "")},
          {CheckKind::kSealed,
           fmt::format("training, figures, spectra, curvature, reasons, distances, "
                       "that no unit at zero grows (searched again, not proved), "
                       "numbers of what is not certified{}{}",
                       convexity ? ", chords and Hessians drawn" : "",
                       graph ? ", paths, prefactors of saddles" : "")}};
}

}  // namespace basin
