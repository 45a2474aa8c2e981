// The verdict on convexity, in the database.

#include "core/error.h"
#include "store/results.h"

namespace basin {

void Results::save_convexity(const ConvexityReport& r) {
  database_.transaction([&] {
    database_
        .prepare(
            "INSERT OR REPLACE INTO convexity VALUES(0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?, ?, ?, ?, ?)")
        .bind(static_cast<int64_t>(r.verdict))
        .bind(r.witness.how)
        .bind(r.witness.t)
        .bind(r.witness.left)
        .bind(r.witness.right)
        .bind(r.witness.error)
        .bind(r.chords)
        .bind(r.drawn)
        .bind(r.hessians)
        .bind(r.hessians_made)
        .bind(r.witness.a)
        .bind(r.witness.b)
        .bind(r.dual_minimum)
        .bind(r.dual.ratio)
        .bind(static_cast<int64_t>(r.dual.exact))
        .bind(r.dual.lower)
        .bind(r.dual.direction)
        .run();
  });
}

std::optional<ConvexityReport> Results::load_convexity() {
  auto row = database_.prepare(
      "SELECT verdict, how, t, excess_left, excess_right, error, chords, drawn, a, b, "
      "dual_minimum, dual_ratio, dual_exact, dual_lower, dual_direction, "
      "hessians, hessians_made "
      "FROM convexity");
  if (!row.step()) return std::nullopt;
  const auto code = row.integer(0);
  if (code < 0 || code > 2) throw StorageError("results.sqlite: an unknown code");
  return ConvexityReport{.verdict = static_cast<Convexity>(code),
                         .witness = {.how = row.text(1),
                                     .a = row.tensor(8),
                                     .b = row.tensor(9),
                                     .t = row.number(2),
                                     .left = row.number(3),
                                     .right = row.number(4),
                                     .error = row.number(5)},
                         .chords = row.number(6),
                         .drawn = row.integer(7),
                         .hessians = row.number(15),
                         .hessians_made = row.integer(16),
                         .dual_minimum = row.integer(10),
                         .dual = {.ratio = row.number(11),
                                  .direction = row.tensor(14),
                                  .exact = row.integer(12) != 0,
                                  .lower = row.number(13)}};
}

void Results::save_box(int64_t minimum, const BoxCertificate& box) {
  database_.transaction([&] {
    database_.prepare("INSERT OR REPLACE INTO boxes VALUES(?, ?, ?, ?, ?, ?)")
        .bind(minimum)
        .bind(box.radius)
        .bind(box.curvature)
        .bind(box.gradient)
        .bind(box.margin)
        .bind(box.problem)
        .run();
  });
}

std::map<int64_t, BoxCertificate> Results::load_boxes() {
  std::map<int64_t, BoxCertificate> out;
  auto row = database_.prepare(
      "SELECT minimum, radius, curvature, gradient, margin, problem FROM boxes");
  while (row.step()) {
    out[row.integer(0)] = {.radius = row.number(1),
                           .curvature = row.number(2),
                           .gradient = row.number(3),
                           .margin = row.number(4),
                           .problem = row.text(5)};
  }
  return out;
}

}  // namespace basin
