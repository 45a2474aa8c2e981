#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <regex>
#include <set>

#include "config/decode.h"

namespace basin {
namespace {

constexpr int64_t kMostOnPlane = 2001;

/// The complaints about one slice.
class SliceCheck {
 public:
  SliceCheck(const SliceOptions& slice,
             const Spec& spec,
             size_t index,
             int line,
             Complaints& complaints)
      : s_(slice), spec_(spec), index_(index), line_(line), complaints_(complaints) {}

  void complain(const char* key, const std::string& text) {
    complaints_.add(line_, fmt::format("landscape[{}].{}", index_, key), text);
  }

  void all() {
    const size_t axes = s_.kind == SliceKind::kPlane ? 2 : 1;
    if (s_.directions.empty() || s_.directions.size() > axes) {
      return complain("directions",
                      fmt::format("expected one word, or {} (one an axis), came {}",
                                  axes,
                                  s_.directions.size()));
    }
    ranges(axes);
    minima(axes);
    per_axis();
    sources();
    if (s_.kind == SliceKind::kPlane && s_.points > kMostOnPlane) {
      complain("points",
               fmt::format(
                   "expected at most {} on a plane, came {}", kMostOnPlane, s_.points));
    }
    if (s_.curvature == 1 || (s_.curvature > 1 && s_.kind == SliceKind::kLine))
      complain("curvature", "expected 0, or 2 or more points on a plane");
    if (s_.kind == SliceKind::kLine && !s_.overlay.empty())
      complain("overlay", "expected nothing on a line");
    colours();
  }

 private:
  bool uses(DirectionKind kind) const {
    const auto kinds = axis_kinds(s_);
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  }

  void ranges(size_t axes) {
    const auto check = [&](const char* key, const std::vector<double>& range) {
      if (!range.empty() && (range.size() != 2 || !(range[0] < range[1])))
        complain(key, "expected two numbers, the lower first");
    };
    check("range", s_.range);
    check("range_y", s_.range_y);
    if (axes == 1 && !s_.range_y.empty())
      complain("range_y", "expected none on a line");
  }

  void colours() {
    const auto& limits = s_.colour_limits;
    if (limits.empty()) return;
    if (s_.kind == SliceKind::kLine)
      complain("colour_limits", "expected none on a line");
    if (limits.size() != 2 || !(limits[0] < limits[1])) {
      complain("colour_limits", "expected two losses, the lower first");
    } else if (s_.scale == SliceScale::kLog && !(limits[1] > 0)) {
      complain("colour_limits", "expected an upper end above 0 with scale: log");
    }
  }

  void minima(size_t axes) {
    if (!uses(DirectionKind::kMinima)) return;
    const bool through = axis_kinds(s_) == std::vector(axes, DirectionKind::kMinima);
    const size_t needed = through ? axes + 1 : 2;
    if (!s_.minima.empty() && s_.minima.size() != needed) {
      complain("minima",
               fmt::format("expected {} numbers, came {}", needed, s_.minima.size()));
    }
    if (std::set(s_.minima.begin(), s_.minima.end()).size() < s_.minima.size()) {
      complain("minima",
               fmt::format("expected different minima, came [{}]",
                           fmt::join(s_.minima, ", ")));
    }
    if (s_.repeats > 1 || s_.center == "every")
      complain("minima", "expected one slice: neither repeats nor center: every");
  }

  // Lists with one entry for each axis that needs one.
  void per_axis() {
    const auto kinds = axis_kinds(s_);
    const auto check = [&](const char* key, DirectionKind kind, const auto& list) {
      const auto needed =
          static_cast<size_t>(std::count(kinds.begin(), kinds.end(), kind));
      if (needed == 0) return;
      if (list.size() != needed) {
        complain(key, fmt::format("expected {} entries, came {}", needed, list.size()));
      } else if (needed == 2 && list[0] == list[1]) {
        complain(key, "expected two different ones, came the same twice");
      }
    };
    check("axes", DirectionKind::kAxes, s_.axes);
    if (!s_.eigenvectors.empty())
      check("eigenvectors", DirectionKind::kEigenvectors, s_.eigenvectors);
  }

  void sources() {
    const bool wanted =
        std::find(s_.overlay.begin(), s_.overlay.end(), "trajectories") !=
        s_.overlay.end();
    if ((uses(DirectionKind::kTrajectory) || wanted) &&
        spec_.train.trajectory_every == 0)
      complain(uses(DirectionKind::kTrajectory) ? "directions" : "overlay",
               "expected ensemble.trajectory_every above 0 for a trajectory");
    if (uses(DirectionKind::kFile) && s_.file.empty())
      complain("file", "expected the path of a .npy file, came nothing");
    const bool zero = s_.center == "zero";
    for (const auto kind : {DirectionKind::kFilter,
                            DirectionKind::kFilterWithBias,
                            DirectionKind::kLayer}) {
      if (zero && uses(kind))
        complain(
            "directions",
            fmt::format("expected random, unit or axes round zero: {} is normalised by "
                        "the centre and would be zero",
                        kDirectionNames[static_cast<size_t>(kind)]));
    }
    if (zero && uses(DirectionKind::kTrajectory))
      complain("center", "expected a minimum for directions: trajectory");
  }

  const SliceOptions& s_;
  const Spec& spec_;
  size_t index_;
  int line_;
  Complaints& complaints_;
};

void check_points(const YamlNode& tree, const Spec& spec, Complaints& complaints) {
  static const std::regex form(
      "best|every|certified|[0-9]{1,6}|seed:[0-9]{1,9}|slice:[A-Za-z0-9_.-]{1,80}:[-+."
      "eE0-9]{1,"
      "30}:"
      "[-+.eE0-9]{1,30}");
  const auto* section = tree.find("curvature");
  const int line = section != nullptr ? section->line : 1;
  for (const auto& point : spec.curvature.at) {
    if (!std::regex_match(point, form))
      complaints.add(line,
                     "curvature.at",
                     fmt::format("expected best, every, certified, a number, seed:N or "
                                 "slice:NAME:x:y, "
                                 "came '{}'",
                                 point));
  }
}

}  // namespace

void check_landscape(const YamlNode& tree, const Spec& spec, Complaints& complaints) {
  const auto* list = tree.find("landscape");
  std::set<std::string> names;
  for (size_t i = 0; i < spec.landscape.size(); ++i) {
    const auto& s = spec.landscape[i];
    const int line =
        list != nullptr && i < list->items.size() ? list->items[i].line : 1;
    SliceCheck check(s, spec, i, line, complaints);
    check.all();
    if (!s.name.empty() && !names.insert(s.name).second) {
      check.complain("name",
                     fmt::format("expected a name used once, came '{}' again", s.name));
    }
  }
  check_points(tree, spec, complaints);
}

}  // namespace basin
