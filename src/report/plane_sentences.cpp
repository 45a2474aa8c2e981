#include <fmt/format.h>

#include <algorithm>

#include "report/plane_figure.h"
#include "report/plane_parts.h"
#include "report/text.h"

namespace basin {
namespace {

std::string of_training(const SlicePath& path) {
  const std::string end = "; the training ends where polishing took over";
  if (path.away.empty()) return end;
  const auto k = static_cast<size_t>(
      std::max_element(path.away.begin(), path.away.end()) - path.away.begin());
  const auto last = path.away.size() - 1;
  if (path.away[k] <= kOnPlane) return "; the training lies on the plane" + end;
  return fmt::format(
             "; the training lies off the plane, by {} at most (point {} of 0 to {}): "
             "there its own loss is {}, that of the plane under it {}; at its end it "
             "is "
             "{} off, its own loss {}, that of the plane {}",
             show(path.away[k], 3),
             k,
             last,
             show(path.loss[k], 3),
             show(path.plane_loss[k], 3),
             show(path.away[last], 3),
             show(path.loss[last], 3),
             show(path.plane_loss[last], 3)) +
         end;
}

}  // namespace

std::string plane_sentences(const StoredSlice& s, const SliceStyle& style) {
  auto out = cut_sentence(heights_of(s.values.loss, style));
  double away = 0, path_away = 0;
  for (const auto& m : s.frame.marks) away = std::max(away, m.away);
  if (away > kOnPlane)
    out += fmt::format(
        "; hollow marks are projections, up to {} away: the colour under them is not "
        "their loss",
        show(away, 3));
  for (const auto& path : s.frame.paths) {
    if (path.label == "training") {
      out += of_training(path);
    } else {
      for (const double d : path.away) path_away = std::max(path_away, d);
    }
  }
  if (path_away > kOnPlane)
    out += fmt::format("; the relaxed paths lie up to {} off the plane",
                       show(path_away, 3));
  return out;
}

}  // namespace basin
