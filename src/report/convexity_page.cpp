#include "report/convexity_page.h"

#include <fmt/format.h>

#include <cmath>

#include "report/html.h"
#include "report/text.h"

namespace basin {
namespace {

std::string witness_text(const Witness& w) {
  return fmt::format(
      "{}: at t = {} between them the loss is {}, the mixture of their "
      "losses {}, an excess of {} where rounding may be {}",
      w.how,
      show(w.t, 3),
      show(w.left, 8),
      show(w.right, 8),
      show(w.excess(), 4),
      show(w.error, 2));
}

std::string proof_table(const StructuralProof& proof) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& s : proof.steps)
    rows.push_back(
        {escape_html(s.expression), name_of(s.curvature), escape_html(s.rule)});
  return html_table({"expression", "in the variables", "because"}, rows, 9);
}

std::string boxes_table(const RunReport& r) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [id, box] : r.boxes) {
    rows.push_back({fmt::format("minimum {}", id),
                    box.radius > 0 ? show(box.radius, 4) : "–",
                    box.radius > 0 ? show(box.curvature, 4) : show(box.margin, 3),
                    show(box.gradient, 3),
                    box.unique_minimum()
                        ? "exactly one critical point, a strict minimum"
                    : box.radius > 0 ? "convex there"
                                     : escape_html(box.problem)});
  }
  if (rows.empty()) return "";
  return "<h3>Round the minima, by interval arithmetic</h3>\n<p class=\"soft\">On the "
         "box "
         "|θ<sub>i</sub> − θ<sub>0,i</sub>| ≤ r every Hessian has eigenvalues of at "
         "least "
         "μ, rounding included; where ‖∇L(θ<sub>0</sub>)‖ &lt; μ r there is exactly "
         "one "
         "critical point in it.</p>\n" +
         html_table({"", "r", "μ", "‖∇L(θ₀)‖ at most", "in the box"}, rows, 1);
}

std::string dual_sentence(const RunReport& r) {
  const auto& c = *r.convexity;
  if (c.dual_minimum < 0) return "";
  double loss = NAN;
  for (const auto& m : r.minima) {
    if (m.id == c.dual_minimum) loss = m.endpoint.loss;
  }
  if (c.dual.proves_optimal(loss)) {
    return fmt::format(
        "Minimum {} is the best of all widths: no network of this kind, however wide, "
        "has a loss below {} (dual bound, ratio {}); that of minimum {} is {}. ",
        c.dual_minimum,
        show(c.dual.lower, 10),
        show(c.dual.ratio, 8),
        c.dual_minimum,
        show(loss, 10));
  }
  if (c.dual.exact) {
    return fmt::format(
        "No network of this kind, however wide, has a loss below {} (dual bound); "
        "minimum {} has {}, and one unit more would lower it (dual ratio {}). ",
        show(c.dual.lower, 6),
        c.dual_minimum,
        show(loss, 6),
        show(c.dual.ratio, 5));
  }
  if (c.dual.ratio > 1 + 1e-6) {
    return fmt::format(
        "One unit more would lower the loss of minimum {} (dual ratio at "
        "least {}). ",
        c.dual_minimum,
        show(c.dual.ratio, 5));
  }
  return fmt::format(
      "Whether one unit more would lower the loss of minimum {} is not "
      "decided: the largest dual ratio of 256 ascents is {}. ",
      c.dual_minimum,
      show(c.dual.ratio, 5));
}

}  // namespace

std::vector<std::string> convexity_sentences(const RunReport& r) {
  if (!r.convexity) return {};
  const auto& c = *r.convexity;
  std::string out =
      fmt::format("In the parameters the loss is: {}. ", name_of(c.verdict));
  if (c.verdict == Convexity::kStructural) {
    out += c.proof.strictly
               ? "It is strictly convex (decay on every parameter): it has exactly one "
                 "minimum. "
               : "All its minima are global. ";
  } else if (c.witness.a.defined()) {
    out += fmt::format("{}{}. ",
                       c.verdict == Convexity::kWitness ? "Witness: " : "Nearest: ",
                       witness_text(c.witness));
  }
  int64_t unique = 0;
  for (const auto& [id, box] : r.boxes) unique += box.unique_minimum();
  if (!r.boxes.empty()) {
    out += fmt::format(
        "Convex on a box with exactly one minimum inside: {} of {} minima "
        "tried. ",
        unique,
        r.boxes.size());
  }
  out += dual_sentence(r);
  out += "In the model's outputs it is: convex (structural), whatever the targets.";
  return {out};
}

std::string convexity_section(const RunReport& r) {
  const auto sentences = convexity_sentences(r);
  if (sentences.empty()) return "";
  const auto& c = *r.convexity;
  auto out = "<h2>Is it convex?</h2>\n<p>" + escape_html(sentences.front()) + "</p>\n";
  out += "<h3>In the parameters, by composition rules</h3>\n" + proof_table(c.proof);
  out += "<h3>In the model's outputs f</h3>\n" + proof_table(c.in_outputs);
  out += boxes_table(r);
  if (!std::isnan(c.chords)) {
    out += fmt::format(
        "<p class=\"soft\">Of {} chords between initial points {} % violate convexity "
        "at "
        "their middle{}. That describes; only a proof or a witness decides.</p>\n",
        show(c.drawn),
        show(100 * c.chords, 3),
        std::isnan(c.hessians)
            ? ""
            : fmt::format(
                  "; of {} Hessians at such points {} % have a negative eigenvalue",
                  show(c.hessians_made),
                  show(100 * c.hessians, 3)));
  }
  return out;
}

}  // namespace basin
