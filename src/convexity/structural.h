#pragma once

#include <string>
#include <vector>

#include "model/options.h"

namespace basin {

/// How an expression depends on its variables, as far as composition rules tell.
enum class Shape { kConstant, kAffine, kConvex, kUnknown };

/// One step of a proof, or where it stops: "outputs: affine in the parameters".
struct RuleStep {
  std::string expression;
  Shape curvature = Shape::kUnknown;
  std::string rule;
};

/// A derivation; the last step is the loss.
struct StructuralProof {
  std::vector<RuleStep> steps;
  bool convex = false;
  bool strictly = false;  ///< decay on every parameter: at most one minimum
};

/// Whether the loss is convex in all parameters, by composition rules over the model
/// and loss as declared: affine maps; convex of affine; non-negative sums; squares of
/// the parameters. A product of two expressions that both depend on parameters proves
/// nothing, so two trainable layers fail; a layer below that is frozen is a constant,
/// so that one trainable layer over `frozen_features` passes. Grant, Boyd, Ye 2006,
/// "Disciplined convex programming".
StructuralProof prove_convex(const ModelOptions& model,
                             const LossOptions& loss,
                             bool frozen_features = false);

/// The same question for the loss as a function of the model's outputs: of all losses
/// here the answer is yes, whatever the targets are.
StructuralProof prove_convex_in_outputs(const LossOptions& loss);

/// "affine", "convex", ...
std::string name_of(Shape curvature);

}  // namespace basin
